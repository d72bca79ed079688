//! Who watches is told of everything that is turned away, with the reason.

use crate::http::Request;
use crate::server::setup;
use footfall_ingest::{Refusals, Refused};
use footfall_schemas::Reject;

#[tokio::test]
async fn requests_and_events_that_are_turned_away_are_told() {
    let refusals = Refusals::default();
    let given = refusals.clone();
    let server = setup().with(|config| config.extra.refusals = given).start().await;
    // Before anybody listens.
    server.post("{").await;
    let mut listener = refusals.subscribe();
    let foreign = Request::post(r#"{"site":"demo","type":"click"}"#).with("origin", "https://evil.example");
    server.send(&foreign).await;
    server.post(r#"{"site":"nowhere","type":"click"}"#).await;
    server
        .post(r#"{"site":"demo","events":[{"type":"click"},{"type":"nonsense"}]}"#)
        .await;
    server.post("{").await;
    server.send(&Request::get("/v1/pixel.gif?site=gone")).await;
    let told = |of: &Refused| (of.site.clone(), of.origin.clone(), of.reason);
    let expected = [
        ("demo", "https://evil.example", Reject::OriginNotAllowed),
        ("nowhere", "", Reject::UnknownSite),
        ("demo", "", Reject::UnknownType),
        ("", "", Reject::NotJson),
        ("gone", "", Reject::UnknownSite),
    ];
    for (site, origin, reason) in expected {
        let refused = listener.try_recv().unwrap();
        assert_eq!(told(&refused), (site.to_owned(), origin.to_owned(), reason));
        assert!(!refused.detail.is_empty() && refused.at > 0);
    }
    assert!(listener.try_recv().is_err());
}
