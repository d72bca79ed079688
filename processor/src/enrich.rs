//! What can be found out about an event: pure, in a fixed order, and it cannot fail. Next: [`crate::row`].
//!
//! 1. [`location`]: the parts of the page's URL;
//! 2. [`campaign`]: `utm_*` and click ids of its query ([`percent`]);
//! 3. [`referrer`]: the page before, and whether it was the site's own.
//!
//! Invariant: no clock, no I/O, no `unwrap`; every text gives some answer, an empty one at worst.

pub mod campaign;
pub mod location;
pub mod percent;
pub mod referrer;

use campaign::Campaign;
use footfall_schemas::Event;
use location::Location;
use referrer::Referrer;

/// Version of the rules here: rows say with which they were enriched, so that they can be enriched anew.
pub const ENRICH_VERSION: u16 = 1;

/// Everything that was found out, borrowed from the event where nothing had to be decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enriched<'a> {
    /// The page, as [`location::split`] cut it.
    pub page: &'a Location<'a>,
    /// The campaign that brought the visitor.
    pub campaign: Campaign<'a>,
    /// The page before.
    pub referrer: Referrer<'a>,
}

/// Goes on from the page's parts (`location::split(&event.url)`, the caller's, because the rest borrows from them).
#[must_use]
pub fn enrich<'a>(event: &'a Event<'_>, page: &'a Location<'a>) -> Enriched<'a> {
    Enriched {
        page,
        campaign: campaign::read(&page.query),
        referrer: referrer::read(&event.referrer, &page.host),
    }
}
