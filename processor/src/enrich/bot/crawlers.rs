//! The list of crawlers: patterns of user agents, `processor/data/crawler-user-agents/patterns.txt`.

use crate::enrich::broken::{Broken, lines};
use regex::{Regex, RegexBuilder};
use std::fmt::Write;
use std::sync::{Arc, LazyLock};

/// The list that is built in.
pub const BUILTIN: &[u8] = include_bytes!("../../../data/crawler-user-agents/patterns.txt");

/// Bytes that the compiled list may have; the built-in one has about a tenth.
const COMPILED_BYTES: usize = 64 << 20;

/// The compiled list. One alternation: half the time of a set that also says which one it was.
#[derive(Debug)]
pub struct Crawlers(Regex);

impl Crawlers {
    /// The built-in list, compiled once a process.
    #[expect(
        clippy::expect_used,
        reason = "it is part of the program, and every test of bots reads it"
    )]
    #[must_use]
    pub fn builtin() -> Arc<Self> {
        static LIST: LazyLock<Arc<Crawlers>> = LazyLock::new(|| {
            Arc::new(Crawlers::from_text(&[BUILTIN]).expect("the built-in list of crawlers compiles"))
        });
        LIST.clone()
    }

    /// Compiles lists into one: a regular expression a line, `#` begins a comment.
    ///
    /// # Errors
    /// One is no text, cut off or empty, or a line is no regular expression.
    pub fn from_text(texts: &[&[u8]]) -> Result<Self, Broken> {
        let mut all = String::new();
        for text in texts {
            for (number, line) in lines(text)? {
                Regex::new(line).map_err(|why| Broken::Entry {
                    place: format!("line {number}"),
                    why: format!("compile the pattern: {why}"),
                })?;
                let _ = write!(all, "{}(?:{line})", if all.is_empty() { "" } else { "|" });
            }
        }
        let compiled = RegexBuilder::new(&all).size_limit(COMPILED_BYTES).build();
        compiled.map(Self).map_err(|why| Broken::Entry {
            place: "all lines".to_owned(),
            why: format!("compile them together: {why}"),
        })
    }

    /// Whether a user agent is on the list.
    #[must_use]
    pub fn has(&self, user_agent: &str) -> bool {
        self.0.is_match(user_agent)
    }
}

#[cfg(test)]
mod tests {
    use super::Crawlers;

    #[test]
    fn crawlers_are_known_and_browsers_are_not() {
        let crawlers = Crawlers::builtin();
        assert!(crawlers.has("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"));
        assert!(!crawlers.has("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"));
    }

    #[test]
    fn a_broken_pattern_is_named_by_its_line() {
        let why = |text: &str| Crawlers::from_text(&[text.as_bytes()]).unwrap_err().to_string();
        assert!(why("one\n# two\n(three\n").starts_with("line 3: compile the pattern"));
        assert!(why("one\ntw").contains("cut off"));
    }
}
