//! The processor against the real engine, file by file named for the promise. `support` has the engine, a log in
//! memory, an honest event and a proxy that is not.

#![expect(unreachable_pub, reason = "one binary: its modules are nobody else's")]
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop, with its line"
)]

mod a_bad_record_costs_only_itself;
mod data_are_replaced_while_events_come;
mod decode_and_enrich_never_panic;
mod every_event_is_a_row_as_it_was_sent;
mod https_is_the_same_way_with_a_lock;
#[path = "../places/made.rs"]
#[expect(dead_code, reason = "its other makers are the test of places'")]
mod made;
mod nothing_is_lost_or_doubled;
mod support;
mod the_auditor_sees_and_repairs;
mod the_operators_word;
mod what_expires_is_dropped_whole;
mod what_expires_stays_so;
mod who_was_erased_stays_so;

footfall_clickhouse::process!();
