//! Where the visitor came from: the page before, and whether it was one of the site's own.

use super::location::{self, Location};

/// The parts of a referrer, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Referrer<'a> {
    /// Its parts; empty if there is none.
    pub location: Location<'a>,
    /// The page before was on the same site: the visitor went on, nobody brought them.
    pub own: bool,
}

/// Cuts a referrer and compares its host with the page's: they are of one site if they share the domain that somebody
/// registered (`blog.shop.example`, `www.shop.example`), by the public suffix list with its private part: two names under
/// `github.io` are two sites.
#[must_use]
pub fn read<'a>(referrer: &'a str, page_host: &str) -> Referrer<'a> {
    let location = location::split(referrer);
    let own = is_of_one_site(&location.host, page_host);
    Referrer { location, own }
}

fn is_of_one_site(host: &str, page_host: &str) -> bool {
    if host.is_empty() || page_host.is_empty() {
        return false;
    }
    if host == page_host {
        return true;
    }
    // A registered domain has two labels at least, so that the list is seldom asked. Addresses have none.
    let ends = |host| {
        host_end(host).filter(|end: &&str| !end.ends_with(|last: char| last.is_ascii_digit() || last == ']'))
    };
    let alike = matches!((ends(host), ends(page_host)), (Some(a), Some(b)) if a == b);
    alike && psl::domain_str(host) == psl::domain_str(page_host) && psl::domain_str(host).is_some()
}

/// The last two labels.
fn host_end(host: &str) -> Option<&str> {
    let (before, _) = host.rsplit_once('.')?;
    let start = before.rfind('.').map_or(0, |dot| dot + 1);
    host.get(start..)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn the_sites_own_pages_are_recognised() {
        let cases = [
            ("https://shop.example/a", "shop.example", true),
            ("https://WWW.shop.example/a", "shop.example", true),
            ("https://shop.example/a", "www.shop.example", true),
            ("https://blog.shop.example/", "shop.example", true),
            ("https://blog.shop.co.uk/", "www.shop.co.uk", true),
            ("https://other.co.uk/", "shop.co.uk", false),
            ("https://a.github.io/", "b.github.io", false),
            ("https://a.github.io/", "www.a.github.io", true),
            ("https://shopper.example/", "shop.example", false),
            ("https://search.example/?q=shop.example", "shop.example", false),
            ("http://127.0.0.1:8000/", "127.0.0.1", true),
            ("http://10.0.0.1/", "127.0.0.1", false),
            ("http://localhost/", "localhost", true),
            ("http://com/", "localhost", false),
            ("", "shop.example", false),
            ("", "", false),
            ("/relative", "", false),
            ("https://shop.example/", "", false),
        ];
        for (referrer, page_host, own) in cases {
            assert_eq!(read(referrer, page_host).own, own, "{referrer} on {page_host}");
        }
    }
}
