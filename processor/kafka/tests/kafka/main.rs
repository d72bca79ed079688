//! The processor reading the real Kafka into the real engine, file by file named for the promise. `support` has the
//! broker, edges that send numbered records, and processors as processes of their own.

#![expect(unreachable_pub, reason = "one binary: its modules are nobody else's")]
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop, with its line"
)]

mod a_bad_record_costs_only_itself;
mod a_commit_of_a_frozen_member_is_refused;
mod a_processor_that_fails_harms_nothing;
mod a_topic_that_changes_loses_nothing;
mod both_record_formats_are_read;
mod every_number_is_in_the_tables_once;
mod memory_is_bounded_and_the_group_is_served;
mod support;
mod the_books_are_audited;

footfall_clickhouse::process!();
