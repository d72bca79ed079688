//! `footfall unlink`: takes back who a visitor is, by an event of its own (`$unlink`, with a server key) that goes the way of
//! every event. What it means is in the views: `schemas/clickhouse/views/user_statements.sql`.

use crate::cli::UnlinkArgs;
use crate::config::Config;
use crate::http::Client;
use crate::loadgen::plan::duration;
use crate::send;
use crate::target::{Target, now_ms};
use crate::terminal::{Colour, count, paint, say};
use anyhow::{Context as _, Result, bail};
use footfall_schemas::reserved::UNLINK;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use serde_json::{Value, json};
use std::time::Instant;
use uuid::Uuid;

/// Statements that count now and will not any more.
const STATEMENTS: &str = "\
SELECT count() FROM user_statements WHERE site = {site:String} AND NOT is_void AND type != 'logout' \
AND ({visitor:String} = '' OR visitor_id = toUUIDOrZero({visitor:String})) AND ({user:String} = '' OR user_id = {user:String})";

/// Sends the event and waits until it can be seen.
///
/// # Errors
/// When no Footfall is found, the site's server key is not known, or it does not answer.
pub async fn run(config: &Config, args: &UnlinkArgs) -> Result<bool> {
    let wait = duration("--wait", &args.wait)?;
    let target = Target::find(&args.target, config)?;
    if target.key.is_none() {
        bail!(
            "it takes a server key of the site `{}`: give it with --key, --key-file or FOOTFALL_SERVER_KEY",
            target.site
        );
    }
    let visitor = args.visitor.map_or_else(String::new, |id| id.to_string());
    let user = args.user.clone().unwrap_or_default();
    say_what_counts(config, &target, &visitor, &user).await?;
    let id = Uuid::now_v7();
    let mut headers = target.headers()?;
    headers.push((CONTENT_TYPE, HeaderValue::from_static("application/json")));
    let body = event(&target.site, id, &visitor, &user).to_string();
    let start = Instant::now();
    let reply = target
        .post(&mut Client::new(&target.url)?, &headers, body.into())
        .await?;
    if let Some(reason) = reply.reason_for(0) {
        bail!("it was refused: {reason}: {}", reply.text);
    }
    send::settle(config, &target, id, start, wait).await
}

/// A visitor of its own unless one is named; `user_id` stays empty, because that would say whose event it is.
fn event(site: &str, id: Uuid, visitor: &str, user: &str) -> Value {
    let now = now_ms();
    let mut event = json!({
        "site": site, "sent_at": now, "id": id, "type": "custom", "name": UNLINK, "ts": now, "visitor": visitor,
        "props": {},
    });
    for (name, text) in [("visitor", visitor), ("user", user)] {
        if !text.is_empty() {
            event["props"][name] = json!(text);
        }
    }
    event
}

async fn say_what_counts(config: &Config, target: &Target, visitor: &str, user: &str) -> Result<()> {
    let Some(access) = send::own_clickhouse(config, target)? else {
        return Ok(());
    };
    let params = [
        ("site", target.site.as_str()),
        ("visitor", visitor),
        ("user", user),
    ];
    let answer = access.text(STATEMENTS, &params).await;
    let statements = answer.context("cannot ask ClickHouse what would be taken back")?;
    let statements = statements.trim().parse().unwrap_or_default();
    say(format_args!(
        "takes back {} of `identify` and `login`",
        paint(Colour::Bold, format_args!("{} statements", count(statements)))
    ));
    Ok(())
}
