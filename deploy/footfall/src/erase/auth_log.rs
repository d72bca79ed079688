//! The person in the log of logins of this machine: files are written anew without their lines. A Footfall that is writing one
//! goes on in the new file ([`crate::logging::auth`]).

use super::tables::Link;
use super::who::Who;
use crate::config::Config;
use crate::logging::auth;
use anyhow::{Context as _, Result};
use serde::Deserialize;
use std::borrow::Cow;
use std::path::Path;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

/// Whose lines.
pub(crate) struct Lines<'a> {
    pub(crate) who: &'a Who,
    /// Empty: all.
    pub(crate) site: &'a str,
    /// Up to then, ms since 1970.
    pub(crate) until: i64,
    pub(crate) links: &'a [Link],
}

/// What a line says of whom.
#[derive(Deserialize)]
struct Line<'a> {
    timestamp: &'a str,
    #[serde(borrow)]
    site: Cow<'a, str>,
    #[serde(borrow)]
    user: Cow<'a, str>,
    #[serde(borrow)]
    ip: Cow<'a, str>,
    visitor: Uuid,
}

impl<'a> Lines<'a> {
    /// Lines of the person, in the log of this machine.
    pub(crate) fn count(&self, config: &Config) -> Result<u64> {
        let mut found = 0;
        self.each(config, |_| found += 1)?;
        Ok(found)
    }

    /// Calls `then` with every line of the person.
    pub(crate) fn each(&self, config: &Config, mut then: impl FnMut(&str)) -> Result<()> {
        for path in auth::list(config)? {
            let text = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let text = String::from_utf8_lossy(&text);
            text.lines().filter(|line| self.has(line)).for_each(&mut then);
        }
        Ok(())
    }

    /// Takes them out; gives how many, and of how many files.
    pub(super) fn erase(&self, config: &Config) -> Result<(u64, u64)> {
        let (mut lines, mut files) = (0, 0);
        for path in auth::list(config)? {
            let gone = self
                .erase_in(&path)
                .with_context(|| format!("cannot write {} anew", path.display()))?;
            lines += gone;
            files += u64::from(gone > 0);
        }
        Ok((lines, files))
    }

    fn erase_in(&self, path: &Path) -> std::io::Result<u64> {
        let mut gone = 0;
        auth::rewrite(path, |line| {
            let is_theirs = self.has(&String::from_utf8_lossy(line));
            gone += u64::from(is_theirs);
            !is_theirs
        })?;
        Ok(gone)
    }

    /// A line that is none of ours, and names the person, is the person's.
    fn has(&self, line: &str) -> bool {
        let Ok(said) = serde_json::from_str::<Line<'_>>(line) else {
            return !line.trim().is_empty() && line.contains(&self.who.value());
        };
        let at = OffsetDateTime::parse(said.timestamp, &Rfc3339).map_or(0, |at| at.unix_timestamp() * 1_000);
        if at > self.until || !(self.site.is_empty() || self.site == said.site) {
            return false;
        }
        let linked = |link: &Link| {
            link.page.is_none()
                && link.visitor == said.visitor
                && link.site == said.site
                && (link.since..=link.until.saturating_add(1_000)).contains(&at)
        };
        match self.who {
            Who::Visitor(id) => said.visitor == *id,
            Who::User(user) => said.user == *user || (said.user.is_empty() && self.links.iter().any(linked)),
            Who::Ip(ip) => said.ip.parse() == Ok(*ip),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Lines, Link, Who};
    use uuid::Uuid;

    fn line(user: &str, visitor: u128, ip: &str, second: u32) -> String {
        format!(
            r#"{{"timestamp":"2026-11-22T10:00:{second:02}.000001Z","level":"INFO","message":"login","site":"shop","user":"{user}","ip":"{ip}","session":"x","visitor":"{}","event_id":"x","target":"auth"}}"#,
            Uuid::from_u128(visitor)
        )
    }

    #[test]
    fn lines_are_known_by_user_visitor_or_address() {
        let at = 1_795_341_600_000;
        let links = [Link {
            site: "shop".to_owned(),
            visitor: Uuid::from_u128(1),
            page: None,
            since: at,
            until: at + 10_000,
        }];
        let has = |who: &Who, line: &str| {
            let lines = Lines {
                who,
                site: "",
                until: at + 30_000,
                links: &links,
            };
            lines.has(line)
        };
        let user = Who::User("ada".to_owned());
        for (is_theirs, line) in [
            (true, line("ada", 9, "", 1)),
            (true, line("", 1, "", 1)),
            (false, line("", 1, "", 20)),
            (false, line("bob", 1, "", 1)),
            (false, line("ada", 9, "", 40)),
            (true, "not json, but ada is in it".to_owned()),
            (false, "not json".to_owned()),
        ] {
            assert_eq!(has(&user, &line), is_theirs, "{line}");
        }
        assert!(has(&Who::Visitor(Uuid::from_u128(9)), &line("", 9, "", 1)));
        assert!(has(
            &Who::Ip("203.0.113.7".parse().unwrap()),
            &line("", 9, "203.0.113.7", 1)
        ));
        assert!(!has(
            &Who::Ip("203.0.113.7".parse().unwrap()),
            &line("", 9, "203.0.113.0", 1)
        ));
    }
}
