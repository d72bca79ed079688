//! Entries of the ledger with their payloads, page by page, each judged: can it be read now, and is it needed?

use super::tally::{Outcome, Tally};
use crate::cli::Filter;
use crate::ledger::ask;
use crate::ledger::filter::{Condition, When};
use ::clickhouse::{Client, Row};
use anyhow::{Result, anyhow};
use footfall_delivery::Reason;
use footfall_processor::decode::{DecodeError, decode};
use footfall_processor::question::look::look_up;
use footfall_schemas::Event;
use serde::Deserialize;
use std::collections::HashSet;
use uuid::Uuid;

/// Reasons whose entries have the record's bytes.
pub(super) const REPLAYABLE: [Reason; 2] = [Reason::Unreadable, Reason::UnknownVersion];
/// Entries of one page; their payloads may have 1 MB each.
const PAGE: usize = 100;

/// An event that is sent again, as the log takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Again {
    /// Byte of its kind, in the frame.
    pub(crate) kind: u8,
    /// When it was received then, ms since 1970.
    pub(crate) time_ms: u64,
    /// Its visitor.
    pub(crate) key: Uuid,
    /// JSON, one line.
    pub(crate) payload: Vec<u8>,
}

impl Again {
    /// The event with everything that it has, but that it says that it was sent before.
    fn of(mut event: Event<'_>) -> Self {
        event.attempt = event.attempt.saturating_add(1).max(2);
        Self::as_it_is(&event)
    }

    /// A record of the event.
    pub(super) fn as_it_is(event: &Event<'_>) -> Self {
        let mut payload = Vec::new();
        event.write_json(&mut payload);
        Self {
            kind: event.kind.code(),
            time_ms: u64::try_from(event.received_at).unwrap_or_default(),
            key: event.visitor,
            payload,
        }
    }
}

pub(super) struct Candidates {
    client: Client,
    filter: Filter,
    /// The last entry of the last page.
    after: Option<(Uuid, u64)>,
    /// Ids that go with this replay.
    sent: HashSet<Uuid>,
}

#[derive(Row, Deserialize)]
struct Entry {
    #[serde(with = "clickhouse::serde::uuid")]
    log_id: Uuid,
    first_seq: u64,
    reason: String,
    payload: String,
}

/// An entry that can be read: its reason, its event's id, and the record.
type Read = (Reason, Uuid, Again);

impl Candidates {
    /// What is in the ledger now: what a replay adds to it is not replayed.
    pub(super) async fn new(client: Client, mut filter: Filter) -> Result<Self> {
        let now = client
            .query("SELECT toUnixTimestamp64Milli(now64(3)) + 1")
            .fetch_one::<i64>();
        let now = ask("read the server's clock", now).await?;
        filter.until = filter.until.or(Some(When::At(now)));
        Ok(Self {
            client,
            filter,
            after: None,
            sent: HashSet::new(),
        })
    }

    /// The records of the next page that go; `None` after the last.
    pub(super) async fn next(&mut self, tally: &mut Tally) -> Result<Option<Vec<Again>>> {
        let entries = self.page().await?;
        let Some(last) = entries.last() else {
            return Ok(None);
        };
        self.after = Some((last.log_id, last.first_seq));
        let read: Vec<Read> = entries.iter().filter_map(|entry| read(entry, tally)).collect();
        let ids: Vec<Uuid> = read.iter().map(|(_, id, _)| *id).collect();
        let rows = self.rows(ids.clone()).await?;
        let erased = self.erased(&ids).await?;
        let mut page = Vec::new();
        for (reason, id, again) in read {
            let outcome = if erased.contains(&id) {
                Outcome::Erased
            } else if rows.contains(&id) {
                Outcome::Row
            } else if self.sent.insert(id) {
                page.push(again);
                Outcome::Sent
            } else {
                Outcome::Twice
            };
            tally.add(reason, outcome, 1);
        }
        Ok(Some(page))
    }

