//! Where the visitor came from: source, medium and channel of one event, by campaign, click id or referrer.
//!
//! 1. [`list`]: who is a search engine, a social network, an assistant, …: data, with the operator's own before the built-in;
//! 2. [`known`]: finds one by host and path, or by the word that people write into `utm_source`;
//! 3. [`click_id`]: what an advertiser's click id stands for;
//! 4. [`arrival`]: the event's source and medium, and why;
//! 5. [`channel`]: the default channel groups that analysts know, as a table of rules;
//! 6. [`part`]: the operator's file `sources.toml`.
//!
//! The session's first event decides. A step sees one event and not its session (what the event carries of it, its beginning
//! by ingest's clock, does not tell the first event from those of the same batch, nor from one that came late), so each event
//! says what it says by itself: a page that was reached from the site's own pages, or back from paying, says nothing (all
//! empty). Reports take the session's first event by `time`; the view `session_sources` does.

pub mod arrival;
pub mod channel;
pub mod click_id;
pub mod known;
pub mod list;
pub mod part;

pub use arrival::{Arrival, Basis};
pub use channel::Channel;
pub use known::Known;
pub use list::{Kind, Source};
