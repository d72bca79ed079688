//! What an operator says of the pages of a site.
//!
//! ```toml
//! [[site]]
//! key = "shop"                           # or "*": every site that is not named
//! paths = ["/brand/:brand", "/docs/*"]   # the first that matches; other paths go by rule
//! search = ["q", "suche"]                # parameters with the words of the site's own search
//! ```
//!
//! What `footfall paths --write` has learned from the table stands in a file of its own, with `key` and `paths` only; it comes
//! after the operator's patterns and after the rules.

use super::pattern::Pattern;
use super::template;
use crate::enrich::text_file;
use rustc_hash::FxHashMap;
use serde::Deserialize;
use std::borrow::Cow;

/// Parameters that sites usually search by: those that GA4 looks for by itself.
const SEARCH: [&str; 5] = ["q", "s", "search", "query", "keyword"];
/// Patterns of one site at most: a path is held against each.
const PATTERNS: usize = 500;
/// The site for those that are not named.
const ANY: &str = "*";

/// The pages of one site.
#[derive(Debug, Clone)]
pub struct SitePages {
    paths: Vec<Pattern>,
    learned: Vec<Pattern>,
    search: Vec<String>,
}

impl Default for SitePages {
    fn default() -> Self {
        Self {
            paths: Vec::new(),
            learned: Vec::new(),
            search: SEARCH.map(str::to_owned).to_vec(),
        }
    }
}

impl SitePages {
    /// The template of a path.
    #[must_use]
    pub fn template<'p>(&self, path: &'p str) -> Cow<'p, str> {
        if let Some(pattern) = self.pattern(path) {
            return Cow::Owned(pattern.to_owned());
        }
        let mut template = template::of(path);
        for learned in &self.learned {
            if let Some(named) = learned.name_in(&template) {
                template = Cow::Owned(named);
            }
        }
        template
    }

    /// The learned patterns that a path has a part of.
    pub fn learned(&self, path: &str) -> impl Iterator<Item = &str> {
        let mut template = if self.pattern(path).is_some() {
            String::new()
        } else {
            template::of(path).into_owned()
        };
        self.learned.iter().filter_map(move |learned| {
            template = learned.name_in(&template)?;
            Some(learned.text())
        })
    }

    /// The operator's pattern that a path is one of.
    #[must_use]
    pub fn pattern(&self, path: &str) -> Option<&str> {
        let trimmed = if path.len() > 1 {
            path.trim_end_matches('/')
        } else {
            path
        };
        let mut patterns = self.paths.iter();
        patterns
            .find(|pattern| pattern.matches(trimmed))
            .map(Pattern::text)
    }

    /// Parameters of the site's own search.
    #[must_use]
    pub fn search_parameters(&self) -> &[String] {
        &self.search
    }
}

/// All sites.
#[derive(Debug, Default)]
pub struct Pages {
    by_site: FxHashMap<String, SitePages>,
    other: SitePages,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    site: Vec<Site>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Site {
    key: String,
    #[serde(default)]
    paths: Vec<String>,
    search: Option<Vec<String>>,
}

impl Pages {
    /// Reads the operator's text.
    ///
    /// # Errors
    /// The first mistake, with its place.
    pub fn from_toml(text: &str) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|error| text_file::at_line(text, &error))?;
        let mut pages = Self::default();
        for site in file.site {
            let key = site.key.clone();
            let read = site.read()?;
            if key == ANY {
                pages.other = read;
            } else if pages.by_site.insert(key.clone(), read).is_some() {
                return Err(format!("the site `{key}` stands in the file twice"));
            }
        }
        Ok(pages)
    }

    /// Adds what was learned.
    ///
    /// # Errors
    /// The first mistake, with its place.
    pub fn with_learned(mut self, text: &str) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|error| text_file::at_line(text, &error))?;
        for site in file.site {
            let key = site.key.clone();
            let learned = site.read()?.paths;
            let other = &self.other;
            self.by_site.entry(key).or_insert_with(|| other.clone()).learned = learned;
        }
        Ok(self)
    }

    /// The pages of a site.
    #[must_use]
    pub fn of(&self, site: &str) -> &SitePages {
        if self.by_site.is_empty() {
            return &self.other;
        }
        self.by_site.get(site).unwrap_or(&self.other)
    }
}

