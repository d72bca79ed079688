//! Language and time zone in one spelling.

use rustc_hash::FxHashMap;
use std::borrow::Cow;
use std::sync::LazyLock;

/// Longest tag: RFC 5646 lets buffers be 35 bytes long.
const TAG_BYTES: usize = 35;

/// The browser's language (BCP 47): what the page says, else what the browser likes best. The usual spelling of RFC 5646,
/// 2.1.1: `de-AT`, `zh-Hans-CN`; `_` is taken for `-`. Empty if it is no tag.
#[must_use]
pub fn language<'a>(said: &'a str, accept_language: &'a str) -> Cow<'a, str> {
    let page = tag(said);
    if page.is_empty() {
        tag(preferred(accept_language))
    } else {
        page
    }
}

/// The range with the highest weight, the first of several (RFC 9110, 12.5.4).
fn preferred(accept_language: &str) -> &str {
    let mut best = ("", 0.0);
    for range in accept_language.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let tag = parts.next().unwrap_or_default();
        let weight = parts
            .find_map(|part| part.strip_prefix("q="))
            .map_or(Some(1.0), |weight| weight.parse().ok());
        let weight: f32 = weight.unwrap_or_default();
        if weight > best.1 && tag != "*" {
            best = (tag, weight);
        }
    }
    best.0
}

fn tag(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    if text.is_empty() || text.len() > TAG_BYTES {
        return Cow::Borrowed("");
    }
    if is_usual(text.as_bytes()) {
        return Cow::Borrowed(text);
    }
    let mut tag = String::with_capacity(text.len());
    for (at, part) in text.split(['-', '_']).enumerate() {
        let fits = (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let primary = (2..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphabetic());
        if !fits || (at == 0 && !primary) {
            return Cow::Borrowed("");
        }
        spell(&mut tag, at, part);
    }
    if tag == text {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(tag)
    }
}

/// `de`, `de-AT`: nearly all of them, and spelled as they should be.
fn is_usual(text: &[u8]) -> bool {
    let language = |pair: [u8; 2]| {
        pair.iter().all(u8::is_ascii_lowercase) && !WITHDRAWN.iter().any(|(old, _)| old.as_bytes() == pair)
    };
    match *text {
        [a, b] => language([a, b]),
        [a, b, b'-', c, d] => language([a, b]) && c.is_ascii_uppercase() && d.is_ascii_uppercase(),
        _ => false,
    }
}

/// Codes of ISO 639 that were withdrawn and that browsers and phones still send, with today's.
const WITHDRAWN: [(&str, &str); 5] = [
    ("iw", "he"),
    ("in", "id"),
    ("ji", "yi"),
    ("mo", "ro"),
    ("jw", "jv"),
];

/// Languages small, scripts with a capital, countries in capitals, the rest small. Behind a single letter nothing is
/// country or script.
fn spell(tag: &mut String, at: usize, part: &str) {
    let small = part.to_ascii_lowercase();
    if at == 0 {
        let today = WITHDRAWN.iter().find(|(old, _)| *old == small);
        tag.push_str(today.map_or(small.as_str(), |(_, today)| today));
        return;
    }
    let extension = tag.split('-').any(|before| before.len() == 1);
    tag.push('-');
    match part.len() {
        2 if !extension => tag.push_str(&part.to_ascii_uppercase()),
        4 if !extension && small.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
            let (first, rest) = small.split_at(1);
            tag.push_str(&first.to_ascii_uppercase());
            tag.push_str(rest);
        }
        _ => tag.push_str(&small),
    }
}

/// Names of zones as CLDR lists them, also in small letters, each with today's IANA name.
static ZONES: LazyLock<FxHashMap<String, &'static str>> = LazyLock::new(|| {
    let lines = include_str!("../../../data/time-zones/names.txt").lines();
    let pairs = lines
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(' '));
    pairs
        .flat_map(|(name, today)| [(name.to_owned(), today), (name.to_ascii_lowercase(), today)])
        .collect()
});

/// Today's name of a time zone (`Asia/Calcutta` is `Asia/Kolkata`), in any case; empty if there is none of that name.
#[must_use]
pub fn time_zone(name: &str) -> &'static str {
    let name = name.trim();
    if name.is_empty() || name.len() > 64 {
        return "";
    }
    let found = ZONES.get(name).or_else(|| ZONES.get(&name.to_ascii_lowercase()));
    found.copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{ZONES, language, time_zone};
    use std::borrow::Cow;

    #[test]
    fn a_language_has_one_spelling() {
        for (said, expected) in [
            ("de-at", "de-AT"),
            ("EN", "en"),
            ("en_US", "en-US"),
            ("zh-hans-cn", "zh-Hans-CN"),
            ("es-419", "es-419"),
            ("iw-IL", "he-IL"),
            ("sr-latn", "sr-Latn"),
            ("de-de-u-co-phonebk", "de-DE-u-co-phonebk"),
            ("sl-rozaj-biske", "sl-rozaj-biske"),
            ("", ""),
            ("x", ""),
            ("*", ""),
            ("undefined", ""),
            ("en--US", ""),
            ("en-US@posix", ""),
            ("a very long text that is no language at all", ""),
        ] {
            assert_eq!(language(said, ""), expected, "{said}");
        }
        assert!(matches!(language("de-AT", ""), Cow::Borrowed(_)));
    }

    #[test]
    fn the_browsers_wish_counts_where_the_page_says_nothing() {
        for (accept, expected) in [
            ("de-AT,de;q=0.9,en;q=0.8", "de-AT"),
            ("en;q=0.5, fr;q=0.7, *;q=0.9", "fr"),
            ("*", ""),
            ("en;q=x", ""),
            ("de;q=0", ""),
            ("", ""),
        ] {
            assert_eq!(language("", accept), expected, "{accept}");
        }
        assert_eq!(language("ko", "en"), "ko");
    }

    #[test]
    fn a_time_zone_has_todays_name() {
        for (name, expected) in [
            ("Europe/Vienna", "Europe/Vienna"),
            ("europe/vienna", "Europe/Vienna"),
            ("Asia/Calcutta", "Asia/Kolkata"),
            ("Europe/Kiev", "Europe/Kyiv"),
            ("Asia/Saigon", "Asia/Ho_Chi_Minh"),
            ("America/Buenos_Aires", "America/Argentina/Buenos_Aires"),
            ("Europe/Amsterdam", "Europe/Amsterdam"),
            ("Africa/Asmera", "Africa/Asmara"),
            ("UTC", "UTC"),
            ("Etc/UTC", "UTC"),
            ("Etc/GMT-1", "Etc/GMT-1"),
            ("US/Pacific", "America/Los_Angeles"),
            ("Mars/Olympus", ""),
            ("", ""),
        ] {
            assert_eq!(time_zone(name), expected, "{name}");
        }
        assert!(ZONES.len() > 550);
    }
}
