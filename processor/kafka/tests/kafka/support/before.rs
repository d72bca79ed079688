//! Records as the releases up to November 2026 sent them: headers of their own instead of one line. Written down once,
//! never to be changed; `footfall_topics` has the description.

use footfall_topics::{Body, Outgoing};
use rdkafka::message::{Header, OwnedHeaders};

pub fn headers(record: &Outgoing<'_>) -> OwnedHeaders {
    let (event_type, content_type) = match record.body {
        Body::Event { .. } => ("page_view", "application/json"),
        Body::Mark(_) => ("$mark", "application/json"),
        Body::Lost { .. } => ("$lost", "application/octet-stream"),
    };
    let mut headers = vec![
        ("log", record.number.log_id.to_string()),
        ("seq", record.number.seq.to_string()),
        ("received", record.received_ms.to_string()),
        ("schema-version", "1".to_owned()),
        ("event-type", event_type.to_owned()),
        ("content-type", content_type.to_owned()),
    ];
    if let Body::Lost { last, reason, .. } = record.body {
        headers.push(("last", last.to_string()));
        headers.push(("reason", reason.to_owned()));
    }
    headers.iter().fold(OwnedHeaders::new(), |all, (key, value)| {
        let value = Some(value.as_str());
        all.insert(Header { key, value })
    })
}
