//! What an operator sees of events that do not arrive: refusals with their reason, and the fate of one event.

use crate::harness::{Up, eventually, footfall, text};
use footfall::http::Client;
use hyper::Method;
use hyper::header::{HeaderName, HeaderValue};
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::time::Duration;
use url::Url;

#[tokio::test]
async fn tail_shows_what_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let up = Up::start(&folder.path().join("data"));
    let mut tails = Vec::new();
    for args in [&["tail", "--json", "-n", "2"][..], &["tail", "-n", "2"]] {
        let mut tail = footfall(&up.data);
        tail.args(args)
            .env("NO_COLOR", "1")
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        tails.push(tail.spawn().unwrap());
    }
    // Sent again until somebody listens: a stream begins when its tail has connected.
    let mut sender = tokio::task::JoinSet::new();
    sender.spawn(async move {
        loop {
            up.post(r#"{"site":"shop\u001b[31m","type":"page_view"}"#).await;
            up.post(r#"{"site":"demo","events":[{"type":"nonsense"}]}"#).await;
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    });
    let read = tokio::task::spawn_blocking(move || {
        tails
            .into_iter()
            .map(|mut tail| {
                let lines = BufReader::new(tail.stdout.take().unwrap()).lines();
                let lines: Vec<_> = lines.map(Result::unwrap).collect();
                assert!(tail.wait().unwrap().success());
                lines
            })
            .collect::<Vec<_>>()
    });
    let read = read.await.unwrap();
    sender.shutdown().await;
    for line in &read[0] {
        let fate: Value = serde_json::from_str(line).unwrap();
        assert_eq!(fate["fate"], "refused");
        let reason = if fate["site"] == "demo" {
            "unknown_type"
        } else {
            "unknown_site"
        };
        assert_eq!(fate["reason"], reason, "{fate}");
        assert!(!fate["detail"].as_str().unwrap().is_empty());
    }
    let shown = read[1].join("\n");
    assert!(
        shown.contains("refused     demo         unknown_type: `type` must be"),
        "{shown}"
    );
    assert!(shown.contains("unknown_site: there is no site"), "{shown}");
    assert!(
        !shown.contains('\u{1b}'),
        "a stranger's text reaches the terminal: {shown:?}"
    );
}

#[tokio::test]
async fn the_fate_of_one_event_is_told_with_its_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let up = Up::start(&folder.path().join("data"));
    let id = uuid::Uuid::now_v7().to_string();
    let click = format!(r#"{{"site":"demo","id":"{id}","type":"click","url":"https://shop.example/cart"}}"#);
    for _ in 0..2 {
        assert_eq!(up.post(&click).await.status, 200);
    }
    up.says("SELECT count() FROM events", "1");
    up.says("SELECT count() FROM ledger WHERE reason = 'duplicate'", "1");
    let numbers =
        up.query("SELECT e.log_seq, l.first_seq FROM events AS e, ledger AS l WHERE l.event_id = e.event_id");
    let (row, duplicate) = numbers.split_once('\t').unwrap();
    let output = up.cli(&["tail", "--event", &id]);
    let said = text(&output);
    let lines: Vec<_> = said.lines().collect();
    assert!(output.status.success() && lines.len() == 2, "{said}");
    let parts = [
        (0, "row ".to_owned()),
        (0, format!("number {row} of log ")),
        (0, "demo  click  /cart".to_owned()),
        (1, "duplicate ".to_owned()),
        (1, format!("number {duplicate} of log ")),
    ];
    for (line, part) in parts {
        assert!(
            lines[line].contains(&part),
            "{part} is not in line {line} of\n{said}"
        );
    }
    let output = up.cli(&["tail", "--json", "--event", &id]);
    let fates: Vec<Value> = text(&output)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(fates[0]["fate"], "row");
    assert_eq!(fates[0]["log_seq"].to_string(), row);
    let unknown = uuid::Uuid::now_v7().to_string();
    let output = up.cli(&["tail", "--wait", "100ms", "--event", &unknown]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).contains("never acknowledged"), "{}", text(&output));
}

/// Takes a minute: so long does the edge look before it judges.
#[tokio::test]
async fn a_proxy_that_is_not_trusted_is_told_in_the_log_and_by_check() {
    let folder = tempfile::tempdir().unwrap();
    let up = Up::start(&folder.path().join("data"));
    for client in 0..30 {
        let header = (
            HeaderName::from_static("x-forwarded-for"),
            HeaderValue::try_from(format!("203.0.113.{client}")).unwrap(),
        );
        let click = r#"{"site":"demo","type":"click"}"#;
        let mut sender = Client::new(&Url::parse(&up.run.public).unwrap()).unwrap();
        let answer = sender
            .call(Method::POST, "/v1/events", &[header], click.into(), 1 << 20)
            .await;
        assert_eq!(answer.unwrap().status, 200);
    }
    let told = "nearly all visitors come by a proxy that is not trusted";
    eventually("the alarm", || up.said().contains(told).then_some(()));
    // It says nothing of an edge whose figures are late.
    let check = eventually("check has the edge's figures", || {
        let check = text(&up.cli(&["check"]));
        check.contains(&format!("PROBLEM {told}")).then_some(check)
    });
    assert!(check.contains("FOOTFALL_INGEST_TRUSTED_PROXIES"), "{check}");
    let said = up.said();
    let lines: Vec<_> = said.lines().filter(|line| line.contains(told)).collect();
    assert!(
        lines.len() == 1 && lines[0].contains(r#""network":"127.0.0.1""#),
        "{lines:?}"
    );
    assert!(!said.contains("203.0.113."), "{said}");
}
