//! Sources and channels against lists of public facts and against what other packages say.

mod others;
mod public;

use footfall_processor::enrich::source::{Arrival, Known, arrival};
use footfall_processor::enrich::{campaign, location, referrer};

/// What the steps find out about a page and the page before; `tell` gets it, because it borrows from everything.
fn arrive<T>(url: &str, from: &str, tell: impl FnOnce(&Arrival<'_>) -> T) -> T {
    let page = location::split(url);
    let campaign = campaign::read(&page.query);
    let referrer = referrer::read(from, &page.host);
    let known = Known::built_in();
    tell(&arrival::read(&known, &campaign, &referrer, !url.is_empty()))
}
