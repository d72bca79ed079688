//! Browser, operating system and device of an event, from its user agent and its client hints. Unknown stays empty.
//!
//! 1. [`uap`]: the rules of uap-core say what the user agent names;
//! 2. `beyond` names what they do not; `frozen`: what browsers no longer mean by it is taken out;
//! 3. `hints`: client hints are read, and where they were sent they win: `brands`, `platform`, the model;
//! 4. `device`: the kind of device;
//! 5. [`crate::enrich::bot`]: what the user agent alone says about bots.
//!
//! All of that costs tens of microseconds, so [`Agents`] keeps what it found.

mod beyond;
mod brands;
mod cache;
mod device;
pub(super) mod files;
mod frozen;
mod hints;
mod platform;
mod tokens;
pub mod uap;

use super::bot::{Crawlers, LIKELY, Signs, agent_signs};
use cache::Cache;
use footfall_schemas::event::ClientHints;
use footfall_schemas::limits::{USER_AGENT_BYTES, cut};
use hints::Hinted;
use std::fmt;
use std::sync::{Arc, LazyLock};
use uap::{Said, Uap};

/// What is known of a browser and its device. Names are uap-core's; empty is unknown.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Agent {
    /// Browser: `Chrome Mobile`.
    pub browser: Box<str>,
    /// Its version, dotted.
    pub browser_version: Box<str>,
    /// Operating system: `Mac OS X`.
    pub os: Box<str>,
    /// Its version, dotted.
    pub os_version: Box<str>,
    /// `desktop`, `mobile`, `tablet`, `tv`, `console`, `watch`, `car`, `xr`, `bot`.
    pub device_type: &'static str,
    /// Maker of the device.
    pub device_brand: Box<str>,
    /// Model of the device.
    pub device_model: Box<str>,
    /// What it says about bots.
    pub signs: Signs,
}

/// The rules for user agents, and what they said lately. Shared by all who read; not cloned.
pub struct Agents {
    uap: Arc<Uap>,
    crawlers: Arc<Crawlers>,
    cache: Cache,
}

impl fmt::Debug for Agents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Agents").finish_non_exhaustive()
    }
}

impl Agents {
    /// With the data that is built in. The rules are compiled once a process, at the first call.
    #[must_use]
    pub fn builtin() -> Self {
        Self::new(builtin_uap(), Crawlers::builtin())
    }

    /// With data of one's own: [`Uap::from_json`], [`Crawlers::from_text`].
    #[must_use]
    pub fn new(uap: Arc<Uap>, crawlers: Arc<Crawlers>) -> Self {
        Self {
            uap,
            crawlers,
            cache: Cache::new(),
        }
    }

    /// The same with another list of crawlers, and nothing remembered.
    #[must_use]
    pub fn with_crawlers(&self, crawlers: Arc<Crawlers>) -> Self {
        Self::new(self.uap.clone(), crawlers)
    }

    /// The same with other rules, and nothing remembered.
    #[must_use]
    pub fn with_rules(&self, uap: Arc<Uap>) -> Self {
        Self::new(uap, self.crawlers.clone())
    }

    /// What is known of a user agent (of its first [`USER_AGENT_BYTES`]) and its hints.
    #[must_use]
    pub fn read(&self, user_agent: &str, hints: &ClientHints<'_>) -> Arc<Agent> {
        let user_agent = cut(user_agent, USER_AGENT_BYTES).0;
        self.cache
            .get(user_agent, hints, || self.read_anew(user_agent, hints))
    }

    /// The same, past what is remembered.
    #[must_use]
    pub fn read_anew(&self, user_agent: &str, hints: &ClientHints<'_>) -> Agent {
        let user_agent = cut(user_agent, USER_AGENT_BYTES).0;
        let hinted = hints::read(hints);
        let mut said = self.uap.read(user_agent);
        beyond::name(user_agent, &mut said);
        frozen::thaw(user_agent, &mut said);
        brands::apply(&hinted, &mut said);
        platform::apply(&hinted, &mut said);
        self.model(&hinted, &mut said);
        let signs = agent_signs(&self.crawlers, user_agent, hints);
        let device_type = if !user_agent.is_empty() && signs.score() >= LIKELY {
            "bot"
        } else {
            device::kind(user_agent, &said, hinted.mobile)
        };
        Agent {
            browser: said.browser.into(),
            browser_version: said.browser_version.into(),
            os: said.os.into(),
            os_version: said.os_version.into(),
            device_type,
            device_brand: said.brand.into(),
            device_model: said.model.into(),
            signs,
        }
    }

    /// The model that was hinted at, with the maker that uap-core knows for it in a user agent.
    fn model(&self, hinted: &Hinted, said: &mut Said) {
        if hinted.model.is_empty() {
            return;
        }
        let written = format!(
            "Mozilla/5.0 (Linux; Android 10; {}) AppleWebKit/537.36 Chrome/100.0.0.0 Mobile Safari/537.36",
            hinted.model
        );
        let mut device = Said::default();
        self.uap.device(&written, &mut device);
        said.model = if device.model.is_empty() {
            hinted.model.clone()
        } else {
            device.model
        };
        said.brand = device.brand;
    }
}

/// The built-in rules, compiled at the first call.
#[expect(
    clippy::expect_used,
    reason = "they are part of the program, and every test of user agents reads them"
)]
pub(super) fn builtin_uap() -> Arc<Uap> {
    static RULES: LazyLock<Arc<Uap>> = LazyLock::new(|| {
        Arc::new(Uap::from_json(uap::BUILTIN).expect("the built-in rules for user agents compile"))
    });
    RULES.clone()
}
