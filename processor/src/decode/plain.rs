//! The usual way through a record, half as long as serde's: its fields stand in the order in which `Event::write_json`
//! writes them, so each is looked for at one place only.
//!
//! Invariant: what is read here is what `serde_json` reads; whatever is written another way is left to it.

use footfall_schemas::event::{ClientHints, Decision, Event, IpSource, SessionReason};
use footfall_schemas::{Flag, Flags, Kind};
use std::borrow::Cow;
use uuid::Uuid;

/// A key as it stands in the text, with the comma before it.
macro_rules! key {
    ($name:literal) => {
        concat!(",\"", $name, "\":")
    };
}

/// Reads one record; none if it is not written as this release writes it, or not an event at all.
pub(super) fn read(text: &str) -> Option<Event<'_>> {
    let mut r = Reader { rest: text };
    let event = Event {
        v: r.must("{\"v\":")?.small()?.try_into().ok()?,
        id: r.must(key!("id"))?.uuid()?,
        site: r.must(key!("site"))?.text()?,
        kind: r.must(key!("type"))?.code(Kind::from_label)?,
        name: r.maybe_text(key!("name"))?,
        visitor: r.must(key!("visitor"))?.uuid()?,
        session: r.must(key!("session"))?.uuid()?,
        session_start: r.must(key!("session_start"))?.time()?,
        session_reason: r.maybe_code(key!("session_reason"), session_reason)?,
        decision: r.maybe_code(key!("decision"), decision)?,
        user_id: r.maybe_text(key!("user_id"))?,
        page_id: if r.key(key!("page_id")) {
            r.uuid()?
        } else {
            Uuid::nil()
        },
        seq: r.count(key!("seq"))?,
        attempt: r.count(key!("attempt"))?,
        time: r.must(key!("time"))?.time()?,
        ts: r.maybe_time(key!("ts"))?,
        sent_at: r.maybe_time(key!("sent_at"))?,
        received_at: r.must(key!("received_at"))?.time()?,
        url: r.maybe_text(key!("url"))?,
        title: r.maybe_text(key!("title"))?,
        referrer: r.maybe_text(key!("referrer"))?,
        engagement_ms: r.count(key!("engagement_ms"))?,
        scroll: r.count(key!("scroll"))?,
        screen_w: r.count(key!("screen_w"))?,
        screen_h: r.count(key!("screen_h"))?,
        viewport_w: r.count(key!("viewport_w"))?,
        viewport_h: r.count(key!("viewport_h"))?,
        language: r.maybe_text(key!("language"))?,
        timezone: r.maybe_text(key!("timezone"))?,
        ip: r.maybe_text(key!("ip"))?,
        ip_source: r.maybe_code(key!("ip_source"), ip_source)?,
        origin: r.maybe_text(key!("origin"))?,
        user_agent: r.maybe_text(key!("user_agent"))?,
        accept_language: r.maybe_text(key!("accept_language"))?,
        hints: r.hints(key!("hints"))?,
        gpc: r.key(",\"gpc\":true"),
        dnt: r.key(",\"dnt\":true"),
        consent: r.maybe_text(key!("consent"))?,
        token: r.maybe_text(key!("token"))?,
        flags: r.flags(key!("flags"))?,
        props: r.props(key!("props"))?,
        traceparent: r.maybe_text(key!("traceparent"))?,
    };
    (r.rest == "}").then_some(event)
}

