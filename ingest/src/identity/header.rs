//! The two headers: which texts of `Cookie` are meant for a site, and the `Set-Cookie` that answers (RFC 6265bis).
//!
//! A cookie is called after its session, `footfall_<site>.<first 8 digits of the session's id>`. Browsers keep of one name
//! what arrives last, and an answer may arrive long after a younger one; so a session that has ended would come back. Under
//! a name of its own it cannot take the next one's place: of several the newest counts, and the others are taken away.

use super::cookie::{Cookie, MAX_AGE_SECONDS};
use super::key::Key;
use crate::parts::parts;
use crate::secret::write_hex;
use crate::sites::{SameSite, Secure, Site};
use bytes::Bytes;
use hyper::header::HeaderValue;
use uuid::Uuid;

/// Cookies of one site that are looked at: of the session, of those before that came back with late answers, of domains
/// above the host. More are somebody's attack.
pub(crate) const MOST_COOKIES: usize = 8;

/// What follows the site in a cookie's name: lower-case hex digits.
pub(crate) type Tag = [u8; 8];

/// The tag of a session's cookie.
pub(crate) fn tag_of(session: Uuid) -> Tag {
    let mut digits = [0; 32];
    write_hex(&mut digits, session.as_bytes());
    let [a, b, c, d, e, f, g, h, ..] = digits;
    [a, b, c, d, e, f, g, h]
}

/// The tags of the cookies that a request brought, good and bad.
#[derive(Default)]
pub(crate) struct Tags {
    tags: [Tag; MOST_COOKIES],
    count: usize,
}

impl Tags {
    /// Notes one more; past [`MOST_COOKIES`] there is none.
    pub(crate) fn push(&mut self, tag: Tag) {
        if let Some(free) = self.tags.get_mut(self.count) {
            *free = tag;
            self.count += 1;
        }
    }

    pub(crate) fn as_slice(&self) -> &[Tag] {
        self.tags.get(..self.count).unwrap_or_default()
    }
}

const AGE: &str = "; Max-Age=";
const SECURE: &str = "; Secure";

/// What a site's cookie is called and where it goes, made once for each site.
pub(crate) struct Jar {
    /// `footfall_<site>.`.
    prefix: String,
    /// What stands behind the value, but for `Secure` and the age.
    attributes: String,
    /// The attributes of a host's own cookie where the site has a domain: an earlier setting may have left one.
    host_only: Option<String>,
    secure: Secure,
    /// Seconds.
    max_age: String,
}

impl Jar {
    pub(crate) fn of(site: &Site) -> Self {
        let same_site = match site.cookie.same_site {
            SameSite::Lax => "Lax",
            SameSite::Strict => "Strict",
            SameSite::None => "None",
        };
        let common = format!("; Path=/; HttpOnly; SameSite={same_site}");
        let domain = &site.cookie.domain;
        // Browsers take `SameSite=None` with `Secure` only.
        let secure = if site.cookie.same_site == SameSite::None {
            Secure::Always
        } else {
            site.cookie.secure
        };
        Self {
            prefix: format!("footfall_{}.", site.key),
            attributes: if domain.is_empty() {
                common.clone()
            } else {
                format!("{common}; Domain={domain}")
            },
            host_only: (!domain.is_empty()).then_some(common),
            secure,
            max_age: MAX_AGE_SECONDS.to_string(),
        }
    }

    /// Tag and value of the site's cookies in all `Cookie` headers of a request, at most [`MOST_COOKIES`].
    pub(crate) fn cookies<'h>(&self, headers: &[&'h [u8]]) -> impl Iterator<Item = (Tag, &'h [u8])> {
        headers
            .iter()
            .flat_map(|header| parts(header, b';'))
            .filter_map(|pair| {
                let named = pair.trim_ascii().strip_prefix(self.prefix.as_bytes())?;
                let (tag, value) = named.split_first_chunk::<8>()?;
                let ours = tag.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
                Some((*tag, value.strip_prefix(b"=").filter(|_| ours)?))
            })
            .take(MOST_COOKIES)
    }

    /// Sets the cookie, for 400 days from now. `secure`: as the request came, for sites that leave it to that.
    pub(crate) fn set(&self, cookie: &Cookie, site: &str, key: &Key, secure: bool) -> Option<HeaderValue> {
        let ends = self.attributes.len() + AGE.len() + self.max_age.len() + SECURE.len();
        let mut text = self.named(tag_of(cookie.session.id), Cookie::usual_bytes(site) + ends);
        cookie.write(site, key, &mut text);
        self.end(&self.attributes, &self.max_age, secure, text)
    }

    /// Takes a cookie away, in each form that it may have.
    pub(crate) fn delete(&self, tag: Tag, secure: bool) -> impl Iterator<Item = HeaderValue> {
        let forms = [Some(&self.attributes), self.host_only.as_ref()];
        forms
            .into_iter()
            .filter_map(move |attributes| self.end(attributes?, "0", secure, self.named(tag, 0)))
    }

    /// `footfall_<site>.<tag>=`, with room for more.
    fn named(&self, tag: Tag, more: usize) -> Vec<u8> {
        let mut text = Vec::with_capacity(self.prefix.len() + tag.len() + 1 + more);
        text.extend_from_slice(self.prefix.as_bytes());
        text.extend_from_slice(&tag);
        text.push(b'=');
        text
    }

    fn end(&self, attributes: &str, max_age: &str, secure: bool, mut text: Vec<u8>) -> Option<HeaderValue> {
        for part in [attributes, AGE, max_age] {
            text.extend_from_slice(part.as_bytes());
        }
        let secure = match self.secure {
            Secure::Always => true,
            Secure::Never => false,
            Secure::Auto => secure,
        };
        if secure {
            text.extend_from_slice(SECURE.as_bytes());
        }
        HeaderValue::from_maybe_shared(Bytes::from(text)).ok()
    }
}

