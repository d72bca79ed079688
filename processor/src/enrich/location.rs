//! The parts of a URL, as the WHATWG URL standard sees them.
//!
//! Nearly every URL of a page is already in normal form, and cutting it by hand takes a third of what the `url` crate
//! needs. The guard is strict: whatever the crate might normalise goes to the crate. Invariant: for every text that the
//! hand takes, both give the same parts (a property test in `tests/` holds them together).

use std::borrow::Cow;
use url::Url;

/// The parts; empty where there is none. The port is not kept: it is in the full URL.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Location<'a> {
    /// Lower case, IDNA as ASCII, no port, IPv6 in brackets.
    pub host: Cow<'a, str>,
    /// Percent-encoded, without dot segments; `/` for the root.
    pub path: Cow<'a, str>,
    /// Without the `?`, still percent-encoded.
    pub query: Cow<'a, str>,
    /// Without the `#`.
    pub hash: Cow<'a, str>,
}

/// Cuts `url`. A path without a host (`/pricing?a=b`, as servers send it) gives its parts with an empty host; what is
/// no URL at all gives empty parts.
#[must_use]
pub fn split(url: &str) -> Location<'_> {
    if url.is_empty() {
        return Location::default();
    }
    by_hand(url).unwrap_or_else(|| by_crate(url))
}

/// The fast way; `None`: not obviously in normal form.
#[must_use]
pub fn by_hand(url: &str) -> Option<Location<'_>> {
    let (host, rest) = match url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"))
    {
        Some(rest) => authority(rest)?,
        None if url.starts_with('/') => (Cow::Borrowed(""), url),
        None => return None,
    };
    let end = path_end(rest.as_bytes())?;
    let (path, rest) = rest.split_at_checked(end)?;
    // `//x` without a scheme is a host, and a path that begins so is rare enough for the crate.
    if path.starts_with("//") {
        return None;
    }
    let (before_hash, hash) = rest.split_once('#').unwrap_or((rest, ""));
    let query = before_hash.strip_prefix('?').unwrap_or(before_hash);
    let plain = all_of(query, QUERY) && all_of(hash, HASH);
    plain.then_some(Location {
        host,
        path: Cow::Borrowed(if path.is_empty() { "/" } else { path }),
        query: Cow::Borrowed(query),
        hash: Cow::Borrowed(hash),
    })
}

/// The whole standard. Never fails: what cannot be parsed has no parts.
#[must_use]
pub fn by_crate(url: &str) -> Location<'_> {
    let relative = url.starts_with('/') && !url.starts_with("//");
    let parsed = if relative {
        Url::parse("http://relative.invalid").and_then(|base| base.join(url))
    } else {
        Url::parse(url)
    };
    let Ok(parsed) = parsed else {
        return Location::default();
    };
    let host = parsed.host_str().filter(|_| !relative).unwrap_or_default();
    Location {
        host: Cow::Owned(host.to_owned()),
        path: Cow::Owned(parsed.path().to_owned()),
        query: Cow::Owned(parsed.query().unwrap_or_default().to_owned()),
        hash: Cow::Owned(parsed.fragment().unwrap_or_default().to_owned()),
    }
}

/// Host and what follows host and port.
fn authority(rest: &str) -> Option<(Cow<'_, str>, &str)> {
    let end = rest
        .bytes()
        .position(|byte| !is(byte, HOST))
        .unwrap_or(rest.len());
    let (host, mut rest) = rest.split_at_checked(end)?;
    if !is_plain_host(host) {
        return None;
    }
    if let Some(port) = rest.strip_prefix(':') {
        let digits = port.bytes().take_while(u8::is_ascii_digit).count();
        // Up to four digits can be no port out of range; five are left to the crate.
        rest = (1..=4).contains(&digits).then(|| port.get(digits..))??;
    }
    let host = if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(host.to_ascii_lowercase())
    } else {
        Cow::Borrowed(host)
    };
    Some((host, rest))
}

/// No empty label, no number at the end (it could be an IPv4 address in one of its odd spellings), no Punycode.
fn is_plain_host(host: &str) -> bool {
    let bytes = host.as_bytes();
    let mut label = 0; // where the current label began
    for (at, &byte) in bytes.iter().enumerate() {
        if byte == b'.' {
            if at == label {
                return false;
            }
            label = at + 1;
        }
        if at == label && matches!(byte, b'x' | b'X') && bytes.get(at + 2..at + 4) == Some(b"--") {
            return false;
        }
    }
    bytes.get(label).is_some_and(u8::is_ascii_alphabetic)
}

