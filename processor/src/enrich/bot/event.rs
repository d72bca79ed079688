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

#[cfg(test)]
mod tests {
    use super::{Circumstances, Surroundings};
    use crate::enrich::bot::{Sign, Signs};
    use footfall_schemas::Event;
    use serde_json::{Value, json};
    use std::net::Ipv6Addr;

    /// The signs of a page view with these fields beside the plain ones.
    fn signs(more: &Value, agent: &[Sign]) -> Vec<Sign> {
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        let mut event = json!({"v": 1, "id": id, "site": "shop", "type": "page_view", "visitor": id, "session": id,
            "session_start": 1, "time": 1, "received_at": 1, "user_agent": "Mozilla/5.0", "accept_language": "en"});
        for (name, value) in more.as_object().unwrap() {
            event[name] = value.clone();
        }
        let text = event.to_string();
        let event: Event<'_> = serde_json::from_str(&text).unwrap();
        let mut known = Signs::default();
        agent.iter().for_each(|sign| known.add(*sign));
        let around = Circumstances {
            address: Ipv6Addr::UNSPECIFIED,
            asn: 0,
            referrer_host: "",
        };
        Surroundings::builtin()
            .signs(&event, known, around)
            .iter()
            .collect()
    }

    #[test]
    fn a_browser_has_a_language_and_a_program_need_not_have_one() {
        assert_eq!(signs(&json!({}), &[]), []);
        assert_eq!(signs(&json!({"accept_language": ""}), &[]), [Sign::NoLanguage]);
        let program = signs(&json!({"accept_language": ""}), &[Sign::NoBrowser]);
        assert_eq!(program, [Sign::NoBrowser], "one reason is enough");
    }

    #[test]
    fn a_server_is_judged_by_the_visitor_that_it_names() {
        let server =
            |user_agent: &str| json!({"flags": ["server"], "accept_language": "", "user_agent": user_agent});
        assert_eq!(signs(&server(""), &[Sign::NoUserAgent]), []);
        assert_eq!(signs(&server("Mozilla/5.0"), &[]), []);
        assert_eq!(signs(&server("Googlebot"), &[Sign::Crawler]), [Sign::Crawler]);
    }

    #[test]
    fn a_screen_that_is_all_page_and_small_is_a_sign() {
        let screen =
            |height: u32| json!({"screen_w": 800, "screen_h": 600, "viewport_w": 800, "viewport_h": height});
        assert_eq!(signs(&screen(600), &[]), [Sign::HeadlessScreen]);
        assert_eq!(signs(&screen(513), &[]), []);
    }
}
