//! The campaign in a page's address as a number: equal for the same `utm_*` parameters and click ids, 0 if there are none.
//!
//! It only has to tell one campaign from another, so parameters count as they are written. The processor reads their
//! values.

use footfall_schemas::CLICK_IDS;

/// FNV-1a over the parameters that count, in their order.
pub(crate) fn hash(url: &str) -> u32 {
    let before_hash = url.split_once('#').map_or(url, |(before, _)| before);
    let Some((_, query)) = before_hash.split_once('?') else {
        return 0;
    };
    let counts = |pair: &&str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        !value.is_empty() && names_a_campaign(name)
    };
    let mut hash = 0;
    for pair in query.split('&').filter(counts) {
        hash = pair
            .bytes()
            .chain([b'&'])
            .fold(if hash == 0 { 0x811C_9DC5 } else { hash }, |hash: u32, byte| {
                (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
            });
    }
    hash
}

fn names_a_campaign(name: &str) -> bool {
    let utm = name
        .get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("utm_"));
    utm || CLICK_IDS.iter().any(|known| known.eq_ignore_ascii_case(name))
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
