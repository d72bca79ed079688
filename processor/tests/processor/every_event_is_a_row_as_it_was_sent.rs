//! Field by field, by value.

use crate::support::engine::TestEngine;
use crate::support::event::{full, json, now_ms, small};
use crate::support::eventually;
use crate::support::log::Log;
use crate::support::running::{Running, config, supervise};
use crate::support::tables::{assert_books, count};
use footfall_delivery::Mode;
use footfall_processor::{Wiring, enrich::ENRICH_VERSION, enrich::Enricher};
use serde_json::Value;
use std::sync::Arc;
use tokio::sync::Mutex;

#[tokio::test(flavor = "multi_thread")]
async fn a_full_event_has_every_field_in_its_column() {
    let engine = TestEngine::start().await;
    let (log, event) = (Log::new(), full(7));
    log.append(json(&event), event.received_at);
    let running = Running::fenced(&engine.server, &log);
    let client = engine.server.client();
    eventually("the row is there", async || count(&client, "events").await == 1).await;
    running.stop().await;

    let row = client
        .query("SELECT * FROM events")
        .with_setting("output_format_json_quote_64bit_integers", "0");
    let row = row.fetch_bytes("JSONEachRow").unwrap().collect().await.unwrap();
    let row: Value = serde_json::from_slice(&row).unwrap();
    let time = |millis: i64| {
        let second = millis.div_euclid(1_000);
        let days = second.div_euclid(86_400);
        format!(
            "{days} {} {}",
            second.rem_euclid(86_400),
            millis.rem_euclid(1_000)
        )
    };
    let millis = |column: &str| {
        let text = row[column]
            .as_str()
            .unwrap_or_else(|| panic!("{column}: {row}"))
            .replace(' ', "T")
            + "Z";
        footfall_schemas::timestamp::parse(&text).unwrap()
    };
    for (column, sent) in [
        ("session_start", event.session_start),
        ("time", event.time),
        ("client_time", event.ts.unwrap()),
        ("sent_at", event.sent_at.unwrap()),
        ("received_at", event.received_at),
    ] {
        assert_eq!(time(millis(column)), time(sent), "{column}");
    }
    assert!(millis("insert_deadline") > event.received_at);

    let expected = expected(&event, log.id);
    let mut named: Vec<&str> = expected.iter().map(|(column, _)| *column).collect();
    for (column, value) in &expected {
        assert_eq!(&row[*column], value, "{column}");
    }
    named.extend([
        "session_start",
        "time",
        "client_time",
        "sent_at",
        "received_at",
        "insert_deadline",
    ]);
    // What this release leaves empty: the full enrichment's columns. Any other column must be named above.
    let later = [
        "site_search_term",
        "referrer_source",
        "search_term",
        "country",
        "region",
        "city",
        "asn",
        "asn_org",
        "browser",
        "browser_version",
        "os",
        "os_version",
        "device_type",
        "device_brand",
        "device_model",
        "bot_score",
        "bot_reasons",
        "ip_hash",
    ];
    let forgotten: Vec<_> = footfall_tables::events::COLUMNS
        .iter()
        .map(|column| column.name)
        .filter(|column| !named.contains(column) && !later.contains(column))
        .collect();
    assert!(forgotten.is_empty(), "not compared: {forgotten:?}");
}