impl Site {
    fn read(self) -> Result<SitePages, String> {
        if self.paths.len() > PATTERNS {
            return Err(format!(
                "the site `{}` has more than {PATTERNS} patterns",
                self.key
            ));
        }
        let pattern = |text: &String| {
            Pattern::new(text).map_err(|why| format!("the pattern `{text}` of the site `{}` {why}", self.key))
        };
        let paths = self.paths.iter().map(pattern).collect::<Result<_, _>>()?;
        let search = self.search.unwrap_or_else(|| SitePages::default().search);
        Ok(SitePages {
            paths,
            learned: Vec::new(),
            search,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Pages;

    #[test]
    fn a_site_has_its_own_patterns_and_the_rules_for_the_rest() {
        let pages = Pages::from_toml(
            "[[site]]\nkey = \"shop\"\npaths = [\"/brand/:brand\"]\nsearch = [\"suche\"]\n[[site]]\nkey = \"*\"\nsearch = []\n",
        )
        .unwrap();
        let shop = pages.of("shop");
        assert_eq!(shop.template("/brand/acme/"), "/brand/:brand");
        assert_eq!(shop.template("/item/1"), "/item/:id");
        assert_eq!(shop.search_parameters(), ["suche"]);
        assert_eq!(pages.of("blog").template("/brand/acme"), "/brand/acme");
        assert!(pages.of("blog").search_parameters().is_empty());
        assert_eq!(Pages::default().of("x").search_parameters().len(), 5);
    }

    #[test]
    fn what_was_learned_comes_after_the_operators_word_and_the_rules() {
        let learned = "[[site]]\nkey = \"shop\"\npaths = [\"/brand/:part\", \"/brand/:part/:part\", \"/item/:part\"]\n\
                       [[site]]\nkey = \"blog\"\npaths = [\"/:part\"]\n";
        let pages = Pages::from_toml("[[site]]\nkey = \"shop\"\npaths = [\"/brand/acme/*\"]\n[[site]]\nkey = \"*\"\nsearch = [\"w\"]\n")
            .unwrap()
            .with_learned(learned)
            .unwrap();
        let shop = pages.of("shop");
        assert_eq!(shop.template("/brand/acme/red"), "/brand/acme/*");
        assert_eq!(shop.template("/brand/other/red/17"), "/brand/:part/:part/:id");
        assert_eq!(shop.template("/item/17"), "/item/:id");
        assert_eq!(shop.template("/item/lamp"), "/item/:part");
        assert_eq!(shop.learned("/item/lamp").collect::<Vec<_>>(), ["/item/:part"]);
        assert_eq!(pages.of("blog").template("/how-to"), "/:part");
        assert_eq!(
            pages.of("blog").search_parameters(),
            ["w"],
            "as of every site that is not named"
        );
        assert_eq!(pages.of("docs").template("/how-to"), "/how-to");
        assert!(
            Pages::default()
                .with_learned("[[site]]\nkey = 1\n")
                .unwrap_err()
                .starts_with("line 2")
        );
    }

    #[test]
    fn a_mistake_is_said_with_its_place() {
        for (text, expected) in [
            (
                "[[site]]\nkey = \"a\"\npath = []\n",
                "line 3: unknown field `path`",
            ),
            (
                "[[site]]\nkey = \"a\"\n[[site]]\nkey = \"a\"\n",
                "the site `a` stands in the file twice",
            ),
            (
                "[[site]]\nkey = \"a\"\npaths = [\"x\"]\n",
                "the pattern `x` of the site `a` does not begin",
            ),
        ] {
            let error = Pages::from_toml(text).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
