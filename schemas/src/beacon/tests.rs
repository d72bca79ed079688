//! What one event may look like, case by case. Whole requests stand in `schemas/examples`.

use super::{Beacon, BeaconEvent, Stamp};
use crate::{Kind, Reject};
use serde_json::value::RawValue;

fn parse(json: &str) -> Result<BeaconEvent<'static>, (Reject, String)> {
    let raw: &'static RawValue = serde_json::from_str(Box::leak(json.to_owned().into_boxed_str())).unwrap();
    BeaconEvent::parse(raw).map_err(|rejection| (rejection.reason, rejection.detail))
}

fn reason(json: &str) -> Reject {
    parse(json).unwrap_err().0
}

#[test]
fn a_page_view_needs_nothing_but_its_type() {
    let event = parse(r#"{"type":"page_view","url":"https://a.example/","x":1,"site":"demo"}"#).unwrap();
    assert_eq!(
        (event.kind, event.url.as_ref(), event.unknown_fields),
        (Kind::PageView, "https://a.example/", 1)
    );
}

#[test]
fn a_wrong_type_names_the_field() {
    let (reason, detail) = parse(r#"{"type":"page_view","url":5}"#).unwrap_err();
    assert_eq!(reason, Reject::WrongType);
    assert!(
        detail.starts_with("field `url`: invalid type: integer `5`, expected a string"),
        "{detail}"
    );
}

#[test]
fn each_mistake_has_its_reason() {
    assert_eq!(reason("{}"), Reject::MissingField);
    assert_eq!(reason(r#"{"type":"pageview"}"#), Reject::UnknownType);
    assert_eq!(reason(r#"{"type":"custom"}"#), Reject::MissingField);
    assert_eq!(reason(r#"{"type":"custom","name":"$x"}"#), Reject::ReservedName);
    assert_eq!(reason(r#"{"type":"click","props":[]}"#), Reject::WrongType);
    assert_eq!(reason(r#"{"type":"click","title":"\ud800"}"#), Reject::NotJson);
    assert_eq!(reason("[]"), Reject::WrongType);
    assert_eq!(reason("1"), Reject::WrongType);
}

#[test]
fn ids_and_times_are_tolerant() {
    for bad in [
        r#""x""#,
        "5",
        "null",
        "[1]",
        "{}",
        "true",
        r#""00000000-0000-0000-0000-000000000000""#,
    ] {
        let event = parse(&format!(
            r#"{{"type":"click","id":{bad},"seq":1.5,"attempt":-3}}"#
        ))
        .unwrap();
        assert_eq!((event.id, event.seq, event.attempt), (None, 1, 0), "{bad}");
    }
    assert_eq!(parse(r#"{"type":"click","ts":12}"#).unwrap().ts, Stamp::At(12));
    assert_eq!(
        parse(r#"{"type":"click","ts":"1970-01-01T00:00:01Z"}"#)
            .unwrap()
            .ts,
        Stamp::At(1000)
    );
    assert_eq!(
        parse(r#"{"type":"click","ts":"yesterday"}"#).unwrap().ts,
        Stamp::Unreadable
    );
    assert_eq!(parse(r#"{"type":"click","ts":null}"#).unwrap().ts, Stamp::Missing);
}

fn pairs(props: &str) -> (Vec<(String, String)>, bool) {
    let event = parse(&format!(r#"{{"type":"click","props":{props}}}"#)).unwrap();
    let own = |(key, value): (std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)| {
        (key.into_owned(), value.into_owned())
    };
    (event.props.pairs.into_iter().map(own).collect(), event.props.cut)
}

#[test]
fn props_are_text() {
    let (pairs, cut) = pairs(r#"{"s":"a\"b","n":1.50,"t":true,"z":null,"o":{"a":[1, 2]},"s":"last"}"#);
    let expected = [
        ("s", "last"),
        ("n", "1.50"),
        ("t", "true"),
        ("o", r#"{"a":[1, 2]}"#),
    ];
    assert_eq!(
        pairs,
        expected.map(|(key, value)| (key.to_owned(), value.to_owned()))
    );
    assert!(!cut);
}

#[test]
fn props_beyond_a_limit_are_cut_and_said() {
    let deep = format!(r#"{{"a":1,"deep":{}{}}}"#, "[".repeat(17), "]".repeat(17));
    assert_eq!(pairs(&deep), (vec![("a".to_owned(), "1".to_owned())], true));
    let many: Vec<_> = (0..300).map(|n| format!(r#""k{n}":{n}"#)).collect();
    let (kept, cut) = pairs(&format!("{{{}}}", many.join(",")));
    assert_eq!((kept.len(), cut), (256, true));
    let (kept, cut) = pairs(&format!(r#"{{"a":"{}"}}"#, "é".repeat(5000)));
    assert_eq!((kept[0].1.len(), cut), (8192, true));
}

#[test]
fn an_envelope_is_one_event_or_a_batch() {
    let one = Beacon::parse(br#"{"site":"demo","type":"click","sent_at":7}"#).unwrap();
    assert_eq!(
        (one.site.as_ref(), one.sent_at, one.events.len()),
        ("demo", Stamp::At(7), 1)
    );
    let batch = Beacon::parse(br#"{"site":"demo","events":[{"type":"click"},5]}"#).unwrap();
    assert_eq!(batch.events.len(), 2);
}

#[test]
fn a_broken_envelope_has_its_reason() {
    let reason = |body: &[u8]| Beacon::parse(body).unwrap_err().reason;
    assert_eq!(reason(b"\xff"), Reject::NotUtf8);
    assert_eq!(reason(b"{"), Reject::NotJson);
    assert_eq!(reason(b""), Reject::NotJson);
    assert_eq!(reason(b"[]"), Reject::WrongType);
    assert_eq!(reason(br#"{"events":[]}"#), Reject::NoEvents);
    assert_eq!(reason(br#"{"events":{}}"#), Reject::WrongType);
    let many = format!(r#"{{"events":[{}]}}"#, ["{}"; 501].join(","));
    assert_eq!(reason(many.as_bytes()), Reject::TooManyEvents);
}
