//! What must hold when everything has drained: each acknowledged number is in `events` once or in `ledger` once, each
//! event once in `events`, and nothing else is anywhere.

use std::collections::BTreeMap;

use footfall_delivery::{Entry, Meta, Number, Reason, Rules};
use uuid::Uuid;

use crate::profile::Setup;
use crate::topic::{Kind, Record};
use crate::world::World;

impl<R: Rules + Copy> World<R> {
    pub fn check_tables(&mut self) {
        let acknowledged: BTreeMap<Number, Record> = self
            .edges
            .iter()
            .flat_map(|edge| {
                edge.logs
                    .iter()
                    .flat_map(|log| log.records.iter().map(|r| (r.number, *r)))
            })
            .collect();
        let mut ledger: BTreeMap<Number, Vec<Reason>> = BTreeMap::new();
        for row in &self.server.ledger {
            for seq in row.numbers.first..=row.numbers.last {
                let number = Number {
                    log_id: row.numbers.log_id,
                    seq,
                };
                ledger.entry(number).or_default().extend(row.reason);
            }
        }
        let mut found = Vec::new();
        for (number, record) in &acknowledged {
            let rows = self.server.events.get(number).map_or(0, Vec::len);
            let reasons = ledger.remove(number).unwrap_or_default();
            let rotten = self.topic.is_rotten(*number);
            let skipped = self.skips.contains(number);
            if let Some(wrong) = wrong_fate(record, rows, &reasons, (rotten, skipped)) {
                found.push(format!(
                    "{wrong}: {record:?} has {rows} rows and ledger {reasons:?}"
                ));
            }
        }
        for number in self.server.events.keys().chain(ledger.keys()) {
            if !acknowledged.contains_key(number) {
                found.push(format!("never acknowledged: {number:?}"));
            }
        }
        found.extend(self.wrong_ids(&acknowledged));
        for what in found {
            self.violate(what);
        }
    }

    /// `closed` is a promise: no row of that partition can still arrive.
    pub fn check_closed(&mut self, index: usize, entries: &[Entry]) {
        if self.profile.setup == Setup::Child {
            return;
        }
        let now = self.server.now(self.t);
        for entry in entries
            .iter()
            .filter(|entry| matches!(entry.meta, Meta::Closed { .. }))
        {
            let mut open = self.server.statements.iter().filter(|(_, s)| {
                (s.started.is_some() || now < s.deadline)
                    && s.rows.iter().any(|r| r.partition == entry.partition)
            });
            if let Some((id, _)) = open.next() {
                let what = format!(
                    "i{index} closes partition {}, insert {id} can still land",
                    entry.partition
                );
                return self.violate(what);
            }
        }
    }

    /// Every event is in `events` once; not at all only if a copy of it has rotted, or was not to be waited for.
    fn wrong_ids(&self, acknowledged: &BTreeMap<Number, Record>) -> Vec<String> {
        let mut ids: BTreeMap<Uuid, (usize, bool)> = BTreeMap::new();
        for (number, record) in acknowledged
            .iter()
            .filter(|(_, record)| !record.event_id.is_nil())
        {
            let (rows, rotten) = ids.entry(record.event_id).or_default();
            *rows += self.server.events.get(number).map_or(0, Vec::len);
            *rotten |= self.topic.is_rotten(*number) || self.skips.contains(number);
        }
        let wrong = ids
            .into_iter()
            .filter(|(_, (rows, rotten))| *rows > 1 || (*rows == 0 && !rotten));
        wrong
            .map(|(id, (rows, _))| format!("event {id} has {rows} rows"))
            .collect()
    }
}

fn wrong_fate(
    record: &Record,
    rows: usize,
    reasons: &[Reason],
    (rotten, skipped): (bool, bool),
) -> Option<&'static str> {
    match (rows, reasons) {
        (0, []) => Some("lost"),
        (1, []) => (!matches!(record.kind, Kind::Event | Kind::Newer)).then_some("no event"),
        (0, [Reason::Lost]) => (!rotten).then_some("given up"),
        (0, [Reason::UnknownVersion]) => {
            (!skipped || record.kind != Kind::Newer).then_some("skipped without a word")
        }
        (0, [reason]) => {
            let expected = match record.kind {
                Kind::Event | Kind::Newer => Reason::Duplicate,
                Kind::Unreadable => Reason::Unreadable,
                Kind::Mark => Reason::Mark,
            };
            (*reason != expected).then_some("wrong reason")
        }
        _ => Some("doubled"),
    }
}
