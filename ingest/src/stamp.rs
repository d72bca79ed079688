//! From what the public sent to what is in the log: ids, times, cuts and flags. Pure: clock and randomness come in.

use crate::head::Head;
use crate::hints;
use crate::identity::Trust;
use crate::identity::visit::Visit;
use crate::sites::live::Live;
use footfall_schemas::beacon::Stamp;
use footfall_schemas::event::{Event, IpSource, VERSION};
use footfall_schemas::{BeaconEvent, Flag, Flags, limits, reserved};
use std::borrow::Cow;
use std::net::IpAddr;
use uuid::Builder;

/// What holds for all events of one request.
pub(crate) struct Sender<'a> {
    pub(crate) live: &'a Live,
    pub(crate) head: &'a Head<'a>,
    pub(crate) trust: Trust,
    /// Milliseconds since 1970, the edge's one look at its clock.
    pub(crate) received_at: i64,
    pub(crate) sent_at: Stamp,
    /// The connection's address under the site's policy.
    pub(crate) ip: &'a str,
    pub(crate) ip_source: IpSource,
    /// What is kept of an address that a server names, under the site's policy.
    pub(crate) keep: &'a dyn Fn(IpAddr) -> String,
    pub(crate) pixel: bool,
}

/// Makes the event that goes to the log. `noise` fills an id that has to be made.
#[inline]
pub(crate) fn stamp<'a>(
    event: BeaconEvent<'a>,
    sender: &Sender<'a>,
    visit: &mut Visit<'_>,
    noise: impl FnOnce() -> [u8; 10],
) -> Event<'a> {
    let mut flags = Flags::default();
    let server = sender.trust == Trust::Server;
    flags.set_if(Flag::Server, server);
    flags.set_if(Flag::Pixel, sender.pixel);
    flags.set_if(Flag::PropsCut, event.props.cut);
    flags.set_if(Flag::Untrusted, !server && names_a_visitor(&event));
    let time = time(event.ts, sender, &mut flags);
    let who = visit.who(&event, time, &mut flags);
    let place = place(&event, sender, &mut flags);
    // Scrubbed first: a secret that is cut in two would not be known any more.
    let url = sender.live.scrub.url(event.url, &mut flags);
    let referrer = sender.live.scrub.url(event.referrer, &mut flags);
    let mut cut = |text, bytes, flag| cut(text, bytes, flag, &mut flags);
    let url = cut(url, limits::URL_BYTES, Flag::UrlCut);
    let referrer = cut(referrer, limits::URL_BYTES, Flag::ReferrerCut);
    let mut stamped = Event {
        v: VERSION,
        id: event.id.filter(|id| !id.is_max()).unwrap_or_default(),
        site: Cow::Borrowed(&sender.live.site.key),
        kind: event.kind,
        name: cut(event.name, limits::NAME_BYTES, Flag::StringCut),
        visitor: who.visitor,
        session: who.session,
        session_start: who.session_start,
        session_reason: who.reason,
        decision: who.decision,
        user_id: cut(event.user_id, limits::USER_ID_BYTES, Flag::StringCut),
        page_id: who.page_id,
        seq: event.seq,
        attempt: event.attempt,
        time,
        ts: event.ts.millis(),
        sent_at: sender.sent_at.millis(),
        received_at: sender.received_at,
        url,
        title: cut(event.title, limits::STRING_BYTES, Flag::StringCut),
        referrer,
        engagement_ms: event.engagement_ms,
        scroll: event.scroll,
        screen_w: event.screen_w,
        screen_h: event.screen_h,
        viewport_w: event.viewport_w,
        viewport_h: event.viewport_h,
        language: cut(event.language, limits::CODE_BYTES, Flag::StringCut),
        timezone: cut(event.timezone, limits::CODE_BYTES, Flag::StringCut),
        ip: place.ip,
        ip_source: place.source,
        origin: Cow::Borrowed(limits::cut(sender.head.page_origin(), limits::HEADER_BYTES).0),
        user_agent: place.user_agent,
        accept_language: place.accept_language,
        hints: place.hints,
        gpc: sender.head.gpc,
        dnt: sender.head.dnt,
        consent: cut(event.consent, limits::CODE_BYTES, Flag::StringCut),
        token: cut(event.token, limits::STRING_BYTES, Flag::StringCut),
        flags,
        props: event.props.pairs,
        traceparent: Cow::Borrowed(sender.head.trace.context()),
    };
    hints::take(&mut stamped.props, &mut stamped.hints);
    make_id(&mut stamped, noise);
    limit_names(&mut stamped, sender.live);
    stamped
}