/// Where the path ends (`?`, `#` or the end); `None` if a byte or a dot segment would be normalised.
fn path_end(bytes: &[u8]) -> Option<usize> {
    let mut before = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        if !is(byte, PATH) {
            return matches!(byte, b'?' | b'#').then_some(at);
        }
        let dot = byte == b'.' || (byte == b'%' && bytes.get(at + 1) == Some(&b'2'));
        if (before == b'/' && dot) || (at == 0 && byte != b'/') {
            return None;
        }
        before = byte;
    }
    Some(bytes.len())
}

fn all_of(text: &str, class: u8) -> bool {
    text.bytes().all(|byte| is(byte, class))
}

const HOST: u8 = 1;
const PATH: u8 = 2;
const QUERY: u8 = 4;
const HASH: u8 = 8;

/// Which parts keep a byte exactly as it is.
static CLASSES: [u8; 256] = classes();

fn is(byte: u8, class: u8) -> bool {
    CLASSES[usize::from(byte)] & class != 0
}

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    mark(
        &mut table,
        b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._",
        HOST,
    );
    let text = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&()*+,;=:@%/";
    mark(&mut table, text, PATH | QUERY | HASH);
    mark(&mut table, b"'", PATH | HASH);
    mark(&mut table, b"?", QUERY | HASH);
    mark(&mut table, b"#", HASH);
    table
}

const fn mark(table: &mut [u8; 256], bytes: &[u8], class: u8) {
    let mut at = 0;
    while at < bytes.len() {
        table[bytes[at] as usize] |= class;
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::{by_crate, by_hand, split};

    fn parts(url: &str) -> [String; 4] {
        let location = split(url);
        [location.host, location.path, location.query, location.hash].map(std::borrow::Cow::into_owned)
    }

    #[test]
    fn urls_are_cut_into_their_parts() {
        let cases = [
            ("https://shop.example", ["shop.example", "/", "", ""]),
            ("https://Shop.Example/A?b=c#d", ["shop.example", "/A", "b=c", "d"]),
            ("http://shop.example:8080/a/b?", ["shop.example", "/a/b", "", ""]),
            ("https://shop.example?a=b", ["shop.example", "/", "a=b", ""]),
            ("https://shop.example#top", ["shop.example", "/", "", "top"]),
            (
                "https://shop.example/a/../b/./c",
                ["shop.example", "/b/c", "", ""],
            ),
            ("https://shop.example/a/%2e%2E/b", ["shop.example", "/b", "", ""]),
            ("https://user:pw@shop.example/", ["shop.example", "/", "", ""]),
            (
                "https://bücher.example/ä?ö#ü",
                ["xn--bcher-kva.example", "/%C3%A4", "%C3%B6", "%C3%BC"],
            ),
            ("https://0x7f.1/", ["127.0.0.1", "/", "", ""]),
            ("https://[::1]:8000/x", ["[::1]", "/x", "", ""]),
            ("/pricing?plan=pro#faq", ["", "/pricing", "plan=pro", "faq"]),
            ("/a b", ["", "/a%20b", "", ""]),
            ("about:blank", ["", "blank", "", ""]),
            (
                "android-app://com.example.app/x",
                ["com.example.app", "/x", "", ""],
            ),
            ("https://", ["", "", "", ""]),
            ("no url", ["", "", "", ""]),
            ("", ["", "", "", ""]),
        ];
        for (url, expected) in cases {
            assert_eq!(parts(url), expected, "{url}");
        }
    }

    #[test]
    fn what_the_hand_takes_the_crate_sees_alike() {
        let taken = [
            "https://shop.example/a-b/c_d/~e!$&'()*+,;=:@%41?x=1&y[]".trim_end_matches("[]"),
            "http://localhost:3000/",
            "https://a-b.c_d.example/x.html?q=/?#a?b#c",
            "https://shop.example:443/x",
        ];
        for url in taken {
            assert_eq!(by_hand(url), Some(by_crate(url)), "{url}");
        }
    }

    #[test]
    fn what_would_be_normalised_is_left_to_the_crate() {
        let left = [
            "HTTPS://shop.example/",
            "https://shop.example\\a",
            "https://shop.example/a\tb",
            "https://shop.example/a/.",
            "https://shop.example/%2e/",
            "https://shop.example/?a='b'",
            "https://1.2.3.4/",
            "https://xn--bcher-kva.example/",
            "https://shop..example/",
            "https://shop.example./",
            "https://shop.example:99999/",
            "https://shop.example:/",
            "//shop.example/a",
        ];
        for url in left {
            assert_eq!(by_hand(url), None, "{url}");
        }
    }
}
