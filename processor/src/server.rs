//! Where ClickHouse is, and who we are there. Used by [`crate::insert`] (our own POST) and [`crate::question`] (the crate).

use clickhouse::Client;
use std::fmt;
use url::Url;

/// One ClickHouse server and a database in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Server {
    /// Host name or address, IPv6 without brackets.
    pub host: String,
    /// HTTP port.
    pub port: u16,
    /// User; empty: whoever the server takes an anonymous request for.
    pub user: String,
    /// Password.
    pub password: String,
    /// Database of all our tables.
    pub database: String,
}

/// Why an address cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read the address of ClickHouse: {0}")]
pub struct AddressError(String);

impl Server {
    /// Reads `http://user:password@host:port`, percent-encoded where needed. The port is 8123 if not given.
    ///
    /// # Errors
    /// [`AddressError`] for anything but plain HTTP with a host. The text never holds the password.
    pub fn parse(address: &str, database: &str) -> Result<Self, AddressError> {
        let url = Url::parse(address).map_err(|error| AddressError(error.to_string()))?;
        if url.scheme() != "http" {
            return Err(AddressError(format!(
                "`{}` is not supported, only http",
                url.scheme()
            )));
        }
        let host = url.host_str().ok_or_else(|| AddressError("no host".to_owned()))?;
        Ok(Self {
            host: host.trim_matches(['[', ']']).to_owned(),
            // 80 is what the url crate hides as the default, and is said only by those who mean it.
            port: url
                .port()
                .unwrap_or(if address.contains(":80/") || address.ends_with(":80") {
                    80
                } else {
                    8123
                }),
            user: decoded(url.username()),
            password: decoded(url.password().unwrap_or_default()),
            database: database.to_owned(),
        })
    }

    /// Host and port, as they stand in a `Host` header and in a cursor's metadata. No secrets.
    #[must_use]
    pub fn authority(&self) -> String {
        if self.host.contains(':') {
            return format!("[{}]:{}", self.host, self.port);
        }
        format!("{}:{}", self.host, self.port)
    }

    /// A client for questions. Answers are not compressed: the server is near, and its core is ours.
    #[must_use]
    pub fn client(&self) -> Client {
        let mut client = Client::default()
            .with_url(format!("http://{}", self.authority()))
            .with_database(&self.database)
            .with_compression(clickhouse::Compression::None);
        if !self.user.is_empty() {
            client = client.with_user(&self.user).with_password(&self.password);
        }
        client
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "http://{}@{}/{} [password redacted]",
            self.user,
            self.authority(),
            self.database
        )
    }
}

/// `+` is a plus here, not a space: user information is no form.
fn decoded(text: &str) -> String {
    crate::enrich::percent::decode(&text.replace('+', "%2B")).into_owned()
}

#[cfg(test)]
mod tests {
    use super::Server;

    #[test]
    fn an_address_is_read() {
        let cases = [
            ("http://127.0.0.1:8123", ("127.0.0.1", 8123, "", "")),
            (
                "http://writer:p%40+ss@db.example:9000/",
                ("db.example", 9000, "writer", "p@+ss"),
            ),
            ("http://db.example", ("db.example", 8123, "", "")),
            ("http://db.example:80/", ("db.example", 80, "", "")),
            ("http://[::1]:8123", ("::1", 8123, "", "")),
        ];
        for (address, expected) in cases {
            let server = Server::parse(address, "footfall").unwrap();
            let found = (
                server.host.as_str(),
                server.port,
                server.user.as_str(),
                server.password.as_str(),
            );
            assert_eq!(found, expected, "{address}");
        }
    }

    #[test]
    fn what_is_not_plain_http_is_refused() {
        for address in [
            "https://db.example",
            "db.example:8123",
            "tcp://db.example",
            "http://",
            "",
        ] {
            assert!(Server::parse(address, "footfall").is_err(), "{address}");
        }
    }

    #[test]
    fn the_password_is_not_printed() {
        let server = Server::parse("http://writer:secret@db.example", "footfall").unwrap();
        assert!(!format!("{server:?}").contains("secret"));
    }
}
