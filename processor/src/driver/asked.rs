//! What the driver is asked from outside: an operator does not wait for a record, the auditor misses numbers, a server is gone.

use super::Driver;
use crate::control::{Asked, Request};
use crate::source::{Chunk, Content, Record, Source};
use crate::words::{Waits, covers};
use bytes::Bytes;
use footfall_delivery::{Input, Numbers};
use tokio::sync::watch;

impl<S: Source> Driver<S> {
    pub(super) async fn requested(&mut self, asked: Asked) {
        match asked {
            Asked::Request(Request::ServerGone(tag)) => self.on(Input::ServerGone(tag)),
            Asked::Request(Request::Skip(numbers)) => self.skip(numbers),
            Asked::Request(Request::ReadAgain(numbers, since)) => self.read_again(numbers, since).await,
            Asked::Settled(answer) => {
                // Fails only when the auditor has gone.
                let _ = answer.send(self.source.settled());
            }
        }
    }

    /// For the listener to what an operator says.
    pub(crate) fn waits(&self) -> watch::Receiver<Waits> {
        self.waits.subscribe()
    }

    /// Partitions that wait for one of these read it again, and it becomes a ledger row as an unreadable one would.
    fn skip(&mut self, numbers: Vec<Numbers>) {
        // All that was said about a log comes at once.
        let others = |known: &Numbers| !numbers.iter().any(|said| said.log_id == known.log_id);
        self.rules.skips.retain(others);
        self.rules.skips.extend(numbers);
        let resumed: Vec<u32> = (self.machine.waiting())
            .filter(|(_, number)| covers(&self.rules.skips, *number))
            .map(|(partition, _)| partition)
            .collect();
        for partition in resumed {
            tracing::warn!(
                partition,
                "the operator does not wait for a record of a newer format: going on"
            );
            self.on(Input::Resume(partition));
        }
    }

    /// Puts records that the auditor misses into the next round: they take the ordinary way, and the machine looks
    /// their numbers up. Their span is empty, because the partition's position does not move for them.
    async fn read_again(&mut self, numbers: Numbers, since: Option<i64>) {
        let again = match self.source.read_again(numbers, since).await {
            Ok(again) => again,
            Err(error) => {
                tracing::error!(%error, first = numbers.first, last = numbers.last, "cannot read missing numbers again");
                return;
            }
        };
        let (partition, Some(&at)) = (again.partition, self.ends.get(&again.partition)) else {
            return;
        };
        let gone = again.gone.into_iter().map(|range| Record {
            position: at,
            log_id: range.log_id,
            seq: range.first,
            time_ms: 0,
            content: Content::Lost {
                last: range.last,
                reason: "acknowledged, in no table, and no copy is left".to_owned(),
                bytes: Bytes::new(),
            },
        });
        let records: Vec<_> = again
            .records
            .into_iter()
            .map(|record| Record {
                position: at,
                ..record
            })
            .chain(gone)
            .collect();
        if !records.is_empty() {
            self.ahead.take(
                Chunk {
                    partition,
                    from: at,
                    next: at,
                    records,
                },
                &self.rules,
            );
        }
    }
}
