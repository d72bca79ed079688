//! Reads the sites file.
//!
//! ```toml
//! [[site]]
//! key = "shop"
//! origins = ["https://shop.example", "https://*.shop.example"]
//! hostnames = ["shop.example"]                      # pages elsewhere are refused, whoever has copied the tag
//! ip = "truncate"                                  # full, hash, none
//! timezone = "Europe/Berlin"
//! server_keys = ["9f86d081884c7d65…"]              # SHA-256 of each key
//! cookie = { mode = "always", same_site = "lax" }    # consent, never; strict, none; domain, secure, gpc, dnt, without
//! session = { idle = "30m", length = "24h" }         # campaign = true, midnight = false, login = false
//! scrub = { names = ["order_ref"], keep = ["sid"] }  # parameters whose values are taken out, beside the built-in; off
//! rate_limit = { per_second = 1000, burst = 5000 }
//! address_rate_limit = { per_second = 50 }           # of one address, or one /64
//! keep = { events = "365d", addresses = "30d" }      # from receipt, whole days; in place of [retention] of the configuration
//! log_percent = 20                                   # of the local log's quota, in place of what is fair
//! ```

use super::{Site, Sites};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Why sites cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SitesError {
    /// The file cannot be read.
    #[error("reading the sites file {0}: {1}")]
    Read(PathBuf, std::io::Error),
    /// The text is not a sites file.
    #[error("line {line}: {message}")]
    Line {
        /// From 1.
        line: usize,
        /// What is wrong, and what was probably meant.
        message: String,
    },
    /// Not a site key.
    #[error("`{0}` is not a site key: 1 to 64 of a-z, 0-9, `_` and `-`")]
    Key(String),
    /// The same key twice.
    #[error("the site `{0}` stands in the file twice")]
    Twice(String),
    /// Not an origin.
    #[error(
        "`{0}` is not an origin: write \"https://a.example\", \"https://*.a.example\", \"null\" or \"*\""
    )]
    Origin(String),
    /// Not a host pattern.
    #[error("`{0}` is not a host name: write \"a.example\" or \"*.a.example\"")]
    Host(String),
    /// Not a time zone.
    #[error("site `{0}`: `{1}` is not a time zone such as \"Europe/Berlin\"")]
    Timezone(String, String),
    /// Not a host name.
    #[error("site `{0}`: `cookie.domain` is `{1}`, which is not a host name such as \"shop.example\"")]
    Domain(String, String),
    /// A rate of zero.
    #[error("site `{0}`: `rate_limit.per_second` must be 1 or more")]
    Rate(String),
    /// No part of the log.
    #[error("site `{0}`: `log_percent` must be 1 to 100")]
    Percent(String),
    /// Not a number of days.
    #[error("site `{0}`: `keep` takes whole days, such as \"30d\"; \"0d\" is for ever")]
    Keep(String),
    /// No site at all.
    #[error("there is no site: give a sites file with a [[site]]")]
    None,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    site: Vec<Site>,
}

pub(super) fn read(text: &str) -> Result<Sites, SitesError> {
    let file: File = toml::from_str(text).map_err(|error| at_line(text, &error))?;
    let mut by_key = BTreeMap::new();
    for site in file.site {
        site.check()?;
        if let Some(twin) = by_key.insert(site.key.clone(), site) {
            return Err(SitesError::Twice(twin.key));
        }
    }
    Ok(Sites { by_key })
}

fn at_line(text: &str, error: &toml::de::Error) -> SitesError {
    let start = error.span().map_or(0, |span| span.start.min(text.len()));
    let line = text.as_bytes()[..start]
        .iter()
        .filter(|byte| **byte == b'\n')
        .count()
        + 1;
    let message = suggestion(error.message()).map_or_else(
        || error.message().to_owned(),
        |(unknown, meant)| format!("unknown key `{unknown}`: did you mean `{meant}`?"),
    );
    SitesError::Line { line, message }
}

/// The unknown key of serde's message and the known one that is most like it.
fn suggestion(message: &str) -> Option<(&str, &str)> {
    let mut quoted = message
        .strip_prefix("unknown field ")?
        .split('`')
        .skip(1)
        .step_by(2);
    let unknown = quoted.next()?;
    let likeness = |known: &str| strsim::jaro_winkler(unknown, known);
    let meant = quoted.max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(meant) > 0.7).then_some((unknown, meant))
}

#[cfg(test)]
mod tests {
    use super::super::{IpPolicy, RateLimit, Sites};
    use std::time::Duration;

    const FULL: &str = r#"
[[site]]
key = "shop"
name = "The shop"
origins = ["https://shop.example", "https://*.shop.example"]
require_origin = true
ip = "hash"
timezone = "Europe/Berlin"
server_keys = ["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"]
cookie = { mode = "consent", same_site = "none", domain = "shop.example", secure = "always", dnt = false, without = "page" }
session = { idle = "15m", midnight = true }
rate_limit = { per_second = 1000 }
keep = { events = "365d" }

[[site]]
key = "blog"
"#;

    #[test]
    fn a_file_is_read_field_by_field() {
        let sites = Sites::from_toml(FULL).unwrap();
        let shop = sites.get("shop").unwrap();
        assert_eq!((shop.ip, shop.require_origin), (IpPolicy::Hash, true));
        assert_eq!(shop.session.idle, Duration::from_secs(900));
        assert_eq!(shop.session.length, Duration::from_secs(86_400));
        assert_eq!(
            shop.rate_limit,
            Some(RateLimit {
                per_second: 1000,
                burst: 0
            })
        );
        assert_eq!(shop.keep.events, Some(Duration::from_secs(365 * 86_400)));
        assert_eq!(shop.keep.addresses, None);
        assert_eq!(shop.server_keys[0][..2], [0x9f, 0x86]);
        assert!(shop.cookie.gpc && !shop.cookie.dnt);
        assert_eq!(sites.get("blog").unwrap().ip, IpPolicy::Truncate);
    }

    #[test]
    fn a_mistake_is_said_with_its_line_and_its_remedy() {
        let error = |text: &str| Sites::from_toml(text).unwrap_err().to_string();
        assert_eq!(
            error("[[site]]\nkey = \"a\"\norigin = []\n"),
            "line 3: unknown key `origin`: did you mean `origins`?"
        );
        assert_eq!(
            error("[[sites]]\nkey = \"a\"\n"),
            "line 1: unknown key `sites`: did you mean `site`?"
        );
        assert!(error("[[site]]\nkey = \"A\"\n").contains("`A` is not a site key"));
        assert!(
            error("[[site]]\nkey = \"a\"\ntimezone = \"Mars/Olympus\"\n")
                .contains("`Mars/Olympus` is not a time zone")
        );
        assert!(
            error("[[site]]\nkey = \"a\"\ncookie = { domain = \"a.example; Secure\" }\n")
                .contains("not a host name")
        );
        assert!(error("[[site]]\nkey = \"a\"\nkeep = { events = \"36h\" }\n").contains("whole days"));
        assert!(
            error("[[site]]\nkey = \"a\"\nhostnames = [\"https://a\"]\n")
                .starts_with("line 3: `https://a` is not")
        );
        assert!(error("[[site]]\nkey = \"a\"\n[[site]]\nkey = \"a\"\n").contains("twice"));
        assert!(
            error("[[site]]\nkey = \"a\"\nserver_keys = [\"secret\"]\n").starts_with("line 3: a server key")
        );
        assert!(
            error("[[site]]\nkey = \"a\"\norigins = [\"a.example\"]\n")
                .starts_with("line 3: `a.example` is not")
        );
    }
}
