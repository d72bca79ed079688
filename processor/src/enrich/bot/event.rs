//! What an event beside its user agent says about machines.

use super::networks::Networks;
use super::signs::{Sign, Signs};
use super::spam::Spammers;
use footfall_schemas::{Event, Flag};
use std::net::Ipv6Addr;
use std::sync::Arc;

/// The lists that events are held against.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// Data centres.
    pub networks: Arc<Networks>,
    /// Spam referrers.
    pub spammers: Arc<Spammers>,
}

/// What other steps have found out about the event.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// Its address, IPv4 mapped; `::` if there is none.
    pub address: Ipv6Addr,
    /// Number of the network that it is in; 0 if unknown.
    pub asn: u32,
    /// Host of the page before, lower case; empty if there is none.
    pub referrer_host: &'a str,
}

impl Surroundings {
    /// The lists that are built in.
    #[must_use]
    pub fn builtin() -> Self {
        Self {
            networks: Networks::builtin(),
            spammers: Spammers::builtin(),
        }
    }

    /// The signs of `event`; `agent` are those of its user agent. An event of a site's own server has only what the server
    /// says of a visitor: no user agent and no language mean nothing there.
    #[must_use]
    pub fn signs(&self, event: &Event<'_>, agent: Signs, around: Circumstances<'_>) -> Signs {
        let by_server = event.flags.has(Flag::Server);
        let silent = by_server && event.user_agent.is_empty();
        let mut signs = if silent { Signs::default() } else { agent };
        signs.add_if(Sign::DataCentre, self.networks.has(around.address, around.asn));
        signs.add_if(
            Sign::SpamReferrer,
            !around.referrer_host.is_empty() && self.spammers.has(around.referrer_host),
        );
        let browser = !signs.has(Sign::NoUserAgent) && !signs.has(Sign::NoBrowser);
        signs.add_if(
            Sign::NoLanguage,
            browser && !by_server && event.accept_language.is_empty(),
        );
        signs.add_if(Sign::HeadlessScreen, headless_screen(event));
        signs
    }
}

/// Chromium without a window has a screen of 800 x 600, all of it page: with one, bars take a part of the height.
fn headless_screen(event: &Event<'_>) -> bool {
    (event.screen_w, event.screen_h) == (800, 600) && (event.viewport_w, event.viewport_h) == (800, 600)
}