fn expected(event: &footfall_schemas::Event<'_>, log_id: uuid::Uuid) -> Vec<(&'static str, Value)> {
    let props: serde_json::Map<String, Value> = event
        .props
        .iter()
        .map(|(key, value)| (key.to_string(), value.as_ref().into()))
        .collect();
    vec![
        ("site", "demo".into()),
        ("type", "custom".into()),
        ("name", "buy".into()),
        ("event_id", event.id.to_string().into()),
        ("visitor_id", event.visitor.to_string().into()),
        ("session_id", event.session.to_string().into()),
        ("session_start_reason", "campaign".into()),
        ("decision", "cookie".into()),
        ("user_id", "user-7".into()),
        ("seq", 3.into()),
        ("attempt", 1.into()),
        ("url", event.url.as_ref().into()),
        ("host", "shop.example".into()),
        ("path", "/a/b7".into()),
        ("path_template", "/a/b7".into()),
        (
            "query",
            event
                .url
                .split_once('?')
                .unwrap()
                .1
                .split_once('#')
                .unwrap()
                .0
                .into(),
        ),
        ("hash", "frag".into()),
        ("title", event.title.as_ref().into()),
        ("page_id", event.page_id.to_string().into()),
        ("referrer", "https://search.example/find?q=shop".into()),
        ("referrer_host", "search.example".into()),
        ("referrer_path", "/find".into()),
        ("utm_source", "news letter".into()),
        ("utm_medium", "e-mail".into()),
        ("utm_campaign", "spring sale".into()),
        ("utm_term", "t".into()),
        ("utm_content", "c".into()),
        ("utm_id", "9".into()),
        ("click_id_name", "gclid".into()),
        ("click_id", "G1".into()),
        ("source", "news letter".into()),
        ("medium", "e-mail".into()),
        ("channel", "email".into()),
        ("referrer_medium", "unknown".into()),
        ("screen_w", 1_920.into()),
        ("screen_h", 1_080.into()),
        ("viewport_w", 1_200.into()),
        ("viewport_h", 800.into()),
        ("language", "de-AT".into()),
        ("timezone", "Europe/Vienna".into()),
        ("accept_language", "de-AT,de;q=0.9".into()),
        ("user_agent", event.user_agent.as_ref().into()),
        ("hint_ua", event.hints.ua.as_ref().into()),
        ("hint_full", event.hints.full.as_ref().into()),
        ("hint_mobile", "?0".into()),
        ("hint_platform", "\"Linux\"".into()),
        ("hint_platform_version", "\"6.1\"".into()),
        ("hint_model", "\"\"".into()),
        ("ip", "::ffff:203.0.113.0".into()),
        ("ip_source", "xff".into()),
        ("origin", "https://shop.example".into()),
        ("gpc", true.into()),
        ("dnt", true.into()),
        ("consent", "granted".into()),
        ("flags", vec!["string_cut", "late"].into()),
        ("late", true.into()),
        ("engagement_ms", 1_234.into()),
        ("scroll", 77.into()),
        ("props", props.into()),
        ("log_id", log_id.to_string().into()),
        ("log_seq", 1.into()),
        ("enrich_version", ENRICH_VERSION.into()),
        ("enrich_data", Enricher::built_in().versions().into()),
        ("schema_version", 1.into()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_events_are_ten_thousand_rows_with_the_engine_as_our_child() {
    let engine = Arc::new(Mutex::new(TestEngine::start().await));
    let server = engine.lock().await.server.clone();
    let (asked, supervisor) = supervise(Arc::clone(&engine));
    let log = Log::new();
    for number in 0..10_000 {
        log.append(small(number), now_ms());
    }
    log.mark(now_ms());
    let mut wiring = Wiring::new(server.clone());
    wiring.engine = Some(asked);
    let running = Running::start(config(Mode::Child, &server), wiring, &log);
    let client = server.client();
    eventually("all rows are there", async || {
        count(&client, "events").await == 10_000
    })
    .await;
    running.stop().await;
    assert_books(&client, log.id, 10_001).await;
    let (position, meta) = log.committed().unwrap();
    assert_eq!(position, 10_001);
    assert!(meta.contains("closed"), "{meta}");
    supervisor.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_watches_is_told_each_fate() {
    let engine = TestEngine::start().await;
    let log = Log::new();
    let running = Running::fenced(&engine.server, &log);
    let mut notices = running.control.subscribe();
    let event = full(1);
    log.append(json(&event), now_ms());
    log.append(json(&event), now_ms());
    let (first, second) = (notices.recv().await.unwrap(), notices.recv().await.unwrap());
    assert_eq!((first.seq, first.reason), (1, None));
    assert_eq!(first.event.unwrap().event_id, event.id);
    assert_eq!(
        (second.seq, second.reason),
        (2, Some(footfall_delivery::Reason::Duplicate))
    );
    let mut condition = running.control.condition();
    let settled = |now: &footfall_processor::Condition| {
        now.ready && (now.rows, now.ledger, now.behind) == (1, 1, Some(0))
    };
    condition.wait_for(settled).await.unwrap();
    running.stop().await;
}
