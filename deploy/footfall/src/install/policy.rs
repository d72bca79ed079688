//! What a Content-Security-Policy lets a page load: the part of CSP Level 3 (W3C, sections 6.7.2.5 to 6.7.2.12) that decides
//! about one script and one connection.

use url::Url;

/// One policy: its directives, the first of each name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Policy(Vec<(String, Vec<String>)>);

/// A script tag, as far as a policy looks at it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Script<'a> {
    pub(super) url: &'a Url,
    pub(super) nonce: Option<&'a str>,
    pub(super) integrity: Option<&'a str>,
}

impl Policy {
    /// The policies of a header or a `meta` element: several may stand in one, separated by commas.
    pub(super) fn list(text: &str) -> Vec<Self> {
        text.split(',')
            .map(Self::read)
            .filter(|policy| !policy.0.is_empty())
            .collect()
    }

    fn read(text: &str) -> Self {
        let mut directives: Vec<(String, Vec<String>)> = Vec::new();
        for directive in text.split(';') {
            let mut words = directive.split_ascii_whitespace().map(str::to_owned);
            let Some(name) = words.next().map(|name| name.to_ascii_lowercase()) else {
                continue;
            };
            if !directives.iter().any(|(known, _)| *known == name) {
                directives.push((name, words.collect()));
            }
        }
        Self(directives)
    }

    /// The directive that decides: the first of `names` that is there.
    fn deciding(&self, names: &[&'static str]) -> Option<(&'static str, &[String])> {
        names.iter().find_map(|name| {
            let found = self.0.iter().find(|(known, _)| known == name)?;
            Some((*name, found.1.as_slice()))
        })
    }

    /// The directive that forbids the script on that page, if one does.
    pub(super) fn forbids_script(&self, page: &Url, script: Script<'_>) -> Option<&'static str> {
        let (name, sources) = self.deciding(&["script-src-elem", "script-src", "default-src"])?;
        let allowed = by_nonce(sources, script.nonce)
            || by_hash(sources, script.integrity)
            || (!has(sources, "'strict-dynamic'") && by_address(sources, page, script.url));
        (!allowed).then_some(name)
    }

    /// The directive that forbids the page to send something there, if one does.
    pub(super) fn forbids_connection(&self, page: &Url, to: &Url) -> Option<&'static str> {
        let (name, sources) = self.deciding(&["connect-src", "default-src"])?;
        (!by_address(sources, page, to)).then_some(name)
    }
}

fn has(sources: &[String], keyword: &str) -> bool {
    sources.iter().any(|source| source.eq_ignore_ascii_case(keyword))
}

fn by_nonce(sources: &[String], nonce: Option<&str>) -> bool {
    let Some(nonce) = nonce.filter(|nonce| !nonce.is_empty()) else {
        return false;
    };
    sources.iter().any(|source| *source == format!("'nonce-{nonce}'"))
}

/// Every hash of the tag's `integrity` must be on the list.
fn by_hash(sources: &[String], integrity: Option<&str>) -> bool {
    let mut hashes = integrity.unwrap_or_default().split_ascii_whitespace().peekable();
    hashes.peek().is_some() && hashes.all(|hash| sources.iter().any(|source| *source == format!("'{hash}'")))
}

fn by_address(sources: &[String], page: &Url, to: &Url) -> bool {
    sources.iter().any(|source| allows(source, page, to))
}

fn allows(source: &str, page: &Url, to: &Url) -> bool {
    let lower = source.to_ascii_lowercase();
    match lower.as_str() {
        "*" => matches!(to.scheme(), "http" | "https") || to.scheme() == page.scheme(),
        "'self'" => is_self(page, to),
        keyword if keyword.starts_with('\'') => false,
        scheme if scheme.ends_with(':') => scheme_fits(scheme.trim_end_matches(':'), to.scheme()),
        _ => host_fits(source, page, to),
    }
}

/// The same origin, or the same host encrypted.
fn is_self(page: &Url, to: &Url) -> bool {
    let default = |url: &Url| url.port().is_none();
    page.origin() == to.origin()
        || (page.host_str() == to.host_str()
            && scheme_fits(page.scheme(), to.scheme())
            && default(page)
            && default(to))
}

/// What allows http allows https.
fn scheme_fits(allowed: &str, scheme: &str) -> bool {
    allowed == scheme || (allowed == "http" && scheme == "https")
}

fn host_fits(source: &str, page: &Url, to: &Url) -> bool {
    let (scheme, rest) = match source.split_once("://") {
        Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
        None => (page.scheme().to_owned(), source),
    };
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    scheme_fits(&scheme, to.scheme())
        && name_fits(&host.to_ascii_lowercase(), to.host_str().unwrap_or_default())
        && port_fits(port, &scheme, to)
        && path_fits(path, to.path())
}

fn name_fits(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix('*') {
        Some("") => true,
        Some(suffix) => suffix.starts_with('.') && host.len() > suffix.len() && host.ends_with(suffix),
        None => pattern == host,
    }
}

/// Without a port the scheme's own; http's own also stands for https's.
fn port_fits(port: Option<&str>, scheme: &str, to: &Url) -> bool {
    let own = |scheme: &str| if scheme == "https" { 443 } else { 80 };
    let used = to.port_or_known_default().unwrap_or_default();
    match port {
        Some("*") => true,
        Some(port) => {
            let port = port.parse().unwrap_or(0);
            port == used || (port == 80 && used == 443 && to.scheme() == "https")
        }
        None => used == own(scheme) || used == own(to.scheme()),
    }
}

/// A folder ends in a slash and stands for all in it.
fn path_fits(pattern: &str, path: &str) -> bool {
    match pattern {
        "" => true,
        folder if folder.ends_with('/') => path.starts_with(folder),
        file => path == file,
    }
}

#[cfg(test)]
mod tests {
    use super::{Policy, Script};
    use url::Url;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    fn forbidden(policy: &str, script: &str, nonce: Option<&str>) -> Option<&'static str> {
        let (page, script) = (url("https://shop.example/cart"), url(script));
        let script = Script {
            url: &script,
            nonce,
            integrity: Some("sha256-abc="),
        };
        Policy::list(policy)
            .iter()
            .find_map(|policy| policy.forbids_script(&page, script))
    }

