//! `footfall erase`: a person out of everything that Footfall keeps, and a signed receipt of it.
//!
//! In this order, so that a command that is cut off anywhere can simply be given again:
//! 1. `suppress`: the person's keyed hash on the list that processors hold every record against; a wait, after which nothing of
//!    them can be inserted any more ([`footfall_processor::suppressed`]). Visitors that were the user are on it too;
//! 2. `tables`: each row gets its fate `erased` in the ledger, then it is deleted; entries of the ledger that hold something
//!    of the person are emptied. The numbers stay, so the books stay right;
//! 3. `parts`: what ClickHouse keeps of replaced parts goes;
//! 4. `auth_log`: the person's lines in the log of logins;
//! 5. `remains`: what is left, where, until when; [`receipt`]: all of it, signed.
//!
//! `again` does all of it once more after a restore. [`who`] says whom it is about, [`key`] by which key they are known.

mod again;
pub(crate) mod auth_log;
pub mod key;
mod parts;
pub mod receipt;
mod remains;
mod suppress;
pub(crate) mod tables;
pub mod who;

use crate::backup;
use crate::cli::EraseArgs;
use crate::clickhouse::{self, Role};
use crate::config::Config;
use crate::data::{self, replace};
use crate::terminal::{Progress, count, note, say};
use anyhow::{Context as _, Result, bail};
use auth_log::Lines;
use footfall_processor::suppressed::Key;
use receipt::{Receipt, Removed, stamp};
use std::fs::File;
use std::path::Path;
use suppress::{Erasure, FOR_GOOD};
use tables::{Link, Tables};
use who::Who;

/// Erases, or says what would be erased, or checks a receipt.
///
/// # Errors
/// Whom or with which key is not clear; ClickHouse is not found or refuses; a receipt is not right. What was done until
/// then stays done, and the same command goes on with it.
pub async fn run(config: &Config, args: &EraseArgs) -> Result<()> {
    let key = key::find(config)?;
    if let Some(path) = &args.verify {
        let receipt = receipt::verify(path, &key)?;
        say(format_args!(
            "the signature is right: erasure {} of {}",
            receipt.erasure, receipt.finished
        ));
        receipt.print();
        return Ok(());
    }
    if let Some(folder) = &args.again {
        return again::run(config, &key, folder.as_deref()).await;
    }
    let who = Who::of(&args.person)?;
    let access = clickhouse::find(config, Role::Writer)?;
    let mut tables = Tables {
        access: &access,
        who: &who,
        site: args.person.site.as_deref().unwrap_or_default(),
        until: i64::MAX / 2,
    };
    if args.dry_run {
        return dry_run(config, &tables, args.json).await;
    }
    let _alone = alone(config)?;
    backup::clean_up(config);
    let mut line = Progress::new("erasing");
    let erasure = suppress::begin(&mut tables, &key, args.for_good).await?;
    let receipt = erase(config, &tables, (&key, &erasure), &mut line).await?;
    line.finish("done");
    let signed = receipt.signed(&key)?;
    let path = match &args.receipt {
        Some(path) => path.clone(),
        None => config.in_data(format!("erasures/{}.json", receipt.erasure).as_ref()),
    };
    write(&path, &signed)?;
    suppress::finish(&tables, &key, &erasure).await?;
    if args.json {
        say(signed);
    } else {
        receipt.print();
        say(format_args!("receipt: {}", path.display()));
    }
    Ok(())
}

