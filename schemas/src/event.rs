//! The event in the log: stamped by `ingest`, trusted from there on, one JSON object per record.
//!
//! The record's frame has the number, the visitor (key), the kind and the time of receipt too, so that a forwarder never
//! parses this. Fields that are empty, zero or false are left out of the JSON. From the first version on it carries what
//! later releases need; a new field needs no new version, a changed meaning does.

pub mod trace;
mod write;

use crate::flag::Flags;
use crate::kind::Kind;
use crate::object::{self, Pairs};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use uuid::Uuid;

/// The format that this release writes. A reader meets a higher one only in the middle of an upgrade or a rollback:
/// it pauses and never guesses.
pub const VERSION: u16 = 1;

/// Where the address came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IpSource {
    /// The peer of the connection.
    #[default]
    Peer,
    /// `X-Forwarded-For`, walked through trusted proxies.
    Xff,
    /// `Forwarded` (RFC 7239), walked through trusted proxies.
    Forwarded,
    /// The body, with a server key.
    Body,
}

/// Why the session began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionReason {
    /// The visitor's first, or the page's own where there is no cookie.
    #[default]
    New,
    /// Too long without events.
    Idle,
    /// The session reached its greatest length.
    Length,
    /// Another campaign brought the visitor.
    Campaign,
    /// Midnight in the site's time zone.
    Midnight,
    /// A login or logout.
    Login,
    /// A server said so, with its key.
    Server,
}

/// What was decided about recognising the visitor again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// One page only: no cookie, no daily hash.
    #[default]
    Page,
    /// By the signed cookie.
    Cookie,
    /// By the daily salted hash.
    Cookieless,
    /// By the server that sent the event.
    Server,
}

/// Client hints as the browser sent them (RFC 8942 headers, structured-field text).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ClientHints<'a> {
    /// `Sec-CH-UA`.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub ua: Cow<'a, str>,
    /// `Sec-CH-UA-Full-Version-List`.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub full: Cow<'a, str>,
    /// `Sec-CH-UA-Mobile`.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub mobile: Cow<'a, str>,
    /// `Sec-CH-UA-Platform`.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub platform: Cow<'a, str>,
    /// `Sec-CH-UA-Platform-Version`.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub platform_version: Cow<'a, str>,
    /// `Sec-CH-UA-Model`.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub model: Cow<'a, str>,
}

impl ClientHints<'_> {
    /// Whether the browser sent none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        [
            &self.ua,
            &self.full,
            &self.mobile,
            &self.platform,
            &self.platform_version,
            &self.model,
        ]
        .iter()
        .all(|hint| hint.is_empty())
    }
}

/// One event as it stands in the log. Times are milliseconds since 1970, UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event<'a> {
    /// Format, [`VERSION`].
    pub v: u16,
    /// The client's id of the event, the idempotency key; made by `ingest` where flagged `id_made`.
    pub id: Uuid,
    /// Site key.
    #[serde(borrow)]
    pub site: Cow<'a, str>,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Name of a custom event; empty for the others unless given.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub name: Cow<'a, str>,

    /// Visitor id, also the record's key.
    pub visitor: Uuid,
    /// Session id.
    pub session: Uuid,
    /// When the session began.
    pub session_start: i64,
    /// Why the session began.
    #[serde(default)]
    pub session_reason: SessionReason,
    /// How the visitor is recognised.
    #[serde(default)]
    pub decision: Decision,
    /// The user, as `identify` or `login` named them.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub user_id: Cow<'a, str>,
    /// One page load, made by the beacon; nil if unknown.
    #[serde(default, skip_serializing_if = "Uuid::is_nil")]
    pub page_id: Uuid,
    /// Number of the event on its page, from 1; 0 if unknown.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub seq: u32,
    /// Which attempt to send this was, from 1; 0 if unknown.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub attempt: u32,

    /// When it happened: the client's time corrected by its clock's error, clamped.
    pub time: i64,
    /// The client's own time, as sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ts: Option<i64>,
    /// The client's time of sending, as sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<i64>,
    /// When `ingest` had received it, by its own clock.
    pub received_at: i64,

    /// Full URL of the page.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub url: Cow<'a, str>,
    /// Title of the page.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub title: Cow<'a, str>,
    /// Full URL of the page before, as the browser says.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub referrer: Cow<'a, str>,
    /// Milliseconds during which the page was visible and used.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub engagement_ms: u32,
    /// Deepest scroll position, per cent of the page.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub scroll: u32,

    /// Screen width, CSS pixels.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub screen_w: u32,
    /// Screen height, CSS pixels.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub screen_h: u32,
    /// Width of the viewport, CSS pixels.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub viewport_w: u32,
    /// Height of the viewport, CSS pixels.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub viewport_h: u32,
    /// Language of the browser, BCP 47.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub language: Cow<'a, str>,
    /// Time zone of the browser, IANA.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub timezone: Cow<'a, str>,

    /// Address under the site's policy: full, prefix (`203.0.113.0`), keyed hash as hex, or empty.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub ip: Cow<'a, str>,
    /// Where the address came from.
    #[serde(default)]
    pub ip_source: IpSource,
    /// `Origin` of the request, or the origin of its `Referer`.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub origin: Cow<'a, str>,
    /// Raw `User-Agent`, cut.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub user_agent: Cow<'a, str>,
    /// Raw `Accept-Language`, cut.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub accept_language: Cow<'a, str>,
    /// Client hints.
    #[serde(borrow, default, skip_serializing_if = "ClientHints::is_empty")]
    pub hints: ClientHints<'a>,
    /// `Sec-GPC: 1`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub gpc: bool,
    /// `DNT: 1`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub dnt: bool,
    /// Consent as the page stated it (`granted`, `refused`); empty if it said nothing.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub consent: Cow<'a, str>,
    /// The token that proves in which session a late event happened.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub token: Cow<'a, str>,
    /// What was done to the event.
    #[serde(default, skip_serializing_if = "Flags::is_empty")]
    pub flags: Flags,
    /// Free properties: strings as they are, other values as JSON text, null dropped; a repeated key keeps its last value.
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty", with = "object")]
    pub props: Pairs<'a>,
    /// W3C trace context, if the request was chosen to be traced; always the last field, see [`trace`].
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub traceparent: Cow<'a, str>,
}

const fn is_zero(number: &u32) -> bool {
    *number == 0
}

const fn is_false(truth: &bool) -> bool {
    !*truth
}
