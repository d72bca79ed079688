//! Files replaced under two threads that enrich all the time: whoever has taken the enrichment sees one state of all parts
//! from its first event to its last.

use crate::made::{Flat, database};
use crate::{column, put};
use footfall_processor::enrich::Enrichment;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// Two files that belong together: a country and the name of a source.
fn write(folder: &Path, country: &str) {
    put(
        folder,
        "country.mmdb",
        &database(4, "country", &[("203.0.113.0/24", &Flat::country(country))]),
    );
    let source = format!("[[source]]\nname = \"{country}\"\nkind = \"social\"\nat = [\"one.example\"]\n");
    put(folder, "sources.toml", source.as_bytes());
}

#[derive(Default)]
struct Seen {
    rounds: AtomicU64,
    torn: AtomicU64,
}

/// Enriches in rounds; in a round every answer must be the first one's.
fn rounds(enrichment: &Enrichment, seen: &Seen, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        let enricher = enrichment.now();
        let look = || {
            let country = enricher.places.of(column("203.0.113.0")).country.clone();
            let source = enricher
                .sources
                .at("one.example", "/")
                .map(|source| source.name.clone());
            (country, source, enricher.versions().to_owned())
        };
        let first = look();
        for _ in 0..200 {
            if look() != first {
                seen.torn.fetch_add(1, Ordering::Relaxed);
            }
        }
        seen.rounds.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_replaced_under_load_and_no_round_sees_two_states() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "AT");
    let (enrichment, errors) = Enrichment::open(folder.path().to_owned());
    assert!(errors.is_empty(), "{errors:?}");
    let (enrichment, seen, stop) = (
        Arc::new(enrichment),
        Arc::new(Seen::default()),
        Arc::new(AtomicBool::new(false)),
    );
    let mut work = tokio::task::JoinSet::new();
    for _ in 0..2 {
        let (enrichment, seen, stop) = (Arc::clone(&enrichment), Arc::clone(&seen), Arc::clone(&stop));
        work.spawn_blocking(move || rounds(&enrichment, &seen, &stop));
    }
    let mut watch = tokio::task::JoinSet::new();
    watch.spawn(Arc::clone(&enrichment).watch());
    for country in ["DE", "FR", "IT"] {
        // Broken first: what was in force stays in force.
        let before = enrichment.now().versions().to_owned();
        put(folder.path(), "country.mmdb", b"half of a fi");
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        assert_eq!(enrichment.now().versions(), before);
        write(folder.path(), country);
        eventually(|| enrichment.now().places.of(column("203.0.113.0")).country == country).await;
        eventually(|| {
            enrichment
                .now()
                .sources
                .at("one.example", "/")
                .is_some_and(|source| source.name == country)
        })
        .await;
    }
    stop.store(true, Ordering::Relaxed);
    while work.join_next().await.is_some() {}
    let (rounds, torn) = (
        seen.rounds.load(Ordering::Relaxed),
        seen.torn.load(Ordering::Relaxed),
    );
    println!("{rounds} rounds of 200, {torn} saw two states");
    assert!(rounds > 10 && torn == 0);
}

async fn eventually(mut holds: impl FnMut() -> bool) {
    for _ in 0..2_400 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("never");
}
