//! `footfall erase --again`: after a restore, everybody once more whose receipt says that they were erased, and whose erasure the
//! restored tables do not know.
//!
//! A receipt names the person by the keyed hash alone, so the names that the tables have are hashed and compared. First the hashes
//! go on the list of the erased, and the wait is over: so what a log or a topic still has of them cannot come in behind the
//! comparison. Whoever is found is erased as ever, under the number of the first erasure; with a receipt of its own.

use super::receipt::{self, Receipt};
use super::suppress::{self, Erasure, FOR_GOOD};
use super::tables::Tables;
use super::who::Who;
use super::{alone, erase, write};
use crate::backup;
use crate::clickhouse::{self, Access, Role};
use crate::config::Config;
use crate::terminal::{Progress, count, note, say};
use anyhow::{Context as _, Result, bail};
use footfall_processor::suppressed::{Key, Kind};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

/// Names that are asked for at once; their answer has to fit into memory.
const NAMES: u64 = 50_000;

/// Somebody who was erased: what the receipt says.
struct Erased {
    erasure: Erasure,
    kind: Kind,
    hash: u128,
    site: String,
}

/// Erases again who is found.
///
/// # Errors
/// No receipt is found, or one is not right; and as for every erasure.
pub(super) async fn run(config: &Config, key: &Key, folder: Option<&Path>) -> Result<()> {
    let folder = folder.map_or_else(|| config.in_data("erasures".as_ref()), Path::to_owned);
    let access = clickhouse::find(config, Role::Writer)?;
    let _alone = alone(config)?;
    backup::clean_up(config);
    let known = suppress::finished(&access).await?;
    let receipts = receipts(&folder, key)?;
    let all = receipts.len();
    let unknown: BTreeMap<Uuid, Erased> = receipts
        .into_iter()
        .filter(|(id, _)| !known.contains(id))
        .collect();
    if unknown.is_empty() {
        say(format_args!(
            "the tables know all erasures of the {all} receipts: nothing is to be done"
        ));
        return Ok(());
    }
    let mut line = Progress::new("erasing again");
    for erased in unknown.values() {
        add(&access, key, erased, false).await?;
    }
    // Whom the tables are about does not matter to the wait.
    let nobody = Tables {
        access: &access,
        who: &Who::Visitor(Uuid::nil()),
        site: "",
        until: 0,
    };
    suppress::wait(&nobody, &mut line).await?;
    let found = find(&access, key, &unknown, &mut line).await?;
    for (id, erased) in &unknown {
        if let Some(who) = found.get(id) {
            let tables = Tables {
                access: &access,
                who,
                site: &erased.site,
                until: erased.erasure.until,
            };
            let receipt = erase(config, &tables, (key, &erased.erasure), &mut line).await?;
            let path = config.in_data(format!("erasures/{id}.again.json").as_ref());
            write(&path, &receipt.signed(key)?)?;
            receipt.print();
            say(format_args!("receipt: {}", path.display()));
        } else {
            say(format_args!(
                "erasure {id}: nobody in the tables has this hash; what comes late stays out"
            ));
        }
        add(&access, key, erased, true).await?;
    }
    line.finish("done");
    note(format_args!(
        "{} erasures done again",
        count(unknown.len() as u64)
    ));
    Ok(())
}

async fn add(access: &Access, key: &Key, erased: &Erased, finished: bool) -> Result<()> {
    let who = (erased.kind, erased.hash, erased.site.as_str());
    suppress::add_hash(access, key, &erased.erasure, who, finished).await
}

/// All receipts of a folder, the first of each erasure.
fn receipts(folder: &Path, key: &Key) -> Result<BTreeMap<Uuid, Erased>> {
    let cannot = || format!("cannot read receipts in {}", folder.display());
    let entries = std::fs::read_dir(folder).with_context(cannot)?;
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .with_context(cannot)?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    let mut all = BTreeMap::new();
    for path in paths {
        let receipt = receipt::verify(&path, key)?;
        let erased = erased(&receipt).with_context(|| format!("cannot use {}", path.display()))?;
        all.entry(receipt.erasure).or_insert(erased);
    }
    if all.is_empty() {
        bail!("there is no receipt of an erasure in {}", folder.display());
    }
    Ok(all)
}

