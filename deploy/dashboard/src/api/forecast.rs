//! `/api/forecast`: how large the tables are, how large they will be under retention, and whether their disk has room.
//!
//! Asked as the reader. What only the disk's rights would tell is left out without them, and a note says which are missing.

use super::{Answered, Shared, State};
use crate::refusal::{Refusal, json};
use crate::report::ask::{Format, fault};
use crate::report::cache::Fresh;
use crate::service::Peer;
use axum::extract::Extension;
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use footfall_processor::retention::Policy;
use footfall_processor::retention::forecast::asked::{DISK, RIGHTS, TABLES, Tables, Unreadable};
use footfall_processor::retention::forecast::{Disk, Found};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How far it looks ahead, and in which steps, days.
const AHEAD: u32 = 365;
const STEP: usize = 5;
/// Within how many days it says that the disk will be full.
const WITHIN: u32 = 3_650;

#[derive(Serialize)]
struct Told {
    tables: [Table; 2],
    /// None: it cannot be known, which a note says, or it has no end.
    disk: Option<Room>,
    retention: Kept,
    /// From now on; empty: too little has come to say what a day is.
    ahead: Vec<Ahead>,
    /// None: not within ten years.
    full_in_days: Option<u32>,
    /// What is missing, and what to do; for people.
    notes: Vec<String>,
    /// RFC 3339.
    generated_at: String,
}

#[derive(Serialize)]
struct Table {
    name: &'static str,
    rows: u64,
    bytes: u64,
    /// Before anything of it expires.
    bytes_per_day: u64,
}

#[derive(Serialize)]
struct Room {
    free_bytes: u64,
    total_bytes: u64,
}

/// Days; none: for ever.
#[derive(Serialize)]
struct Kept {
    events_days: Option<u32>,
    /// Of those that have events and their own terms.
    sites: BTreeMap<String, Option<u32>>,
}

#[derive(Serialize)]
struct Ahead {
    days: u32,
    bytes: u64,
    /// Of what is there and what comes until then.
    expired_bytes: u64,
}

/// The forecast, for who may see all sites.
pub(super) async fn forecast(state: Shared, headers: HeaderMap, peer: Extension<Peer>) -> Answered {
    let grant = state.grant(&headers, *peer)?;
    if grant.sites.is_some() {
        return Err(Refusal::Forbidden(format!(
            "the forecast is about all sites together, and this {} shows only some of them",
            grant.by
        )));
    }
    let tables = Tables::read(&rows(&state, TABLES).await?).map_err(unreadable)?;
    let found = tables
        .found(&rows(&state, &tables.pace()).await?)
        .map_err(unreadable)?;
    let mut notes = Vec::new();
    let disk = disk(&state, &mut notes).await?;
    let policy = policy(&state, &mut notes);
    if !found.is_measured {
        notes.push("an hour of events is needed to say what a day brings; a day is better".to_owned());
    }
    Ok(json(StatusCode::OK, &told(&found, disk, &policy, notes)))
}

fn told(found: &Found, disk: Option<Disk>, policy: &Policy, notes: Vec<String>) -> Told {
    let at = |days| Ahead {
        days,
        bytes: found.after(days, policy),
        expired_bytes: found.expired(days, policy),
    };
    let ahead = (0..=AHEAD).step_by(STEP).map(at);
    let own = |key: &String| policy.sites.get(key).map(|own| (key.clone(), own.events));
    Told {
        tables: [
            Table {
                name: "events",
                rows: found.events.rows,
                bytes: found.events.bytes,
                bytes_per_day: found.events_per_day(),
            },
            Table {
                name: "ledger",
                rows: found.ledger.rows,
                bytes: found.ledger.bytes,
                bytes_per_day: found.ledger_per_day(),
            },
        ],
        disk: disk.map(|disk| Room {
            free_bytes: disk.free,
            total_bytes: disk.total,
        }),
        retention: Kept {
            events_days: policy.default.events,
            sites: found.sites.iter().filter_map(|site| own(&site.key)).collect(),
        },
        ahead: if found.is_measured {
            ahead.collect()
        } else {
            Vec::new()
        },
        full_in_days: disk.and_then(|disk| found.full_in(disk, WITHIN, policy)),
        notes,
        generated_at: jiff::Timestamp::now().to_string(),
    }
}

/// The disk, or a note why nobody knows it.
async fn disk(state: &State, notes: &mut Vec<String>) -> Result<Option<Disk>, Refusal> {
    match rows(state, DISK).await {
        Ok(rows) => Disk::read(&rows).map_err(unreadable),
        Err(Refusal::Denied { user, .. }) => {
            let grants = RIGHTS.map(|table| format!("`GRANT SELECT ON {table} TO {user}`"));
            notes.push(format!(
                "how much room the disk has is not known, because ClickHouse does not let `{user}` look: {}",
                grants.join(" and ")
            ));
            Ok(None)
        }
        Err(other) => Err(other),
    }
}

/// What is in force; where nobody can know that, all is kept.
fn policy(state: &State, notes: &mut Vec<String>) -> Policy {
    let retention = &state.config.retention;
    let policy = (retention.policy)().unwrap_or_else(|why| {
        notes.push(why);
        Policy::default()
    });
    let mut terms = policy.sites.values().chain(Some(&policy.default));
    if retention.every.is_zero() && terms.any(|terms| terms.events.is_some()) {
        notes.push(
            "`retention.every` is 0: what is to expire does so only when somebody runs `footfall retention`"
                .to_owned(),
        );
    }
    policy
}

/// Rows of texts. Good for two minutes: so fast grows no table.
async fn rows(state: &State, sql: &str) -> Result<Vec<Vec<String>>, Refusal> {
    #[derive(Deserialize)]
    struct Said {
        data: Vec<Vec<String>>,
    }
    let said: Bytes = state.cached.ask(sql, Format::Json, Fresh::Past, Ok).await?;
    let said: Said = serde_json::from_slice(&said)
        .map_err(|error| fault(&format!("the answer to `{sql}` cannot be read: {error}")))?;
    Ok(said.data)
}

fn unreadable(error: Unreadable) -> Refusal {
    fault(&error.to_string())
}
