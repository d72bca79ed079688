//! `footfall subject`: everything that is known about a person, as JSON lines; each says in `table` what it is of.
//!
//! 1. `events`: what `footfall erase` would delete;
//! 2. `ledger`: what it would empty;
//! 3. `user_links`, `user_traits_history`: what follows from the events;
//! 4. `auth_log`: lines of logins on this machine.

use crate::cli::SubjectArgs;
use crate::clickhouse::{self, Access, Role};
use crate::config::Config;
use crate::erase::auth_log::Lines;
use crate::erase::tables::{Link, Tables};
use crate::erase::who::Who;
use crate::{query, terminal};
use anyhow::Result;

const SETTINGS: &str = "SETTINGS log_queries = 0, output_format_json_quote_64bit_integers = 0";
const SITE: &str = "({site:String} = '' OR site = unhex({site:String}))";

/// Writes them to stdout.
///
/// # Errors
/// Whom is not clear; ClickHouse is not found, refuses, or breaks off.
pub async fn run(config: &Config, args: &SubjectArgs) -> Result<()> {
    let who = Who::of(&args.person)?;
    let mut access = clickhouse::find(config, Role::Writer)?;
    // As the writer for as long as it takes, but held to reading.
    access.hold_back = true;
    let tables = Tables {
        access: &access,
        who: &who,
        site: args.person.site.as_deref().unwrap_or_default(),
        until: i64::MAX / 2,
    };
    let links = tables.links().await?;
    let params: Vec<_> = who.params(tables.site, tables.until);
    let params: Vec<(String, String)> = params
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    let condition = who.condition();
    let events = format!(
        "SELECT 'events' AS table, * FROM events WHERE {condition} ORDER BY time, log_id, log_seq {SETTINGS}"
    );
    query::show(&access, events, "JSONEachRow", &params).await?;
    ledger(&access, &tables, &links).await?;
    for view in [views(&who, "user_links"), views(&who, "user_traits_history")]
        .into_iter()
        .flatten()
    {
        query::show(&access, view, "JSONEachRow", &params).await?;
    }
    logins(config, &tables, &links)
}

/// What a view says of the person; of an address nothing.
fn views(who: &Who, view: &str) -> Option<String> {
    let of = match who {
        Who::User(_) => "user_id = unhex({who:String})",
        Who::Visitor(_) => "visitor_id = toUUIDOrZero(unhex({who:String}))",
        Who::Ip(_) => return None,
    };
    Some(format!(
        "SELECT '{view}' AS table, * FROM {view} WHERE {of} AND {SITE} ORDER BY ALL {SETTINGS}"
    ))
}

async fn ledger(access: &Access, tables: &Tables<'_>, links: &[Link]) -> Result<()> {
    for some in tables.entries(links).await?.chunks(1_000) {
        let list: Vec<_> = some.iter().map(|(log, seq)| format!("('{log}',{seq})")).collect();
        let sql = format!(
            "SELECT 'ledger' AS table, * EXCEPT payload, if(isValidUTF8(payload), payload, hex(payload)) AS payload \
             FROM ledger WHERE (log_id, first_seq) IN ({}) ORDER BY log_id, first_seq {SETTINGS}",
            list.join(",")
        );
        query::show(access, sql, "JSONEachRow", &[]).await?;
    }
    Ok(())
}

fn logins(config: &Config, tables: &Tables<'_>, links: &[Link]) -> Result<()> {
    let lines = Lines {
        who: tables.who,
        site: tables.site,
        until: tables.until,
        links,
    };
    lines.each(config, |line| {
        let said = serde_json::from_str(line).unwrap_or_else(|_| serde_json::Value::from(line));
        terminal::say(serde_json::json!({ "table": "auth_log", "line": said }));
    })
}
