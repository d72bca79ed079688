//! Every kind of data file is replaced, broken and mended while events come without a pause: none is lost, and none is
//! enriched by half of a change.

use crate::made::{Flat, database_of};
use crate::support::engine::TestEngine;
use crate::support::event::{full, json, now_ms};
use crate::support::eventually;
use crate::support::log::Log;
use crate::support::running::{Running, config};
use crate::support::tables::{assert_books, count};
use clickhouse::{Client, Row};
use footfall_delivery::Mode;
use footfall_processor::Wiring;
use footfall_processor::enrich::Enrichment;
use serde::Deserialize;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Each names one generation of all files.
const GENERATIONS: [&str; 5] = ["AT", "DE", "FR", "IT", "ES"];
/// Events of one push, and the pause behind it.
const PUSH: u64 = 40;
const PAUSE: Duration = Duration::from_millis(20);

/// What one row says, and which data it says it from.
#[derive(Debug, Row, Deserialize)]
struct Said {
    rows: u64,
    enrich_data: String,
    country: String,
    referrer_source: String,
    path_template: String,
    browser: String,
    bot_reasons: String,
}

/// The files of a generation. The lists of bots have the event's user agent, network or referrer in turn.
fn files(generation: &str) -> Vec<(&'static str, Vec<u8>)> {
    let name = generation.to_lowercase();
    let listed = |turn: &str, what: &str| {
        let other = format!("other-{name}.example");
        if turn == generation {
            what.to_owned()
        } else {
            other
        }
    };
    let network = if generation == "FR" {
        "203.0.113.0/24"
    } else {
        "192.0.2.0/24"
    };
    let agents = json!({
        "user_agent_parsers": [{"regex": "(Chrome)/(\\d+)", "family_replacement": format!("Browser {generation}")}],
        "os_parsers": [{"regex": "(Linux)"}],
        "device_parsers": [{"regex": "nothing"}],
    });
    vec![
        (
            "country.mmdb",
            database_of(
                built(generation),
                4,
                "country",
                &[("203.0.113.0/24", &Flat::country(generation))],
            ),
        ),
        (
            "sources.toml",
            format!("[[source]]\nname = \"{generation}\"\nkind = \"social\"\nat = [\"one.example\"]\n")
                .into(),
        ),
        (
            "pages.toml",
            format!("[[site]]\nkey = \"demo\"\npaths = [\"/brand/:{name}\"]\n").into(),
        ),
        ("user-agents.json", agents.to_string().into()),
        ("crawlers.txt", format!("{}\n", listed("DE", "Chrome")).into()),
        ("data-centres.txt", format!("{network} of {name}\n").into()),
        (
            "spam-referrers.txt",
            format!("{}\n", listed("ES", "one.example")).into(),
        ),
    ]
}

/// A day of its own: databases of places are told apart by the day on which they were built.
fn built(generation: &str) -> u64 {
    let days = GENERATIONS.iter().position(|other| *other == generation).unwrap();
    1_781_725_910 + 86_400 * days as u64
}

/// Replaces a file whole, as tools that copy do.
fn put(folder: &Path, name: &str, bytes: &[u8]) {
    let new = folder.join(format!(".{name}"));
    std::fs::write(&new, bytes).unwrap();
    std::fs::rename(new, folder.join(name)).unwrap();
}

fn event(number: u64) -> Vec<u8> {
    let mut event = full(number);
    event.url = "https://shop.example/brand/acme".into();
    event.referrer = "https://one.example/".into();
    event.hints = footfall_schemas::event::ClientHints::default();
    json(&event)
}

/// Appends until it is told to stop.
fn load(log: &Log, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        for number in 0..PUSH {
            log.append(event(log.last() + number), now_ms());
        }
        std::thread::sleep(PAUSE);
    }
}

async fn said(client: &Client) -> Vec<Said> {
    let sql = "SELECT count() AS rows, toString(enrich_data) AS enrich_data, toString(country) AS country, \
               toString(referrer_source) AS referrer_source, path_template, toString(browser) AS browser, \
               toString(bot_reasons) AS bot_reasons FROM events GROUP BY ALL";
    client.query(sql).fetch_all().await.unwrap()
}

