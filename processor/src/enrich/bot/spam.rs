//! Hosts that only appear as referrers so that somebody reads their name in a report:
//! `processor/data/referrer-spam-list/spammers.txt`. Their subdomains count.

use crate::enrich::broken::{Broken, lines};
use rustc_hash::FxHashSet;
use std::sync::{Arc, LazyLock};

/// The list that is built in.
pub const BUILTIN: &[u8] = include_bytes!("../../../data/referrer-spam-list/spammers.txt");

/// A set of hosts.
#[derive(Debug)]
pub struct Spammers(FxHashSet<Box<str>>);

impl Spammers {
    /// The built-in list.
    #[expect(
        clippy::expect_used,
        reason = "it is part of the program, and a test reads it"
    )]
    #[must_use]
    pub fn builtin() -> Arc<Self> {
        static LIST: LazyLock<Arc<Spammers>> = LazyLock::new(|| {
            Arc::new(Spammers::from_text(&[BUILTIN]).expect("the built-in list of spammers is right"))
        });
        LIST.clone()
    }

    /// Reads lists into one set: a host a line, `#` begins a comment.
    ///
    /// # Errors
    /// One is no text, cut off or empty, or a line is no host.
    pub fn from_text(texts: &[&[u8]]) -> Result<Self, Broken> {
        let mut hosts = FxHashSet::default();
        for text in texts {
            for (number, line) in lines(text)? {
                if !line.contains('.') || line.contains(['/', ' ', ':', '\t']) {
                    return Err(Broken::Entry {
                        place: format!("line {number}"),
                        why: format!("read {line:?} as a host"),
                    });
                }
                hosts.insert(line.to_lowercase().into());
            }
        }
        Ok(Self(hosts))
    }

    /// Whether a host (lower case) or a domain that it is in is on the list.
    #[must_use]
    pub fn has(&self, host: &str) -> bool {
        let mut rest = host;
        loop {
            if self.0.contains(rest) {
                return true;
            }
            let Some((_, parent)) = rest.split_once('.') else {
                return false;
            };
            rest = parent;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Spammers;

    #[test]
    fn a_host_counts_with_its_subdomains() {
        let spammers = Spammers::builtin();
        assert!(spammers.has("semalt.com") && spammers.has("semalt.semalt.com"));
        for host in ["", "com", "notsemalt.com", "semalt.com.example", "google.com"] {
            assert!(!spammers.has(host), "{host}");
        }
    }

    #[test]
    fn a_line_that_is_no_host_is_named() {
        let why = |text: &[u8]| Spammers::from_text(&[text]).unwrap_err().to_string();
        assert_eq!(
            why(b"a.example\nhttp://b.example/\n"),
            "line 2: read \"http://b.example/\" as a host"
        );
        assert_eq!(why(b"a\n"), "line 1: read \"a\" as a host");
    }
}
