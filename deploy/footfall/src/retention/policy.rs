//! For how long what is kept: `[retention]` of the settings for all sites, `keep` of the sites file for one.

use crate::config::Config;
use crate::sites;
use anyhow::{Result, bail};
use footfall_ingest::sites::Sites;
use footfall_processor::retention::{Days, Policy, Retention, Terms};
use std::sync::Arc;
use std::time::Duration;

/// Seconds of a day.
const DAY: u64 = 24 * 3600;

/// What is in force now.
///
/// # Errors
/// The sites file is not there or cannot be read. A site of it may want to keep its events for longer than all others, so
/// nothing expires then.
pub fn read(config: &Config) -> Result<Policy> {
    let path = sites::path(config);
    if !path.exists() {
        bail!(
            "there is no sites file at {}, and a site may keep its events for longer than the others: nothing expires before \
             the file is there. On a processor set `ingest.sites` (FOOTFALL_INGEST_SITES) to a copy of the edge's",
            path.display()
        );
    }
    Ok(of(config, &sites::read(&path)?))
}

/// What is in force where there are no sites yet.
#[must_use]
pub fn without_sites(config: &Config) -> Policy {
    of(config, &Sites::default())
}

/// For a processor.
#[must_use]
pub fn of_processor(config: &Config) -> Retention {
    let config = config.clone();
    Retention {
        every: config.retention.every,
        policy: Arc::new(move || read(&config).map_err(|error| format!("{error:#}"))),
    }
}

fn of(config: &Config, sites: &Sites) -> Policy {
    let settings = &config.retention;
    let default = Terms {
        events: days(settings.events.unwrap_or_default()),
        addresses: days(settings.addresses),
    };
    let own = |site: &footfall_ingest::Site| {
        let keep = site.keep;
        let terms = Terms {
            events: keep.events.map_or(default.events, days),
            addresses: keep.addresses.map_or(default.addresses, days),
        };
        (site.key.clone(), terms)
    };
    Policy {
        default,
        sites: sites
            .iter()
            .map(own)
            .filter(|(_, terms)| *terms != default)
            .collect(),
        payloads: days(settings.payloads),
    }
}

/// Whole days; none: for ever.
fn days(kept: Duration) -> Days {
    u32::try_from(kept.as_secs() / DAY).ok().filter(|days| *days > 0)
}

/// As people say it.
#[must_use]
pub fn said(days: Days) -> String {
    match days {
        None => "for ever".to_owned(),
        Some(1) => "1 day".to_owned(),
        Some(days) => format!("{days} days"),
    }
}

/// Whether a duration is one that retention can have.
#[must_use]
pub fn is_days(kept: Duration) -> bool {
    kept.subsec_nanos() == 0 && kept.as_secs().is_multiple_of(DAY)
}

#[cfg(test)]
mod tests {
    use super::{Terms, of};
    use crate::config::{Sources, load};
    use footfall_ingest::sites::Sites;

    #[test]
    fn a_site_has_what_it_says_and_of_the_rest_the_default() {
        let set = [("retention.events".to_owned(), "400d".to_owned())];
        let loaded = load(&Sources {
            flags: set.into_iter().collect(),
            ..Sources::default()
        });
        assert_eq!(loaded.problems, []);
        let sites = Sites::from_toml(
            "[[site]]\nkey = \"a\"\nkeep = { events = \"0d\", addresses = \"7d\" }\n[[site]]\nkey = \"b\"\n\
             [[site]]\nkey = \"c\"\nkeep = { events = \"30d\" }\n",
        )
        .unwrap();
        let policy = of(&loaded.config, &sites);
        let terms = |events, addresses| Terms { events, addresses };
        assert_eq!(policy.default, terms(Some(400), Some(90)));
        assert_eq!(policy.payloads, Some(90));
        let own = [
            ("a".to_owned(), terms(None, Some(7))),
            ("c".to_owned(), terms(Some(30), Some(90))),
        ];
        assert_eq!(policy.sites, own.into());
    }
}
