//! What an erasure asks of the tables, in the order in which it does. Every statement may be given again.
//!
//! Mutations stand in ClickHouse's own files for a while, so they name numbers and nothing else. What a person was named by is
//! in no text (see [`super::who`]), and the statements that use it are kept out of the server's query log.

use super::who::Who;
use crate::clickhouse::Access;
use anyhow::{Context as _, Result, bail};
use std::fmt::Write as _;
use uuid::Uuid;

/// Numbers that one mutation of the ledger names.
const NUMBERS: usize = 1_000;
/// Fates after which a number has no row.
const FINAL: &str = "('duplicate', 'erased', 'expired')";

/// The tables, and whom it is about.
pub(crate) struct Tables<'a> {
    pub(crate) access: &'a Access,
    pub(crate) who: &'a Who,
    /// Empty: all.
    pub(crate) site: &'a str,
    /// What happened, or was received, up to then; ms since 1970.
    pub(crate) until: i64,
}

/// A visitor that was the user, for a time. Times are ms since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) site: String,
    pub(crate) visitor: Uuid,
    /// The page load, of a visitor without a cookie.
    pub(crate) page: Option<Uuid>,
    pub(crate) since: i64,
    pub(crate) until: i64,
}

/// A number of a log.
type Number = (Uuid, u64);

impl Tables<'_> {
    /// Asks with the parameters of the person, and keeps the question out of the server's query log.
    async fn ask(&self, sql: &str, more: &[(&str, &str)]) -> Result<String> {
        let own = self.who.params(self.site, self.until);
        let own = own.iter().map(|(name, value)| (*name, value.as_str()));
        let params: Vec<_> = own.chain(more.iter().copied()).collect();
        self.access
            .text(&format!("{sql} SETTINGS log_queries = 0"), &params)
            .await
    }

    /// The server's clock, ms since 1970.
    pub(crate) async fn clock(&self) -> Result<i64> {
        let now = self
            .access
            .text("SELECT toUnixTimestamp64Milli(now64(3))", &[])
            .await;
        let now = now.context("cannot read the server's clock")?;
        now.parse().context("cannot read the server's clock")
    }

    /// Rows that are the person's.
    pub(crate) async fn rows(&self) -> Result<u64> {
        let sql = format!("SELECT count() FROM events WHERE {}", self.who.condition());
        number(
            self.ask(&sql, &[])
                .await
                .context("cannot count the person's events")?,
        )
    }

    /// Visitors that were the user; of others none.
    pub(crate) async fn links(&self) -> Result<Vec<Link>> {
        if !matches!(self.who, Who::User(_)) {
            return Ok(Vec::new());
        }
        let sql = "SELECT toString(site), visitor_id, scope, toUnixTimestamp64Milli(since), toUnixTimestamp64Milli(until) \
                   FROM user_links WHERE user_id = unhex({who:String}) AND ({site:String} = '' OR site = unhex({site:String})) \
                   ORDER BY site, visitor_id, scope, since";
        let found = self
            .ask(sql, &[])
            .await
            .context("cannot read which visitors were the user")?;
        found
            .lines()
            .map(|line| link(line).context("read the view `user_links`"))
            .collect()
    }

    /// Entries of the ledger that hold something of the person: duplicates of their events, and records that could not be
    /// read whose bytes name the person or one of these visitors.
    pub(crate) async fn entries(&self, links: &[Link]) -> Result<Vec<Number>> {
        let names = names(self.who, links);
        let sql = format!(
            "SELECT DISTINCT log_id, first_seq FROM ledger WHERE reason != 'mark' AND ({{site:String}} = '' \
             OR site IN ('', unhex({{site:String}}))) AND (\
             (reason = 'duplicate' AND event_id != toUUID('00000000-0000-0000-0000-000000000000') \
              AND event_id IN (SELECT event_id FROM events WHERE {})) \
             OR multiSearchAny(concat(lower(payload), lower(detail)), arrayMap(name -> lower(unhex(name)), {{names:Array(String)}}))) \
             ORDER BY log_id, first_seq",
            self.who.condition()
        );
        let found = self.ask(&sql, &[("names", &names)]).await;
        let found = found.context("cannot look through the ledger")?;
        found
            .lines()
            .map(|line| numbered(line).context("read the ledger"))
            .collect()
    }

    /// Gives each of the person's rows its fate; those that have one keep it.
    pub(crate) async fn write_fates(&self, detail: &str) -> Result<()> {
        let sql = format!(
            "INSERT INTO ledger (log_id, first_seq, last_seq, reason, detail, at, insert_deadline) \
             SELECT DISTINCT log_id, log_seq, log_seq, 'erased', {{detail:String}}, now64(3), now64(3) + INTERVAL 10 MINUTE \
             FROM events WHERE {} AND (log_id, log_seq) NOT IN \
             (SELECT log_id, first_seq FROM ledger WHERE first_seq = last_seq AND reason IN {FINAL})",
            self.who.condition()
        );
        let written = self.ask(&sql, &[("detail", detail)]).await;
        written
            .map(drop)
            .context("cannot write what becomes of the person's events to the ledger")
    }

    /// Takes everything but the number out of these entries.
    pub(crate) async fn empty_entries(&self, entries: &[Number], detail: &str) -> Result<()> {
        for some in entries.chunks(NUMBERS) {
            let list = some.iter().fold(String::new(), |mut list, (log, seq)| {
                // Writing into a string cannot fail.
                _ = write!(list, "('{log}',{seq}),");
                list
            });
            let sql = format!(
                "ALTER TABLE ledger UPDATE reason = 'erased', detail = '{detail}', payload = '', \
                 event_id = toUUID('00000000-0000-0000-0000-000000000000') WHERE (log_id, first_seq) IN ({}) \
                 SETTINGS mutations_sync = 1",
                list.trim_end_matches(',')
            );
            self.access
                .text(&sql, &[])
                .await
                .context("cannot empty entries of the ledger")?;
        }
        Ok(())
    }

    /// Deletes rows whose numbers have no row by their fate, and says whether the person has any left.
    pub(crate) async fn delete_rows(&self) -> Result<()> {
        let settled = format!(
            "(log_id, log_seq) IN (SELECT log_id, first_seq FROM ledger WHERE first_seq = last_seq AND reason IN {FINAL})"
        );
        let there = format!("SELECT count() FROM events WHERE {settled}");
        let there = self.access.text(&there, &[]).await;
        if number(there.context("cannot count what is to be deleted")?)? > 0 {
            let sql = format!("ALTER TABLE events DELETE WHERE {settled} SETTINGS mutations_sync = 1");
            self.access
                .text(&sql, &[])
                .await
                .context("cannot delete the person's events")?;
        }
        match self.rows().await? {
            0 => Ok(()),
            rows => bail!("{rows} events of the person are still there; run the command again"),
        }
    }

    /// How many entries of the ledger have this detail.
    pub(crate) async fn with_detail(&self, detail: &str) -> Result<u64> {
        let sql = "SELECT count() FROM ledger WHERE reason = 'erased' AND detail = {detail:String}";
        number(
            self.access
                .text(sql, &[("detail", detail)])
                .await
                .context("cannot count the ledger")?,
        )
    }
}

