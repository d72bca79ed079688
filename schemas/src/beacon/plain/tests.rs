//! The fast way takes what it should, and reads it as the slow way does.

use super::super::{BeaconEvent, Reader, Typed};
use super::read;
use serde::de::DeserializeSeed;
use std::cell::Cell;

const FULL: &str = r#"{ "id":"01932f4c-8d1e-7c3a-9b5f-0123456789ab","type":"custom","name":"purchase","ts":1795273445123,"url":"https://shop.example/über/a-long-path?with=a&query=string","title":"完了 👟","referrer":"","seq":3,"page_id":"p","attempt":0,"user_id":"u","engagement_ms":4294967295,"scroll":85,"screen_w":1920,"screen_h":1080,"viewport_w":1536,"viewport_h":730,"language":"de","timezone":"UTC","consent":"granted","token":"t","props":{"s":"x","n":129.90,"neg":-0.5,"t":true,"f" : false,"z":null,"e":{}},"visitor":"v","session":"s","ip":"203.0.113.7","user_agent":"M"}"#;

fn slow(text: &str) -> Option<BeaconEvent<'_>> {
    let reader = Reader {
        field: &Cell::new(""),
        envelope: None,
    };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let (event, kind): Typed<'_> = reader.deserialize(&mut deserializer).ok()?;
    deserializer.end().ok()?;
    event.check(kind.as_deref()).ok()
}

#[test]
fn every_field_is_read_as_the_slow_way_reads_it() {
    let flat = FULL.replace(r#","e":{}"#, "");
    assert!(read(&flat, None).is_some());
    assert_eq!(read(&flat, None), slow(&flat));
    let event = format!("{:#?}", read(&flat, None).unwrap());
    // Every field of the sample is filled, so none is forgotten here.
    let unsaid = event
        .lines()
        .filter(|line| line.starts_with("    ") && (line.ends_with(": \"\",") || line.ends_with("None,")));
    assert_eq!(unsaid.collect::<Vec<_>>(), [r#"    referrer: "","#]);
}

#[test]
fn whatever_it_takes_it_reads_as_the_slow_way_does() {
    let values = [
        "0",
        "1",
        "-1",
        "01",
        "1.0",
        "1e3",
        "-",
        "1.",
        ".5",
        "4294967296",
        "999999999999999999",
        "1000000000000000000000",
        "null",
        "true",
        "tru",
        "truex",
        "nul",
        r#""""#,
        r#""x""#,
        r#""a\nb""#,
        r#""\ud800""#,
        "\"\u{1}\"",
        r#""open"#,
        "{}",
        "[]",
        "{",
        "",
        "1 2",
        r#"{"a":1}"#,
        r#"{"a":{}}"#,
        r#"{"a":[1]}"#,
        r#"{"a":1,"a":2}"#,
        r#"{"a":1,}"#,
        r#"{"a" 1}"#,
        r#"{,}"#,
        r#""2026-11-21T15:04:05Z""#,
        r#""01932f4c-8d1e-7c3a-9b5f-0123456789ab""#,
        "\"\u{7f}é\"",
    ];
    let fields = [
        "id",
        "type",
        "name",
        "ts",
        "url",
        "seq",
        "page_id",
        "props",
        "unknown",
        "site",
        "sent_at",
        "events",
        "ty\\u0070e",
    ];
    let mut taken = 0;
    for field in fields {
        for value in values {
            for text in [
                format!(r#"{{"type":"click","{field}":{value}}}"#),
                format!(r#"{{"{field}":{value},"type":"click"}}"#),
                format!(r#"{{"type":"click","props":{{"{field}":{value}}}}} "#),
                format!(r#"{{"type":"click","{field}":{value}}}}}"#),
            ] {
                if let Some(event) = read(&text, None) {
                    taken += 1;
                    assert_eq!(Some(event), slow(&text), "{text}");
                }
            }
        }
    }
    assert!(taken > 200, "{taken}");
}

#[test]
fn a_special_byte_is_seen_wherever_it_stands() {
    for length in 0..50 {
        for at in 0..length {
            for odd in ["\\n", "\n", "\"", "\\", "é"] {
                let mut title = "x".repeat(length);
                title.insert_str(at, odd);
                let text = format!(r#"{{"type":"click","title":"{title}"}}"#);
                let read = read(&text, None);
                assert_eq!(read.is_some(), odd == "é", "{text}");
                assert!(read.is_none() || read == slow(&text), "{text}");
            }
        }
    }
}
