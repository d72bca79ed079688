//! What the enrichment costs per event: each step about sources, pages and places, all steps together, cold and warm, and the
//! slowest input that a search finds. User agents and bots have a benchmark of their own (`agents`).
//! `cargo bench -p footfall-processor --bench enrich`; `PLACES=folder` names a folder with databases of places.

#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a benchmark prints its figures and stops where it cannot go on"
)]

#[path = "../agents/counted.rs"]
mod counted;
mod events;
mod slowest;

use counted::{Cost, cost, cpu, resident};
use footfall_processor::enrich::page::{locale, template};
use footfall_processor::enrich::source::arrival;
use footfall_processor::enrich::{Enricher, Enrichment, campaign, location, page, referrer};
use footfall_schemas::Event;
use std::hint::black_box;
use std::path::PathBuf;
use std::sync::Arc;

const PASSES: usize = 20;

fn main() {
    let before = resident();
    let folder = std::env::var_os("PLACES").map(PathBuf::from);
    let (enrichment, built) = cost(1, || {
        folder.map_or_else(Enrichment::built_in, |folder| Enrichment::open(folder).0)
    });
    let enricher = enrichment.now();
    println!(
        "build: {:.0} ms, memory + {} MiB, data {}",
        built.ns / 1e6,
        resident() - before,
        enricher.versions()
    );
    let texts = events::texts();
    let made: Vec<Event<'_>> = texts
        .iter()
        .map(|text| serde_json::from_str(text).expect("an event"))
        .collect();
    println!("{} events; per event:", made.len());
    steps(&enricher, &made);
    whole(&enricher, &made);
    slowest::search(&enricher, &made[0]);
}

fn steps(enricher: &Arc<Enricher>, events: &[Event<'_>]) {
    let each = |name: &str, step: &dyn Fn(&Event<'_>)| {
        events.iter().for_each(step);
        let (_, cost) = cost(PASSES * events.len(), || {
            (0..PASSES).for_each(|_| events.iter().for_each(step));
        });
        say(name, &cost);
    };
    each("location: the page's URL cut", &|event| {
        black_box(location::split(&event.url));
    });
    each("campaign, after location", &|event| {
        black_box(campaign::read(&location::split(&event.url).query));
    });
    each("referrer, after location", &|event| {
        black_box(referrer::read(&event.referrer, &location::split(&event.url).host));
    });
    each("source and channel, after these", &|event| {
        let page = location::split(&event.url);
        let (campaign, referrer) = (
            campaign::read(&page.query),
            referrer::read(&event.referrer, &page.host),
        );
        black_box(arrival::read(&enricher.sources, &campaign, &referrer, true));
    });
    each("page: template, search, language, time zone", &|event| {
        let location = location::split(&event.url);
        black_box(page::read(&enricher.pages, event, &location));
    });
    each("  of that the template alone", &|event| {
        black_box(template::of(&location::split(&event.url).path));
    });
    each("  of that language and time zone", &|event| {
        black_box(locale::language(&event.language, &event.accept_language));
        black_box(locale::time_zone(&event.timezone));
    });
    let address = |event: &Event<'_>| footfall_tables::address_columns(&event.ip).0;
    each("place, remembered", &|event| {
        black_box(enricher.places.of(address(event)));
    });
    each("place, looked up", &|event| {
        for database in enricher.places.databases() {
            black_box(database.look(address(event).to_canonical()));
        }
    });
}

/// Everything, user agents too: with nothing remembered, and again.
fn whole(enricher: &Arc<Enricher>, events: &[Event<'_>]) {
    let pass = |enricher: &Enricher| {
        for event in events {
            let page = location::split(&event.url);
            black_box(enricher.enrich(event, &page));
        }
    };
    let (_, cold) = cost(events.len(), || pass(enricher));
    say("the whole enrichment, first pass", &cold);
    let (_, warm) = cost(PASSES * events.len(), || (0..PASSES).for_each(|_| pass(enricher)));
    say("the whole enrichment, warm", &warm);
}

fn say(name: &str, cost: &Cost) {
    println!(
        "  {name:<48} {:>9.3} us {:>7.2} allocations {:>9.0} bytes",
        cost.ns / 1e3,
        cost.allocations,
        cost.bytes
    );
}

/// The least of a few passes, microseconds.
fn time(mut work: impl FnMut()) -> f64 {
    let mut least = f64::MAX;
    for _ in 0..3 {
        let began = cpu();
        work();
        least = least.min((cpu() - began) / 1e3);
    }
    least
}
