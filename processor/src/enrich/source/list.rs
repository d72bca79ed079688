//! The list of sources: what a file says, and the built-in ones (`data/sources`).
//!
//! ```toml
//! [[source]]
//! name = "Our partner"
//! kind = "referral"                  # search, social, video, shopping, email, ai, payment, own, referral
//! at = ["partner.example", "=exact.example", "engine.*", "portal.example/mail"]
//! words = ["partner"]                # what people write into utm_source
//! terms = ["q"]                      # parameters with the words that were searched for
//! medium = "affiliate"               # if it is not the kind's own
//! ```

use super::super::folder::DataError;
use super::super::text_file;
use serde::Deserialize;
use std::path::Path;

/// What sort of place a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A search engine.
    Search,
    /// A social network, a forum, a messenger.
    Social,
    /// A place for videos.
    Video,
    /// A shop or a comparison of prices.
    Shopping,
    /// Web mail, and hosts that mails' links lead over.
    Email,
    /// An AI assistant.
    Ai,
    /// A provider of payments: whoever comes from there was on the site before.
    Payment,
    /// Another host of the site's owner.
    Own,
    /// Any other place that has a name.
    Referral,
}

impl Kind {
    /// The kind in the column `referrer_medium`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Search => "search",
            Self::Social => "social",
            Self::Video => "video",
            Self::Shopping => "shopping",
            Self::Email => "email",
            Self::Ai => "ai",
            Self::Payment => "payment",
            Self::Own => "internal",
            Self::Referral => "referral",
        }
    }

    /// The medium of a visit that came from there by a plain link; none if that says nothing about the visit.
    #[must_use]
    pub const fn medium(self) -> &'static str {
        match self {
            Self::Search => "organic",
            Self::Social => "social",
            Self::Video => "video",
            Self::Shopping => "shopping",
            Self::Email => "email",
            Self::Ai => "ai",
            Self::Payment | Self::Own => "",
            Self::Referral => "referral",
        }
    }
}

/// One source.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Name as people know it.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Where it is: see the module.
    #[serde(default)]
    pub at: Vec<String>,
    /// What people write into `utm_source` for it, lower case; the first is the source's own in the column `source`.
    #[serde(default)]
    pub words: Vec<String>,
    /// Parameters of its addresses with the words that were searched for.
    #[serde(default)]
    pub terms: Vec<String>,
    /// Medium of its visits, if it is not that of its kind.
    #[serde(default)]
    pub medium: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    source: Vec<Source>,
}

/// The built-in lists, the one that wins first.
pub const BUILT_IN: [&str; 2] = [
    include_str!("../../../data/sources/own.toml"),
    include_str!("../../../data/sources/matomo.toml"),
];

/// Reads a list's text.
///
/// # Errors
/// The first mistake, with its line.
pub fn read(text: &str) -> Result<Vec<Source>, String> {
    let file: File = toml::from_str(text).map_err(|error| text_file::at_line(text, &error))?;
    for source in &file.source {
        let empty = source.name.is_empty() || (source.at.is_empty() && source.words.is_empty());
        if empty {
            return Err(format!(
                "the source `{}` needs a name, and `at` or `words`",
                source.name
            ));
        }
        for at in &source.at {
            check(at).map_err(|why| format!("`{at}` of the source `{}` {why}", source.name))?;
        }
    }
    Ok(file.source)
}

/// Reads a file of the operator's.
///
/// # Errors
/// [`DataError`] with the file's name.
pub fn read_file(path: &Path) -> Result<(Vec<Source>, String), DataError> {
    let text = text_file::read(path)?;
    let list = read(&text).map_err(|why| DataError::Broken(path.to_owned(), why))?;
    Ok((list, text))
}

/// Whether it is a place.
fn check(at: &str) -> Result<(), &'static str> {
    let at = at.strip_prefix('=').unwrap_or(at);
    let host = at.split('/').next().unwrap_or_default();
    let host = host.strip_suffix(".*").unwrap_or(host);
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    if host.is_empty() || host.starts_with('.') || host.ends_with('.') || !host.bytes().all(fits) {
        return Err("is no host: write \"a.example\", \"=a.example\", \"a.*\" or \"a.example/path\"");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{BUILT_IN, Kind, read};

    #[test]
    fn the_built_in_lists_can_be_read() {
        let [ours, matomo] = BUILT_IN.map(|text| read(text).unwrap());
        assert!(ours.len() > 350 && matomo.len() > 400);
    }

    #[test]
    fn a_mistake_is_said_with_its_place() {
        let cases = [
            (
                "[[source]]\nname = \"a\"\nkind = \"serch\"\n",
                "line 3: unknown variant `serch`",
            ),
            ("[[sources]]\n", "line 1: unknown field `sources`"),
            (
                "[[source]]\nname = \"a\"\nkind = \"ai\"\n",
                "the source `a` needs",
            ),
            (
                "[[source]]\nname = \"a\"\nkind = \"ai\"\nat = [\"https://a\"]\n",
                "`https://a` of the source `a` is no host",
            ),
            ("\0", "line 1:"),
        ];
        for (text, expected) in cases {
            let error = read(text).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
        assert_eq!(
            read("[[source]]\nname = \"a\"\nkind = \"own\"\nat = [\"a.example\"]\n").unwrap()[0].kind,
            Kind::Own
        );
        assert!(read("").unwrap().is_empty());
    }
}
