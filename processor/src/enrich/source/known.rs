//! Finds a source by where a referrer lies, or by a word. Cost: a few hash lookups, one per label of the host.

use super::list::{self, Source};
use rustc_hash::FxHashMap;
use std::sync::{Arc, LazyLock};

/// Longest host that is looked up: DNS has no longer one (RFC 1035). Bounds the work of a hostile referrer.
const HOST_BYTES: usize = 255;

/// Sources by host.
type ByHost = FxHashMap<Box<str>, Vec<Spot>>;

/// A place at a host.
#[derive(Debug)]
struct Spot {
    /// Empty: everywhere on the host.
    path: Box<str>,
    source: usize,
}

/// All known sources.
#[derive(Debug, Default)]
pub struct Known {
    sources: Vec<Source>,
    /// Only this host.
    exact: ByHost,
    /// Only this host, in every country's domain: the key ends before that.
    exact_anywhere: ByHost,
    /// This host and all below it.
    below: ByHost,
    /// The same in every country's domain.
    below_anywhere: ByHost,
    words: FxHashMap<Box<str>, usize>,
}

impl Known {
    /// The built-in lists. Made once per process.
    #[must_use]
    pub fn built_in() -> Arc<Self> {
        static BUILT_IN: LazyLock<Arc<Known>> = LazyLock::new(|| Arc::new(Known::with(Vec::new())));
        Arc::clone(&BUILT_IN)
    }

    /// These sources, and the built-in ones where these say nothing: of `m.a.example` a list below says nothing any more
    /// if one above has `a.example`.
    #[must_use]
    pub fn with(own: Vec<Source>) -> Self {
        // A test reads the built-in lists.
        let built_in = list::BUILT_IN.map(|text| list::read(text).unwrap_or_default());
        let mut known = Self::default();
        for list in std::iter::once(own).chain(built_in) {
            let above = known.sources.len();
            for source in list {
                known.add(source, above);
            }
        }
        known
    }

    /// The source at a place, most specific first: the host alone, then hosts above it; of one host the longest path.
    /// `host` is lower case, or the name of an Android app; without `www.` it is the same host.
    #[must_use]
    pub fn at(&self, host: &str, path: &str) -> Option<&Source> {
        self.sources.get(self.index_at(host, path)?)
    }

    fn index_at(&self, host: &str, path: &str) -> Option<usize> {
        if host.is_empty() || host.len() > HOST_BYTES {
            return None;
        }
        let lower = host.bytes().any(|byte| byte.is_ascii_uppercase());
        let owned = lower.then(|| host.to_ascii_lowercase());
        let host = owned.as_deref().unwrap_or(host);
        let host = host.strip_prefix("www.").unwrap_or(host);
        let anywhere = without_country(host).unwrap_or_default();
        pick(&self.exact, host, path)
            .or_else(|| pick(&self.exact_anywhere, anywhere, path))
            .or_else(|| self.above(host, anywhere, path))
    }

    /// The source that a word of `utm_source` means: a known word, or a host. Lower case.
    #[must_use]
    pub fn named(&self, word: &str) -> Option<&Source> {
        if let Some(found) = self.words.get(word) {
            return self.sources.get(*found);
        }
        if word.contains('.') {
            self.at(word, "/")
        } else {
            None
        }
    }

    fn above(&self, host: &str, anywhere: &str, path: &str) -> Option<usize> {
        let mut at = Some((host, anywhere));
        while let Some((host, anywhere)) = at {
            let found = pick(&self.below, host, path).or_else(|| pick(&self.below_anywhere, anywhere, path));
            if found.is_some() {
                return found;
            }
            let (_, parent) = host.split_once('.')?;
            at = Some((parent, anywhere.split_once('.').map_or("", |(_, parent)| parent)));
        }
        None
    }

    /// `above`: sources up to there are of lists that win.
    fn add(&mut self, source: Source, above: usize) {
        let index = self.sources.len();
        for at in &source.at {
            let at = at.to_ascii_lowercase();
            let (alone, at) = at.strip_prefix('=').map_or((false, at.as_str()), |at| (true, at));
            let (host, path) = at.find('/').map_or((at, ""), |slash| at.split_at(slash));
            let host = host.strip_prefix("www.").unwrap_or(host);
            let (anywhere, host) = host.strip_suffix(".*").map_or((false, host), |host| (true, host));
            let example = if anywhere {
                format!("{host}.com")
            } else {
                host.to_owned()
            };
            let found = self.index_at(&example, if path.is_empty() { "/" } else { path });
            if found.is_some_and(|found| found < above) {
                continue;
            }
            let places = match (alone, anywhere) {
                (true, true) => &mut self.exact_anywhere,
                (true, false) => &mut self.exact,
                (false, true) => &mut self.below_anywhere,
                (false, false) => &mut self.below,
            };
            put(places.entry(host.into()).or_default(), path, index);
        }
        for word in &source.words {
            let word = word.to_lowercase().into_boxed_str();
            self.words.entry(word).or_insert(index);
        }
        self.sources.push(source);
    }
}