/// What is left of the text.
struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    /// Whether this comes next; if so, it is taken.
    #[inline(always)]
    fn key(&mut self, key: &str) -> bool {
        self.rest.strip_prefix(key).map(|rest| self.rest = rest).is_some()
    }

    #[inline(always)]
    fn must(&mut self, key: &str) -> Option<&mut Self> {
        self.key(key).then_some(self)
    }

    #[inline(always)]
    fn maybe_text(&mut self, key: &str) -> Option<Cow<'a, str>> {
        if self.key(key) {
            self.text()
        } else {
            Some(Cow::Borrowed(""))
        }
    }

    #[inline(always)]
    fn count(&mut self, key: &str) -> Option<u32> {
        if self.key(key) { self.small() } else { Some(0) }
    }

    #[inline(always)]
    fn maybe_time(&mut self, key: &str) -> Option<Option<i64>> {
        if self.key(key) {
            self.time().map(Some)
        } else {
            Some(None)
        }
    }

    #[inline(always)]
    fn maybe_code<T: Default>(&mut self, key: &str, known: impl Fn(&str) -> Option<T>) -> Option<T> {
        if self.key(key) {
            self.code(known)
        } else {
            Some(T::default())
        }
    }

    fn code<T>(&mut self, known: impl Fn(&str) -> Option<T>) -> Option<T> {
        known(self.text()?.as_ref())
    }

    /// A string.
    #[inline]
    fn text(&mut self) -> Option<Cow<'a, str>> {
        let inside = self.rest.strip_prefix('"')?;
        let length = until_special(inside.as_bytes())?;
        match inside.as_bytes().get(length)? {
            b'"' => {
                self.rest = inside.get(length + 1..)?;
                inside.get(..length).map(Cow::Borrowed)
            }
            b'\\' => self.escaped(length + 1),
            // Control characters must be escaped.
            _ => None,
        }
    }

    /// A string with escapes, the first of them at `at`.
    #[cold]
    fn escaped(&mut self, mut at: usize) -> Option<Cow<'a, str>> {
        let bytes = self.rest.as_bytes();
        loop {
            match bytes.get(at)? {
                b'\\' => at += 2,
                b'"' => break,
                _ => at += 1,
            }
        }
        let (quoted, rest) = self.rest.split_at_checked(at + 1)?;
        self.rest = rest;
        serde_json::from_str(quoted).ok().map(Cow::Owned)
    }

    /// A whole number from 0, of at most 18 digits.
    #[inline]
    fn number(&mut self) -> Option<u64> {
        let bytes = self.rest.as_bytes();
        let (mut number, mut digits) = (0, 0);
        while let Some(digit @ b'0'..=b'9') = bytes.get(digits).copied() {
            number = number * 10 + u64::from(digit - b'0');
            digits += 1;
            if digits > 18 {
                return None;
            }
        }
        let leading_zero = digits > 1 && bytes.first() == Some(&b'0');
        if digits == 0 || leading_zero {
            return None;
        }
        self.rest = self.rest.get(digits..)?;
        Some(number)
    }

    fn small(&mut self) -> Option<u32> {
        self.number()?.try_into().ok()
    }

    fn time(&mut self) -> Option<i64> {
        self.number()?.try_into().ok()
    }

    /// The usual 36 characters.
    fn uuid(&mut self) -> Option<Uuid> {
        let inside = self.rest.strip_prefix('"')?;
        let (text, rest) = inside.split_at_checked(36)?;
        self.rest = rest.strip_prefix('"')?;
        Uuid::try_parse(text).ok()
    }

    fn hints(&mut self, key: &str) -> Option<ClientHints<'a>> {
        if !self.key(key) {
            return Some(ClientHints::default());
        }
        self.must("{")?;
        let mut first = true;
        // Only the first has no comma before it.
        let mut hint = |key: &str| {
            let found = self.key(if first { key.trim_start_matches(',') } else { key });
            first &= !found;
            if found {
                self.text()
            } else {
                Some(Cow::Borrowed(""))
            }
        };
        let hints = ClientHints {
            ua: hint(key!("ua"))?,
            full: hint(key!("full"))?,
            mobile: hint(key!("mobile"))?,
            platform: hint(key!("platform"))?,
            platform_version: hint(key!("platform_version"))?,
            model: hint(key!("model"))?,
        };
        self.must("}")?;
        Some(hints)
    }

    fn flags(&mut self, key: &str) -> Option<Flags> {
        let mut flags = Flags::default();
        if !self.key(key) {
            return Some(flags);
        }
        self.must("[")?;
        loop {
            let label = self.text()?;
            // Those of a newer release are left out.
            if let Some(flag) = Flag::ALL.into_iter().find(|flag| flag.label() == label) {
                flags.set(flag);
            }
            if self.key("]") {
                return Some(flags);
            }
            self.must(",")?;
        }
    }

    fn props(&mut self, key: &str) -> Option<Vec<(Cow<'a, str>, Cow<'a, str>)>> {
        let mut pairs = Vec::new();
        if !self.key(key) {
            return Some(pairs);
        }
        self.must("{")?;
        loop {
            let name = self.text()?;
            let value = self.must(":")?.text()?;
            pairs.push((name, value));
            if self.key("}") {
                return Some(pairs);
            }
            self.must(",")?;
        }
    }
}

fn session_reason(label: &str) -> Option<SessionReason> {
    Some(match label {
        "new" => SessionReason::New,
        "idle" => SessionReason::Idle,
        "length" => SessionReason::Length,
        "campaign" => SessionReason::Campaign,
        "midnight" => SessionReason::Midnight,
        "login" => SessionReason::Login,
        "server" => SessionReason::Server,
        _ => return None,
    })
}

fn decision(label: &str) -> Option<Decision> {
    Some(match label {
        "page" => Decision::Page,
        "cookie" => Decision::Cookie,
        "cookieless" => Decision::Cookieless,
        "server" => Decision::Server,
        _ => return None,
    })
}

fn ip_source(label: &str) -> Option<IpSource> {
    Some(match label {
        "peer" => IpSource::Peer,
        "xff" => IpSource::Xff,
        "forwarded" => IpSource::Forwarded,
        "body" => IpSource::Body,
        _ => return None,
    })
}

/// Where the first byte stands that a JSON string cannot have as it is, or that ends it: eight bytes at a time.
#[inline]
fn until_special(bytes: &[u8]) -> Option<usize> {
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let found = special(u64::from_le_bytes(*word));
        if found != 0 {
            return Some(index * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    let tail = rest
        .iter()
        .position(|byte| matches!(byte, 0..0x20 | b'"' | b'\\'))?;
    Some(words.len() * 8 + tail)
}

/// The high bit of each such byte; of those above the lowest it may lie.
const fn special(word: u64) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    let (quote, escape) = (word ^ (ONES * b'"' as u64), word ^ (ONES * b'\\' as u64));
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    let quote = quote.wrapping_sub(ONES) & !quote;
    let escape = escape.wrapping_sub(ONES) & !escape;
    (control | quote | escape) & (ONES * 0x80)
}

#[cfg(test)]
mod tests;
