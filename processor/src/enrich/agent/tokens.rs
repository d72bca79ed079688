//! Product tokens of a user agent, `Name/12.3` (RFC 9110, 10.1.5), read by hand where a rule needs one number.

/// The whole number behind `token` (`Chrome/` in `Chrome/142.0.0.0` gives 142), of its first place.
pub(super) fn major(user_agent: &str, token: &str) -> Option<u32> {
    let rest = &user_agent[user_agent.find(token)? + token.len()..];
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    rest[..digits].parse().ok()
}

/// The whole number in front of the first dot of a version.
pub(super) fn leading(version: &str) -> Option<u32> {
    version.split('.').next()?.parse().ok()
}

/// Whether any of `words` is in `text`, which is lower case already.
pub(super) fn any(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::{leading, major};

    #[test]
    fn a_number_is_read_or_there_is_none() {
        assert_eq!(major("A Chrome/142.0.0.0 B", "Chrome/"), Some(142));
        assert_eq!(major("Chrome/x", "Chrome/"), None);
        assert_eq!(major("Chrome/99999999999999", "Chrome/"), None);
        assert_eq!(major("Firefox/1", "Chrome/"), None);
        assert_eq!(
            (leading("18.3"), leading("18"), leading("")),
            (Some(18), Some(18), None)
        );
    }
}
