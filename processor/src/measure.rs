//! What is counted and measured. Names and meanings stand in [`describe`]; the binary installs the recorder, and adds
//! what [`render`] says to its text.

mod latency;

pub(crate) use latency::Latencies;
pub use latency::render;

use crate::words::Waits;
use footfall_delivery::{Alarm, Number, Status};
use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge};

/// Upper bounds of the histograms' buckets, seconds: set them for every metric that ends in `_seconds`.
pub const BUCKETS: [f64; 16] = [
    0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0, 10.0, 60.0, 600.0,
];

pub(crate) const CONSUMED: &str = "footfall_processor_consumed_total";
pub(crate) const ROWS: &str = "footfall_processor_rows_total";
pub(crate) const LEDGER: &str = "footfall_processor_ledger_total";
pub(crate) const LEFT_OUT: &str = "footfall_processor_left_out_total";
pub(crate) const ROUNDS: &str = "footfall_processor_rounds_total";
pub(crate) const IN_DOUBT: &str = "footfall_processor_in_doubt_total";
pub(crate) const IN_DOUBT_NOW: &str = "footfall_processor_in_doubt";
pub(crate) const FENCES: &str = "footfall_processor_fences_total";
pub(crate) const PARTITIONS: &str = "footfall_processor_partitions";
pub(crate) const LATE: &str = "footfall_processor_late_total";
pub(crate) const REFUSED: &str = "footfall_processor_refused_total";
pub(crate) const LOOKS: &str = "footfall_processor_looks_total";
pub(crate) const LOOKED_UP: &str = "footfall_processor_looked_up_total";
pub(crate) const RESTARTS: &str = "footfall_processor_engine_restarts_total";
pub(crate) const ALARMS: &str = "footfall_processor_alarms_total";
pub(crate) const LAG_RECORDS: &str = "footfall_processor_lag_records";
pub(crate) const LAG_SECONDS: &str = "footfall_processor_lag_seconds";
pub(crate) const EDGE_TO_ROW: &str = "footfall_processor_edge_to_row_seconds";
pub(crate) const INSERT: &str = "footfall_processor_insert_seconds";
pub(crate) const DEDUP_IDS: &str = "footfall_processor_dedup_ids";
pub(crate) const DEDUP_WINDOW: &str = "footfall_processor_dedup_window_seconds";
pub(crate) const DEDUP_BYTES: &str = "footfall_processor_dedup_bytes";
pub(crate) const MISSING: &str = "footfall_processor_audit_missing";
pub(crate) const DOUBLED: &str = "footfall_processor_audit_doubled";
pub(crate) const LATE_DUPLICATES: &str = "footfall_processor_audit_late_duplicates";
pub(crate) const DATA_READ: &str = "footfall_processor_enrich_data_read_total";
pub(crate) const DATA_BROKEN: &str = "footfall_processor_enrich_data_broken";
pub(crate) const EXPIRED: &str = "footfall_processor_expired_total";
pub(crate) const RETENTION_FAILED: &str = "footfall_processor_retention_failed";
pub(crate) const REPAIRED: &str = "footfall_processor_audit_repaired_total";

/// Kinds of [`ALARMS`] that an operator ends with a word.
const UNKNOWN_VERSION: &str = "unknown_version";
const OTHER_SERVER: &str = "other_server";

