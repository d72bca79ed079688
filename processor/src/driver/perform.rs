//! What the machine asks for, done. Questions and inserts run as tasks, so that the next round is prepared meanwhile; a
//! commit is the source's and is waited for.

use super::{Done, Driver};
use crate::config::EngineRestart;
use crate::control::Condition;
use crate::insert::{Inserted, Inserter, VIOLATED_CONSTRAINT};
use crate::source::Source;
use crate::trace::InsertSpan;
use crate::words::Waits;
use crate::{ledger, measure, question};
use bytes::Bytes;
use footfall_delivery::{
    Alarm, CommitOutcome, Decision, Entry, Input, InsertOutcome, Op, Output, Unanswered,
};
use footfall_tables::{EVENTS, LEDGER, insert_sql};
use metrics::{counter, histogram};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::oneshot;

/// After this a processor whose commit is not answered is not ready; a commit takes a millisecond.
const COMMIT_PATIENCE: Duration = Duration::from_secs(3);

/// How long a fresh engine may take; then the machine asks again.
const RESTART_PATIENCE: Duration = Duration::from_secs(60);

impl<S: Source> Driver<S> {
    /// Does everything that is asked for, in order.
    pub(super) async fn perform(&mut self) {
        while !self.out.is_empty() {
            for output in std::mem::take(&mut self.out) {
                self.perform_one(output).await;
            }
        }
    }

    async fn perform_one(&mut self, output: Output) {
        let client = self.client.clone();
        match output {
            Output::ReadClock(op) => {
                self.ask(async move { Input::Clock(op, question::clock(&client).await) });
            }
            Output::List(op, targets) => {
                self.ask(async move { Input::Listed(op, question::running::list(&client, &targets).await) });
            }
            Output::Kill(op, targets) => {
                self.ask(async move { Input::Killed(op, question::running::kill(&client, &targets).await) });
            }
            Output::Look {
                op,
                rows_from,
                ids_from,
                max_ids,
            } => {
                counter!(measure::LOOKS).increment(1);
                self.ask(async move {
                    Input::Looked(
                        op,
                        question::look::look(&client, rows_from, ids_from, max_ids).await,
                    )
                });
            }
            Output::LookUp {
                op,
                numbers,
                event_ids,
            } => {
                counter!(measure::LOOKED_UP).increment((numbers.len() + event_ids.len()) as u64);
                self.ask(async move {
                    Input::LookedUp(op, question::look::look_up(&client, numbers, event_ids).await)
                });
            }
            Output::Commit(op, entries) => {
                let outcome = self.commit(&entries).await;
                self.on(Input::Committed(op, outcome));
            }
            Output::InsertLedger { op, rows, deadline } => self.insert_ledger(op, rows, deadline),
            Output::InsertEvents { op, rows, deadline } => self.insert_events(op, rows, deadline),
            Output::RestartEngine(op) => self.restart_engine(op),
            notice => self.heed(notice),
        }
    }

    /// A commit has no time-out of its own, and nothing else is done meanwhile: `/ready` says so.
    async fn commit(&mut self, entries: &[Entry]) -> CommitOutcome {
        let control = self.control.clone();
        let mut commit = std::pin::pin!(self.source.commit(entries));
        if let Ok(outcome) = tokio::time::timeout(COMMIT_PATIENCE, &mut commit).await {
            return outcome;
        }
        control.waiting("waiting for our position to be accepted: no broker answers");
        commit.await
    }

    /// Notices: nothing to answer.
    fn heed(&mut self, output: Output) {
        match output {
            Output::Start { partition, position } => {
                self.ahead.drop_partition(partition, &self.rules);
                self.ends.insert(partition, position);
                self.source.start(partition, position);
            }
            Output::Pause { partition } => {
                self.ahead.drop_partition(partition, &self.rules);
                self.source.pause(partition);
            }
            Output::RoundDone(positions) => self.round_done(&positions),
            Output::Released(partitions) => self.source.released(&partitions),
            Output::LeaveAndRejoin => {
                self.ahead = crate::round::Round::default();
                self.in_hand = None;
                self.member = false;
                self.source.rejoin();
            }
            Output::Alarm(alarm) => self.alarm(&alarm),
            Output::Stopped => self.stopped = true,
            // Operations: done above.
            Output::ReadClock(_)
            | Output::Commit(..)
            | Output::List(..)
            | Output::Kill(..)
            | Output::Look { .. }
            | Output::LookUp { .. }
            | Output::InsertLedger { .. }
            | Output::InsertEvents { .. }
            | Output::RestartEngine(_) => {}
        }
        self.refresh_condition();
    }

