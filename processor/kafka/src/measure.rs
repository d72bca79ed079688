//! What the source counts. Names and meanings stand in [`describe`].

use metrics::{Unit, describe_counter, describe_histogram};

pub(crate) const COMMIT: &str = "footfall_kafka_commit_seconds";
pub(crate) const COMMITS_FAILED: &str = "footfall_kafka_commits_failed_total";
pub(crate) const REVOKES: &str = "footfall_kafka_revokes_total";
pub(crate) const LOST: &str = "footfall_kafka_assignments_lost_total";
pub(crate) const REJOINS: &str = "footfall_kafka_rejoins_total";
pub(crate) const OUT_OF_RANGE: &str = "footfall_kafka_out_of_range_total";
pub(crate) const STRANGERS: &str = "footfall_kafka_strangers_total";
pub(crate) const SENT_AGAIN: &str = "footfall_kafka_sent_again_total";

/// Tells the recorder what everything means. Call once, after it has been installed.
pub fn describe() {
    describe_histogram!(COMMIT, Unit::Seconds, "From sending a commit to its answer");
    describe_counter!(
        COMMITS_FAILED,
        "Commits that were not accepted: `refused` by the group, or of `unknown` outcome"
    );
    describe_counter!(REVOKES, "Rebalances that took partitions away");
    describe_counter!(
        LOST,
        "Times that the group took this member for gone, or everything had to begin anew"
    );
    describe_counter!(REJOINS, "Times that this member left the group to join it again");
    describe_counter!(
        OUT_OF_RANGE,
        "Partitions whose position the brokers no longer had: unread records were removed, or the topic is another"
    );
    describe_counter!(
        SENT_AGAIN,
        "Missing numbers that were found in the topic and sent to it again"
    );
    describe_counter!(
        STRANGERS,
        "Records without a number of ours; they go to the ledger as unreadable"
    );
}