fn erased(receipt: &Receipt) -> Result<Erased> {
    // A receipt gives seconds: the whole second is meant.
    let ms = |text: &str| match OffsetDateTime::parse(text, &Rfc3339) {
        Ok(at) => Ok(at.unix_timestamp() * 1_000 + 999),
        Err(_) => bail!("`{text}` is no time"),
    };
    let until = match receipt.kept_out_until.as_str() {
        "for good" => FOR_GOOD,
        until => ms(until)?,
    };
    let kinds = [Kind::Visitor, Kind::User, Kind::Ip];
    let kind = kinds.into_iter().find(|kind| kind.label() == receipt.kind);
    Ok(Erased {
        erasure: Erasure {
            id: receipt.erasure,
            began: ms(&receipt.began)?,
            until,
        },
        kind: kind.with_context(|| format!("nobody is named by {}", receipt.kind))?,
        hash: u128::from_str_radix(&receipt.hash, 16).context("its hash is none")?,
        site: receipt.site.clone(),
    })
}

/// Names in the tables whose hashes are those of erasures, by erasure.
async fn find(
    access: &Access,
    key: &Key,
    erased: &BTreeMap<Uuid, Erased>,
    line: &mut Progress,
) -> Result<HashMap<Uuid, Who>> {
    let mut found: HashMap<Uuid, Who> = HashMap::new();
    for (kind, names) in [
        (Kind::Visitor, "SELECT toString(visitor_id) AS said FROM events"),
        (
            Kind::User,
            "SELECT user_id AS said FROM events UNION ALL SELECT props['user'] AS said FROM events WHERE name = '$unlink'",
        ),
        (
            Kind::Ip,
            "SELECT toString(ip) AS said FROM events WHERE ip != toIPv6('::')",
        ),
    ] {
        if !erased.values().any(|erased| erased.kind == kind) {
            continue;
        }
        let distinct = ask(access, &format!("SELECT uniq(said) FROM ({names})")).await?;
        let parts = distinct.trim().parse::<u64>().unwrap_or(0) / NAMES + 1;
        for part in 0..parts {
            line.part("comparing names", part, parts);
            let sql =
                format!("SELECT DISTINCT hex(said) FROM ({names}) WHERE cityHash64(said) % {parts} = {part}");
            for name in ask(access, &sql).await?.lines() {
                let Some(who) = unhex(name).and_then(|name| named(kind, &name)) else {
                    continue;
                };
                let hash = who.hash(key);
                for (id, _) in erased
                    .iter()
                    .filter(|(_, erased)| erased.kind == kind && erased.hash == hash)
                {
                    found.insert(*id, who.clone());
                }
            }
        }
    }
    Ok(found)
}

async fn ask(access: &Access, sql: &str) -> Result<String> {
    let found = access.text(&format!("{sql} SETTINGS log_queries = 0"), &[]).await;
    found.context("cannot read the names of the table `events`")
}

fn named(kind: Kind, name: &str) -> Option<Who> {
    match kind {
        Kind::Visitor => name.parse().ok().map(Who::Visitor),
        Kind::User => (!name.is_empty()).then(|| Who::User(name.to_owned())),
        Kind::Ip => name
            .parse()
            .ok()
            .map(|ip: std::net::IpAddr| Who::Ip(ip.to_canonical())),
        Kind::Page => None,
    }
}

fn unhex(text: &str) -> Option<String> {
    let digit = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..text.len()).step_by(2).map(digit).collect();
    String::from_utf8(bytes?).ok()
}

#[cfg(test)]
mod tests {
    use super::{Kind, named, unhex};

    #[test]
    fn names_come_back_from_hex() {
        assert_eq!(unhex("C3A961").as_deref(), Some("\u{e9}a"));
        assert_eq!(unhex("").as_deref(), Some(""));
        for wrong in ["C", "C3", "GG"] {
            assert_eq!(unhex(wrong), None, "{wrong}");
        }
        assert_eq!(
            named(Kind::Ip, "::ffff:203.0.113.7").unwrap().value(),
            "203.0.113.7"
        );
        assert!(named(Kind::User, "").is_none() && named(Kind::Visitor, "x").is_none());
    }
}