    #[test]
    fn a_script_is_allowed_by_address_nonce_or_hash() {
        let beacon = "https://collect.example/js/beacon.js";
        for allowed in [
            "img-src 'none'",
            "script-src *",
            "script-src https:",
            "script-src collect.example",
            "script-src https://collect.example",
            "SCRIPT-SRC 'self' https://COLLECT.example:443/js/",
            "script-src *.collect.example collect.example:*",
            "script-src http://collect.example",
            "script-src https://collect.example/js/beacon.js",
            "script-src 'nonce-r4nd' 'strict-dynamic'",
            "script-src 'sha256-abc='",
            "default-src 'none'; script-src-elem https://collect.example; script-src 'none'",
            "script-src collect.example; script-src 'none'",
        ] {
            assert_eq!(forbidden(allowed, beacon, Some("r4nd")), None, "{allowed}");
        }
        for (policy, by) in [
            ("default-src 'self'", "default-src"),
            ("default-src *; script-src 'none'", "script-src"),
            ("script-src", "script-src"),
            ("script-src *.collect.example", "script-src"),
            ("script-src https://collect.example:8443", "script-src"),
            ("script-src https://collect.example/js", "script-src"),
            (
                "script-src https://collect.example 'strict-dynamic'",
                "script-src",
            ),
            ("script-src 'nonce-other' 'unsafe-inline'", "script-src"),
            ("script-src https:, script-src-elem 'self'", "script-src-elem"),
        ] {
            assert_eq!(forbidden(policy, beacon, Some("r4nd")), Some(by), "{policy}");
        }
        assert_eq!(
            forbidden("script-src 'self'", "https://shop.example/beacon.js", None),
            None
        );
        assert_eq!(
            forbidden("script-src https:", "http://shop.example/beacon.js", None),
            Some("script-src")
        );
    }

    #[test]
    fn sending_goes_by_connect_src_or_default_src() {
        let (page, to) = (
            url("http://localhost:3000/"),
            url("http://localhost:8000/v1/events"),
        );
        let forbidden = |policy: &str| {
            Policy::list(policy)
                .iter()
                .find_map(|policy| policy.forbids_connection(&page, &to))
        };
        assert_eq!(forbidden("script-src 'none'"), None);
        assert_eq!(forbidden("connect-src localhost:8000"), None);
        assert_eq!(forbidden("connect-src http://localhost:*/v1/"), None);
        assert_eq!(
            forbidden("connect-src 'self'"),
            Some("connect-src"),
            "another port is another origin"
        );
        assert_eq!(
            forbidden("default-src 'self'; connect-src https:"),
            Some("connect-src")
        );
        assert_eq!(forbidden("default-src 'none'"), Some("default-src"));
    }
}
