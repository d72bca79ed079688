//! The operator's own files: what they change, what is said of broken ones, and that an event never sees half of a change.

use footfall_processor::enrich::{Enrichment, location};
use footfall_schemas::Event;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::task::JoinSet;

const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
/// How long a change may take to be seen: files are looked at twice a second, and built in debug.
const DEADLINE: Duration = Duration::from_secs(60);

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        write(folder.path(), name, text);
    }
    folder
}

/// Replaces a file whole, as tools that copy do.
fn write(folder: &Path, name: &str, text: &str) {
    let new = folder.join(format!(".{name}"));
    std::fs::write(&new, text).unwrap();
    std::fs::rename(new, folder.join(name)).unwrap();
}

fn record(user_agent: &str, ip: &str, referrer: &str) -> String {
    let id = "01890a5d-ac96-774b-bcce-b302099a8057";
    json!({"v": 1, "id": id, "site": "shop", "type": "page_view", "visitor": id, "session": id, "session_start": 1, "time": 1,
        "received_at": 1, "url": "https://shop.example/", "user_agent": user_agent, "ip": ip, "referrer": referrer,
        "accept_language": "en"})
    .to_string()
}

/// Browser, reasons and versions of one event, by what is in force now.
fn judged(enrichment: &Enrichment, record: &str) -> (String, Vec<&'static str>, String) {
    let event: Event<'_> = serde_json::from_str(record).unwrap();
    let page = location::split(&event.url);
    let enricher = enrichment.now();
    let enriched = enricher.enrich(&event, &page);
    (
        enriched.agent.browser.to_string(),
        enriched.bot_reasons.as_slice().to_vec(),
        enriched.data.to_owned(),
    )
}

#[test]
fn lists_of_ones_own_stand_beside_the_built_in_ones() {
    let record = record(BROWSER, "192.0.2.7", "https://news.spam.example/");
    let before = judged(&Enrichment::built_in(), &record);
    assert_eq!((before.0.as_str(), before.1.len()), ("Firefox", 0));
    let folder = folder(&[
        ("crawlers.txt", "# ours\nFirefox/1\\d\\d\n"),
        ("data-centres.txt", "192.0.2.0/24 the test network\n"),
        ("spam-referrers.txt", "spam.example\n"),
    ]);
    let (enrichment, errors) = Enrichment::open(folder.path().to_owned());
    assert!(errors.is_empty(), "{errors:?}");
    let after = judged(&enrichment, &record);
    assert_eq!(after.1, ["crawler", "data_centre", "spam_referrer"]);
    assert_ne!(after.2, before.2);
    let google = self::record(
        "Googlebot/2.1 (+http://www.google.com/bot.html)",
        "5.9.0.0",
        "https://semalt.com/",
    );
    let built_in = judged(&enrichment, &google);
    for sign in ["crawler", "data_centre", "spam_referrer"] {
        assert!(built_in.1.contains(&sign), "{sign}");
    }
}

#[test]
fn rules_of_ones_own_stand_in_place_of_the_built_in_ones() {
    let rules = json!({
        "user_agent_parsers": [{"regex": "(Fire)fox/(\\d+)", "family_replacement": "Our $1"}],
        "os_parsers": [{"regex": "(Linux)"}],
        "device_parsers": [{"regex": "nothing"}],
    });
    let folder = folder(&[("user-agents.json", &rules.to_string())]);
    let (enrichment, errors) = Enrichment::open(folder.path().to_owned());
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(judged(&enrichment, &record(BROWSER, "", "")).0, "Our Fire");
}

#[test]
fn each_broken_file_is_told_with_its_place_and_what_was_in_force_stays() {
    let built_in = judged(&Enrichment::built_in(), &record(BROWSER, "", ""));
    for (name, text, says) in [
        (
            "user-agents.json",
            "{\"user_agent_parsers\": [{\"regex\": \"a",
            "read it as JSON: EOF",
        ),
        ("user-agents.json", "[]", "read it as JSON: invalid length"),
        ("user-agents.json", "\u{7f}ELF", "read it as JSON: expected value"),
        ("crawlers.txt", "good\n(bad\n", "line 2: compile the pattern"),
        ("crawlers.txt", "good\nba", "cut off"),
        (
            "data-centres.txt",
            "192.0.2.0/24\n192.0.2.0/240\n",
            "line 2: read \"192.0.2.0/240\" as a network",
        ),
        ("data-centres.txt", "", "nothing in it"),
        ("spam-referrers.txt", "https://spam.example/\n", "line 1: read"),
    ] {
        let folder = folder(&[(name, text)]);
        let (enrichment, errors) = Enrichment::open(folder.path().to_owned());
        assert_eq!(errors.len(), 1, "{name}");
        let error = errors[0].to_string();
        assert!(error.contains(name) && error.contains(says), "{error}");
        assert_eq!(judged(&enrichment, &record(BROWSER, "", "")), built_in);
    }
}

/// Two states of three files are put in turn while two threads judge events without a pause. What an event says of its data
/// decides what was found: the same versions with another verdict would be an event judged by half of a change.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_event_is_judged_by_half_of_a_change() {
    let folder = folder(&[]);
    let enrichment = Arc::new(Enrichment::open(folder.path().to_owned()).0);
    let record = record(BROWSER, "192.0.2.7", "https://spam.example/");
    let ended = Arc::new(AtomicBool::new(false));
    let mut watch = JoinSet::new();
    watch.spawn(enrichment.clone().watch());
    let mut judges = JoinSet::new();
    for _ in 0..2 {
        let (enrichment, record, ended) = (enrichment.clone(), record.clone(), ended.clone());
        judges.spawn_blocking(move || {
            let (mut seen, mut events) = (BTreeMap::new(), 0_u32);
            while !ended.load(Relaxed) {
                let (_, reasons, versions) = judged(&enrichment, &record);
                assert_eq!(*seen.entry(versions).or_insert(reasons.clone()), reasons);
                events += 1;
            }
            (seen, events)
        });
    }
    for round in 0..6 {
        let listed = round % 2 == 0;
        let of = |on: &'static str, off: &'static str| if listed { on } else { off };
        write(folder.path(), "crawlers.txt", of("Firefox\n", "Nobody\n"));
        write(
            folder.path(),
            "data-centres.txt",
            of("192.0.2.0/24\n", "203.0.113.0/24\n"),
        );
        write(
            folder.path(),
            "spam-referrers.txt",
            of("spam.example\n", "else.example\n"),
        );
        let began = Instant::now();
        while judged(&enrichment, &record).1.len() != if listed { 3 } else { 0 } {
            assert!(began.elapsed() < DEADLINE, "the change is not seen");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    ended.store(true, Relaxed);
    let mut all = BTreeMap::new();
    while let Some(judge) = judges.join_next().await {
        let (seen, events) = judge.unwrap();
        println!("{events} events, {} states of the data", seen.len());
        for (versions, reasons) in seen {
            assert_eq!(
                *all.entry(versions).or_insert(reasons.clone()),
                reasons,
                "both judges agree"
            );
        }
    }
    assert!(all.len() >= 2, "{all:?}");
}
