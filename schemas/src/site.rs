//! The site key: which tenant an event belongs to.

use crate::limits::SITE_CHARS;

/// Whether `key` can name a site: 1 to 64 of `[a-z0-9_-]`. It becomes part of a cookie's name and of the sort key.
#[must_use]
pub fn is_key(key: &str) -> bool {
    (1..=SITE_CHARS).contains(&key.len())
        && key
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::is_key;

    #[test]
    fn a_site_key_is_short_and_plain() {
        for good in ["demo", "my-shop_2", "a", &"x".repeat(64)] {
            assert!(is_key(good), "{good}");
        }
        for bad in ["", "Demo", "a b", "é", "a.b", &"x".repeat(65)] {
            assert!(!is_key(bad), "{bad}");
        }
    }
}
