//! What the forwarder promises, against a real broker.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

mod a_broker_that_is_away;
mod a_killed_node_sends_the_same_numbers_again;
mod a_topic_that_changes;
#[cfg(feature = "tls")]
mod being_let_in;
mod every_number_once_and_in_order;
mod the_log_of_a_node_that_is_gone;
mod the_salts_of_the_days;
mod three_brokers;
