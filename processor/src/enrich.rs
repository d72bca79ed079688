//! What can be found out about an event: pure, in a fixed order, and it cannot fail. Next: [`crate::row`].
//!
//! 1. [`location`]: the parts of the page's URL;
//! 2. [`campaign`]: `utm_*` and click ids of its query ([`percent`]);
//! 3. [`referrer`]: the page before, and whether it was the site's own;
//! 4. [`source`]: source, medium and channel, from all these;
//! 5. [`page`]: its path as a template, the site's own search, language and time zone;
//! 6. [`place`]: country, region, city and network of the address;
//! 7. [`agent`]: browser, system and device;
//! 8. [`bot`]: whether it looks like a machine.
//!
//! [`enricher`] is all that with its data, one immutable value; [`live`] holds the one in force and replaces it when a file of
//! the operator's [`folder`] has changed.
//!
//! Invariant: no clock, no I/O, no `unwrap` in a step; every text gives some answer, an empty one at worst.

pub mod agent;
pub mod bot;
pub mod broken;
pub mod campaign;
pub mod enricher;
pub mod folder;
pub mod live;
pub mod location;
pub mod page;
pub mod percent;
pub mod place;
pub mod referrer;
pub mod source;
mod text_file;

pub use enricher::Enricher;
pub use live::Enrichment;

use agent::Agent;
use bot::signs::Labels;
use campaign::Campaign;
use location::Location;
use page::Page;
use place::Place;
use referrer::Referrer;
use source::Arrival;
use std::net::Ipv6Addr;
use std::sync::Arc;

/// Version of the rules here: rows say with which they were enriched, so that they can be enriched anew. The data have
/// versions of their own ([`Enricher::versions`]).
pub const ENRICH_VERSION: u16 = 2;

/// Everything that was found out, borrowed from the event where nothing had to be decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enriched<'a> {
    /// The page, as [`location::split`] cut it.
    pub page: &'a Location<'a>,
    /// The campaign that brought the visitor.
    pub campaign: Campaign<'a>,
    /// The page before.
    pub referrer: Referrer<'a>,
    /// What kind of page, and the browser's settings.
    pub content: Page<'a>,
    /// The address under the site's policy, IPv4 mapped; `::` if none was kept.
    pub address: Ipv6Addr,
    /// Its keyed hash, where the site keeps that; else empty.
    pub ip_hash: &'a str,
    /// Where that is.
    pub place: Arc<Place>,
    /// Browser, system and device.
    pub agent: Arc<Agent>,
    /// How likely a machine sent it, 0 to 100; from [`bot::LIKELY`] on reports leave it out.
    pub bot_score: u8,
    /// Why, as codes.
    pub bot_reasons: Labels,
    /// How the visitor came.
    pub arrival: Arrival<'a>,
    /// Versions of the data that were used.
    pub data: &'a str,
}
