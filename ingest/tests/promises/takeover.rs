//! A session in which somebody is logged in goes on from elsewhere: an event of its own says so, once.

use crate::http::{Answer, Request};
use crate::server::{KEY, Server, setup};
use footfall_schemas::event::{Decision, Event};
use footfall_schemas::{Flag, Kind};

const HOME: &str = "203.0.113.7";
const AWAY: &str = "198.51.100.7";
const AGENT: &str = "Mozilla/5.0 (home)";

/// One event of one page, from an address that the test's proxy names.
fn request(kind: &str, from: &str, agent: &str) -> Request {
    let body = format!(
        r#"{{"site":"demo","type":"{kind}","user_id":"ada","page_id":"01932f4c-8d1e-7c3a-8001-000000000001"}}"#
    );
    Request::post(body)
        .with("x-forwarded-for", from)
        .with("user-agent", agent)
}

async fn start() -> Server {
    let trusted = vec!["127.0.0.1/32".parse().unwrap()];
    setup()
        .with(|config| config.proxies.trusted = trusted)
        .start()
        .await
}

/// Sends with the cookie of an earlier answer.
async fn go_on(server: &Server, after: &Answer, request: Request) -> Answer {
    server.send(&request.with("cookie", after.cookie())).await
}

fn takeovers(events: &[Event<'static>]) -> Vec<Event<'static>> {
    let named = events.iter().filter(|event| event.name == "$takeover");
    named.cloned().collect()
}

#[tokio::test]
async fn another_network_is_told_once_and_counts_as_nobodys_event() {
    let mut server = start().await;
    let login = server.send(&request("login", HOME, AGENT)).await;
    let near = go_on(&server, &login, request("page_view", "203.0.113.99", AGENT)).await;
    assert_eq!(takeovers(&server.events()), [], "the same /24");

    let away = request("page_view", AWAY, AGENT).to("/v1/events?debug=1");
    let moved = go_on(&server, &near, away.clone()).await;
    assert_eq!(moved.json()["accepted"], 1);
    assert_eq!(moved.json()["events"].as_array().unwrap().len(), 1);
    let events = server.events();
    assert_eq!(events.len(), 2);
    let (view, told) = (&events[0], &events[1]);
    assert_eq!((told.kind, told.name.as_ref()), (Kind::Custom, "$takeover"));
    assert_eq!((told.visitor, told.session), (view.visitor, view.session));
    assert_eq!(
        (told.session_start, told.page_id),
        (view.session_start, view.page_id)
    );
    assert_eq!((told.ip.as_ref(), told.user_agent.as_ref()), (AWAY, AGENT));
    assert_eq!(
        (told.decision, told.seq, told.user_id.as_ref()),
        (Decision::Cookie, 0, "")
    );
    assert_eq!(told.props, [("changed".into(), "network".into())]);
    assert_eq!(told.time, told.received_at);

    // The answer was lost, and the browser sends again with the cookie that it has.
    go_on(&server, &near, away).await;
    assert_eq!(
        takeovers(&server.events())[0].id,
        told.id,
        "the processor knows it again"
    );
    go_on(&server, &moved, request("page_view", AWAY, AGENT)).await;
    assert_eq!(takeovers(&server.events()), [], "it has been told");
}

#[tokio::test]
async fn another_agent_is_told_too_and_each_move_is_one_of_its_own() {
    let mut server = start().await;
    let login = server.send(&request("login", HOME, AGENT)).await;
    let other = go_on(&server, &login, request("page_view", HOME, "curl/8")).await;
    let both = go_on(&server, &other, request("page_view", AWAY, AGENT)).await;
    assert_eq!(both.status, 200);
    let told = takeovers(&server.events());
    let changed: Vec<_> = told.iter().map(|event| event.props[0].1.as_ref()).collect();
    assert_eq!(changed, ["agent", "network, agent"]);
    assert_ne!(told[0].id, told[1].id);
    let read = server
        .metric("footfall_ingest_events_accepted_total{type=\"custom\"}")
        .await;
    assert_eq!(read, 0.0, "no sender has sent it");
}

#[tokio::test]
async fn who_is_not_logged_in_or_has_no_cookie_is_not_taken_over() {
    let mut server = start().await;
    let anonymous = server.send(&request("page_view", HOME, AGENT)).await;
    go_on(&server, &anonymous, request("page_view", AWAY, AGENT)).await;
    let login = server.send(&request("login", HOME, AGENT)).await;
    let logout = go_on(&server, &login, request("logout", HOME, AGENT)).await;
    go_on(&server, &logout, request("page_view", AWAY, AGENT)).await;
    let by_server = request("page_view", AWAY, AGENT).with("x-footfall-key", KEY);
    go_on(&server, &login, by_server).await;
    let forged = login.cookie().replace(".n", ".m");
    server
        .send(&request("page_view", AWAY, AGENT).with("cookie", &forged))
        .await;
    let events = server.events();
    assert_eq!(takeovers(&events), []);
    assert!(events.iter().any(|event| event.flags.has(Flag::Server)));
}

#[tokio::test]
async fn a_page_cannot_make_one_up() {
    let server = start().await;
    let body = r#"{"site":"demo","type":"custom","name":"$takeover"}"#;
    for request in [
        Request::post(body),
        Request::post(body).with("x-footfall-key", KEY),
    ] {
        let answer = server.send(&request).await;
        assert_eq!(
            (answer.status, answer.json()["rejected"][0]["reason"].clone()),
            (400, "reserved_name".into())
        );
    }
}
