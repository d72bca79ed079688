//! Is it a machine? A score from 0 to 100 and the signs that made it. Bots are never dropped: reports leave them out.
//!
//! What the user agent and its hints say is found once and kept with them ([`super::agent`]): [`crawlers`] (a list),
//! `words` (what no browser says of itself). The rest is the event's own: [`networks`] (data centres), [`spam`]
//! (referrers that only advertise), [`event`] (what a browser would have sent). [`signs`] adds up.
//!
//! What only a whole session shows (pace, no sign of a person) is judged by the view `session_bots`, afterwards.

pub mod crawlers;
pub mod event;
pub(super) mod files;
pub mod networks;
pub mod signs;
pub mod spam;
mod words;

pub use crawlers::Crawlers;
pub use event::{Circumstances, Surroundings};
pub use networks::Networks;
pub use signs::{LIKELY, Sign, Signs};
pub use spam::Spammers;

use footfall_schemas::event::ClientHints;

/// Where the list of crawlers is from.
pub const VERSION: &str = include_str!("../../data/crawler-user-agents/VERSION").trim_ascii();

/// What user agent and hints alone say.
#[must_use]
pub fn agent_signs(crawlers: &Crawlers, user_agent: &str, hints: &ClientHints<'_>) -> Signs {
    let user_agent = words::honest(user_agent);
    let mut signs = words::read(&user_agent, hints);
    if crawlers.has(&user_agent) {
        signs.add(Sign::Crawler);
    }
    signs
}
