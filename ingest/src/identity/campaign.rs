//! The campaign in a page's address as a number: equal for the same `utm_*` parameters and click ids, 0 if there are none.
//!
//! It only has to tell one campaign from another, so parameters count as they are written. The processor reads their
//! values.

use crate::parts::parts;
use footfall_schemas::CLICK_IDS;

/// FNV-1a over the parameters that count, in their order.
pub(crate) fn hash(url: &str) -> u32 {
    let Some(query) = query(url.as_bytes()) else {
        return 0;
    };
    let counts = |pair: &&[u8]| {
        let at = memchr::memchr(b'=', pair).unwrap_or(pair.len());
        at + 1 < pair.len() && names_a_campaign(&pair[..at])
    };
    let mut hash = 0;
    for pair in parts(query, b'&').filter(counts) {
        hash = pair
            .iter()
            .chain(b"&")
            .fold(if hash == 0 { 0x811C_9DC5 } else { hash }, |hash: u32, byte| {
                (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
            });
    }
    hash
}

/// Between the first `?` and the fragment.
fn query(url: &[u8]) -> Option<&[u8]> {
    let end = memchr::memchr(b'#', url).unwrap_or(url.len());
    let begin = memchr::memchr(b'?', &url[..end])? + 1;
    url.get(begin..end)
}

fn names_a_campaign(name: &[u8]) -> bool {
    let utm = name
        .get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case(b"utm_"));
    utm || CLICK_IDS
        .iter()
        .any(|known| known.as_bytes().eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::hash;

    #[test]
    fn a_campaign_is_told_from_another_and_from_none() {
        let base = hash("https://a.example/x?utm_source=n&b=1&gclid=7#top");
        assert_ne!(base, 0);
        assert_eq!(hash("https://a.example/other?utm_source=n&gclid=7&b=2"), base);
        assert_eq!(hash("utm_source=n"), 0, "no query");
        for other in [
            "https://a.example/x?utm_source=m&gclid=7",
            "https://a.example/x?utm_source=n",
            "https://a.example/x?UTM_source=n&gclid=8",
        ] {
            assert!(hash(other) != 0 && hash(other) != base, "{other}");
        }
        for none in [
            "",
            "https://a.example/",
            "https://a.example/?utm_source=&ref=x",
            "https://a.example/#?utm_source=n&é",
            "https://a.example/?utmé=1",
        ] {
            assert_eq!(hash(none), 0, "{none}");
        }
    }
}
