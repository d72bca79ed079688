//! What is in ClickHouse, held against what the client knows, by value; and the books themselves.

use crate::footfall::{Home, eventually};
use crate::http::Client;
use crate::load::{Outcome, Witness};
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::time::Duration;
use uuid::Uuid;

/// The columns of a row under the names of the public contract, times in milliseconds.
pub(crate) const AS_SENT: &str = "SELECT event_id AS id, type, name, toUnixTimestamp64Milli(client_time) AS ts, \
    toUnixTimestamp64Milli(sent_at) AS sent_at, toUnixTimestamp64Milli(received_at) AS received_at, \
    toUnixTimestamp64Milli(time) AS time, url, title, referrer, seq, page_id, attempt, user_id, engagement_ms, scroll, \
    screen_w, screen_h, viewport_w, viewport_h, language, timezone, props, site, user_agent, toString(ip) AS ip, \
    log_id, log_seq FROM footfall.events";

/// Runs a statement as the reader and gives its rows.
///
/// # Errors
/// No answer, or an error of ClickHouse.
pub fn query(home: &Home, sql: &str) -> Result<Vec<Value>> {
    let rows = lines(home, sql)?;
    rows.iter()
        .map(|line| Ok(serde_json::from_slice(line)?))
        .collect()
}

/// The same, each row as the JSON that ClickHouse wrote.
pub(crate) fn lines(home: &Home, sql: &str) -> Result<Vec<Vec<u8>>> {
    let mut client = Client::new(home.clickhouse, Duration::from_secs(60));
    let target = "/?default_format=JSONEachRow&output_format_json_quote_64bit_integers=0";
    let answer = client.request("POST", target, &[], sql.as_bytes())?;
    ensure!(
        answer.status == 200,
        "query failed with {}: {}",
        answer.status,
        answer.text()
    );
    let rows = answer.body.split(|byte| *byte == b'\n');
    Ok(rows.filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect())
}

/// Runs a statement that gives one number.
///
/// # Errors
/// As [`query`]; or the answer is not one number named `n`.
pub fn number(home: &Home, sql: &str) -> Result<u64> {
    query(home, sql)?
        .first()
        .and_then(|row| row["n"].as_u64())
        .with_context(|| format!("a number from: {sql}"))
}

/// Waits until at least `rows` rows are there, then until the count has stood still: everything has drained.
///
/// # Errors
/// They did not come in time.
pub fn wait_for_rows(home: &Home, rows: u64) -> Result<()> {
    eventually("the rows", || {
        let there = number(home, "SELECT count() AS n FROM footfall.events")?;
        ensure!(there >= rows, "{there} of {rows} rows are there");
        Ok(())
    })
}

/// What a check looked at, for the test's output.
#[derive(Debug, Default, Clone, Copy)]
pub struct Checked {
    /// Events with a 2xx answer, each found once and equal by value.
    pub acknowledged: usize,
    /// Events without an answer, found.
    pub unknown_found: usize,
    /// Events without an answer, not found.
    pub unknown_absent: usize,
    /// Events that were refused, none of them found.
    pub refused: usize,
}

/// Holds the whole table against the client's count, by value.
///
/// # Errors
/// Names the first events that are lost, doubled, altered or should not be there.
pub fn check(home: &Home, witness: &Witness) -> Result<Checked> {
    let acknowledged = witness
        .values()
        .filter(|(outcome, _)| *outcome == Outcome::Acknowledged)
        .count();
    wait_for_rows(home, acknowledged as u64)?;
    let rows = rows(home)?;
    let mut faults = Vec::new();
    let mut checked = Checked::default();
    for (id, (outcome, sent)) in witness {
        let found = rows.get(id).map_or(&[][..], Vec::as_slice);
        match (outcome, found) {
            (Outcome::Acknowledged, [row]) => {
                checked.acknowledged += 1;
                faults.extend(differences(sent, row).map(|difference| format!("{id} altered: {difference}")));
            }
            (Outcome::Unknown, [row]) => {
                checked.unknown_found += 1;
                faults.extend(differences(sent, row).map(|difference| format!("{id} altered: {difference}")));
            }
            (Outcome::Acknowledged, []) => faults.push(format!("{id} lost")),
            (Outcome::Unknown, []) => checked.unknown_absent += 1,
            (Outcome::Refused, []) => checked.refused += 1,
            (Outcome::Refused, [_]) => faults.push(format!("{id} was refused and is there")),
            (_, more) => faults.push(format!("{id} is there {} times", more.len())),
        }
    }
    let foreign: HashSet<_> = rows.keys().filter(|id| !witness.contains_key(id)).collect();
    if !foreign.is_empty() {
        faults.push(format!(
            "{} rows that nobody sent, such as {:?}",
            foreign.len(),
            foreign.iter().next()
        ));
    }
    if !faults.is_empty() {
        bail!(
            "{} faults:\n{}",
            faults.len(),
            faults.iter().take(10).cloned().collect::<Vec<_>>().join("\n")
        );
    }
    Ok(checked)
}

