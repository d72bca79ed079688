//! What is kept for how long, how fast it grows, and whether the disk has room for it.

use super::{Findings, Plan};
use crate::clickhouse::Access;
use crate::config::Config;
use crate::config::value::Value as _;
use crate::forecast;
use crate::retention::policy::{self, said};
use crate::terminal::{bytes, count};
use footfall_processor::retention::forecast::asked::RIGHTS;
use footfall_processor::retention::forecast::{Disk, Found};
use footfall_processor::retention::{Policy, Terms};
use std::path::Path;
use std::time::Duration;

/// A disk that is full within these days is a problem now; the second: worth knowing.
const SOON: u32 = 30;
const LATER: u32 = 365;
/// Sites that are named.
const SITES: usize = 20;

/// Says what is in force.
pub(super) fn retention(config: &Config, plan: Plan, findings: &mut Findings) {
    let policy = match policy::read(config) {
        Ok(policy) => policy,
        // It is made at the first start.
        Err(_) if plan == Plan::Up => policy::without_sites(config),
        Err(error) => return findings.note(format!("retention: {error:#}")),
    };
    findings.good(format!("retention: {}", terms(policy.default)));
    for (site, own) in policy.sites.iter().take(SITES) {
        findings.good(format!("retention of site {site}: {}", terms(*own)));
    }
    if policy.sites.len() > SITES {
        findings.good(format!(
            "retention: {} more sites have their own",
            policy.sites.len() - SITES
        ));
    }
    findings.good(format!(
        "retention: payloads of the ledger {}; logs of logins {}; torn ends of the local log {}",
        said(policy.payloads),
        config.auth_log.keep.show(),
        if config.local_log.keep_corrupt.is_zero() {
            said(None)
        } else {
            config.local_log.keep_corrupt.show()
        }
    ));
    if config.retention.every.is_zero() {
        findings.note("retention: `retention.every` is 0, so that events expire only when somebody runs `footfall retention`");
    }
}

fn terms(terms: Terms) -> String {
    format!(
        "events {}, full addresses {}",
        said(terms.events),
        said(terms.addresses)
    )
}

/// Says how fast the tables grow, and for how long their disk has room.
pub(super) async fn look(config: &Config, access: &Access, findings: &mut Findings) {
    let found = match forecast::find(access, None).await {
        Ok(found) => found,
        Err(error) => return findings.note(format!("growth of the tables: cannot be asked for: {error:#}")),
    };
    if found.events.rows == 0 {
        return;
    }
    if !found.is_measured {
        return findings
            .note("growth of the tables: nothing to say yet: an hour of events is needed, a day is better");
    }
    let policy = policy::read(config).unwrap_or_default();
    findings.good(format!(
        "growth: events {} in {} rows, {} a day; ledger {}, {} a day",
        bytes(found.events.bytes),
        count(found.events.rows),
        bytes(found.events_per_day()),
        bytes(found.ledger.bytes),
        bytes(found.ledger_per_day())
    ));
    match forecast::disk(access).await {
        Ok(disk) => room(&found, disk, &policy, findings),
        Err(error) => {
            room(&found, None, &policy, findings);
            findings.note(format!(
                "growth: how much room their disk has cannot be asked for (it takes SELECT on {}): {error:#}",
                RIGHTS.join(" and ")
            ));
        }
    }
}

fn room(found: &Found, disk: Option<Disk>, policy: &Policy, findings: &mut Findings) {
    let ahead = format!(
        "both tables will be {} in {SOON} days and {} in {LATER}",
        bytes(found.after(SOON, policy)),
        bytes(found.after(LATER, policy))
    );
    let Some(disk) = disk else {
        return findings.good(format!("growth: {ahead}"));
    };
    let ahead = format!("{ahead}; their disk has {} free", bytes(disk.free));
    let remedy = "keep events for fewer days (`retention.events`, or `keep` of a site), then `footfall retention`; or give the \
                  tables a larger disk. `footfall retention --dry-run --now DATE` says what would go";
    match found.full_in(disk, LATER, policy) {
        Some(days) if days <= SOON => findings.problem(
            format!("the disk of the tables will be full in {days} days at this pace: {ahead}"),
            remedy,
        ),
        Some(days) => findings.note(format!(
            "the disk of the tables will be full in {days} days at this pace: {ahead}; {remedy}"
        )),
        None => findings.good(format!("growth: {ahead}")),
    }
}

/// Says how large the edge's log is, and how large it may become.
pub(super) fn edge_log(config: &Config, folder: &Path, findings: &mut Findings) {
    let Some((all, young)) = sizes(folder) else {
        return;
    };
    let keep = config.local_log.keep.unwrap_or_default();
    let growth = if keep.is_zero() {
        "what ClickHouse has is trimmed at once".to_owned()
    } else {
        format!(
            "{} written in the last day, kept for {}",
            bytes(young),
            keep.show()
        )
    };
    findings.good(format!(
        "local log: {} on disk, at most {} (`local_log.quota`) while ClickHouse or Kafka is away; {growth}",
        bytes(all),
        bytes(config.local_log.quota.0)
    ));
}

/// Bytes of all files, and of those that were written in the last day.
fn sizes(folder: &Path) -> Option<(u64, u64)> {
    let (mut all, mut young) = (0, 0);
    for entry in std::fs::read_dir(folder).ok()?.flatten() {
        let Ok(metadata) = entry.metadata() else { continue };
        if metadata.is_dir() {
            let (more, new) = sizes(&entry.path())?;
            all += more;
            young += new;
            continue;
        }
        all += metadata.len();
        let age = metadata.modified().ok().and_then(|at| at.elapsed().ok());
        young += age
            .filter(|age| *age <= Duration::from_secs(24 * 3600))
            .map_or(0, |_| metadata.len());
    }
    Some((all, young))
}
