//! Patterns of paths that an operator writes: `/brand/:brand/:slug`, `/docs/*`.
//!
//! Words must be there as they are; `:name` stands for one part; `*`, at the end only, for all that follows (also nothing).
//! The template of a path that matches is the pattern itself. Patterns that were learned from the table name one more part of
//! what the rules have found, and leave the rest of it ([`Pattern::name_in`]).

/// Longest pattern, bytes.
const BYTES: usize = 512;

/// One pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(text: &str) -> Result<Self, &'static str> {
        if !text.starts_with('/') {
            return Err("does not begin with `/`");
        }
        if text.len() > BYTES {
            return Err("is longer than 512 bytes");
        }
        let mut parts = text.split('/').skip(1).peekable();
        while let Some(part) = parts.next() {
            if part == "*" && parts.peek().is_some() {
                return Err("has a `*` before its end");
            }
            if part == ":" {
                return Err("has a `:` without a name");
            }
        }
        Ok(Self {
            text: text.to_owned(),
        })
    }

    /// The pattern as written: the template of what matches.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether a path, without a slash at its end, is one of these.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        let mut parts = path.split('/');
        for expected in self.text.split('/') {
            if expected == "*" {
                return true;
            }
            let Some(part) = parts.next() else {
                return false;
            };
            let any = expected.starts_with(':') && !part.is_empty();
            if !any && expected != part {
                return false;
            }
        }
        parts.next().is_none()
    }

    /// The template with this pattern in place of its beginning; none if it begins otherwise, or if a part that the pattern
    /// names has a name already.
    #[must_use]
    pub fn name_in(&self, template: &str) -> Option<String> {
        let mut rest = template;
        for expected in self
            .text
            .strip_suffix("/*")
            .unwrap_or(&self.text)
            .split('/')
            .skip(1)
        {
            let after = rest.strip_prefix('/')?;
            let end = after.find('/').unwrap_or(after.len());
            let part = &after[..end];
            let is_word = !part.is_empty() && !part.starts_with(':');
            if part != expected && !(is_word && expected.starts_with(':')) {
                return None;
            }
            rest = &after[end..];
        }
        Some(format!(
            "{}{rest}",
            self.text.strip_suffix("/*").unwrap_or(&self.text)
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn a_pattern_matches_part_by_part() {
        let cases = [
            ("/brand/:brand", "/brand/acme", true),
            ("/brand/:brand", "/brand", false),
            ("/brand/:brand", "/brand/", false),
            ("/brand/:brand", "/brand/acme/shoes", false),
            ("/brand/:brand/*", "/brand/acme/shoes/1", true),
            ("/brand/:brand/*", "/brand/acme", true),
            ("/*", "/", true),
            ("/*", "/a/b", true),
            ("/a", "/b", false),
            ("/a", "", false),
        ];
        for (pattern, path, expected) in cases {
            assert_eq!(
                Pattern::new(pattern).unwrap().matches(path),
                expected,
                "{pattern} {path}"
            );
        }
    }

    #[test]
    fn a_learned_pattern_names_one_more_part_and_leaves_the_rest() {
        let cases = [
            ("/brand/:part", "/brand/acme", Some("/brand/:part")),
            (
                "/brand/:part/*",
                "/brand/acme/shoes/:id",
                Some("/brand/:part/shoes/:id"),
            ),
            ("/brand/:part", "/brand/:id", None),
            ("/brand/:part", "/brand", None),
            ("/brand/:part", "/brand/", None),
            ("/brand/:part", "/brands/acme", None),
            ("/shop/:id/:part", "/shop/:id/acme", Some("/shop/:id/:part")),
            ("/:part", "/acme", Some("/:part")),
            ("/:part", "/", None),
            ("/:part", "", None),
        ];
        for (pattern, template, expected) in cases {
            let named = Pattern::new(pattern).unwrap().name_in(template);
            assert_eq!(named.as_deref(), expected, "{pattern} {template}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for text in ["", "brand", "/a/*/b", "/:/x", &format!("/{}", "x".repeat(600))] {
            assert!(Pattern::new(text).is_err(), "{text}");
        }
    }
}
