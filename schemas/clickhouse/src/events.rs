//! The table `events`: one row per event that was kept, everything that reports need.
//!
//! The row is the third stage of trust: `Beacon` (public, unchecked), `Event` (stamped, in the log), [`EventRow`]
//! (enriched). Columns that no release fills yet stand here from the first migration on, empty. Strings are never null;
//! empty means "not said" or "not known". The DDL is `migrations/0001_events.sql` and `0006_enrichment.sql`; a test
//! compares both.

use crate::native::nested::{Codes, FlagNames, Pairs};
use crate::native::{Address, Byte, Code, Count, Fixed, Id, MaybeMillis, Millis, Number, Short, Text, Truth};
use crate::table::table;

/// Name of the table.
pub const EVENTS: &str = "events";

table! {
    /// One row of `events`, borrowing its strings. Fill what is known and take the rest from `Default`.
    row EventRow;
    /// Rows on their way into one insert, column by column.
    block EventBlock;

    /// Site key.
    site: Code, "CODEC(ZSTD(1))";
    /// What happened: `page_view`, `page_leave`, `click`, `custom`, `identify`, `login`, `logout`, `login_failed`, `consent`.
    kind = "type": Code, "CODEC(ZSTD(1))";
    /// Name of a custom event; `(other)` beyond the site's limit of names.
    name: Code, "CODEC(ZSTD(1))";
    /// Idempotency key, made by the client (UUIDv7), or by ingest where flagged `id_made`.
    event_id: Fixed<Id>, "CODEC(ZSTD(1))";
    /// Visitor: from the signed cookie, the daily hash, the page, or the server that sent the event.
    visitor_id: Fixed<Id>, "CODEC(ZSTD(1))";
    /// Session.
    session_id: Fixed<Id>, "CODEC(ZSTD(1))";
    /// When the session began, as the cookie says; reports take the least `time` of the session.
    session_start: Fixed<Millis>, "CODEC(ZSTD(1))";
    /// Why the session began: `new`, `idle`, `length`, `campaign`, `midnight`, `login`, `server`.
    session_start_reason: Code, "CODEC(ZSTD(1))";
    /// How the visitor is recognised: `page`, `cookie`, `cookieless`, `server`.
    decision: Code, "CODEC(ZSTD(1))";
    /// User, as `identify` or `login` named them.
    user_id: Text, "CODEC(ZSTD(1))";
    /// Number of the event on its page, from 1; 0 if unknown.
    seq: Fixed<Count>, "CODEC(T64, ZSTD(1))";
    /// Which attempt to send this was, from 1; 0 if unknown.
    attempt: Fixed<Count>, "CODEC(ZSTD(1))";

    /// When it happened: the client's time corrected by its clock's error, within 30 days before and 5 minutes after receipt.
    time: Fixed<Millis>, "CODEC(T64, ZSTD(1))";
    /// The client's own time, as sent, unchecked; null if it sent none.
    client_time: MaybeMillis, "CODEC(T64, ZSTD(1))";
    /// The client's time of sending, as sent, unchecked; null if it sent none.
    sent_at: MaybeMillis, "CODEC(T64, ZSTD(1))";
    /// When ingest had received it, by its own clock; decides the partition.
    received_at: Fixed<Millis>, "CODEC(T64, ZSTD(1))";

    /// Full URL of the page, as sent but for secrets, tokens and e-mail addresses, which ingest takes out.
    url: Text, "CODEC(ZSTD(1))";
    /// Host of `url`, lower case.
    host: Code, "CODEC(ZSTD(1))";
    /// Path of `url`, as sent.
    path: Text, "CODEC(ZSTD(1))";
    /// `path` with its variable parts named: `/item/:id`; as `path` where nothing is variable, without a slash at its end.
    path_template: Text, "CODEC(ZSTD(1))";
    /// Query of `url` without the `?`.
    query: Text, "CODEC(ZSTD(1))";
    /// Fragment of `url` without the `#`.
    hash: Text, "CODEC(ZSTD(1))";
    /// Words that were searched for on the site itself.
    site_search_term: Text, "CODEC(ZSTD(1))";
    /// Title of the page.
    title: Text, "CODEC(ZSTD(1))";
    /// One load of a page, made by the beacon; nil if unknown.
    page_id: Fixed<Id>, "CODEC(ZSTD(1))";
    /// Full URL of the page before, as the browser said; without secrets too.
    referrer: Text, "CODEC(ZSTD(1))";
    /// Host of `referrer`, lower case.
    referrer_host: Code, "CODEC(ZSTD(1))";
    /// Path of `referrer`.
    referrer_path: Text, "CODEC(ZSTD(1))";

    /// `utm_source` of `url`.
    utm_source: Code, "CODEC(ZSTD(1))";
    /// `utm_medium` of `url`.
    utm_medium: Code, "CODEC(ZSTD(1))";
    /// `utm_campaign` of `url`.
    utm_campaign: Code, "CODEC(ZSTD(1))";
    /// `utm_term` of `url`.
    utm_term: Text, "CODEC(ZSTD(1))";
    /// `utm_content` of `url`.
    utm_content: Text, "CODEC(ZSTD(1))";
    /// `utm_id` of `url`.
    utm_id: Text, "CODEC(ZSTD(1))";
    /// Name of the click id in `url`: `gclid`, `fbclid`, `msclkid`, …
    click_id_name: Code, "CODEC(ZSTD(1))";
    /// Value of the click id.
    click_id: Text, "CODEC(ZSTD(1))";
    /// What brought the visitor, by campaign, click id or referrer; empty if the event does not say.
    source: Code, "CODEC(ZSTD(1))";
    /// The way in which it did: `cpc`, `organic`, `social`, `email`, `referral`, …; empty if the event does not say.
    medium: Code, "CODEC(ZSTD(1))";
    /// Channel that brought the visitor: `direct`, `organic_search`, `paid_search`, `email`, …
    channel: Code, "CODEC(ZSTD(1))";
    /// Name of the known source behind `referrer`: `Google`, `Mastodon`, …
    referrer_source: Code, "CODEC(ZSTD(1))";
    /// Kind of the known source: `search`, `social`, `ai`, `email`, `unknown`, …
    referrer_medium: Code, "CODEC(ZSTD(1))";
    /// Search words, where the source still tells them.
    search_term: Text, "CODEC(ZSTD(1))";

    /// Country of the address, ISO 3166-1 alpha-2.
    country: Code, "CODEC(ZSTD(1))";
    /// Region of the address.
    region: Code, "CODEC(ZSTD(1))";
    /// City of the address.
    city: Code, "CODEC(ZSTD(1))";
    /// Number of the address's network (autonomous system); 0 if unknown.
    asn: Fixed<Count>, "CODEC(ZSTD(1))";
    /// Who runs that network.
    asn_org: Code, "CODEC(ZSTD(1))";

    /// Browser.
    browser: Code, "CODEC(ZSTD(1))";
    /// Version of the browser; the major one alone where the browser told no more.
    browser_version: Code, "CODEC(ZSTD(1))";
    /// Operating system.
    os: Code, "CODEC(ZSTD(1))";
    /// Version of the operating system; empty where browsers say a frozen one (Windows 10 or 11, macOS, Android) and sent no hint.
    os_version: Code, "CODEC(ZSTD(1))";
    /// `desktop`, `mobile`, `tablet`, `tv`, `console`, `watch`, `car`, `xr`, `bot`.
    device_type: Code, "CODEC(ZSTD(1))";
    /// Maker of the device.
    device_brand: Code, "CODEC(ZSTD(1))";
    /// Model of the device.
    device_model: Code, "CODEC(ZSTD(1))";
    /// Width of the screen, CSS pixels; 0 if unknown.
    screen_w: Fixed<Count>, "CODEC(ZSTD(1))";
    /// Height of the screen, CSS pixels; 0 if unknown.
    screen_h: Fixed<Count>, "CODEC(ZSTD(1))";
    /// Width of the viewport, CSS pixels; 0 if unknown.
    viewport_w: Fixed<Count>, "CODEC(ZSTD(1))";
    /// Height of the viewport, CSS pixels; 0 if unknown.
    viewport_h: Fixed<Count>, "CODEC(ZSTD(1))";
    /// Language of the browser, BCP 47 in its usual spelling; what it likes best (`accept_language`) if the page does not say.
    language: Code, "CODEC(ZSTD(1))";
    /// Time zone of the browser, today's IANA name; empty if there is no such zone.
    timezone: Code, "CODEC(ZSTD(1))";
    /// Raw `Accept-Language`, cut at 512 bytes.
    accept_language: Code, "CODEC(ZSTD(1))";
    /// Raw `User-Agent`, cut at 512 bytes.
    user_agent: Code, "CODEC(ZSTD(1))";
    /// Raw `Sec-CH-UA`.
    hint_ua: Code, "CODEC(ZSTD(1))";
    /// Raw `Sec-CH-UA-Full-Version-List`.
    hint_full: Code, "CODEC(ZSTD(1))";
    /// Raw `Sec-CH-UA-Mobile`.
    hint_mobile: Code, "CODEC(ZSTD(1))";
    /// Raw `Sec-CH-UA-Platform`.
    hint_platform: Code, "CODEC(ZSTD(1))";
    /// Raw `Sec-CH-UA-Platform-Version`.
    hint_platform_version: Code, "CODEC(ZSTD(1))";
    /// Raw `Sec-CH-UA-Model`.
    hint_model: Code, "CODEC(ZSTD(1))";

    /// Address under the site's policy, full or prefix, IPv4 mapped (`::ffff:203.0.113.0`); `::` if none was kept.
    ip: Fixed<Address>, "CODEC(ZSTD(1))";
    /// Keyed hash of the address, hex, where the site's policy is `hash`; else empty.
    ip_hash: Text, "CODEC(ZSTD(1))";
    /// Where the address came from: `peer`, `xff`, `forwarded`, `body`.
    ip_source: Code, "CODEC(ZSTD(1))";
    /// `Origin` of the request, or the origin of its `Referer`.
    origin: Code, "CODEC(ZSTD(1))";

    /// `Sec-GPC: 1`.
    gpc: Fixed<Truth>, "CODEC(ZSTD(1))";
    /// `DNT: 1`.
    dnt: Fixed<Truth>, "CODEC(ZSTD(1))";
    /// Consent as the page stated it: `granted`, `refused`; empty if it said nothing.
    consent: Code, "CODEC(ZSTD(1))";

    /// How likely a machine sent this, 0 to 100; reports leave out 50 and more.
    bot_score: Fixed<Byte>, "CODEC(ZSTD(1))";
    /// Why it looks like a machine: `crawler`, `bot_word`, `no_browser`, `no_user_agent`, `headless`, `automation`, `hints_contradict`,
    /// `data_centre`, `spam_referrer`, `no_language`, `headless_screen`.
    bot_reasons: Codes, "CODEC(ZSTD(1))";
    /// What was done to the event on its way: labels of `footfall_schemas::Flag`.
    flags: FlagNames, "CODEC(ZSTD(1))";
    /// It happened in an earlier session and came late.
    late: Fixed<Truth>, "CODEC(ZSTD(1))";

    /// Milliseconds during which the page was visible and used.
    engagement_ms: Fixed<Count>, "CODEC(ZSTD(1))";
    /// Deepest scroll position, per cent of the page.
    scroll: Fixed<Count>, "CODEC(ZSTD(1))";
    /// Free properties: strings as they were, other values as JSON text.
    props: Pairs, "CODEC(ZSTD(1))";

    /// Log that gave the event its number.
    log_id: Fixed<Id>, "CODEC(ZSTD(1))";
    /// Number of the event in that log, from 1.
    log_seq: Fixed<Number>, "CODEC(T64, ZSTD(1))";
    /// Until when the server may accept this row; `DELIVERY` rule 3.
    insert_deadline: Fixed<Millis>, "CODEC(ZSTD(1))";
    /// Version of the rules that enriched the row; 0 if it was not enriched.
    enrich_version: Fixed<Short>, "CODEC(ZSTD(1))";
    /// Versions of the data that enriched the row: `part=version part=version`.
    enrich_data: Code, "CODEC(ZSTD(1))";
    /// Format of the event in the log, `footfall_schemas::event::VERSION`.
    schema_version: Fixed<Short>, "CODEC(ZSTD(1))";
}
