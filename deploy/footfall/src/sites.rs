//! `footfall site`: the sites file and the built-in site `demo`.

use crate::cli::SiteAddArgs;
use crate::config::Config;
use crate::credentials;
use crate::problem::{Problem, Problems};
use crate::terminal::{Colour, paint, program, say};
use anyhow::{Context as _, Result, bail};
use footfall_ingest::sites::{CookieMode, CookiePolicy, IpPolicy, Site, Sites};
use footfall_schemas::reserved::SELF_SITE;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// What the file says at first start.
const TEMPLATE: &str = r#"# The sites that may send events. A change counts within seconds, without a restart.
# `footfall site add shop --origin https://shop.example` adds one. All fields but the key have defaults:
#
# [[site]]
# key = "shop"                                   # 1 to 64 of a-z, 0-9, _ and -
# origins = ["https://shop.example", "https://*.shop.example"]
# ip = "truncate"                                # what is kept of an address: truncate, full, hash, none
# timezone = "Europe/Berlin"
# server_keys = []                               # SHA-256 of each secret server key
# rate_limit = { per_second = 1000, burst = 5000 }
# cookie = { mode = "always" }                   # or consent, never; more: docs/privacy.md
# session = { idle = "30m", length = "24h" }     # campaign = true, midnight = false, login = false
# keep = { events = "365d", addresses = "30d" }  # from receipt, whole days; "0d" is for ever
#
# The site `demo` is built in, for the demo page and for test events (`demo.enabled = false` switches it off).
# A [[site]] with the key "demo" takes its place.
"#;

/// Where the sites stand.
#[must_use]
pub fn path(config: &Config) -> PathBuf {
    config.in_data(&config.ingest.sites)
}

/// Writes the template, if there is no file yet and the place is ours.
///
/// # Errors
/// When the file cannot be written. A file elsewhere must exist: a wrong path is not mended by making one.
pub fn make_if_missing(config: &Config) -> Result<()> {
    let path = path(config);
    if path.exists() || config.ingest.sites.is_absolute() {
        return Ok(());
    }
    std::fs::write(&path, TEMPLATE).with_context(|| format!("cannot write {}", path.display()))
}

/// The site `demo`, for pages of these origins and for whoever has that server key.
///
/// # Errors
/// When an origin is not one.
pub fn demo(origins: &[String], server_key: Option<&str>) -> Result<Sites> {
    let sites = Sites::demo(origins.iter().map(String::as_str))?;
    Ok(sites
        .iter()
        .cloned()
        .map(|site| Site {
            server_keys: server_key.map(credentials::digest).into_iter().collect(),
            ..site
        })
        .collect())
}

/// The site of `footfall self-check`, for whoever has that server key and for nobody else. Nothing of an address is kept.
///
/// # Errors
/// None: its key is one.
pub fn own(server_key: &str) -> Result<Sites> {
    let site = Site {
        name: "footfall self-check".to_owned(),
        require_origin: true,
        ip: IpPolicy::None,
        cookie: CookiePolicy {
            mode: CookieMode::Never,
            ..CookiePolicy::default()
        },
        server_keys: vec![credentials::digest(server_key)],
        ..Site::new(SELF_SITE)?
    };
    Ok([site].into_iter().collect())
}

/// Reads the file.
///
/// # Errors
/// When it cannot be read, or is wrong: the line and the remedy.
pub fn read(path: &Path) -> Result<Sites> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the sites file {}", path.display()))?;
    Sites::from_toml(&text).with_context(|| format!("the sites file {} is wrong", path.display()))
}

/// Makes the file if need be, and reads it.
///
/// # Errors
/// As [`make_if_missing`] and [`read`]; or nobody could send events, because there is no site.
pub fn need(config: &Config) -> Result<()> {
    make_if_missing(config)?;
    let sites = read(&path(config))?;
    nobody(config, &sites).map_or(Ok(()), |problem| bail!(Problems(vec![problem])))
}

/// What is wrong where neither the file nor the program itself has a site.
#[must_use]
pub fn nobody(config: &Config, sites: &Sites) -> Option<Problem> {
    if config.demo.enabled || !sites.is_empty() {
        return None;
    }
    let what = format!(
        "there is no site in {}, and the site `demo` is switched off here: nobody could send events",
        path(config).display()
    );
    let remedy = format!(
        "add one: `{} --data {} site add shop --origin https://shop.example`",
        program(),
        config.data.folder.display()
    );
    Some(Problem::new(what, remedy))
}

/// Prints every site.
///
/// # Errors
/// As [`read`].
pub fn list(config: &Config) -> Result<()> {
    let path = path(config);
    let file = if path.exists() {
        read(&path)?
    } else {
        Sites::default()
    };
    for site in file.iter() {
        let origins: Vec<_> = site.origins.iter().map(origin_text).collect();
        say(format_args!(
            "{:<20} {}",
            paint(Colour::Bold, &site.key),
            origins.join(" ")
        ));
    }
    if config.demo.enabled && file.get("demo").is_none() {
        say(format_args!(
            "{:<20} the demo page (built in)",
            paint(Colour::Bold, "demo")
        ));
    }
    Ok(())
}

fn origin_text(origin: &footfall_ingest::sites::origin::Origin) -> String {
    use footfall_ingest::sites::origin::Origin;
    match origin {
        Origin::Any => "*".to_owned(),
        Origin::Exact(origin) => origin.clone(),
        Origin::Subdomains(scheme, host) => format!("{scheme}*{host}"),
    }
}

/// Adds a site to the file, with a server key that is shown once.
///
/// # Errors
/// When the site is there already, its key or an origin is wrong, or the file cannot be written.
pub fn add(config: &Config, args: &SiteAddArgs) -> Result<()> {
    std::fs::create_dir_all(&config.data.folder).context("cannot make the data folder")?;
    make_if_missing(config)?;
    let path = path(config);
    if read(&path)?.get(&args.site).is_some() {
        bail!(
            "the site `{}` stands in {} already: change it there",
            args.site,
            path.display()
        );
    }
    let key = credentials::new_secret();
    let entry = entry(args, &key);
    Sites::from_toml(&entry)
        .map_err(|error| anyhow::anyhow!("cannot add the site: {}", without_line(&error.to_string())))?;
    let mut file = OpenOptions::new()
        .append(true)
        .open(&path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    file.write_all(entry.as_bytes())
        .with_context(|| format!("cannot write {}", path.display()))?;
    say(format_args!(
        "{} added to {}",
        paint(Colour::Bold, &args.site),
        path.display()
    ));
    say(format_args!(
        "its server key, shown only now: {}",
        paint(Colour::Cyan, &key)
    ));
    say("  a server sends it as X-Footfall-Key; pages of the origins need none");
    Ok(())
}

fn entry(args: &SiteAddArgs, key: &str) -> String {
    let quoted: Vec<_> = args
        .origins
        .iter()
        .map(|origin| toml::Value::String(origin.clone()).to_string())
        .collect();
    format!(
        "\n[[site]]\nkey = {}\norigins = [{}]\nserver_keys = [\"{}\"]\n",
        toml::Value::String(args.site.clone()),
        quoted.join(", "),
        credentials::hex(&credentials::digest(key)),
    )
}

/// The line number of an entry that is not in the file yet helps nobody.
fn without_line(error: &str) -> &str {
    error
        .strip_prefix("line ")
        .and_then(|rest| rest.split_once(": "))
        .map_or(error, |(_, rest)| rest)
}