    fn ask(&mut self, question: impl Future<Output = Input> + Send + 'static) {
        self.ops.spawn(async move {
            Done {
                input: Some(question.await),
                list: None,
                inserter: None,
                body: Bytes::new(),
            }
        });
    }

    fn insert_ledger(&mut self, op: Op, rows: u64, deadline: i64) {
        let Some(deadline) = self.list_deadline(op, deadline) else {
            return;
        };
        let Some(in_hand) = &mut self.in_hand else {
            return self.not_sent(op);
        };
        in_hand.hold_against(&self.rules.erased);
        in_hand.decisions = self.machine.decisions().to_vec();
        in_hand.erase_duplicates();
        in_hand.into_events = false;
        let body = ledger::body(
            &in_hand.round,
            &in_hand.decisions,
            self.machine.lost(),
            wall_clock(),
            deadline,
        );
        let insert = Insert {
            table: LEDGER,
            rows,
            body,
        };
        self.send(op, rows, None, insert, InsertSpan::default());
    }

    fn insert_events(&mut self, op: Op, rows: u64, deadline: i64) {
        let Some(deadline) = self.list_deadline(op, deadline) else {
            return;
        };
        let Some(in_hand) = &mut self.in_hand else {
            return self.not_sent(op);
        };
        in_hand.hold_against(&self.rules.erased);
        in_hand.decisions = self.machine.decisions().to_vec();
        in_hand.into_events = true;
        debug_assert_eq!(
            rows,
            in_hand
                .decisions
                .iter()
                .filter(|one| **one == Decision::Row)
                .count() as u64
        );
        let (fates, erased) = in_hand.erase_rows();
        let before = (erased > 0).then(|| Insert {
            table: LEDGER,
            rows: erased,
            body: ledger::body(&in_hand.round, &fates, &[], wall_clock(), deadline),
        });
        let memory = std::mem::take(&mut self.body);
        let insert = Insert {
            table: EVENTS,
            rows: rows - erased,
            body: in_hand.round.body(&in_hand.decisions, deadline, memory),
        };
        let span = InsertSpan::begin(rows, &in_hand.round.traced);
        self.send(op, rows, before, insert, span);
    }

    /// A bug of ours: the machine has a round in hand and we have none. Nothing has been sent, which is what `Late` says.
    #[cold]
    fn not_sent(&mut self, op: Op) {
        tracing::error!("the round to insert is not here");
        self.on(Input::Inserted(op, InsertOutcome::Late));
    }

    /// `rows`: how many the machine has asked for. `before`: what has to be in before the insert leaves.
    fn send(&mut self, op: Op, rows: u64, before: Option<Insert>, insert: Insert, span: InsertSpan) {
        let mut inserter: Inserter = self.inserter();
        let database = self.server.database.clone();
        self.sent_at = Instant::now();
        let memory = insert.body.clone();
        self.ops.spawn(async move {
            let outcome = both(&mut inserter, &database, (before, insert), rows, span).await;
            Done {
                input: Some(Input::Inserted(op, outcome)),
                list: None,
                inserter: Some(inserter),
                body: memory,
            }
        });
    }

    fn restart_engine(&mut self, op: Op) {
        counter!(measure::RESTARTS).increment(1);
        let (engine, running_at) = (self.engine.clone(), self.sent_at);
        self.ask(async move {
            let (done, fresh) = oneshot::channel();
            let asked = async {
                engine?.send(EngineRestart { running_at, done }).await.ok()?;
                fresh.await.ok()
            };
            let answer = tokio::time::timeout(RESTART_PATIENCE, asked).await.ok().flatten();
            Input::EngineFresh(op, answer.ok_or(Unanswered))
        });
    }

    fn alarm(&mut self, alarm: &Alarm) {
        match alarm {
            // The operator may have spoken already: raised by `words` if not.
            Alarm::UnknownVersion { .. } | Alarm::OtherServer { .. } => return,
            Alarm::Refusing { .. } => self.refusing = true,
            Alarm::ServerChanged { .. } | Alarm::BarrierStuck { .. } | Alarm::NoAssignment => {}
        }
        measure::alarm(alarm);
    }

    /// Tells the listener to the operator what waits for him now.
    fn refresh_waits(&self) {
        let waits = Waits {
            numbers: self.machine.waiting().map(|(_, number)| number).collect(),
            tags: self.machine.held().cloned().collect(),
        };
        self.waits.send_if_modified(|known| {
            let changed = *known != waits;
            *known = waits;
            changed
        });
    }

