//! Where something of a person may be after an erasure, and what ends that: for the receipt. Nothing is left out because it
//! cannot be helped.

use super::receipt::Remains;
use super::who::Who;
use crate::config::Config;
use crate::config::value::Value as _;
use crate::terminal::{bytes, count};
use std::path::Path;

/// What is known after the tables are done.
pub(super) struct Known {
    /// Replaced parts that the server has not removed yet.
    pub(super) old_parts: usize,
    /// Parts that it has put aside; none: it does not let us see them.
    pub(super) detached: Option<u64>,
    /// The engine is this machine's.
    pub(super) ours: bool,
}

/// All places.
pub(super) fn list(config: &Config, who: &Who, known: &Known) -> Vec<Remains> {
    let mut list = Vec::new();
    let mut add = |place: &str, until: String| {
        list.push(Remains {
            place: place.to_owned(),
            until,
        });
    };
    if known.old_parts > 0 {
        let until = "ClickHouse removes them by itself, eight minutes after they were replaced";
        add(
            &format!("{} replaced parts of the tables", known.old_parts),
            until.to_owned(),
        );
    }
    if known.detached != Some(0) {
        let parts = known.detached.map_or_else(
            || {
                "parts that ClickHouse has put aside, if any (system.detached_parts cannot be read here)"
                    .to_owned()
            },
            |parts| format!("{parts} parts that ClickHouse has put aside (system.detached_parts)"),
        );
        add(
            &parts,
            "kept until somebody drops them: `ALTER TABLE … DROP DETACHED PART`".to_owned(),
        );
    }
    logs(config, known.ours, &mut add);
    add(
        "the log of logins: lines of logins that are sent late",
        "until `auth_log.keep` is over, or the same command is given again".to_owned(),
    );
    if config.auth_log.stdout {
        add(
            "lines of logins on stdout of ingest",
            "kept by whatever collects them (journald, Docker)".to_owned(),
        );
    }
    if is_named(&config.in_data(&config.dashboard.file), who) {
        add(
            &format!(
                "{} names the person in a segment or goal",
                config.dashboard.file.display()
            ),
            "kept until somebody changes it on the dashboard".to_owned(),
        );
    }
    add(
        "memory of running services: addresses in caches",
        "replaced by others, or gone at their next start".to_owned(),
    );
    add(
        "files of `footfall export` and `footfall subject`, and back-ups",
        "not known here: kept by whoever made them".to_owned(),
    );
    add(
        "free blocks of the disks",
        "overwritten by other files some day; a disk that is encrypted needs no more".to_owned(),
    );
    list
}

/// Logs and topics on the way to the tables.
fn logs(config: &Config, ours: bool, add: &mut impl FnMut(&str, String)) {
    let folder = config.in_data(&config.local_log.folder);
    let corrupt = below(&folder.join("corrupt"));
    if corrupt.0 > 0 {
        let keep = config.local_log.keep_corrupt;
        let until = if keep.is_zero() {
            "kept until somebody removes them (`local_log.keep_corrupt`)".to_owned()
        } else {
            format!(
                "{} after the crash that left them (`local_log.keep_corrupt`)",
                keep.show()
            )
        };
        add(
            &format!(
                "{} torn tails in {}",
                count(corrupt.0),
                folder.join("corrupt").display()
            ),
            format!("{until}; what is in them was never acknowledged"),
        );
    }
    if ours || config.kafka.bootstrap_servers.is_empty() {
        let (files, size) = below(&folder.join("logs"));
        add(
            &format!(
                "the local log, {} files, {}, in {}",
                count(files),
                bytes(size),
                folder.display()
            ),
            format!(
                "a segment goes when it is full ({}), all of them at the next start of Footfall",
                config.local_log.segment.show()
            ),
        );
        return;
    }
    let keep = config
        .local_log
        .keep
        .map_or_else(|| "24h".to_owned(), |keep| keep.show());
    add(
        "the local logs of ingest nodes",
        format!(
            "{keep} after each segment was begun (`local_log.keep` there), longer while Kafka does not have it"
        ),
    );
    add(
        &format!("the Kafka topic {}", config.kafka.topic),
        format!(
            "{} after it was written (`kafka.retention`), with the segment of Kafka that it is in",
            config.kafka.retention.show()
        ),
    );
    add(
        "logs of logins on other machines",
        "run the same command on each ingest node; or until `auth_log.keep` is over".to_owned(),
    );
}

fn is_named(path: &Path, who: &Who) -> bool {
    std::fs::read_to_string(path).is_ok_and(|text| text.contains(&who.value()))
}

/// Files below a folder, and their bytes.
fn below(folder: &Path) -> (u64, u64) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return (0, 0);
    };
    let each = entries.flatten().map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => below(&entry.path()),
        Ok(metadata) => (1, metadata.len()),
        Err(_) => (0, 0),
    });
    each.fold((0, 0), |(files, size), (more, bytes)| {
        (files + more, size + bytes)
    })
}