async fn erase(
    config: &Config,
    tables: &Tables<'_>,
    (key, erasure): (&Key, &Erasure),
    line: &mut Progress,
) -> Result<Receipt> {
    let links = keep_out(tables, key, erasure, line).await?;
    let (rows, entries) = (detail(erasure, "row"), detail(erasure, "entry"));
    let found = tables.entries(&links).await?;
    let ours = is_ours(config);
    parts::prepare(tables, ours).await?;
    tables.write_fates(&rows).await?;
    tables.empty_entries(&found, &entries).await?;
    line.beside("deleting rows", tables.delete_rows()).await?;
    let old_parts = parts::gone(tables, line).await?;
    parts::restore(tables).await?;
    let lines = Lines {
        who: tables.who,
        site: tables.site,
        until: erasure.until,
        links: &links,
    };
    let (logins, files) = lines.erase(config)?;
    let removed = |place: &str, what: &str, count| Removed {
        place: place.to_owned(),
        what: what.to_owned(),
        count,
    };
    let engine = ours.then(|| config.in_data(&config.engine.folder));
    let known = remains::Known {
        old_parts,
        detached: parts::detached(tables, engine.as_deref()).await,
        ours,
    };
    Ok(Receipt {
        erasure: erasure.id,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        kind: tables.who.kind().label().to_owned(),
        hash: format!("{:032x}", tables.who.hash(key)),
        key: format!("{:08x}", key.id()),
        site: tables.site.to_owned(),
        began: stamp(erasure.began),
        finished: stamp(tables.clock().await?),
        kept_out_until: if erasure.until >= FOR_GOOD {
            "for good".to_owned()
        } else {
            stamp(erasure.until)
        },
        removed: vec![
            removed("table events", "rows", tables.with_detail(&rows).await?),
            removed(
                "table ledger",
                "entries emptied",
                tables.with_detail(&entries).await?,
            ),
            removed(&format!("log of logins, {files} files"), "lines", logins),
        ],
        remains: remains::list(config, tables.who, &known),
    })
}

/// Returns when nothing of the person can come into the tables any more; gives the visitors that were the user. What tells of
/// a further one may have come in during the first wait; during the second nothing can.
async fn keep_out(
    tables: &Tables<'_>,
    key: &Key,
    erasure: &Erasure,
    line: &mut Progress,
) -> Result<Vec<Link>> {
    suppress::after_the_last(tables).await?;
    let mut links = tables.links().await?;
    suppress::add_links(tables, key, erasure, &links).await?;
    suppress::wait(tables, line).await?;
    let now = tables.links().await?;
    let new: Vec<Link> = now.iter().filter(|link| !links.contains(link)).cloned().collect();
    if !new.is_empty() {
        suppress::add_links(tables, key, erasure, &new).await?;
        suppress::wait(tables, line).await?;
        links.extend(new);
    }
    Ok(links)
}

async fn dry_run(config: &Config, tables: &Tables<'_>, json: bool) -> Result<()> {
    let links = tables.links().await?;
    let (rows, entries) = (tables.rows().await?, tables.entries(&links).await?.len() as u64);
    let lines = Lines {
        who: tables.who,
        site: tables.site,
        until: tables.until,
        links: &links,
    };
    let logins = lines.count(config)?;
    if json {
        say(serde_json::json!({
            "dry_run": true, "events": rows, "ledger": entries, "logins": logins, "visitors": links.len(),
        }));
        return Ok(());
    }
    for (number, what) in [
        (rows, "rows of the table events would be deleted"),
        (entries, "entries of the table ledger would be emptied"),
        (logins, "lines of the log of logins here would go"),
        (
            links.len() as u64,
            "times that a visitor was the user would be kept out too",
        ),
    ] {
        say(format_args!("{:>12}  {what}", count(number)));
    }
    note("nothing was touched");
    Ok(())
}

fn detail(erasure: &Erasure, what: &str) -> String {
    format!("erasure {}, {what}", erasure.id)
}

/// Whether the engine is the built-in one, on this very disk.
fn is_ours(config: &Config) -> bool {
    config.clickhouse.url.is_none() && data::running(&config.data.folder).is_some_and(|run| run.engine)
}

/// Two at a time would write the same fates, and a back-up would have a part of it.
pub(crate) fn alone(config: &Config) -> Result<File> {
    let folder = config.in_data("erasures".as_ref());
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let path = folder.join("lock");
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(_) => bail!(
            "another `footfall erase`, or a `footfall backup`, is at work on {}: wait for it",
            config.data.folder.display()
        ),
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let written = replace(path, format!("{text}\n").as_bytes(), 0o600);
    written.with_context(|| {
        format!(
            "the person is erased, but the receipt cannot be written to {}",
            path.display()
        )
    })
}
