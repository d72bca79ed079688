//! What kind of page it is: its path as a template, the words that were searched for on the site, and the browser's language
//! and time zone in one spelling each.
//!
//! [`template`] goes by rule, or by the operator's patterns ([`pattern`]) where a site has some; [`sites`] holds them, [`part`]
//! reads them (`pages.toml`, `pages.learned.toml`). [`locale`] is about language and time zone.
//!
//! Templates are not learned from events as they pass: what a step has seen depends on which processor it ran in and since
//! when, so that the same path would become two templates, and a row enriched anew another than before. They are learned from
//! the table, which knows all paths: the view `path_variety` says where many different words stand, and `footfall paths --write`
//! makes of it a file that holds for every event alike and stands in each row's data version.

pub mod locale;
pub mod part;
pub mod pattern;
pub mod sites;
pub mod template;

pub use sites::Pages;

use super::location::Location;
use super::percent;
use footfall_schemas::Event;
use std::borrow::Cow;

/// What is known of the page and of the browser's settings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page<'a> {
    /// The path with its variable parts named; as it is where none is. Empty without a path.
    pub template: Cow<'a, str>,
    /// Words that were searched for on the site.
    pub search_term: Cow<'a, str>,
    /// BCP 47, in its usual spelling; empty if it is none.
    pub language: Cow<'a, str>,
    /// IANA, today's name; empty if there is no such zone.
    pub time_zone: &'static str,
}

/// Reads an event.
#[must_use]
pub fn read<'a>(pages: &Pages, event: &'a Event<'_>, location: &'a Location<'a>) -> Page<'a> {
    let site = pages.of(&event.site);
    Page {
        template: site.template(&location.path),
        search_term: percent::decode(percent::value(&location.query, site.search_parameters())),
        language: locale::language(&event.language, &event.accept_language),
        time_zone: locale::time_zone(&event.timezone),
    }
}
