//! ClickHouse: a clock, two tables, and statements that may start late, run long, commit in blocks, be killed, or die.

use std::collections::BTreeMap;

use footfall_delivery::{Looked, LookedUp, Number, Numbers, Op, Reason, RecentId, Tag, Targets};
use uuid::Uuid;

/// A row on its way into a table, or in it.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    pub numbers: Numbers,
    pub event_id: Uuid,
    pub received_at: i64,
    /// Which partition it was read from (the tables do not have this; the checker does).
    pub partition: u32,
    /// `None`: a row of `events`.
    pub reason: Option<Reason>,
}

/// An insert, from the moment that it is sent until it can do nothing any more.
#[derive(Debug, Clone)]
pub struct Statement {
    pub instance: usize,
    pub life: u64,
    pub op: Op,
    pub tag: Tag,
    pub rows: Vec<Row>,
    pub deadline: i64,
    pub started: Option<u64>,
    pub killed: bool,
    /// Rows up to here are in.
    pub done: usize,
    /// The answer that it will give when all blocks are in: fewer rows than sent if it lies.
    pub skip: usize,
    /// It fails, and says so, when it has come this far.
    pub fails_at: Option<usize>,
    pub answer_lost: bool,
    /// The engine that it was sent to.
    pub engine: u64,
}

pub struct Server {
    pub uuid: Uuid,
    pub skew: i64,
    pub up: bool,
    /// A driver that breaks the contract: its barrier spares other topics.
    pub topic_barrier: bool,
    pub frozen_until: u64,
    pub engine: u64,
    pub statements: BTreeMap<u64, Statement>,
    pub next: u64,
    pub events: BTreeMap<Number, Vec<Row>>,
    pub ledger: Vec<Row>,
}

const BASE: i64 = 1_790_000_000_000;

impl Server {
    pub fn new(skew: i64) -> Self {
        Self {
            uuid: Uuid::from_u128(99),
            skew,
            up: true,
            topic_barrier: false,
            frozen_until: 0,
            engine: 1,
            statements: BTreeMap::new(),
            next: 0,
            events: BTreeMap::new(),
            ledger: Vec::new(),
        }
    }

    pub fn now(&self, t: u64) -> i64 {
        BASE + self.skew + t.cast_signed()
    }

    /// Wall time of an edge at `t`.
    pub fn edge_now(t: u64, skew: i64) -> i64 {
        BASE + skew + t.cast_signed()
    }

    pub fn send(&mut self, statement: Statement) -> u64 {
        self.next += 1;
        self.statements.insert(self.next, statement);
        self.next
    }

    /// Commits `rows` of a statement.
    pub fn write(&mut self, rows: &[Row]) {
        for row in rows {
            match row.reason {
                None => {
                    let number = Number {
                        log_id: row.numbers.log_id,
                        seq: row.numbers.first,
                    };
                    self.events.entry(number).or_default().push(*row);
                }
                Some(_) => self.ledger.push(*row),
            }
        }
    }

    /// Everything that runs dies; requests in the network still arrive, unless the engine is a child that is gone.
    pub fn crash(&mut self, child: bool) -> Vec<Statement> {
        let gone: Vec<u64> = self
            .statements
            .iter()
            .filter(|(_, s)| child || s.started.is_some())
            .map(|(id, _)| *id)
            .collect();
        if child {
            self.engine += 1;
        }
        gone.iter().filter_map(|id| self.statements.remove(id)).collect()
    }

    pub fn list(&self, targets: &Targets) -> Vec<String> {
        self.matching(targets).map(|id| id.to_string()).collect()
    }

    fn matching<'a>(&'a self, targets: &'a Targets) -> impl Iterator<Item = u64> + 'a {
        let running = self.statements.iter().filter(|(_, s)| s.started.is_some());
        running
            .filter(move |(_, s)| hits(targets, &s.tag, self.topic_barrier))
            .map(|(id, _)| *id)
    }

    /// Marks running statements as killed; they go a little later.
    pub fn kill(&mut self, targets: &Targets) -> Vec<u64> {
        let ids: Vec<u64> = self.matching(targets).collect();
        for id in &ids {
            if let Some(statement) = self.statements.get_mut(id) {
                statement.killed = true;
            }
        }
        ids
    }

    pub fn look(&self, rows_from: i64, ids_from: i64, ledger_too: bool) -> Looked {
        let mut highs: BTreeMap<Uuid, u64> = BTreeMap::new();
        let mut ids: Vec<RecentId> = Vec::new();
        for (number, rows) in &self.events {
            for row in rows {
                if row.received_at >= rows_from {
                    let high = highs.entry(number.log_id).or_default();
                    *high = number.seq.max(*high);
                }
                if row.received_at >= ids_from && !row.event_id.is_nil() {
                    ids.push(RecentId {
                        event_id: row.event_id,
                        number: *number,
                        received_at: row.received_at,
                    });
                }
            }
        }
        for row in self.ledger.iter().filter(|_| ledger_too) {
            let high = highs.entry(row.numbers.log_id).or_default();
            *high = row.numbers.last.max(*high);
        }
        ids.sort_by_key(|id| id.received_at);
        let highs = highs
            .into_iter()
            .map(|(log_id, seq)| Number { log_id, seq })
            .collect();
        Looked { highs, ids }
    }

    pub fn look_up(&self, numbers: &[Numbers], event_ids: &[Uuid], ledger_too: bool) -> LookedUp {
        let mut found = LookedUp::default();
        for asked in numbers {
            let first = Number {
                log_id: asked.log_id,
                seq: asked.first,
            };
            let last = Number {
                log_id: asked.log_id,
                seq: asked.last,
            };
            let there = self.events.range(first..=last);
            found.events.extend(there.map(|(n, _)| Numbers {
                log_id: n.log_id,
                first: n.seq,
                last: n.seq,
            }));
            let touches = |row: &&Row| {
                row.numbers.log_id == asked.log_id
                    && row.numbers.first <= asked.last
                    && row.numbers.last >= asked.first
            };
            found.ledger.extend(
                self.ledger
                    .iter()
                    .filter(|_| ledger_too)
                    .filter(touches)
                    .map(|row| row.numbers),
            );
        }
        for (number, rows) in self.events.iter().filter(|_| !event_ids.is_empty()) {
            for row in rows.iter().filter(|row| event_ids.contains(&row.event_id)) {
                found.ids.push(RecentId {
                    event_id: row.event_id,
                    number: *number,
                    received_at: row.received_at,
                });
            }
        }
        found
    }
}

fn hits(targets: &Targets, tag: &Tag, by_topic: bool) -> bool {
    let cut = |own: &Tag| own.as_str().rfind('/').unwrap_or(0);
    let prefix = |own: &Tag| {
        if by_topic {
            own.as_str()[..=cut(own)].to_owned()
        } else {
            own.prefix().to_owned()
        }
    };
    let others = |own: &Tag| tag != own && tag.as_str().starts_with(&prefix(own));
    targets.tags.contains(tag) || targets.all_but.as_ref().is_some_and(others)
}
