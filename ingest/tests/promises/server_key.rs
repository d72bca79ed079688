//! What counts only with a server key of the site.

use crate::http::Request;
use crate::server::{KEY, start};
use footfall_schemas::Flag;
use footfall_schemas::event::{Decision, IpSource, SessionReason};

const BODY: &str = r#"{"site":"demo","sent_at":1600000005000,"events":[{"type":"custom","name":"refund","ts":1600000000000,
    "visitor":"01932f4c-0000-7000-8000-000000000001","session":"01932f4c-0000-7000-8000-000000000002",
    "ip":"203.0.113.77","user_agent":"Mozilla/5.0 (visitor)"}]}"#;

#[tokio::test]
async fn a_server_names_visitor_session_address_agent_and_time() {
    let mut server = start().await;
    let base = Request::post(BODY).with("user-agent", "shop-backend/1.0");
    for request in [
        base.clone().with("x-footfall-key", KEY),
        base.with("authorization", &format!("Bearer {KEY}")),
    ] {
        assert_eq!(server.send(&request).await.status, 200);
        let event = server.event();
        assert_eq!(event.visitor.to_string(), "01932f4c-0000-7000-8000-000000000001");
        assert_eq!(event.session.to_string(), "01932f4c-0000-7000-8000-000000000002");
        assert_eq!(
            (event.decision, event.session_reason),
            (Decision::Server, SessionReason::Server)
        );
        assert_eq!(
            (event.ip.as_ref(), event.ip_source),
            ("203.0.113.77", IpSource::Body)
        );
        assert_eq!(event.user_agent, "Mozilla/5.0 (visitor)");
        assert_eq!(
            (event.time, event.session_start),
            (1_600_000_000_000, 1_600_000_000_000)
        );
        assert!(event.flags.has(Flag::Server) && !event.flags.has(Flag::TimeClamped));
    }
}

#[tokio::test]
async fn without_a_key_these_fields_are_left_out_and_said() {
    let mut server = start().await;
    server
        .send(&Request::post(BODY).with("user-agent", "curl/8"))
        .await;
    let event = server.event();
    assert_ne!(event.visitor.to_string(), "01932f4c-0000-7000-8000-000000000001");
    assert_eq!(
        (event.decision, event.ip.as_ref(), event.user_agent.as_ref()),
        (Decision::Cookie, "127.0.0.1", "curl/8")
    );
    assert_eq!(event.time, event.received_at - 5000);
    assert!(event.flags.has(Flag::Untrusted) && !event.flags.has(Flag::Server));
}

#[tokio::test]
async fn a_wrong_key_is_refused_and_never_quietly_ignored() {
    let mut server = start().await;
    for key in ["", "x", "A secret of the shop's server"] {
        let answer = server
            .send(&Request::post(BODY).with("x-footfall-key", key))
            .await;
        assert_eq!((answer.status, answer.error().as_str()), (403, "server_key"));
    }
    assert!(server.events().is_empty());
}

#[tokio::test]
async fn only_a_server_takes_back_who_somebody_is() {
    let mut server = start().await;
    let unlink = r#"{"site":"demo","type":"custom","name":"$unlink","props":{"user":"ada"}}"#;
    let public = server.post(unlink).await;
    assert_eq!(
        (public.status, public.json()["rejected"][0]["reason"].clone()),
        (400, "reserved_name".into())
    );
    let other = unlink.replace("$unlink", "$takeover");
    for (body, status) in [(unlink, 200), (other.as_str(), 400)] {
        let answer = server
            .send(&Request::post(body).with("x-footfall-key", KEY))
            .await;
        assert_eq!(answer.status, status, "{body}");
    }
    let event = server.event();
    assert_eq!(event.name, "$unlink");
    assert!(event.flags.has(Flag::Server));
}
