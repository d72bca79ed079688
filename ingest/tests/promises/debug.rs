//! `?debug=1`: what became of each event, and its number.

use crate::http::Request;
use crate::server::start;
use serde_json::json;

const ID: &str = "01932f4c-8d1e-7c3a-9b5f-000000000013";

fn asked(body: &str) -> Request {
    Request::post(body).to("/v1/events?x=y&debug=1")
}

#[tokio::test]
async fn who_asks_is_told_the_number_of_each_event_and_what_was_done_to_it() {
    let mut server = start().await;
    let long = "x".repeat(9_000);
    let body = format!(
        r#"{{"site":"demo","events":[{{"type":"click","id":"{ID}"}},{{"type":"nonsense"}},{{"type":"click","title":"{long}"}}]}}"#
    );
    server.post(r#"{"site":"demo","type":"click"}"#).await;
    let answer = server.send(&asked(&body)).await;
    let records = server.records();
    let made = answer.json()["events"][1]["id"].as_str().unwrap().to_owned();
    let log = answer.json()["log_id"].as_str().unwrap().to_owned();
    let detail = answer.json()["rejected"][0]["detail"].clone();
    let expected = json!({
        "accepted": 2,
        "rejected": [{"index": 1, "reason": "unknown_type", "detail": detail}],
        "log_id": records[2].log_id,
        "cookie": "none",
        "events": [
            {"index": 0, "id": ID, "log_seq": records[1].seq, "decision": "cookie", "flags": []},
            {"index": 2, "id": made, "log_seq": records[2].seq, "decision": "cookie", "flags": ["id_made", "string_cut"]},
        ],
    });
    assert_eq!((answer.status, answer.json()), (200, expected));
    assert_eq!(log, records[0].log_id.to_string());
}

#[tokio::test]
async fn a_refusal_has_its_usual_shape_and_nobody_else_is_told() {
    let mut server = start().await;
    let refused = server.send(&asked(r#"{"site":"nowhere","type":"click"}"#)).await;
    assert_eq!((refused.status, refused.error().as_str()), (403, "unknown_site"));
    let nothing = server
        .send(&asked(r#"{"site":"demo","events":[{"type":"nonsense"}]}"#))
        .await;
    assert_eq!(
        (nothing.status, nothing.json()["events"].clone()),
        (400, json!([]))
    );
    let click = asked(r#"{"site":"demo","type":"click"}"#);
    for path in ["/v1/events", "/v1/events?debug=0", "/v1/events?nodebug=1"] {
        let answer = server.send(&click.clone().to(path)).await;
        assert_eq!(answer.json(), json!({"accepted": 1, "rejected": []}), "{path}");
    }
    assert_eq!(server.events().len(), 3);
}
