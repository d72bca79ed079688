//! The limits of what the public may send, each with its reason.
//!
//! Two rules: too big to *accept* is an error with a status; too long *inside* is cut and flagged, never lost.

/// Bytes of a request body on the wire. A beacon's `keepalive` quota is 64 KiB; servers batch more.
pub const BODY_WIRE_BYTES: usize = 1024 * 1024;
/// Bytes of a body after decompression.
pub const BODY_DECODED_BYTES: usize = 4 * 1024 * 1024;
/// Decoded bytes per wire byte. Real batches stay under 40; a bomb is over 1,000.
pub const BODY_RATIO: usize = 100;
/// Decoded bytes under which the ratio is not judged: tiny, repetitive batches compress absurdly well.
pub const BODY_RATIO_FREE_BYTES: usize = 256 * 1024;
/// Events of one batch. At 32 KiB of props each the decoded limit strikes first.
pub const BATCH_EVENTS: usize = 500;
/// Bytes of all keys and values of one event's props together.
pub const PROPS_BYTES: usize = 32 * 1024;
/// Keys of one event's props.
pub const PROPS_KEYS: usize = 256;
/// Nesting of one props value: deeper is a mistake or an attack, and nobody queries it.
pub const PROPS_DEPTH: usize = 16;
/// Bytes of a props key: longer ones are data in the wrong place.
pub const PROPS_KEY_BYTES: usize = 256;
/// Bytes of `url` and `referrer`. Browsers and proxies stop between 8 and 32 KiB.
pub const URL_BYTES: usize = 8 * 1024;
/// Bytes of any other string.
pub const STRING_BYTES: usize = 8 * 1024;
/// Bytes of `name`: it becomes a low-cardinality column.
pub const NAME_BYTES: usize = 256;
/// Bytes of `user_id`.
pub const USER_ID_BYTES: usize = 256;
/// Bytes of short codes: language, time zone, consent.
pub const CODE_BYTES: usize = 64;
/// Bytes of the raw user agent that are kept. The longest real ones are under 400.
pub const USER_AGENT_BYTES: usize = 512;
/// Bytes of `Accept-Language` and of all client hints.
pub const HEADER_BYTES: usize = 512;
/// Characters of a site key.
pub const SITE_CHARS: usize = 64;
/// How far in the past a corrected client time may lie, ms.
pub const TIME_PAST_MS: i64 = 30 * 24 * 3600 * 1000;
/// How far in the future a corrected client time may lie, ms: clocks differ, delivery does not take negative time.
pub const TIME_FUTURE_MS: i64 = 5 * 60 * 1000;
/// Distinct event names per site; further ones become [`NAME_OTHER`] and stay in props as `$name`.
pub const NAMES_PER_SITE: usize = 2_000;
/// What a name beyond [`NAMES_PER_SITE`] becomes.
pub const NAME_OTHER: &str = "(other)";

/// `text` cut to at most `bytes` bytes at a character boundary, and whether anything was cut.
#[must_use]
pub fn cut(text: &str, bytes: usize) -> (&str, bool) {
    if text.len() <= bytes {
        return (text, false);
    }
    (&text[..text.floor_char_boundary(bytes)], true)
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn a_cut_never_splits_a_character() {
        assert_eq!(cut("aé", 3), ("aé", false));
        assert_eq!(cut("aé", 2), ("a", true));
        assert_eq!(cut("é", 1), ("", true));
    }
}
