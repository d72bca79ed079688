//! Values of a query, and their percent-decoding as `application/x-www-form-urlencoded` has it (WHATWG URL, section 5.1).

use memchr::memchr2;
use std::borrow::Cow;

/// `text` with `+` as space and `%XX` as bytes; borrowed when there is nothing to decode. A `%` without two hex digits
/// stays as it is; bytes that are not UTF-8 become U+FFFD, as browsers do it.
#[must_use]
pub fn decode(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let Some(first) = memchr2(b'%', b'+', bytes) else {
        return Cow::Borrowed(text);
    };
    let (plain, mut rest) = bytes.split_at(first);
    let mut decoded = Vec::with_capacity(bytes.len());
    decoded.extend_from_slice(plain);
    while let Some((&byte, after)) = rest.split_first() {
        let (value, after) = match (byte, after) {
            (b'+', after) => (b' ', after),
            (b'%', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, after),
                _ => (b'%', rest.get(1..).unwrap_or_default()),
            },
            (byte, after) => (byte, after),
        };
        decoded.push(value);
        rest = after;
    }
    match String::from_utf8(decoded) {
        Ok(text) => Cow::Owned(text),
        Err(error) => Cow::Owned(String::from_utf8_lossy(error.as_bytes()).into_owned()),
    }
}

/// The first value of one of these parameters that says something; empty if there is none.
#[must_use]
pub fn value<'q>(query: &'q str, names: &[String]) -> &'q str {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .find(|(name, value)| !value.is_empty() && names.iter().any(|known| known == name))
        .map_or("", |(_, value)| value)
}

const fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::decode;
    use std::borrow::Cow;

    #[test]
    fn query_values_are_decoded_as_browsers_do() {
        let cases = [
            ("", ""),
            ("spring", "spring"),
            ("spring+sale", "spring sale"),
            ("spring%20sale", "spring sale"),
            ("a%2Bb%2fc", "a+b/c"),
            ("%E2%82%AC", "€"),
            ("100%", "100%"),
            ("%zz%4", "%zz%4"),
            ("%%41", "%A"),
            ("%ff", "\u{fffd}"),
            ("é+%C3%A9", "é é"),
        ];
        for (text, expected) in cases {
            assert_eq!(decode(text), expected, "{text}");
        }
    }

    #[test]
    fn plain_text_is_not_copied() {
        assert!(matches!(decode("spring_sale-2026"), Cow::Borrowed(_)));
    }
}
