//! Whose address is stored, and how much of it.

use crate::http::{Client, Request};
use crate::server::{Server, setup};
use footfall_ingest::sites::IpPolicy;
use footfall_schemas::event::IpSource;

/// The test's own connections come from 127.0.0.0/8: trusted as 127.0.0.1, strangers as anything else.
async fn behind_a_proxy(policy: IpPolicy) -> Server {
    let trusted = vec!["127.0.0.1/32".parse().unwrap(), "10.0.0.0/8".parse().unwrap()];
    setup()
        .site(|site| site.ip = policy)
        .with(|config| config.proxies.trusted = trusted)
        .start()
        .await
}

fn request() -> Request {
    Request::post(r#"{"site":"demo","type":"click","ip":"9.9.9.9"}"#)
}

#[tokio::test]
async fn forwarding_headers_count_from_a_trusted_proxy_alone() {
    let mut server = behind_a_proxy(IpPolicy::Full).await;
    for (request, ip, source) in [
        (request(), "127.0.0.1", IpSource::Peer),
        (
            request().with("x-forwarded-for", "1.1.1.1, 203.0.113.7, 10.1.1.1"),
            "203.0.113.7",
            IpSource::Xff,
        ),
        (
            request()
                .and("x-forwarded-for", "1.1.1.1")
                .and("x-forwarded-for", "203.0.113.7"),
            "203.0.113.7",
            IpSource::Xff,
        ),
        (
            request().with("forwarded", r#"for=1.1.1.1, for="[2001:db8::7]:99""#),
            "2001:db8::7",
            IpSource::Forwarded,
        ),
        (
            request().with("x-forwarded-for", "unknown"),
            "127.0.0.1",
            IpSource::Peer,
        ),
    ] {
        assert_eq!(server.send(&request).await.status, 200);
        let event = server.event();
        assert_eq!((event.ip.as_ref(), event.ip_source), (ip, source), "{request:?}");
    }
    let mut stranger = Client::connect_from([127, 0, 0, 9], server.public).await.unwrap();
    stranger
        .send(&request().with("x-forwarded-for", "203.0.113.7"))
        .await;
    let event = server.event();
    assert_eq!(
        (event.ip.as_ref(), event.ip_source),
        ("127.0.0.9", IpSource::Peer)
    );
}

#[tokio::test]
async fn an_address_is_shortened_before_the_log() {
    for (policy, expected) in [
        (IpPolicy::Truncate, "203.0.113.0"),
        (IpPolicy::None, ""),
        (IpPolicy::Full, "203.0.113.7"),
    ] {
        let mut server = behind_a_proxy(policy).await;
        server
            .send(&request().with("x-forwarded-for", "203.0.113.7"))
            .await;
        assert_eq!(server.event().ip, expected);
    }
    let mut server = behind_a_proxy(IpPolicy::Hash).await;
    for ip in ["203.0.113.7", "203.0.113.7", "203.0.113.8"] {
        server.send(&request().with("x-forwarded-for", ip)).await;
    }
    let hashes: Vec<_> = server.events().into_iter().map(|event| event.ip).collect();
    assert!(hashes[0].len() == 32 && hashes[0] == hashes[1] && hashes[1] != hashes[2]);
}
