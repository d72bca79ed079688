//! What would be kept of an address, asked beforehand: for operators who want to know what a site's settings do.

use crate::address;
use crate::scrub::Scrubber;
use crate::sites::Site;
use footfall_schemas::Flags;
use std::borrow::Cow;
use std::net::IpAddr;

/// The text in the log of a visitor's address. Under `hash` it is empty: the salt of the day is nobody's to use.
#[must_use]
pub fn kept_ip(site: &Site, ip: IpAddr) -> String {
    address::keep(ip, site.ip, || None)
}

/// The text in the log of a page's address.
#[must_use]
pub fn kept_url<'a>(site: &Site, url: &'a str) -> Cow<'a, str> {
    Scrubber::of(&site.scrub).url(Cow::Borrowed(url), &mut Flags::default())
}

#[cfg(test)]
mod tests {
    use super::{kept_ip, kept_url};
    use crate::sites::{IpPolicy, Site};

    #[test]
    fn it_is_what_the_sites_settings_leave() {
        let mut site = Site::new("shop").unwrap();
        let ip = "203.0.113.77".parse().unwrap();
        assert_eq!(kept_ip(&site, ip), "203.0.113.0");
        site.ip = IpPolicy::Hash;
        assert_eq!(kept_ip(&site, ip), "");
        assert_eq!(
            kept_url(&site, "https://a.example/?token=x"),
            "https://a.example/?token=redacted"
        );
    }
}
