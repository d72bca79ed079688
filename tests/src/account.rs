//! The client's record held against the table bit by bit. What was found equal by value is kept as id and hash of its
//! row, and everything is compared once more at the end: each id once, each row still as it was.

use crate::books::{AS_SENT, Checked, differences, lines, number, query};
use crate::footfall::Home;
use crate::load::{Outcome, Witness, now_ms};
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::collections::hash_map::DefaultHasher;
use std::collections::{HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Parts in which the whole table is read.
const SLICES: u64 = 32;

/// Everything that was sent so far, and how far it was compared.
#[derive(Debug, Default)]
pub struct Account {
    /// Not compared yet.
    open: Witness,
    /// Without an answer and not in the table when it was compared; or refused.
    limbo: Witness,
    /// Found once and equal: hash of the row.
    settled: HashMap<Uuid, u64>,
    checked: Checked,
}

/// What the threads of the load have made and this one has freed stays with them: 6 kB an event, without end.
fn give_back_memory() {
    #[cfg(target_env = "gnu")]
    // SAFETY: it takes no pointer, and glibc locks its own lists.
    unsafe {
        libc::malloc_trim(0);
    }
}

impl Account {
    /// Takes over what was sent.
    pub fn add(&mut self, sent: Witness) {
        self.open.extend(sent);
    }

    /// Events so far, whatever became of them.
    #[must_use]
    pub fn events(&self) -> usize {
        self.open.len() + self.limbo.len() + self.settled.len()
    }

    /// Waits until everything acknowledged is in the table, then compares it by value.
    ///
    /// # Errors
    /// It does not come within `patience`; or an event is altered or there twice, which no waiting mends.
    pub fn settle(&mut self, home: &Home, patience: Duration) -> Result<Duration> {
        let (began, until) = (Instant::now(), now_ms());
        let since = self
            .open
            .values()
            .filter_map(|(_, sent)| sent["sent_at"].as_i64())
            .min();
        let Some(since) = since else {
            return Ok(Duration::ZERO);
        };
        loop {
            match self.arrived(home, since, until) {
                Ok(()) => break,
                Err(error) if began.elapsed() > patience => return Err(error),
                Err(_) => std::thread::sleep(Duration::from_millis(200)),
            }
        }
        let took = began.elapsed();
        self.compare(rows(home, &format!("{AS_SENT} WHERE {}", from(since)))?)?;
        give_back_memory();
        Ok(took)
    }

    /// Whether everything acknowledged is there; the cheap question first.
    fn arrived(&self, home: &Home, since: i64, until: i64) -> Result<()> {
        let is_due = |outcome: &Outcome| *outcome == Outcome::Acknowledged;
        let due = self.open.values().filter(|(outcome, _)| is_due(outcome)).count();
        let window = from(since);
        let there = number(
            home,
            &format!(
                "SELECT count() AS n FROM footfall.events WHERE {window} AND received_at <= fromUnixTimestamp64Milli({until})"
            ),
        )?;
        ensure!(
            there >= due as u64,
            "{there} of {due} acknowledged events are there"
        );
        let sql = format!("SELECT DISTINCT event_id AS id FROM footfall.events WHERE {window}");
        let ids: HashSet<Uuid> = query(home, &sql)?
            .iter()
            .filter_map(|row| id_of(row).ok())
            .collect();
        let missing: Vec<_> = self
            .open
            .iter()
            .filter(|(id, (outcome, _))| is_due(outcome) && !ids.contains(id))
            .map(|(id, _)| id)
            .collect();
        ensure!(
            missing.is_empty(),
            "{} of {due} acknowledged events are missing, such as {:?}",
            missing.len(),
            missing.first()
        );
        Ok(())
    }

    /// Moves what is open to where it belongs now. Rows that are not ours yet are the business of the next time.
    fn compare(&mut self, rows: HashMap<Uuid, Vec<Row>>) -> Result<()> {
        let mut faults = Vec::new();
        for (id, (outcome, sent)) in std::mem::take(&mut self.open) {
            match (outcome, rows.get(&id).map_or(&[][..], Vec::as_slice)) {
                (Outcome::Acknowledged | Outcome::Unknown, [row]) => {
                    match outcome {
                        Outcome::Acknowledged => self.checked.acknowledged += 1,
                        Outcome::Unknown | Outcome::Refused => self.checked.unknown_found += 1,
                    }
                    faults.extend(differences(&sent, &row.value).map(|text| format!("{id} altered: {text}")));
                    self.settled.insert(id, row.hash);
                }
                (Outcome::Acknowledged, []) => faults.push(format!("{id} lost")),
                (Outcome::Unknown | Outcome::Refused, []) => {
                    self.limbo.insert(id, (outcome, sent));
                }
                (Outcome::Refused, [_]) => faults.push(format!("{id} was refused and is there")),
                (_, more) => faults.push(format!("{id} is there {} times", more.len())),
            }
        }
        told(&faults)
    }

    /// Compares the whole table with everything that was ever sent. Call when nothing is sent any more and all is settled.
    ///
    /// # Errors
    /// Names the first events that are lost, doubled, altered, or should not be there.
    pub fn finish(&mut self, home: &Home) -> Result<Checked> {
        ensure!(
            self.open.is_empty(),
            "{} events were not settled yet",
            self.open.len()
        );
        let (mut faults, mut seen) = (Vec::new(), 0);
        for slice in 0..SLICES {
            let rows = rows(
                home,
                &format!("{AS_SENT} WHERE cityHash64(event_id) % {SLICES} = {slice}"),
            )?;
            seen += rows.keys().filter(|id| self.settled.contains_key(id)).count();
            for (id, found) in rows {
                faults.extend(self.judge(id, &found));
            }
        }
        let lost = self.settled.len().saturating_sub(seen);
        if lost > 0 {
            faults.push(format!("{lost} events that were in the table are gone"));
        }
        told(&faults)?;
        for (outcome, _) in self.limbo.values() {
            match outcome {
                Outcome::Refused => self.checked.refused += 1,
                Outcome::Acknowledged | Outcome::Unknown => self.checked.unknown_absent += 1,
            }
        }
        Ok(self.checked)
    }

    /// What is wrong with these rows of one id.
    fn judge(&mut self, id: Uuid, found: &[Row]) -> Option<String> {
        let [row] = found else {
            return Some(format!("{id} is there {} times", found.len()));
        };
        if let Some(hash) = self.settled.get(&id) {
            return (*hash != row.hash).then(|| format!("{id} is another row than before: {}", row.value));
        }
        match self.limbo.remove(&id) {
            Some((Outcome::Unknown, sent)) => {
                self.checked.unknown_found += 1;
                differences(&sent, &row.value)
                    .next()
                    .map(|text| format!("{id} altered: {text}"))
            }
            Some(_) => Some(format!("{id} was refused and is there")),
            None => Some(format!("{id} was never sent: {}", row.value)),
        }
    }
}

struct Row {
    value: Value,
    hash: u64,
}

fn rows(home: &Home, sql: &str) -> Result<HashMap<Uuid, Vec<Row>>> {
    let mut rows: HashMap<Uuid, Vec<Row>> = HashMap::new();
    for line in lines(home, sql)? {
        let mut hasher = DefaultHasher::new();
        line.hash(&mut hasher);
        let value: Value = serde_json::from_slice(&line)?;
        let row = Row {
            hash: hasher.finish(),
            value,
        };
        rows.entry(id_of(&row.value)?).or_default().push(row);
    }
    Ok(rows)
}

fn id_of(row: &Value) -> Result<Uuid> {
    Ok(row["id"].as_str().context("an id")?.parse()?)
}

/// Rows received since then; clients and edges of a test share one clock.
fn from(since: i64) -> String {
    format!("received_at >= fromUnixTimestamp64Milli({})", since - 1_000)
}

fn told(faults: &[String]) -> Result<()> {
    if faults.is_empty() {
        return Ok(());
    }
    bail!(
        "{} faults:\n{}",
        faults.len(),
        faults.iter().take(10).cloned().collect::<Vec<_>>().join("\n")
    )
}
