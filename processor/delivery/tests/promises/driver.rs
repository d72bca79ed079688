//! A driver for one machine: answers questions, commits and lets time pass; inserts are left to the test.

use footfall_delivery::{
    Assignment, Clock, CommitOutcome, Config, Head, Input, Looked, LookedUp, Machine, Meta, Mode, Op, Output,
    Span, Tag, Verdict,
};
use uuid::Uuid;

pub const HERE: u128 = 1;
pub const NOW: i64 = 1_790_000_000_000;

pub struct Driver {
    pub machine: Machine,
    pub now: u64,
    pub server: u128,
    pub clock: i64,
}

impl Driver {
    pub fn new(mode: Mode) -> Self {
        let config = Config::new(mode, Tag::new("db", "topic", "me"), "topic", "-", 7);
        Self {
            machine: Machine::new(config),
            now: 0,
            server: HERE,
            clock: NOW,
        }
    }

    pub fn on(&mut self, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        self.machine.on(self.now, input, &mut out);
        out
    }

    pub fn assign(&mut self, committed: Option<(u64, Meta)>) -> Vec<Output> {
        let committed = committed.map(|(position, meta)| (position, meta.encode()));
        self.on(Input::Assigned(vec![Assignment {
            partition: 0,
            committed,
            earliest: 0,
            end: 1_000,
        }]))
    }

    /// Answers questions and commits, and lets time pass, until there is an insert or nothing left to do.
    pub fn settle(&mut self, mut out: Vec<Output>) -> Vec<Output> {
        let mut seen = Vec::new();
        loop {
            let mut next = Vec::new();
            for output in out {
                let input = match output.clone() {
                    Output::ReadClock(op) => Input::Clock(
                        op,
                        Ok(Clock {
                            now: self.clock,
                            server: Uuid::from_u128(self.server),
                        }),
                    ),
                    Output::Commit(op, _) => Input::Committed(op, CommitOutcome::Accepted),
                    Output::List(op, _) => Input::Listed(op, Ok(Vec::new())),
                    Output::Look { op, .. } => Input::Looked(op, Ok(Looked::default())),
                    Output::LookUp { op, .. } => Input::LookedUp(op, Ok(LookedUp::default())),
                    _ => {
                        seen.push(output);
                        continue;
                    }
                };
                seen.push(output);
                next.extend(self.on(input));
            }
            if !next.is_empty() {
                out = next;
                continue;
            }
            match self.machine.wake_at() {
                Some(at) if at > self.now => {
                    self.clock += (at - self.now).cast_signed();
                    self.now = at;
                    out = self.on(Input::Tick);
                }
                _ => return seen,
            }
        }
    }

    pub fn offer(&mut self, from: u64, heads: &[Head]) -> Vec<Output> {
        let mut out = Vec::new();
        let next = heads.iter().map(|head| head.position + 1).max().unwrap_or(from);
        self.machine.offer(
            self.now,
            &[Span {
                partition: 0,
                from,
                next,
            }],
            heads,
            &mut out,
        );
        self.settle(out)
    }

    pub fn ready(mode: Mode) -> Self {
        let mut driver = Self::new(mode);
        let out = driver.assign(Some((
            0,
            Meta::Closed {
                topic: "topic".to_owned(),
            },
        )));
        driver.settle(out);
        driver
    }
}

pub fn log() -> Uuid {
    Uuid::from_u128(100)
}

pub fn head(seq: u64) -> Head {
    Head {
        log_id: log(),
        seq,
        partition: 0,
        position: seq - 1,
        received_at: NOW,
        event_id: Uuid::from_u128(u128::from(seq) << 64 | 5),
        verdict: Verdict::Row,
        check_table: false,
    }
}

pub fn open(server: u128) -> Meta {
    Meta::Open {
        tag: Tag::new("db", "topic", "other"),
        server: Uuid::from_u128(server),
        topic: "topic".to_owned(),
        address: "-".to_owned(),
    }
}

pub fn insert_of(out: &[Output]) -> Option<(Op, u64)> {
    out.iter().find_map(|output| match output {
        Output::InsertEvents { op, rows, .. } | Output::InsertLedger { op, rows, .. } => Some((*op, *rows)),
        _ => None,
    })
}

pub fn started(out: &[Output]) -> Option<u64> {
    out.iter().find_map(|output| match output {
        Output::Start { position, .. } => Some(*position),
        _ => None,
    })
}
