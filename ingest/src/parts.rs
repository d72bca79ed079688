//! Texts in parts, found many bytes at a time: cookies and queries are the longest things that each request brings.

/// The parts between these bytes, as `slice::split` gives them.
pub(crate) fn parts(text: &[u8], between: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let all = rest?;
        let Some(at) = memchr::memchr(between, all) else {
            rest = None;
            return Some(all);
        };
        rest = all.get(at + 1..);
        all.get(..at)
    })
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn parts_are_those_of_a_split() {
        for text in ["", ";", "a", "a;b", ";a;;b;", "a;b;c"] {
            let split = text.as_bytes().split(|byte| *byte == b';');
            assert!(parts(text.as_bytes(), b';').eq(split), "{text}");
        }
    }
}