/// What bytes that could not be read may name the person by, as hex, for an array. A user and an address stand between
/// quotes in a record; an id is in no other word.
fn names(who: &Who, links: &[Link]) -> String {
    let own = match who {
        Who::Visitor(id) => id.to_string(),
        Who::User(_) | Who::Ip(_) => serde_json::Value::from(who.value()).to_string(),
    };
    let linked = links
        .iter()
        .map(|link| link.page.unwrap_or(link.visitor).to_string());
    let names: Vec<_> = std::iter::once(own)
        .chain(linked)
        .map(|name| format!("'{}'", super::who::hex(&name)))
        .collect();
    format!("[{}]", names.join(","))
}

fn number(text: String) -> Result<u64> {
    text.parse()
        .with_context(|| format!("ClickHouse answered `{text}` where a number was asked for"))
}

fn numbered(line: &str) -> Option<Number> {
    let (log, seq) = line.split_once('\t')?;
    Some((log.parse().ok()?, seq.parse().ok()?))
}

fn link(line: &str) -> Option<Link> {
    let mut fields = line.split('\t');
    let site = fields.next()?.to_owned();
    let visitor = fields.next()?.parse().ok()?;
    let page = fields.next()?.parse::<Uuid>().ok()?;
    Some(Link {
        site,
        visitor,
        page: (!page.is_nil()).then_some(page),
        since: fields.next()?.parse().ok()?,
        until: fields.next()?.parse().ok()?,
    })
}