    async fn page(&self) -> Result<Vec<Entry>> {
        let mut filter = self.filter.clone();
        if !filter.reasons.is_empty() {
            filter.reasons.retain(|reason| REPLAYABLE.contains(reason));
            if filter.reasons.is_empty() {
                return Ok(Vec::new());
            }
        }
        let mut condition = Condition::new(&filter, &REPLAYABLE);
        if let Some((log, seq)) = self.after {
            condition.and(format!("(log_id, first_seq) > (toUUID('{log}'), {seq})"));
        }
        let sql = format!(
            "SELECT log_id, first_seq, toString(reason) AS reason, hex(payload) AS payload FROM ledger WHERE {} \
             ORDER BY ledger.log_id, first_seq LIMIT {PAGE}",
            condition.sql()
        );
        ask(
            "read the ledger",
            condition.bind(self.client.query(&sql)).fetch_all::<Entry>(),
        )
        .await
    }

    /// Which of these events are rows.
    async fn rows(&self, ids: Vec<Uuid>) -> Result<HashSet<Uuid>> {
        let found = look_up(&self.client, Vec::new(), ids).await;
        let found =
            found.map_err(|_| anyhow!("cannot look whether the events are rows already: no answer"))?;
        Ok(found.ids.into_iter().map(|id| id.event_id).collect())
    }

    /// Which of these events were erased: they stay so.
    async fn erased(&self, ids: &[Uuid]) -> Result<HashSet<Uuid>> {
        #[derive(Row, Deserialize)]
        struct Id {
            #[serde(with = "clickhouse::serde::uuid")]
            event_id: Uuid,
        }
        if ids.is_empty() {
            return Ok(HashSet::new());
        }
        let list: Vec<_> = ids.iter().map(|id| format!("'{id}'")).collect();
        let sql = format!(
            "SELECT DISTINCT event_id FROM ledger WHERE reason = 'erased' AND event_id IN ({})",
            list.join(",")
        );
        let found = ask(
            "look for erased events",
            self.client.query(&sql).fetch_all::<Id>(),
        )
        .await?;
        Ok(found.into_iter().map(|id| id.event_id).collect())
    }
}

/// The event, if this release can read it.
fn read(entry: &Entry, tally: &mut Tally) -> Option<Read> {
    let reason = REPLAYABLE
        .into_iter()
        .find(|reason| reason.label() == entry.reason)?;
    let payload = crate::ledger::bytes(&entry.payload);
    if payload.is_empty() {
        tally.add(reason, Outcome::NoPayload, 1);
        return None;
    }
    match decode(&payload) {
        Ok(event) => Some((reason, event.id, Again::of(event))),
        Err(DecodeError::UnknownVersion(_)) => {
            tally.add(reason, Outcome::StillUnknown, 1);
            None
        }
        Err(DecodeError::Unreadable(_)) => {
            tally.add(reason, Outcome::StillUnreadable, 1);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Again;
    use footfall_processor::decode::decode;

    #[test]
    fn all_of_the_event_stays_and_it_says_that_it_was_sent_before() {
        let text = r#"{"v":1,"id":"01890a5d-ac96-774b-bcce-b302099a8057","site":"shop","type":"custom","name":"buy",
            "visitor":"11111111-1111-4111-8111-111111111111","session":"22222222-2222-4222-8222-222222222222",
            "session_start":1795273445000,"time":1795273445123,"received_at":1795273445456,"ip":"203.0.113.0",
            "url":"https://shop.example/\u00e4","props":{"a":"1\n2"}}"#;
        let event = decode(text.as_bytes()).unwrap();
        let again = Again::of(event.clone());
        assert_eq!(
            (again.kind, again.time_ms, again.key),
            (4, 1_795_273_445_456, event.visitor)
        );
        assert!(!again.payload.contains(&b'\n'), "a line is a record");
        let mut read = decode(&again.payload).unwrap();
        assert_eq!(read.attempt, 2);
        read.attempt = event.attempt;
        assert_eq!(read, event);
    }
}
