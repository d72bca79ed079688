//! The trace context of an event whose request was chosen to be traced: W3C `traceparent`, the last field of the JSON.
//!
//! Last on purpose: what ends a record can be seen without reading it, and nothing that the public sends can pass for it
//! (quotes inside strings are escaped, and properties end with a brace of their own).

/// Bytes of a `traceparent` of version 00: `00-<trace id>-<span id>-<flags>`.
pub const BYTES: usize = 55;

const KEY: &[u8] = b",\"traceparent\":\"";
const END: &[u8] = b"\"}";

/// The `traceparent` at the end of an event's JSON.
#[must_use]
pub fn of(payload: &[u8]) -> Option<&str> {
    let text = payload.strip_suffix(END)?;
    let (head, value) = text.split_at_checked(text.len().checked_sub(BYTES)?)?;
    head.ends_with(KEY)
        .then(|| std::str::from_utf8(value).ok())
        .flatten()
}

/// A `traceparent`, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context {
    /// The trace; not all zeros.
    pub trace: [u8; 16],
    /// The span that goes on; not all zeros.
    pub span: [u8; 8],
    /// Bit 0: sampled.
    pub flags: u8,
}

/// Reads a `traceparent` of version 00 (W3C Trace Context, section 3.2).
#[must_use]
pub fn read(traceparent: &[u8]) -> Option<Context> {
    let rest = traceparent.strip_prefix(b"00-")?;
    let (trace, rest) = rest.split_at_checked(32)?;
    let (span, flags) = rest.strip_prefix(b"-")?.split_at_checked(16)?;
    let context = Context {
        trace: hex(trace)?,
        span: hex(span)?,
        flags: hex::<1>(flags.strip_prefix(b"-")?)?[0],
    };
    (context.trace != [0; 16] && context.span != [0; 8]).then_some(context)
}

/// `2 * N` lower-case hex digits.
fn hex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if digits.len() != 2 * N {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        for digit in pair {
            let value = match digit {
                b'0'..=b'9' => digit - b'0',
                b'a'..=b'f' => digit - b'a' + 10,
                _ => return None,
            };
            *byte = *byte << 4 | value;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::{of, read};

    const CONTEXT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn the_last_field_is_found_and_nothing_else_is_taken_for_it() {
        let ours = format!(r#"{{"v":1,"traceparent":"{CONTEXT}"}}"#);
        assert_eq!(of(ours.as_bytes()), Some(CONTEXT));
        for other in [
            String::new(),
            "\"}".to_owned(),
            format!(r#"{{"v":1,"props":{{"a":"b","traceparent":"{CONTEXT}"}}}}"#),
            format!(r#"{{"v":1,"token":",\"traceparent\":\"{CONTEXT}"}}"#),
            format!(r#"{{"v":1,"traceparent":"{CONTEXT}x"}}"#),
            format!(r#"{{"v":1,"traceparent":"{CONTEXT}","w":2}}"#),
        ] {
            assert_eq!(of(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn a_traceparent_is_taken_apart_and_everything_else_is_none() {
        let context = read(CONTEXT.as_bytes()).unwrap();
        assert_eq!((context.trace[0], context.trace[15]), (0x0a, 0x9c));
        assert_eq!((context.span[0], context.span[7], context.flags), (0xb7, 0x31, 1));
        for wrong in [
            "",
            "00-",
            "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
        ] {
            assert_eq!(read(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