/// Every row of the table by event id, read in slices so that no answer is large.
fn rows(home: &Home) -> Result<HashMap<Uuid, Vec<Value>>> {
    let mut rows: HashMap<Uuid, Vec<Value>> = HashMap::new();
    for slice in 0..16 {
        let sql = format!("{AS_SENT} WHERE cityHash64(event_id) % 16 = {slice}");
        for row in query(home, &sql)? {
            let id = row["id"].as_str().context("an id")?.parse()?;
            rows.entry(id).or_default().push(row);
        }
    }
    Ok(rows)
}

/// Every field that differs between what was sent and what is in the table.
pub(crate) fn differences<'a>(sent: &'a Value, row: &'a Value) -> impl Iterator<Item = String> + 'a {
    let fields = sent.as_object().into_iter().flatten();
    let public = fields
        .filter(|(name, value)| row[name.as_str()] != **value)
        .map(|(name, value)| format!("`{name}` was {value}, is {}", row[name.as_str()]));
    let expected_time = row["received_at"]
        .as_i64()
        .zip(sent["sent_at"].as_i64())
        .zip(sent["ts"].as_i64());
    let time = expected_time.map(|((received, sent_at), ts)| received - (sent_at - ts));
    let stamped = [
        ("site", "demo".into()),
        ("user_agent", "Footfall-Test/1.0".into()),
        ("time", time.into()),
    ];
    let stamped = stamped
        .into_iter()
        .filter(move |(name, value): &(&str, Value)| row[*name] != *value);
    public.chain(stamped.map(move |(name, value)| format!("`{name}` should be {value}, is {}", row[name])))
}

/// The sums of the books over all logs.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Books {
    /// Numbers acknowledged.
    pub acknowledged: u64,
    /// Numbers in `events`.
    pub rows: u64,
    /// Numbers in `ledger`.
    pub ledger: u64,
    /// Numbers in neither.
    pub missing: u64,
    /// Numbers that are there more than once.
    pub doubled: u64,
}

/// Reads the books.
///
/// # Errors
/// As [`query`].
pub fn books(home: &Home) -> Result<Books> {
    let sql = "SELECT sum(acknowledged) AS acknowledged, sum(rows) AS rows, sum(ledger) AS ledger, \
        sum(missing) AS missing, sum(doubled) AS doubled FROM footfall.books";
    Books::read(home, sql)
}

impl Books {
    /// The sums that a query gives under the names of the fields.
    ///
    /// # Errors
    /// As [`query`].
    pub fn read(home: &Home, sql: &str) -> Result<Self> {
        let rows = query(home, sql)?;
        let sum = |name: &str| {
            rows.first()
                .and_then(|row| row[name].as_u64())
                .with_context(|| format!("`{name}` of the books"))
        };
        Ok(Self {
            acknowledged: sum("acknowledged")?,
            rows: sum("rows")?,
            ledger: sum("ledger")?,
            missing: sum("missing")?,
            doubled: sum("doubled")?,
        })
    }
}

/// Waits until the books balance: nothing missing, nothing doubled.
///
/// # Errors
/// They do not.
pub fn balanced(home: &Home) -> Result<Books> {
    eventually("balanced books", || {
        let books = books(home)?;
        ensure!(books.missing == 0 && books.doubled == 0, "{books:?}");
        ensure!(books.acknowledged == books.rows + books.ledger, "{books:?}");
        Ok(books)
    })
}

/// The same, and every log is closed: its last number is a mark. To be asked when all ingests have been stopped and none was
/// killed, as books may balance before their last events have come.
///
/// # Errors
/// They do not, or one is open.
pub fn closed(home: &Home) -> Result<Books> {
    eventually("the last mark of each log", || {
        let open = query(home, "SELECT * FROM footfall.books WHERE through < acknowledged")?;
        ensure!(open.is_empty(), "logs are open: {open:?}");
        Ok(())
    })?;
    balanced(home)
}
