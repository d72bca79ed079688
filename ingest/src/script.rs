//! The beacon script and its debug texts, served as they are checked in: `beacon/dist`, built from `beacon/src`.
//!
//! Where paths have been renamed, the script is told so when the service starts: a page needs no attribute for that.

use crate::answer::{Answer, with_body};
use crate::config::Paths;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Method, StatusCode};
use sha2::{Digest, Sha256};
use std::io::Write as _;

/// What the built files say for the paths that they do not know.
const BEACON: &str = include_str!("../beacon/dist/beacon.js");
const DEBUG: &str = include_str!("../beacon/dist/beacon-debug.js");
const EVENTS_PATH: &str = "v1/events";
/// Beside that of the events.
const VISITOR_PATH: &str = "visitor?";
const DEBUG_FILE: &str = "beacon-debug.js";

/// One file, ready to be sent.
struct Script {
    path: String,
    plain: Bytes,
    gzip: Bytes,
    etag: HeaderValue,
}

/// The files of the beacon.
pub(crate) struct Scripts([Script; 2]);

impl Scripts {
    pub(crate) fn new(paths: &Paths) -> Self {
        let debug_path = debug_path(&paths.beacon);
        let (folder, debug_file) = debug_path.rsplit_once('/').unwrap_or(("", &debug_path));
        // Relative to the script, so that a proxy may put a prefix before both.
        let events = match folder {
            "" => paths.events.trim_start_matches('/'),
            _ => &paths.events,
        };
        let beacon = BEACON
            .replace(
                VISITOR_PATH,
                &format!("{}?", beside(&paths.events, &paths.visitor)),
            )
            .replace(EVENTS_PATH, events)
            .replace(DEBUG_FILE, debug_file);
        Self([
            Script::new(paths.beacon.clone(), beacon),
            Script::new(debug_path.clone(), DEBUG.to_owned()),
        ])
    }

    /// The answer, if `path` is one of the files and the method reads.
    pub(crate) fn answer(&self, method: &Method, path: &str, asked: &HeaderMap) -> Option<Answer> {
        let script = self.0.iter().find(|script| script.path == path)?;
        matches!(*method, Method::GET | Method::HEAD).then(|| script.answer(asked))
    }
}

/// `path` as a page that lies at `from` would name it; whole where it is in none of its folders.
fn beside<'p>(from: &str, path: &'p str) -> &'p str {
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    let inside = path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/'));
    inside.unwrap_or(path)
}

/// Beside the script, whatever its name: `/x.js` has `/x-debug.js`.
fn debug_path(beacon: &str) -> String {
    format!("{}-debug.js", beacon.strip_suffix(".js").unwrap_or(beacon))
}

impl Script {
    fn new(path: String, text: String) -> Self {
        let digest = Sha256::digest(&text);
        let tag = format!("\"{}\"", crate::secret::to_hex(&digest[..8]));
        Self {
            path,
            gzip: gzip(text.as_bytes()),
            plain: text.into(),
            etag: HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"\"")),
        }
    }

    fn answer(&self, asked: &HeaderMap) -> Answer {
        let known = asked
            .get(header::IF_NONE_MATCH)
            .and_then(|tags| tags.to_str().ok());
        let is_known = known.is_some_and(|tags| {
            self.etag
                .to_str()
                .is_ok_and(|tag| tags == "*" || tags.contains(tag))
        });
        let zipped = takes_gzip(asked) && !self.gzip.is_empty();
        let mut answer = match (is_known, zipped) {
            (true, _) => with_body(StatusCode::NOT_MODIFIED, Bytes::new()),
            (false, true) => with_body(StatusCode::OK, self.gzip.clone()),
            (false, false) => with_body(StatusCode::OK, self.plain.clone()),
        };
        let headers = answer.headers_mut();
        if zipped && !is_known {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        for (name, value) in [
            (header::CONTENT_TYPE.as_str(), "text/javascript; charset=utf-8"),
            (header::CACHE_CONTROL.as_str(), "public, max-age=3600"),
            (header::VARY.as_str(), "accept-encoding"),
            (header::X_CONTENT_TYPE_OPTIONS.as_str(), "nosniff"),
            ("cross-origin-resource-policy", "cross-origin"),
        ] {
            headers.insert(
                header::HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        headers.insert(header::ETAG, self.etag.clone());
        answer
    }
}

/// Empty if it cannot be done, which is never in memory.
fn gzip(text: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    match encoder.write_all(text).and_then(|()| encoder.finish()) {
        Ok(zipped) => zipped.into(),
        Err(_) => Bytes::new(),
    }
}

fn takes_gzip(asked: &HeaderMap) -> bool {
    let accepted = asked
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|coding| {
        let (name, quality) = coding.split_once(';').unwrap_or((coding, ""));
        name.trim().eq_ignore_ascii_case("gzip")
            && !matches!(quality.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
    })
}

#[cfg(test)]
mod tests {
    use super::{BEACON, DEBUG_FILE, EVENTS_PATH, Paths, Scripts, VISITOR_PATH, beside};

    fn text(paths: &Paths) -> (String, [String; 2]) {
        let Scripts([beacon, debug]) = Scripts::new(paths);
        let text = String::from_utf8(beacon.plain.to_vec()).unwrap();
        (text, [beacon.path, debug.path])
    }

    #[test]
    fn the_built_script_names_each_path_once() {
        assert_eq!(BEACON.matches(EVENTS_PATH).count(), 1);
        assert_eq!(BEACON.matches(VISITOR_PATH).count(), 1);
        assert_eq!(BEACON.matches(DEBUG_FILE).count(), 1);
        let (text, served) = text(&Paths::default());
        assert_eq!(text, BEACON);
        assert_eq!(served, ["/beacon.js", "/beacon-debug.js"]);
    }

    #[test]
    fn renamed_paths_are_written_into_the_script() {
        let paths = |beacon: &str| Paths {
            events: "/e".to_owned(),
            beacon: beacon.to_owned(),
            ..Paths::default()
        };
        let (root, served) = text(&paths("/b.js"));
        assert!(
            root.contains("`v1/visitor?") && root.contains("'e'") && root.contains("'b-debug.js'"),
            "{root}"
        );
        assert_eq!(served, ["/b.js", "/b-debug.js"]);
        let (deep, served) = text(&paths("/static/b"));
        assert!(deep.contains("'/e'") && deep.contains("'b-debug.js'"), "{deep}");
        assert_eq!(served, ["/static/b", "/static/b-debug.js"]);
        assert!(!deep.contains(EVENTS_PATH) && !deep.contains(DEBUG_FILE));
    }

    #[test]
    fn the_visitors_path_is_named_from_that_of_the_events() {
        for (events, visitor, named) in [
            ("/v1/events", "/v1/visitor", "visitor"),
            ("/e", "/v1/visitor", "v1/visitor"),
            ("/e", "/u", "u"),
            ("/a/b/e", "/a/v", "/a/v"),
            ("/v1/events", "/v11/visitor", "/v11/visitor"),
        ] {
            assert_eq!(beside(events, visitor), named, "{events} {visitor}");
        }
    }
}
