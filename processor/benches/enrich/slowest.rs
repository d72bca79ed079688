//! The slowest event that can be found without its user agent: pieces of addresses repeated up to the limits of ingest, put
//! together, the worst kept and changed further.

use crate::time;
use footfall_processor::enrich::{Enricher, location};
use footfall_schemas::Event;
use footfall_schemas::limits::{HEADER_BYTES, URL_BYTES};
use std::borrow::Cow;
use std::hint::black_box;

const ROUNDS: usize = 2_000;

const PIECES: [&str; 20] = [
    "/",
    "/1",
    "/a-1",
    "/a@b.cd",
    "%",
    "%41",
    "&",
    "a=",
    "&q=",
    "&utm_source=x",
    "a.",
    ".",
    "x",
    "é",
    "1-1-1-",
    "/2026/1/1",
    "?",
    "#",
    "com.",
    "+",
];

/// Searches, and prints what it found.
pub(crate) fn search(enricher: &Enricher, event: &Event<'_>) {
    let mut worst = (0.0, [0; 3]);
    let mut dice = 0x9E37_79B9_7F4A_7C15_u64;
    for round in 0..ROUNDS {
        let mut next = || {
            dice = dice
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(dice >> 33).unwrap() % PIECES.len()
        };
        let pick = if round < PIECES.len() {
            [round; 3]
        } else {
            [next(), next(), next()]
        };
        let event = hostile(event, pick);
        let took = time(|| {
            let page = location::split(&event.url);
            black_box(enricher.enrich(&event, &page));
        });
        if took > worst.0 {
            worst = (took, pick);
        }
    }
    println!(
        "slowest event found ({ROUNDS} tried): {:.0} us, of {:?}",
        worst.0,
        worst.1.map(|at| PIECES[at])
    );
}

fn hostile<'a>(event: &'a Event<'_>, pick: [usize; 3]) -> Event<'a> {
    let fill = |head: &str, bytes: usize| {
        let mut text = head.to_owned();
        for at in pick.into_iter().cycle() {
            if text.len() + PIECES[at].len() > bytes {
                return Cow::Owned(text);
            }
            text.push_str(PIECES[at]);
        }
        Cow::Owned(text)
    };
    Event {
        url: fill("https://shop.example/", URL_BYTES),
        referrer: fill("https://www.google.com/", URL_BYTES),
        accept_language: fill("", HEADER_BYTES),
        ..event.clone()
    }
}
