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

/// Cuts a referrer and compares its host with the page's. `www.` makes no difference.
#[must_use]
pub fn read<'a>(referrer: &'a str, page_host: &str) -> Referrer<'a> {
    let location = location::split(referrer);
    let own = !location.host.is_empty() && without_www(&location.host) == without_www(page_host);
    Referrer { location, own }
}

fn without_www(host: &str) -> &str {
    host.strip_prefix("www.").unwrap_or(host)
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
            ("https://blog.shop.example/", "shop.example", false),
            ("https://search.example/?q=shop.example", "shop.example", false),
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
