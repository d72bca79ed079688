//! The forwarder's figures in Prometheus' text format, for the edge's `/metrics`.

use footfall_forward::Snapshot;
use std::fmt::Write as _;

/// Writes them; depth and age of the log stand there already, by cursor.
pub(crate) fn render(progress: &Snapshot, text: &mut String) {
    let lines = [
        (
            "sent_total",
            "counter",
            "Records given to Kafka, those sent again included.",
            progress.sent,
        ),
        (
            "acknowledged_total",
            "counter",
            "Records that Kafka has acknowledged.",
            progress.acknowledged,
        ),
        (
            "acknowledged_bytes_total",
            "counter",
            "Bytes of their payloads.",
            progress.acknowledged_bytes,
        ),
        (
            "restarts_total",
            "counter",
            "Producers given up after an error.",
            progress.restarts,
        ),
        (
            "topic_recreated_total",
            "counter",
            "Times that the topic was found to be another one.",
            progress.recreated,
        ),
        ("in_flight", "gauge", "Records under way.", progress.in_flight),
        (
            "partitions",
            "gauge",
            "Partitions of the topic.",
            progress.partitions,
        ),
        (
            "connected",
            "gauge",
            "1: the topic is found and nothing has failed since.",
            u64::from(progress.connected),
        ),
    ];
    for (name, kind, help, value) in lines {
        // Writing into a string cannot fail.
        _ = write!(
            text,
            "# HELP footfall_forward_{name} {help}\n# TYPE footfall_forward_{name} {kind}\nfootfall_forward_{name} {value}\n"
        );
    }
}
