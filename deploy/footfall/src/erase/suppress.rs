//! The person on the list that every processor holds records against ([`footfall_processor::suppressed`]), and the wait after
//! which no insert that does not know the list can succeed.

use super::tables::{Link, Tables};
use crate::clickhouse::Access;
use crate::ledger::said_by;
use crate::terminal::Progress;
use anyhow::{Context as _, Result, bail};
use footfall_processor::suppressed::{Key, Kind, LEASE};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// What happened up to so long after the beginning is meant too: clocks of edges may differ by less, and the time of an event
/// may lie so far ahead.
const CLOCKS: i64 = 5 * 60_000;
/// 2200-01-01: for good.
pub(super) const FOR_GOOD: i64 = 7_258_118_400_000;
/// How long inserts may take to end; the server itself ends them sooner.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(200);

/// An erasure as the list has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Erasure {
    pub(super) id: Uuid,
    /// When it was begun; what happened, or was received, up to when. Both ms since 1970.
    pub(super) began: i64,
    pub(super) until: i64,
}

/// One row of the list.
struct Name<'a> {
    kind: Kind,
    hash: u128,
    site: &'a str,
    since: i64,
    until: i64,
    asked: bool,
    finished: bool,
}

/// The erasure of this person that was cut off, or a new one.
pub(super) async fn begin(tables: &mut Tables<'_>, key: &Key, for_good: bool) -> Result<Erasure> {
    let now = tables.clock().await?;
    if let Some(erasure) = unfinished(tables, key, for_good).await? {
        tables.until = erasure.until;
        return Ok(erasure);
    }
    let until = if for_good { FOR_GOOD } else { now + CLOCKS };
    let erasure = Erasure {
        id: Uuid::new_v4(),
        began: now,
        until,
    };
    tables.until = until;
    let own = own(tables, key, until, false);
    add(tables.access, key, erasure.id, &own).await?;
    Ok(erasure)
}

/// Writes down that it is done.
pub(super) async fn finish(tables: &Tables<'_>, key: &Key, erasure: &Erasure) -> Result<()> {
    let own = own(tables, key, erasure.until, true);
    add(tables.access, key, erasure.id, &own).await
}

/// Puts somebody on the list of whom only the hash is known, as the receipt of this erasure has it; `finished`: it is done.
pub(super) async fn add_hash(
    access: &Access,
    key: &Key,
    erasure: &Erasure,
    (kind, hash, site): (Kind, u128, &str),
    finished: bool,
) -> Result<()> {
    let name = Name {
        kind,
        hash,
        site,
        since: 0,
        until: erasure.until,
        asked: true,
        finished,
    };
    add(access, key, erasure.id, &name).await
}

/// Erasures that the list has and that were done.
pub(super) async fn finished(access: &Access) -> Result<Vec<Uuid>> {
    let sql = "SELECT DISTINCT erasure FROM suppressed WHERE finished";
    let found = access.text(sql, &[]).await;
    let found = found.context("cannot read the table `suppressed`; `footfall migrate` makes it")?;
    let ids = found.lines().map(str::parse);
    ids.collect::<Result<_, _>>()
        .context("read the table `suppressed`")
}

/// Visitors that were the user, for the time that they were.
pub(super) async fn add_links(
    tables: &Tables<'_>,
    key: &Key,
    erasure: &Erasure,
    links: &[Link],
) -> Result<()> {
    for link in links {
        let (kind, id) = match link.page {
            Some(page) => (Kind::Page, page),
            None => (Kind::Visitor, link.visitor),
        };
        let name = Name {
            kind,
            hash: key.of_id(kind, id),
            site: &link.site,
            since: link.since,
            until: link.until.min(erasure.until),
            asked: false,
            finished: false,
        };
        add(tables.access, key, erasure.id, &name).await?;
    }
    Ok(())
}

fn own<'a>(tables: &Tables<'a>, key: &Key, until: i64, finished: bool) -> Name<'a> {
    Name {
        kind: tables.who.kind(),
        hash: tables.who.hash(key),
        site: tables.site,
        since: 0,
        until,
        asked: true,
        finished,
    }
}