fn pick(places: &ByHost, host: &str, path: &str) -> Option<usize> {
    let spots = places.get(host)?;
    spots
        .iter()
        .find(|spot| is_in(path, &spot.path))
        .map(|spot| spot.source)
}

/// Longest path first; of two that are the same the first stays.
fn put(spots: &mut Vec<Spot>, path: &str, source: usize) {
    if spots.iter().any(|spot| &*spot.path == path) {
        return;
    }
    let at = spots.partition_point(|spot| spot.path.len() > path.len());
    let path = path.into();
    spots.insert(at, Spot { path, source });
}

/// Whole parts of a path: `/mail` has `/mail/u/0`, not `/mailing`.
fn is_in(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix)
        .is_some_and(|rest| prefix.is_empty() || rest.is_empty() || rest.starts_with('/'))
}

/// `google` of `google.de`, `google.co.uk`, `google.com`; none if what follows is no such ending.
fn without_country(host: &str) -> Option<&str> {
    const GENERIC: [&str; 4] = ["com", "net", "org", "info"];
    const SECOND: [&str; 7] = ["co", "com", "net", "org", "ne", "or", "gov"];
    let (before, last) = host.rsplit_once('.')?;
    let country = last.len() == 2 && last.bytes().all(|byte| byte.is_ascii_lowercase());
    if !country {
        return GENERIC.contains(&last).then_some(before);
    }
    match before.rsplit_once('.') {
        Some((name, second)) if SECOND.contains(&second) => Some(name),
        _ => Some(before),
    }
}

#[cfg(test)]
mod tests {
    use super::{Known, list, without_country};

    fn known(text: &str) -> Known {
        Known::with(list::read(text).unwrap())
    }

    fn name<'a>(known: &'a Known, host: &str, path: &str) -> &'a str {
        known.at(host, path).map_or("", |source| &source.name)
    }

    #[test]
    fn the_most_specific_place_counts() {
        let known = known(
            r#"source = [
                { name = "below", kind = "social", at = ["a.example"] },
                { name = "alone", kind = "search", at = ["=b.a.example"] },
                { name = "path", kind = "email", at = ["a.example/mail", "=engine.*/maps"] },
                { name = "longer", kind = "email", at = ["a.example/mail/new"] },
                { name = "engine", kind = "search", at = ["=engine.*"] },
                { name = "many", kind = "shopping", at = ["shop.*"] },
                { name = "second", kind = "ai", at = ["a.example"] },
            ]"#,
        );
        let cases = [
            ("a.example", "/", "below"),
            ("www.a.example", "/", "below"),
            ("c.b.a.example", "/", "below"),
            ("b.a.example", "/", "alone"),
            ("xa.example", "/", ""),
            ("a.example", "/mail", "path"),
            ("a.example", "/mail/x", "path"),
            ("a.example", "/mailing", "below"),
            ("a.example", "/mail/new/1", "longer"),
            ("x.a.example", "/mail", "path"),
            ("engine.de", "/", "engine"),
            ("engine.co.uk", "/", "engine"),
            ("engine.com.br", "/maps", "path"),
            ("images.engine.com", "/", ""),
            ("engine.xyz", "/", ""),
            ("engine", "/", ""),
            ("m.shop.co.jp", "/", "many"),
            ("shop.fr", "/", "many"),
            ("shop.fr.evil.xyz", "/", ""),
            ("A.EXAMPLE", "/", "below"),
            ("", "", ""),
        ];
        for (host, path, expected) in cases {
            assert_eq!(name(&known, host, path), expected, "{host}{path}");
        }
        assert!(known.at(&"a.".repeat(200_000), "/").is_none());
    }

    #[test]
    fn the_operators_list_wins_over_the_built_in() {
        let known =
            known(r#"source = [{ name = "Mine", kind = "own", at = ["facebook.com"], words = ["FB"] }]"#);
        assert_eq!(name(&known, "m.facebook.com", "/"), "Mine");
        assert_eq!(known.named("fb").unwrap().name, "Mine");
        assert_eq!(known.named("facebook").unwrap().name, "Facebook");
        assert_eq!(known.named("google.co.kr").unwrap().name, "Google");
        assert!(known.named("some news").is_none());
    }

    #[test]
    fn a_countrys_domain_is_told_from_a_name() {
        for (host, expected) in [
            ("google.com", Some("google")),
            ("google.co.kr", Some("google")),
            ("images.google.com.ar", Some("images.google")),
            ("co.uk", Some("co")),
            ("google.shop", None),
            ("google", None),
            ("127.0.0.1", None),
        ] {
            assert_eq!(without_country(host), expected, "{host}");
        }
    }
}
