//! The operator's word: what a person has said about something that a partition waits for. It stands in the tables `skips`
//! and `gone_servers`, so that it reaches whoever owns the partition, now or after the next rebalance.
//!
//! A word never inserts, deletes or moves anything. It changes what the decoder says of a record of an unknown version, or
//! lets a fence go on; looking, proving and inserting are the owner's, as for every other record.
//!
//! [`skip`] and [`server_gone`] say it. `listen` runs beside the driver: it asks while something waits, tells the driver ([`Request`]), and raises the alarm
//! for what nobody has spoken about yet, with the command that would.

use crate::control::{Control, Request};
use crate::measure;
use crate::server::Server;
use clickhouse::{Client, Row};
use footfall_delivery::{Number, Numbers, Tag};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::sync::watch;
use uuid::Uuid;

/// Words about one log that are read at most: people give few.
const WORDS: usize = 10_000;

/// Says that records of these numbers are not to be waited for if no release knows their version.
///
/// # Errors
/// The server's; nothing has been said then, or it may have been: twice is the same.
pub async fn skip(client: &Client, numbers: Numbers, by: &str) -> Result<(), clickhouse::error::Error> {
    let sql =
        "INSERT INTO skips (log_id, first_seq, last_seq, said_by, at) SELECT toUUID(?), ?, ?, ?, now64(3)";
    let Numbers { log_id, first, last } = numbers;
    let said = client.query(sql).bind(log_id.to_string()).bind(first).bind(last);
    said.bind(by).execute().await
}

/// Says that the owner with this tag has nothing under way on `server` any more, and never will.
///
/// # Errors
/// As [`skip`].
pub async fn server_gone(
    client: &Client,
    tag: &Tag,
    (server, address): (Uuid, &str),
    by: &str,
) -> Result<(), clickhouse::error::Error> {
    let sql =
        "INSERT INTO gone_servers (tag, server, address, said_by, at) SELECT ?, toUUID(?), ?, ?, now64(3)";
    let said = client.query(sql).bind(tag.as_str()).bind(server.to_string());
    said.bind(address).bind(by).execute().await
}

/// What is waited for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Waits {
    /// Records of an unknown version, each in front of its partition.
    pub(crate) numbers: BTreeSet<Number>,
    /// Owners that wrote to another server.
    pub(crate) tags: BTreeSet<Tag>,
}

impl Waits {
    fn is_empty(&self) -> bool {
        self.numbers.is_empty() && self.tags.is_empty()
    }

    /// What of it is not in `told`.
    fn without(&self, told: &Self) -> Self {
        Self {
            numbers: self.numbers.difference(&told.numbers).copied().collect(),
            tags: self.tags.difference(&told.tags).cloned().collect(),
        }
    }

    /// What of it nobody has spoken about.
    fn unheard(&self, words: &Words) -> Self {
        Self {
            numbers: (self.numbers.iter().copied())
                .filter(|number| !covers(&words.skips, *number))
                .collect(),
            tags: self.tags.difference(&words.gone).cloned().collect(),
        }
    }
}

/// What was said.
#[derive(Debug, Default)]
struct Words {
    skips: Vec<Numbers>,
    gone: BTreeSet<Tag>,
}

/// Whether one of the ranges has the number.
pub(crate) fn covers(ranges: &[Numbers], number: Number) -> bool {
    ranges.iter().any(|range| range.has(number))
}

/// Asks at once when something begins to wait, and then again and again, until nothing does or the driver has ended.
pub(crate) async fn listen(
    server: Server,
    mut waits: watch::Receiver<Waits>,
    control: Control,
    every: Duration,
) {
    let client = server.client();
    let mut told = Waits::default();
    loop {
        let now = waits.borrow_and_update().clone();
        let words = if now.is_empty() {
            Words::default()
        } else {
            heard(&client, &now).await
        };
        if !words.skips.is_empty() {
            control.request(Request::Skip(words.skips.clone())).await;
        }
        for tag in &words.gone {
            control.request(Request::ServerGone(tag.clone())).await;
        }
        let unheard = now.unheard(&words);
        measure::waits(&unheard.without(&told));
        told = unheard;
        let changed = if now.is_empty() {
            waits.changed().await
        } else {
            // In time or not: it is looked at again.
            tokio::time::timeout(every, waits.changed())
                .await
                .unwrap_or(Ok(()))
        };
        if changed.is_err() {
            return;
        }
    }
}

/// A server that does not answer has not said anything.
async fn heard(client: &Client, waits: &Waits) -> Words {
    match ask(client, waits).await {
        Ok(words) => words,
        Err(error) => {
            tracing::warn!(%error, "cannot read whether the operator has spoken; asked again");
            Words::default()
        }
    }
}

async fn ask(client: &Client, waits: &Waits) -> Result<Words, clickhouse::error::Error> {
    #[derive(Row, Deserialize)]
    struct Skip {
        #[serde(with = "clickhouse::serde::uuid")]
        log_id: Uuid,
        first: u64,
        last: u64,
    }
    let mut words = Words::default();
    let logs: BTreeSet<Uuid> = waits.numbers.iter().map(|number| number.log_id).collect();
    for log_id in logs {
        // All of the log's: what is allowed and comes later need not wait at all.
        let sql = format!(
            "SELECT log_id, first_seq AS first, last_seq AS last FROM skips WHERE log_id = '{log_id}' \
             ORDER BY at DESC LIMIT {WORDS}"
        );
        for skip in client.query(&sql).fetch_all::<Skip>().await? {
            words.skips.push(Numbers {
                log_id: skip.log_id,
                first: skip.first,
                last: skip.last,
            });
        }
    }
    for tag in &waits.tags {
        let sql = "SELECT count() FROM gone_servers WHERE tag = ?";
        if client.query(sql).bind(tag.as_str()).fetch_one::<u64>().await? > 0 {
            words.gone.insert(tag.clone());
        }
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::{Waits, Words, covers};
    use footfall_delivery::{Number, Numbers, Tag};
    use uuid::Uuid;

    fn number(log: u128, seq: u64) -> Number {
        Number {
            log_id: Uuid::from_u128(log),
            seq,
        }
    }

    #[test]
    fn a_word_is_about_its_own_numbers_and_owners_only() {
        let skips = [Numbers {
            log_id: Uuid::from_u128(1),
            first: 5,
            last: 7,
        }];
        for (said, number) in [
            (true, number(1, 5)),
            (true, number(1, 7)),
            (false, number(1, 4)),
            (false, number(1, 8)),
            (false, number(2, 6)),
        ] {
            assert_eq!(covers(&skips, number), said, "{number:?}");
        }
        let tag = |instance| Tag::new("db", "topic", instance);
        let waits = Waits {
            numbers: [number(1, 6), number(1, 9)].into(),
            tags: [tag("a"), tag("b")].into(),
        };
        let words = Words {
            skips: skips.to_vec(),
            gone: [tag("b")].into(),
        };
        let unheard = waits.unheard(&words);
        assert_eq!(unheard.numbers, [number(1, 9)].into());
        assert_eq!(unheard.tags, [tag("a")].into());
        assert!(unheard.without(&unheard).is_empty(), "told once");
    }
}
