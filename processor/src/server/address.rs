//! The address of a server as an operator writes it.

use std::fmt;
use url::Url;

/// ClickHouse's own ports for HTTP and for https.
const PORTS: (u16, u16) = (8123, 8443);

/// `https://user:password@host:port`, taken apart. Its `Display` is `https://host:port`.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    /// Encrypted.
    pub https: bool,
    /// Host name or address, IPv6 without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
    /// User, and password if one stands there.
    pub login: Option<(String, Option<String>)>,
}

/// Why a text is no address. It never holds the password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read the address of ClickHouse: it {0}")]
pub struct AddressError(String);

impl AddressError {
    /// What is wrong, to follow `it`.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.0
    }
}

impl Address {
    /// Reads `http[s]://[user[:password]@]host[:port]`, percent-encoded where needed. Without a port it is ClickHouse's
    /// own, 8123 or 8443, also where browsers would take 80 or 443.
    ///
    /// # Errors
    /// [`AddressError`] for another scheme or no host.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let url = Url::parse(text).map_err(|error| AddressError(format!("is not a URL ({error})")))?;
        let https = match url.scheme() {
            "http" => false,
            "https" => true,
            scheme => {
                let why = format!("has the scheme `{scheme}`, where http or https is needed");
                return Err(AddressError(why));
            }
        };
        let host = url
            .host_str()
            .ok_or_else(|| AddressError("has no host".to_owned()))?;
        let login =
            (!url.username().is_empty()).then(|| (decoded(url.username()), url.password().map(decoded)));
        Ok(Self {
            https,
            host: host.trim_matches(['[', ']']).to_owned(),
            port: url.port().unwrap_or_else(|| default_port(text, https)),
            login,
        })
    }

    /// Host and port, as they stand in a `Host` header.
    #[must_use]
    pub fn authority(&self) -> String {
        if self.host.contains(':') {
            return format!("[{}]:{}", self.host, self.port);
        }
        format!("{}:{}", self.host, self.port)
    }

    /// The same place without user and password.
    #[must_use]
    pub fn place(&self) -> Self {
        Self {
            login: None,
            ..self.clone()
        }
    }
}

/// 80 and 443 are what the url crate hides as the default, and are said only by those who mean them.
fn default_port(text: &str, https: bool) -> u16 {
    let (hidden, ours) = if https { (443, PORTS.1) } else { (80, PORTS.0) };
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.ends_with(&format!(":{hidden}")) {
        return hidden;
    }
    ours
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.https { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.authority())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} [login redacted]")
    }
}

/// `+` is a plus here, not a space: user information is no form.
fn decoded(text: &str) -> String {
    crate::enrich::percent::decode(&text.replace('+', "%2B")).into_owned()
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn an_address_is_read() {
        let cases = [
            ("http://127.0.0.1:8123", "http://127.0.0.1:8123", None),
            (
                "http://writer:p%40+ss@db.example:9000/",
                "http://db.example:9000",
                Some(("writer", Some("p@+ss"))),
            ),
            ("http://db.example", "http://db.example:8123", None),
            ("http://db.example:80/", "http://db.example:80", None),
            ("http://[::1]:8123", "http://[::1]:8123", None),
            (
                "https://ada@db.example",
                "https://db.example:8443",
                Some(("ada", None)),
            ),
            ("https://db.example:443", "https://db.example:443", None),
            ("https://[::1]", "https://[::1]:8443", None),
        ];
        for (text, shown, login) in cases {
            let address = Address::parse(text).unwrap();
            let login = login.map(|(user, password): (&str, Option<&str>)| {
                (user.to_owned(), password.map(ToOwned::to_owned))
            });
            assert_eq!(
                (address.to_string().as_str(), &address.login),
                (shown, &login),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_neither_http_nor_https_is_refused() {
        for text in ["db.example:8123", "tcp://db.example", "http://", ""] {
            assert!(Address::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_password_is_not_printed() {
        let address = Address::parse("https://writer:secret@db.example").unwrap();
        assert!(!format!("{address:?} {address}").contains("secret"));
    }
}