    /// What `/ready` says.
    pub(super) fn refresh_condition(&mut self) {
        self.refresh_waits();
        let status = self.machine.status();
        let waiting = (self.ahead.records.len()
            + self.in_hand.as_ref().map_or(0, |one| one.round.records.len())) as u64;
        let behind = self.source.behind().map(|behind| behind + waiting);
        measure::status(&status);
        let why_not = match status {
            _ if !self.source.is_connected() => "nobody can be asked for records: no broker answers",
            _ if !self.member => "joining the group",
            _ if self.erased.trouble.is_some() => "it is not known who was erased: see the log",
            _ if self.refusing => "ClickHouse refuses inserts",
            status if status.in_doubt => "an insert is in doubt and being settled",
            status if status.held > 0 => {
                "another ClickHouse server was written to before; waiting for an operator: footfall confirm-server-gone"
            }
            status if status.paused > 0 => {
                "a record of a newer format waits for a newer release, or for footfall ledger skip"
            }
            status if status.ready < status.assigned => "the tables are being looked at",
            _ => "",
        };
        self.control.update_if(|condition| {
            let now = Condition {
                ready: why_not.is_empty(),
                why_not: why_not.to_owned(),
                assigned: status.assigned,
                reading: status.ready,
                behind,
                ..condition.clone()
            };
            measure::lag(behind.unwrap_or(waiting), now.age(wall_clock()));
            let differs = now != *condition;
            *condition = now;
            differs
        });
    }
}

/// What one POST carries.
struct Insert {
    table: &'static str,
    rows: u64,
    body: Bytes,
}

impl Insert {
    async fn send(self, inserter: &mut Inserter, database: &str, span: InsertSpan) -> InsertOutcome {
        let began = Instant::now();
        let inserted = inserter.send(&insert_sql(database, self.table), self.body).await;
        histogram!(measure::INSERT, "table" => self.table).record(began.elapsed());
        span.end(&inserted);
        outcome(self.table, self.rows, inserted)
    }
}

/// One insert, or two of which the second leaves when the first is in; what came of them as of one of `rows` rows.
async fn both(
    inserter: &mut Inserter,
    database: &str,
    (before, insert): (Option<Insert>, Insert),
    rows: u64,
    span: InsertSpan,
) -> InsertOutcome {
    let Some(before) = before else {
        return insert.send(inserter, database, span).await;
    };
    let wanted = before.rows;
    match before.send(inserter, database, InsertSpan::default()).await {
        InsertOutcome::Written(written) if written == wanted => {}
        InsertOutcome::Written(_) => return InsertOutcome::InDoubt,
        nothing_or_doubt => return nothing_or_doubt,
    }
    let wanted = insert.rows;
    if wanted == 0 {
        return InsertOutcome::Written(rows);
    }
    match insert.send(inserter, database, span).await {
        InsertOutcome::Written(written) if written == wanted => InsertOutcome::Written(rows),
        // Fates of this round are written: it has to be looked at, not sent again as it was.
        InsertOutcome::Late => InsertOutcome::Refused(VIOLATED_CONSTRAINT),
        InsertOutcome::Written(_) => InsertOutcome::InDoubt,
        other => other,
    }
}

/// For the machine; the words go to the log here, once.
fn outcome(table: &'static str, rows: u64, inserted: Inserted) -> InsertOutcome {
    match inserted {
        Inserted::Written(written) => {
            if written != rows {
                counter!(measure::IN_DOUBT).increment(1);
                tracing::warn!(
                    table,
                    rows,
                    written,
                    "an insert wrote another number of rows than was sent"
                );
            }
            InsertOutcome::Written(written)
        }
        Inserted::Late => {
            counter!(measure::LATE).increment(1);
            tracing::warn!(table, rows, "an insert came after its deadline and was refused");
            InsertOutcome::Late
        }
        Inserted::Refused { code, text } => {
            counter!(measure::REFUSED, "code" => code.to_string()).increment(1);
            tracing::error!(table, rows, code, text, "ClickHouse refused an insert");
            InsertOutcome::Refused(code)
        }
        Inserted::InDoubt(why) => {
            counter!(measure::IN_DOUBT).increment(1);
            tracing::warn!(table, rows, why, "the outcome of an insert is not known");
            InsertOutcome::InDoubt
        }
    }
}

/// Milliseconds since 1970 by our clock: for people and metrics, never for delivery.
pub(crate) fn wall_clock() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
