//! A problem with its remedy: what `check` prints, and what a wrong configuration answers.

use std::fmt;

/// Something that keeps Footfall from working, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong: names the setting, file or address, and what was found there.
    pub what: String,
    /// What to do, as an instruction.
    pub remedy: String,
}

impl Problem {
    /// A problem with its remedy.
    #[must_use]
    pub fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            remedy: remedy.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n  remedy: {}", self.what, self.remedy)
    }
}

impl std::error::Error for Problem {}

impl From<footfall_processor::server::Trouble> for Problem {
    fn from(trouble: footfall_processor::server::Trouble) -> Self {
        Self::new(trouble.what, trouble.remedy)
    }
}

/// Several problems as one error, for commands that cannot go on.
#[derive(Debug, Clone)]
pub struct Problems(pub Vec<Problem>);

impl std::error::Error for Problems {}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.0.iter().enumerate() {
            if at > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

/// An error with its causes, each said once: many texts name their cause themselves.
#[must_use]
pub fn told(error: &anyhow::Error) -> String {
    error.chain().fold(String::new(), |told, cause| {
        let cause = cause.to_string();
        if told.is_empty() {
            cause
        } else if told.ends_with(&cause) {
            told
        } else {
            format!("{told}: {cause}")
        }
    })
}

/// The name among `known` that `wrong` was most likely meant to be.
#[must_use]
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(wrong, name), name))
        .filter(|(score, _)| *score > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::{nearest, told};
    use anyhow::{Error, anyhow};

    #[test]
    fn a_slip_of_the_finger_finds_its_name() {
        let known = ["ingest.listen", "log.level", "clickhouse.url"];
        assert_eq!(nearest("ingest.lisen", known), Some("ingest.listen"));
        assert_eq!(nearest("clickhouse.ulr", known), Some("clickhouse.url"));
        assert_eq!(nearest("zzz", known), None);
    }

    #[test]
    fn what_an_error_says_of_its_cause_is_not_said_again() {
        #[derive(Debug, thiserror::Error)]
        #[error("cannot start: {0}")]
        struct Outer(#[source] std::io::Error);
        let error = Error::new(Outer(std::io::Error::other("no room"))).context("the edge could not go on");
        assert_eq!(told(&error), "the edge could not go on: cannot start: no room");
        assert_eq!(told(&anyhow!("b").context("a")), "a: b");
    }
}
