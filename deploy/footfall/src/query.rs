//! `footfall query`: SQL in, table out.

use crate::cli::QueryArgs;
use crate::clickhouse::{self, Access, Role};
use crate::config::Config;
use crate::terminal;
use anyhow::{Context as _, Result, anyhow, bail};
use footfall_processor::server::Address;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use std::io::{IsTerminal as _, Read as _};

/// Asks and prints the answer as it comes.
///
/// # Errors
/// When no ClickHouse is found, it refuses the query (its own words), or the answer breaks off.
pub async fn run(config: &Config, args: &QueryArgs) -> Result<()> {
    let access = access(config, args)?;
    let sql = match &args.sql {
        Some(sql) => sql.clone(),
        None => read_stdin()?,
    };
    show(&access, sql, &args.format, &args.params).await
}

/// Asks, and prints the answer as it comes.
///
/// # Errors
/// It refuses the query (its own words), or the answer breaks off.
pub(crate) async fn show(
    access: &Access,
    sql: String,
    format: &str,
    params: &[(String, String)],
) -> Result<()> {
    let mut client = access.client();
    let answer = access.send(&mut client, sql, format, params).await?;
    let ok = answer.status().is_success();
    let body = answer.into_body();
    if ok {
        print(body).await
    } else {
        Err(access.refusal(refusal(body).await))
    }
}

fn access(config: &Config, args: &QueryArgs) -> Result<Access> {
    let role = if args.writer { Role::Writer } else { Role::Reader };
    let Some(url) = &args.url else {
        return clickhouse::find(config, role);
    };
    let address = Address::parse(url).map_err(|error| anyhow!("`{url}` {}", error.what()))?;
    let mut access = clickhouse::at(config, &address, role)?;
    if config.clickhouse.url.is_none() && address.login.is_none() {
        // Settings speak of another server, if of any: whoever this one takes us for.
        access.server.user = String::new();
        access.hold_back = false;
    }
    Ok(access)
}

fn read_stdin() -> Result<String> {
    let mut stdin = std::io::stdin();
    if stdin.is_terminal() {
        terminal::note("SQL, then Ctrl-D (or: footfall query 'SELECT count() FROM events')");
    }
    let mut sql = String::new();
    stdin
        .read_to_string(&mut sql)
        .context("cannot read SQL from stdin")?;
    if sql.trim().is_empty() {
        bail!("no SQL: give it as an argument or on stdin");
    }
    Ok(sql)
}

async fn print(mut body: Incoming) -> Result<()> {
    while let Some(frame) = body.frame().await {
        let frame = frame.context("the answer broke off")?;
        if let Some(bytes) = frame.data_ref()
            && terminal::write(bytes).is_err()
        {
            // Somebody has seen enough: `| head`.
            return Ok(());
        }
    }
    Ok(())
}

async fn refusal(body: Incoming) -> String {
    match body.collect().await {
        Ok(body) => String::from_utf8_lossy(&body.to_bytes()).trim().to_owned(),
        Err(error) => format!("ClickHouse refused the query, and its reason broke off: {error}"),
    }
}
