//! The stages of one event, each by itself: nanoseconds of one core, best of several passes.

use crate::{cpu, made};
use bytes::Bytes;
use footfall_delivery::{
    Assignment, Clock, CommitOutcome, Config, Head, Input, InsertOutcome, Looked, Machine, Mode, Output,
    Span, Tag, Verdict,
};
use footfall_processor::decode::decode;
use footfall_processor::enrich::{Enricher, location};
use footfall_processor::row::event_row;
use footfall_tables::EventBlock;
use std::hint::black_box;
use uuid::Uuid;

const EVENTS: usize = 20_000;
const BLOCK: usize = 10_000;
const PASSES: usize = 15;

/// Best of several passes, ns per event.
fn best(mut pass: impl FnMut()) -> f64 {
    let time = |pass: &mut dyn FnMut()| {
        let began = cpu::own();
        pass();
        (cpu::own() - began) * 1e9 / EVENTS as f64
    };
    (0..PASSES).map(|_| time(&mut pass)).fold(f64::MAX, f64::min)
}

pub(crate) fn run() {
    let payloads = made::log_json(&made::events(EVENTS));
    let bytes: usize = payloads.iter().map(Bytes::len).sum();
    let (log_id, enricher) = (Uuid::new_v4(), Enricher::built_in());
    // Each stage with those before it, as they run: the event is warm when it is enriched and encoded.
    let decoded = best(|| {
        for payload in &payloads {
            let _ = black_box(decode(black_box(payload)));
        }
    });
    let enriched = best(|| {
        for payload in &payloads {
            let event = decode(black_box(payload)).expect("an event");
            let page = location::split(&event.url);
            black_box(enricher.enrich(&event, &page));
        }
    }) - decoded;
    let (mut block, mut body) = (EventBlock::default(), Vec::new());
    let encoded = best(|| {
        for payloads in payloads.chunks(BLOCK) {
            block.clear();
            body.clear();
            for payload in payloads {
                let event = decode(black_box(payload)).expect("an event");
                let page = location::split(&event.url);
                block.push(&event_row(&event, &enricher.enrich(&event, &page), log_id, 1));
            }
            block.set_insert_deadline(1);
            block.write_native(&mut body);
            black_box(&body);
        }
    }) - decoded
        - enriched;
    let events: Vec<_> = payloads
        .iter()
        .map(|payload| decode(payload).expect("an event"))
        .collect();
    let decided = decide(&events.iter().map(|event| event.id).collect::<Vec<_>>());
    println!(
        "event in the log: {} bytes on average; row in the block: {} bytes",
        bytes / EVENTS,
        body.len() / BLOCK
    );
    println!("stage            ns/event");
    for (stage, ns) in [
        ("decode", decoded),
        ("enrich", enriched),
        ("decide", decided),
        ("encode", encoded),
    ] {
        println!("{stage:<16} {ns:>8.0}");
    }
    println!("sum              {:>8.0}", decoded + enriched + decided + encoded);
}

/// What the machine needs to decide and settle rounds of new events, its map of ids growing all the time.
fn decide(ids: &[Uuid]) -> f64 {
    let config = Config::new(Mode::Child, Tag::new("bench", "log", "1"), "log", "here", 42);
    let (mut machine, mut out, log_id) = (Machine::new(config), Vec::new(), Uuid::new_v4());
    let now = made::now_ms();
    let assigned = Assignment {
        partition: 0,
        committed: None,
        earliest: 0,
        end: u64::MAX,
    };
    machine.on(0, Input::Assigned(vec![assigned]), &mut out);
    settle(&mut machine, &mut out, now);
    let mut at = 0_u64;
    best(|| {
        for ids in ids.chunks(BLOCK) {
            let head = |(index, id): (usize, &Uuid)| Head {
                log_id,
                seq: at + index as u64 + 1,
                partition: 0,
                position: at + index as u64,
                received_at: now,
                // Another id in each pass.
                event_id: Uuid::from_u128(id.as_u128() ^ u128::from(at)),
                verdict: Verdict::Row,
                check_table: false,
            };
            let heads: Vec<Head> = ids.iter().enumerate().map(head).collect();
            let next = at + heads.len() as u64;
            machine.offer(
                0,
                &[Span {
                    partition: 0,
                    from: at,
                    next,
                }],
                &heads,
                &mut out,
            );
            settle(&mut machine, &mut out, now);
            at = next;
        }
    })
}

/// Answers everything with success.
fn settle(machine: &mut Machine, out: &mut Vec<Output>, now: i64) {
    while !out.is_empty() {
        for output in std::mem::take(out) {
            let input = match output {
                Output::ReadClock(op) => Input::Clock(
                    op,
                    Ok(Clock {
                        now,
                        server: Uuid::from_u128(1),
                    }),
                ),
                Output::Commit(op, _) => Input::Committed(op, CommitOutcome::Accepted),
                Output::Look { op, .. } => Input::Looked(op, Ok(Looked::default())),
                Output::InsertEvents { op, rows, .. } => Input::Inserted(op, InsertOutcome::Written(rows)),
                _ => continue,
            };
            machine.on(0, input, out);
        }
    }
}