/// Whether `Host` names this machine: plain http is usual there, and not every browser then takes `Secure`.
pub(crate) fn is_local(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name == "::1"
        || name
            .parse::<std::net::Ipv4Addr>()
            .is_ok_and(|ip| ip.is_loopback())
        || name.eq_ignore_ascii_case("localhost")
        || name
            .len()
            .checked_sub(".localhost".len())
            .and_then(|at| name.get(at..))
            .is_some_and(|end| end.eq_ignore_ascii_case(".localhost"))
}

#[cfg(test)]
mod tests {
    use super::{Jar, is_local};
    use crate::sites::{CookiePolicy, SameSite, Secure, Site};

    fn jar(cookie: CookiePolicy) -> Jar {
        Jar::of(&Site {
            cookie,
            ..Site::new("demo").unwrap()
        })
    }

    #[test]
    fn the_cookies_of_a_site_are_found_among_others() {
        let jar = jar(CookiePolicy::default());
        let headers = [
            &b"a=b; footfall_demo.00000001=1;footfall_demo2.00000001=no; xfootfall_demo.00000001=no; footfall_demo=no"[..],
            b"footfall_demo.abcdef09=2 ; footfall_demo.ABCDEF09=no; footfall_demo.abcdef0=no; footfall_demo.abcdef091=no",
        ];
        let found: Vec<_> = jar.cookies(&headers).collect();
        assert_eq!(found, [(*b"00000001", &b"1"[..]), (*b"abcdef09", b"2")]);
        let many = "footfall_demo.00000001=x; ".repeat(50);
        assert_eq!(jar.cookies(&[many.as_bytes()]).count(), 8);
    }

    #[test]
    fn attributes_are_what_the_site_says() {
        let deleted = |policy: CookiePolicy, host: &str| {
            jar(policy)
                .delete(*b"00c0ffee", !is_local(host))
                .map(|value| value.to_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        let default = CookiePolicy::default;
        assert_eq!(
            deleted(default(), "in.shop.example"),
            ["footfall_demo.00c0ffee=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0; Secure"]
        );
        assert_eq!(
            deleted(default(), "localhost:8000"),
            ["footfall_demo.00c0ffee=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"]
        );
        let none = CookiePolicy {
            same_site: SameSite::None,
            secure: Secure::Never,
            ..default()
        };
        assert_eq!(
            deleted(none, "localhost"),
            ["footfall_demo.00c0ffee=; Path=/; HttpOnly; SameSite=None; Max-Age=0; Secure"],
            "browsers refuse the one without the other"
        );
        let wide = CookiePolicy {
            domain: "shop.example".to_owned(),
            secure: Secure::Never,
            ..default()
        };
        assert_eq!(
            deleted(wide, "in.shop.example"),
            [
                "footfall_demo.00c0ffee=; Path=/; HttpOnly; SameSite=Lax; Domain=shop.example; Max-Age=0",
                "footfall_demo.00c0ffee=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"
            ]
        );
    }

    #[test]
    fn this_machine_is_known_by_its_names() {
        for local in [
            "localhost",
            "LOCALHOST:8000",
            "a.localhost",
            "127.0.0.1:1",
            "127.9.9.9",
            "[::1]:8000",
        ] {
            assert!(is_local(local), "{local}");
        }
        for other in [
            "",
            "shop.example",
            "localhost.example",
            "xlocalhost",
            "10.0.0.1",
            "[::2]:1",
            "128.0.0.1",
        ] {
            assert!(!is_local(other), "{other}");
        }
    }
}
