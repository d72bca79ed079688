//! Everything that enrichment knows at one moment: rules and data, immutable. Next: [`super::live`], which replaces it.
//!
//! A round is enriched by one [`Enricher`] from its first event to its last, so that no event is ever half-enriched. A
//! part that is read anew makes a new `Enricher` that shares the other parts. To add a part: a field here behind an `Arc`,
//! its step in [`Enricher::enrich`], and a line in [`super::folder::PARTS`].

use super::agent::Agents;
use super::bot::{Circumstances, Surroundings};
use super::page::{self, Pages};
use super::place::Places;
use super::source::{self, Known, arrival};
use super::{Enriched, campaign, location::Location, referrer};
use footfall_schemas::Event;
use footfall_tables::address_columns;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Rules and data, as one value.
#[derive(Debug, Clone)]
pub struct Enricher {
    /// User agents and client hints.
    pub agents: Arc<Agents>,
    /// What bots are known by beside their user agent.
    pub surroundings: Surroundings,
    /// Search engines, networks, assistants, …
    pub sources: Arc<Known>,
    /// The operator's words on the pages of sites.
    pub pages: Arc<Pages>,
    /// Databases of places.
    pub places: Arc<Places>,
    versions: BTreeMap<&'static str, String>,
    said: String,
}

impl Enricher {
    /// What is found out without any file of the operator's.
    #[must_use]
    pub fn built_in() -> Self {
        let mut enricher = Self {
            agents: Arc::new(Agents::builtin()),
            surroundings: Surroundings::builtin(),
            sources: Known::built_in(),
            pages: Arc::default(),
            places: Arc::default(),
            versions: BTreeMap::new(),
            said: String::new(),
        };
        enricher.set_version("agents", super::agent::uap::VERSION.to_owned());
        enricher.set_version("bots", super::bot::VERSION.to_owned());
        enricher.set_version(source::part::NAME, source::part::version(""));
        enricher
    }

    /// Goes on from the page's parts (`location::split(&event.url)`, the caller's, because the rest borrows from them).
    #[must_use]
    pub fn enrich<'a>(&'a self, event: &'a Event<'_>, page: &'a Location<'a>) -> Enriched<'a> {
        let campaign = campaign::read(&page.query);
        let referrer = referrer::read(&event.referrer, &page.host);
        let has_page = !(event.url.is_empty() && event.referrer.is_empty());
        let agent = self.agents.read(&event.user_agent, &event.hints);
        let (address, ip_hash) = address_columns(&event.ip);
        let place = self.places.of(address);
        let around = Circumstances {
            address,
            asn: place.asn,
            referrer_host: &referrer.location.host,
        };
        let signs = self.surroundings.signs(event, agent.signs, around);
        Enriched {
            page,
            arrival: arrival::read(&self.sources, &campaign, &referrer, has_page),
            campaign,
            referrer,
            content: page::read(&self.pages, event, page),
            address,
            ip_hash,
            place,
            agent,
            bot_score: signs.score(),
            bot_reasons: signs.labels(),
            data: &self.said,
        }
    }

    /// Versions of all parts, as rows say them: `part=version part=version`.
    #[must_use]
    pub fn versions(&self) -> &str {
        &self.said
    }

    /// For tests of the versions themselves.
    #[cfg(test)]
    pub(super) fn without_versions(mut self) -> Self {
        self.versions.clear();
        self.said.clear();
        self
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

/// What tells one state of a user's file from another, as part of a version: 8 hex digits (CRC-32C).
#[must_use]
pub fn fingerprint(bytes: &[u8]) -> String {
    format!("{:08x}", crc32c::crc32c(bytes))
}

#[cfg(test)]
mod tests {
    use super::{Enricher, fingerprint};

    #[test]
    fn versions_are_said_in_the_order_of_their_parts() {
        let mut enricher = Enricher::built_in();
        let built_in = enricher.versions().to_owned();
        enricher.set_version("zoo", "1".to_owned());
        enricher.set_version("aardvarks", "2".to_owned());
        assert_eq!(enricher.versions(), format!("aardvarks=2 {built_in} zoo=1"));
        enricher.set_version("zoo", String::new());
        enricher.set_version("aardvarks", String::new());
        assert_eq!(enricher.versions(), built_in);
        assert_eq!(
            fingerprint(b"123456789"),
            "e3069283",
            "as published, and eight digits"
        );
        assert_ne!(fingerprint(b"a"), fingerprint(b"b"));
    }
}