/// Tells the recorder what everything means. Call once, after it has been installed.
pub fn describe() {
    describe_counter!(CONSUMED, "Records taken from the source, repeats included");
    describe_counter!(ROWS, "Rows acknowledged in `events`");
    describe_counter!(LEDGER, "Rows acknowledged in `ledger`, by reason");
    describe_counter!(LEFT_OUT, "Records that were in a table already");
    describe_counter!(ROUNDS, "Rounds finished in both tables");
    describe_counter!(IN_DOUBT, "Inserts whose outcome was not known");
    describe_gauge!(
        IN_DOUBT_NOW,
        "1: an insert's outcome is being settled, nothing else is written"
    );
    describe_counter!(
        FENCES,
        "Barriers for partitions whose old owner may still have been writing"
    );
    describe_gauge!(
        PARTITIONS,
        "Partitions by state: `assigned` in all; of these `ready`, `paused` (a record of an unknown version) or `held` (another ClickHouse server)"
    );
    describe_counter!(LATE, "Inserts refused by their deadline (code 469)");
    describe_counter!(REFUSED, "Inserts that the server refused, by its error code");
    describe_counter!(
        LOOKS,
        "Looks: highest numbers and recent event ids read from the tables"
    );
    describe_counter!(LOOKED_UP, "Numbers and event ids looked up one by one");
    describe_counter!(RESTARTS, "Fresh engines asked for, to settle a doubt");
    describe_counter!(ALARMS, "Things that a person should know, by kind");
    describe_gauge!(LAG_RECORDS, "Records that wait, as far as the source knows");
    describe_gauge!(
        LAG_SECONDS,
        Unit::Seconds,
        "Age of the newest record that is in the tables while more wait, else 0"
    );
    describe_histogram!(EDGE_TO_ROW, Unit::Seconds, latency::HELP);
    describe_histogram!(
        INSERT,
        Unit::Seconds,
        "From sending an insert to its answer, by table"
    );
    describe_gauge!(DEDUP_IDS, "Event ids in memory");
    describe_gauge!(DEDUP_WINDOW, Unit::Seconds, "Time of receipt that they cover");
    describe_gauge!(DEDUP_BYTES, Unit::Bytes, "Memory that they take");
    describe_gauge!(MISSING, "Acknowledged numbers without a fate, at the last audit");
    describe_gauge!(DOUBLED, "Numbers with more than one row, at the last audit");
    describe_gauge!(
        LATE_DUPLICATES,
        "Rows whose event is in the table under an earlier number, at the last audit"
    );
    describe_counter!(
        DATA_READ,
        "Times that a part of the enrichment read its files, by part and result: `ok` or `broken`"
    );
    describe_gauge!(
        DATA_BROKEN,
        "1: the part's files cannot be used as they are, and what was read of them before is in force"
    );
    describe_counter!(REPAIRED, "What the auditor has repaired, by kind");
    describe_counter!(
        EXPIRED,
        "What has been kept for as long as it should be, and went: `events`, `addresses` or `payloads`, by site"
    );
    describe_gauge!(
        RETENTION_FAILED,
        "1: the last run of retention could not do all, and what should have gone is still there; it comes again"
    );
}

/// A part of the enrichment has read its files.
pub(crate) fn data_read(part: &'static str, ok: bool) {
    let result = if ok { "ok" } else { "broken" };
    counter!(DATA_READ, "part" => part, "result" => result).increment(1);
    gauge!(DATA_BROKEN, "part" => part).set(f64::from(u8::from(!ok)));
}

#[expect(
    clippy::cast_precision_loss,
    reason = "gauges are f64, and nobody reads the 16th digit"
)]
pub(crate) fn status(status: &Status) {
    let states = [
        ("assigned", status.assigned),
        ("ready", status.ready),
        ("paused", status.paused),
        ("held", status.held),
    ];
    for (state, partitions) in states {
        gauge!(PARTITIONS, "state" => state).set(partitions as f64);
    }
    counter!(FENCES).absolute(status.fences);
    gauge!(IN_DOUBT_NOW).set(f64::from(u8::from(status.in_doubt)));
    gauge!(DEDUP_IDS).set(status.event_ids as f64);
    gauge!(DEDUP_BYTES).set(status.event_id_bytes as f64);
    gauge!(DEDUP_WINDOW).set(status.window as f64 / 1_000.0);
}

/// What waits: records, and the age of what is in the tables (ms) while any do.
#[expect(
    clippy::cast_precision_loss,
    reason = "gauges are f64, and nobody reads the 16th digit"
)]
pub(crate) fn lag(records: u64, age: i64) {
    let age = if records > 0 { age } else { 0 };
    gauge!(LAG_RECORDS).set(records as f64);
    gauge!(LAG_SECONDS).set(age as f64 / 1_000.0);
}

/// What waits for an operator, each with the command that is his word.
pub(crate) fn waits(waits: &Waits) {
    for Number { log_id, seq } in &waits.numbers {
        counter!(ALARMS, "kind" => UNKNOWN_VERSION).increment(1);
        tracing::error!(
            kind = UNKNOWN_VERSION,
            "a record of a newer format: its partition waits until a newer release reads it. If no release ever will: \
             footfall ledger skip {log_id} {seq}"
        );
    }
    for tag in &waits.tags {
        counter!(ALARMS, "kind" => OTHER_SERVER).increment(1);
        tracing::error!(
            kind = OTHER_SERVER,
            tag = tag.as_str(),
            "the last owner wrote to another ClickHouse server, where its inserts may still be running: its partitions are \
             held. Give that server's address again; or, if it is gone for good: footfall confirm-server-gone"
        );
    }
}

pub(crate) fn alarm(alarm: &Alarm) {
    let kind = match alarm {
        Alarm::OtherServer { .. } => OTHER_SERVER,
        Alarm::ServerChanged { .. } => "server_changed",
        Alarm::UnknownVersion { .. } => UNKNOWN_VERSION,
        Alarm::Refusing { .. } => "refusing",
        Alarm::BarrierStuck { .. } => "barrier_stuck",
        Alarm::NoAssignment => "no_assignment",
    };
    counter!(ALARMS, "kind" => kind).increment(1);
    tracing::error!(kind, ?alarm, "delivery needs a person's attention");
}