/// Values by the version of the part that they come from; a part says one thing, and nothing else, as long as its version is
/// the same.
fn by_version(rows: &[Said]) -> BTreeMap<&str, BTreeMap<&str, BTreeSet<String>>> {
    let mut parts: BTreeMap<&str, BTreeMap<&str, BTreeSet<String>>> = BTreeMap::new();
    for row in rows {
        for version in row.enrich_data.split(' ') {
            let (part, _) = version.split_once('=').unwrap();
            let value = match part {
                "agents" => row.browser.clone(),
                "bots" => row.bot_reasons.clone(),
                "pages" => row.path_template.clone(),
                "places" => row.country.clone(),
                "sources" => row.referrer_source.clone(),
                other => panic!("a part that nothing was looked at of: {other}"),
            };
            parts
                .entry(part)
                .or_default()
                .entry(version)
                .or_default()
                .insert(value);
        }
    }
    parts
}

/// The newest rows say what this generation's files say.
async fn is_in_force(client: &Client, generation: &str) -> bool {
    let (lower, wanted) = (generation.to_lowercase(), format!("Browser {generation}"));
    let sql = format!(
        "SELECT count() FROM events WHERE country = '{generation}' AND referrer_source = '{generation}' \
         AND path_template = '/brand/:{lower}' AND browser = '{wanted}' \
         AND has(bot_reasons, 'crawler') = ('{generation}' = 'DE') AND has(bot_reasons, 'data_centre') = ('{generation}' = 'FR') \
         AND has(bot_reasons, 'spam_referrer') = ('{generation}' = 'ES')"
    );
    client.query(&sql).fetch_one::<u64>().await.unwrap() > 0
}

/// Breaks every file in turn, each in its own way, then puts the generation's.
async fn replace(folder: &Path, generation: &str) {
    for (number, (name, bytes)) in files(generation).iter().enumerate() {
        let broken = match number % 3 {
            0 => bytes[..bytes.len() / 2].to_vec(),
            1 => b"\x7fELF of another kind\xff".to_vec(),
            _ => Vec::new(),
        };
        put(folder, name, &broken);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    // Long enough to be looked at, and refused.
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    for (name, bytes) in files(generation) {
        put(folder, name, &bytes);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_file_is_replaced_under_load_and_every_row_is_of_one_state() {
    let engine = TestEngine::start().await;
    let (log, client) = (Log::new(), engine.server.client());
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files(GENERATIONS[0]) {
        put(folder.path(), name, &bytes);
    }
    let (enrichment, errors) = Enrichment::open(folder.path().to_owned());
    assert!(errors.is_empty(), "{errors:?}");
    let mut wiring = Wiring::new(engine.server.clone());
    wiring.enrichment = Arc::new(enrichment);
    let running = Running::start(config(Mode::Fenced, &engine.server), wiring, &log);
    let stop = Arc::new(AtomicBool::new(false));
    let work = {
        let (log, stop) = (Arc::clone(&log), Arc::clone(&stop));
        tokio::task::spawn_blocking(move || load(&log, &stop))
    };
    for generation in GENERATIONS {
        if generation != GENERATIONS[0] {
            replace(folder.path(), generation).await;
        }
        eventually("it is in force", async || is_in_force(&client, generation).await).await;
    }
    stop.store(true, Ordering::Relaxed);
    work.await.unwrap();
    eventually("all are rows", async || {
        count(&client, "events").await == log.last()
    })
    .await;
    running.stop().await;
    assert_books(&client, log.id, log.last()).await;

    let rows = said(&client).await;
    let parts = by_version(&rows);
    let states = rows
        .iter()
        .map(|row| &row.enrich_data)
        .collect::<BTreeSet<_>>()
        .len();
    println!(
        "{} rows of {states} states of the data",
        rows.iter().map(|row| row.rows).sum::<u64>()
    );
    for (part, versions) in parts {
        let wanted = if part == "bots" { 4 } else { GENERATIONS.len() };
        assert!(versions.len() >= wanted, "{part}: {versions:?}");
        for (version, values) in versions {
            assert_eq!(values.len(), 1, "one state, two answers: {version} {values:?}");
        }
    }
}
