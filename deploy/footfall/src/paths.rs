//! `footfall paths`: where a site's paths have many words, found in the table, and made into patterns.
//!
//! The view `path_variety` finds them. `--write` puts them into `pages.learned.toml` in the folder of enrichment data, where
//! they count within seconds, for every event alike; what stands there already stays. The file can be edited, and copied to
//! the processors of a cluster.

use crate::cli::PathsArgs;
use crate::clickhouse::{self, Role};
use crate::config::Config;
use crate::terminal::{Colour, count, harmless, note, paint, program, say};
use anyhow::{Context as _, Result, bail};
use footfall_processor::enrich::page::part::LEARNED;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// Of which one word has more than this share of the views, that is one page and rare neighbours: no part to be named.
const ONE_PAGE: f64 = 0.5;
/// Characters of an example that a line shows.
const EXAMPLE: usize = 24;

const SQL: &str = "\
SELECT site, pattern, words, views, examples FROM path_variety(since = now() - toIntervalDay({days:UInt32}), until = now() + INTERVAL 1 MINUTE) \
WHERE share <= {share:Float64} AND ({site:String} = '' OR site = {site:String}) ORDER BY site, views DESC FORMAT JSONEachRow \
SETTINGS output_format_json_quote_64bit_integers = 0";

/// A place with many words.
#[derive(Debug, Deserialize)]
struct Found {
    site: String,
    pattern: String,
    words: u64,
    views: u64,
    examples: Vec<String>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct File {
    #[serde(default)]
    site: Vec<Site>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Site {
    key: String,
    #[serde(default)]
    paths: Vec<String>,
}

/// Shows what there is to learn, and writes it if that is asked for.
///
/// # Errors
/// When no ClickHouse is found or it refuses, or the file cannot be read or written.
pub async fn run(config: &Config, args: &PathsArgs) -> Result<()> {
    let access = clickhouse::find(config, Role::Reader)?;
    let site = args.site.clone().unwrap_or_default();
    let (days, share) = (args.days.to_string(), ONE_PAGE.to_string());
    let text = access
        .text(SQL, &[("days", &days), ("share", &share), ("site", &site)])
        .await?;
    let found: Vec<Found> = text
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()
        .context("read what the view `path_variety` says")?;
    print(&found);
    let folder = config.in_data(&config.enrich.folder);
    if found.is_empty() {
        note("no place has 20 different words or more that are not named yet");
    } else if args.write {
        write(&folder, &found)?;
    } else {
        note(format!(
            "`{} paths --write` has them named from now on",
            program()
        ));
    }
    Ok(())
}

fn print(found: &[Found]) {
    for place in found {
        let examples: Vec<String> = place
            .examples
            .iter()
            .map(|example| harmless(&example.chars().take(EXAMPLE).collect::<String>()))
            .collect();
        say(format!(
            "{:<16} {:<32} {:>8} words {:>10} views  {}",
            harmless(&place.site),
            paint(Colour::Bold, harmless(&place.pattern)),
            count(place.words),
            count(place.views),
            paint(Colour::Dim, examples.join(", "))
        ));
    }
}

/// Adds what is new to the file.
fn write(folder: &Path, found: &[Found]) -> Result<()> {
    let path = folder.join(LEARNED);
    let mut sites: BTreeMap<String, Vec<String>> = BTreeMap::new();
    match std::fs::read_to_string(&path) {
        Ok(text) => {
            let file: File = toml::from_str(&text).with_context(|| format!("read {}", path.display()))?;
            sites.extend(file.site.into_iter().map(|site| (site.key, site.paths)));
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => bail!("read {}: {error}", path.display()),
    }
    let mut added = 0;
    for place in found {
        let paths = sites.entry(place.site.clone()).or_default();
        let pattern = place.pattern.strip_suffix("/*").unwrap_or(&place.pattern);
        if !paths.iter().any(|known| known == pattern) {
            paths.push(pattern.to_owned());
            added += 1;
        }
    }
    let site = sites.into_iter().map(|(key, paths)| Site { key, paths });
    let file = File { site: site.collect() };
    let text = format!(
        "# Learned from the table by `footfall paths --write`. Parts may be renamed, and lines removed.\n{}",
        toml::to_string(&file).context("write the patterns down")?
    );
    std::fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
    // Under a hidden name first: the folder is watched.
    let beside = folder.join(format!(".{LEARNED}"));
    let written = std::fs::write(&beside, text).and_then(|()| std::fs::rename(&beside, &path));
    written.with_context(|| format!("write {}", path.display()))?;
    note(format!("{added} new in {}", path.display()));
    Ok(())
}