/// Where the event came from, and with what.
struct Place<'a> {
    ip: Cow<'a, str>,
    source: IpSource,
    user_agent: Cow<'a, str>,
    accept_language: Cow<'a, str>,
    hints: footfall_schemas::event::ClientHints<'a>,
}

/// The connection's own address and agent; of a server's event only what it says itself: the connection is the server's.
fn place<'a>(event: &BeaconEvent<'a>, sender: &Sender<'a>, flags: &mut Flags) -> Place<'a> {
    if sender.trust == Trust::Server {
        let ip = event.ip.parse().ok().map(crate::client_ip::canonical);
        return Place {
            ip: ip.map_or_else(String::new, sender.keep).into(),
            source: IpSource::Body,
            user_agent: cut(
                event.user_agent.clone(),
                limits::USER_AGENT_BYTES,
                Flag::UserAgentCut,
                flags,
            ),
            accept_language: Cow::Borrowed(""),
            hints: Default::default(),
        };
    }
    let head = sender.head;
    flags.set_if(Flag::UserAgentCut, head.user_agent_cut);
    Place {
        ip: Cow::Borrowed(sender.ip),
        source: sender.ip_source,
        user_agent: Cow::Borrowed(&head.user_agent),
        accept_language: Cow::Borrowed(&head.accept_language),
        hints: borrow_hints(head),
    }
}

fn borrow_hints<'a>(head: &'a Head<'a>) -> footfall_schemas::event::ClientHints<'a> {
    let hints = &head.hints;
    footfall_schemas::event::ClientHints {
        ua: Cow::Borrowed(&hints.ua),
        full: Cow::Borrowed(&hints.full),
        mobile: Cow::Borrowed(&hints.mobile),
        platform: Cow::Borrowed(&hints.platform),
        platform_version: Cow::Borrowed(&hints.platform_version),
        model: Cow::Borrowed(&hints.model),
    }
}

/// Fields that only a server may fill.
fn names_a_visitor(event: &BeaconEvent<'_>) -> bool {
    ![&event.visitor, &event.session, &event.ip, &event.user_agent]
        .iter()
        .all(|text| text.is_empty())
}

/// When it happened, by our clock: `received_at - (sent_at - ts)`, so that a client's wrong clock cancels out; without
/// `sent_at` the client's clock is believed. Clamped, but for a server: it may send what is years old.
fn time(ts: Stamp, sender: &Sender<'_>, flags: &mut Flags) -> i64 {
    let received = sender.received_at;
    let Stamp::At(ts) = ts else {
        flags.set_if(Flag::TsUnreadable, ts == Stamp::Unreadable);
        return received;
    };
    if sender.trust == Trust::Server {
        return ts;
    }
    let time = match sender.sent_at {
        Stamp::At(sent_at) => received.saturating_sub(sent_at.saturating_sub(ts)),
        Stamp::Missing | Stamp::Unreadable => ts,
    };
    let clamped = time.clamp(received - limits::TIME_PAST_MS, received + limits::TIME_FUTURE_MS);
    flags.set_if(Flag::TimeClamped, clamped != time);
    clamped
}

fn cut<'a>(text: Cow<'a, str>, bytes: usize, flag: Flag, flags: &mut Flags) -> Cow<'a, str> {
    if text.len() <= bytes {
        return text;
    }
    flags.set(flag);
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(limits::cut(text, bytes).0),
        Cow::Owned(text) => Cow::Owned(limits::cut(&text, bytes).0.to_owned()),
    }
}

/// A UUIDv7 of the moment of receipt where the sender gave no id.
fn make_id(event: &mut Event<'_>, noise: impl FnOnce() -> [u8; 10]) {
    if event.id.is_nil() {
        let millis = u64::try_from(event.received_at).unwrap_or(0);
        event.id = Builder::from_unix_timestamp_millis(millis, &noise()).into_uuid();
        event.flags.set(Flag::IdMade);
    }
}

/// A name beyond the site's limit moves into props.
fn limit_names(event: &mut Event<'_>, live: &Live) {
    if event.name.is_empty() || reserved::is_reserved(&event.name) || live.memory.names.admit(&event.name) {
        return;
    }
    let name = std::mem::replace(&mut event.name, Cow::Borrowed(limits::NAME_OTHER));
    event.flags.set(Flag::NameOther);
    event.props.retain(|(key, _)| key != "$name");
    event.props.push((Cow::Borrowed("$name"), name));
}

#[cfg(test)]
mod tests;