async fn unfinished(tables: &Tables<'_>, key: &Key, for_good: bool) -> Result<Option<Erasure>> {
    let (kind, hash) = (tables.who.kind().label(), tables.who.hash(key).to_string());
    let sql = format!(
        "SELECT erasure, toUnixTimestamp64Milli(min(at)), toUnixTimestamp64Milli(max(until)) FROM suppressed \
         WHERE kind = '{kind}' AND hash = toUInt128('{hash}') AND asked AND toString(site) = unhex({{site:String}}) \
         GROUP BY erasure HAVING NOT max(finished) AND (max(until) >= '2200-01-01') = {} ORDER BY max(at) DESC LIMIT 1",
        u8::from(for_good)
    );
    let site = super::who::hex(tables.site);
    let found = tables.access.text(&sql, &[("site", &site)]).await;
    let found = found.context("cannot read the table `suppressed`; `footfall migrate` makes it")?;
    let Some(line) = found.lines().next() else {
        return Ok(None);
    };
    let mut fields = line.split('\t');
    let mut field = || fields.next().context("read the table `suppressed`");
    Ok(Some(Erasure {
        id: field()?.parse()?,
        began: field()?.parse()?,
        until: field()?.parse()?,
    }))
}

async fn add(access: &Access, key: &Key, erasure: Uuid, name: &Name<'_>) -> Result<()> {
    let Name {
        kind,
        hash,
        since,
        until,
        asked,
        finished,
        ..
    } = name;
    let sql = format!(
        "INSERT INTO suppressed (erasure, kind, hash, key_id, site, since, until, asked, finished, said_by, at) \
         SELECT toUUID('{erasure}'), '{}', toUInt128('{hash}'), {}, unhex({{site:String}}), \
         fromUnixTimestamp64Milli({since}, 'UTC'), fromUnixTimestamp64Milli({until}, 'UTC'), {asked}, {finished}, \
         unhex({{by:String}}), now64(3)",
        kind.label(),
        key.id()
    );
    let (site, by) = (super::who::hex(name.site), super::who::hex(&said_by()));
    let written = access.text(&sql, &[("site", &site), ("by", &by)]).await;
    written
        .map(drop)
        .context("cannot write to the table `suppressed`")
}

/// Returns when no insert can succeed any more that does not know what the list has now: see
/// [`footfall_processor::suppressed`] for why.
pub(super) async fn wait(tables: &Tables<'_>, line: &mut Progress) -> Result<()> {
    let written = tables.clock().await?;
    loop {
        let left = written + LEASE - tables.clock().await?;
        if left < 0 {
            break;
        }
        line.show(&format!(
            "waiting until no insert can be on its way that does not know, {} s",
            left / 1_000 + 1
        ));
        tokio::time::sleep(LOOK).await;
    }
    ended(tables, &running(tables).await?).await
}

/// Waits until nothing of an erasure that was cut off is running any more.
pub(super) async fn after_the_last(tables: &Tables<'_>) -> Result<()> {
    ended(tables, &running(tables).await?).await
}

/// Ids of statements that run now and write to our tables.
async fn running(tables: &Tables<'_>) -> Result<Vec<String>> {
    let sql = "SELECT query_id FROM system.processes WHERE query_id != queryID() AND (query_kind = 'Insert' \
               OR startsWith(Settings['log_comment'], concat('footfall/', currentDatabase(), '/')))";
    let found = tables.access.text(sql, &[]).await;
    let found = found.context("cannot see which inserts are running")?;
    Ok(found.lines().map(str::to_owned).collect())
}

async fn ended(tables: &Tables<'_>, before: &[String]) -> Result<()> {
    let until = Instant::now() + PATIENCE;
    loop {
        let now = running(tables).await?;
        if !before.iter().any(|id| now.contains(id)) {
            return Ok(());
        }
        if Instant::now() >= until {
            bail!(
                "an insert into the tables has been running for {} s; nothing was erased yet. Look at system.processes, and run \
                 the command again",
                PATIENCE.as_secs()
            );
        }
        tokio::time::sleep(LOOK).await;
    }
}
