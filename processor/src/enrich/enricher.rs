//! Everything that enrichment knows at one moment: rules and data, immutable. Next: [`super::live`], which replaces it.
//!
//! A round is enriched by one [`Enricher`] from its first event to its last, so that no event is ever half-enriched. A
//! part that is read anew makes a new `Enricher` that shares the other parts. To add a part: a field here behind an `Arc`,
//! its step in [`Enricher::enrich`], and a line in [`super::folder::PARTS`].

use super::{Enriched, campaign, location::Location, referrer};
use footfall_schemas::Event;
use std::collections::BTreeMap;

/// Rules and data, as one value.
#[derive(Debug, Clone, Default)]
pub struct Enricher {
    versions: BTreeMap<&'static str, String>,
    said: String,
}

impl Enricher {
    /// What is found out without any file of the operator's.
    #[must_use]
    pub fn built_in() -> Self {
        Self::default()
    }

    /// Goes on from the page's parts (`location::split(&event.url)`, the caller's, because the rest borrows from them).
    #[must_use]
    pub fn enrich<'a>(&'a self, event: &'a Event<'_>, page: &'a Location<'a>) -> Enriched<'a> {
        Enriched {
            page,
            campaign: campaign::read(&page.query),
            referrer: referrer::read(&event.referrer, &page.host),
            data: &self.said,
        }
    }

    /// Versions of all parts, as rows say them: `part=version part=version`.
    #[must_use]
    pub fn versions(&self) -> &str {
        &self.said
    }

    /// Notes the version of a part's data; both without spaces and short, they stand in every row. Empty: none.
    pub fn set_version(&mut self, part: &'static str, version: String) {
        if version.is_empty() {
            self.versions.remove(part);
        } else {
            self.versions.insert(part, version);
        }
        let all: Vec<String> = self
            .versions
            .iter()
            .map(|(part, version)| format!("{part}={version}"))
            .collect();
        self.said = all.join(" ");
    }
}

/// What tells one state of a user's file from another, as part of a version: 8 hex digits (FNV-1a, 32 bits).
#[must_use]
pub fn fingerprint(bytes: &[u8]) -> String {
    let hash = bytes.iter().fold(0x811C_9DC5_u32, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    });
    format!("{hash:08x}")
}

#[cfg(test)]
mod tests {
    use super::{Enricher, fingerprint};

    #[test]
    fn versions_are_said_in_the_order_of_their_parts() {
        let mut enricher = Enricher::built_in();
        enricher.set_version("sources", "1".to_owned());
        enricher.set_version("agents", "2".to_owned());
        assert_eq!(enricher.versions(), "agents=2 sources=1");
        enricher.set_version("agents", String::new());
        assert_eq!(enricher.versions(), "sources=1");
        assert_eq!(fingerprint(b""), "811c9dc5");
        assert_ne!(fingerprint(b"a"), fingerprint(b"b"));
    }
}
