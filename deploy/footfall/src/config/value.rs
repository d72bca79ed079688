//! The types of a setting: how their text is read and shown. Those with a unit are in [`super::units`].

pub use super::units::Bytes;
pub use footfall_ingest::ProxyHeader;
pub use footfall_processor::server::Address;

use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use url::Url;

/// A type that a setting can have.
pub trait Value: Sized {
    /// The type as the reference names it.
    const KIND: &'static str;
    /// Examples, as a remedy says them.
    const EXAMPLE: &'static str;
    /// Whether it prints `[redacted]`, and may come from a file of its own.
    const SECRET: bool = false;

    /// Reads the text of a flag, of an environment variable or of the file.
    ///
    /// # Errors
    /// Why it is not such a value, lower case.
    fn parse(text: &str) -> Result<Self, String>;

    /// The text that [`parse`](Self::parse) reads back; a secret shows `[redacted]`.
    fn show(&self) -> String;
}

/// Networks, comma separated in flags and the environment, a list in the file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Networks(pub Vec<IpNet>);

/// A secret: shows `[redacted]`, in `Debug` too.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Pretty on a terminal, JSON elsewhere.
    Auto,
    /// For people.
    Pretty,
    /// One JSON object per line.
    Json,
}

impl Value for String {
    const KIND: &'static str = "text";
    const EXAMPLE: &'static str = "any text";

    fn parse(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }

    fn show(&self) -> String {
        self.clone()
    }
}

impl Value for bool {
    const KIND: &'static str = "switch";
    const EXAMPLE: &'static str = "`true`, `false`";

    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "true" | "1" | "yes" | "on" => Ok(true),
            "false" | "0" | "no" | "off" => Ok(false),
            _ => Err("is neither true nor false".into()),
        }
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for u32 {
    const KIND: &'static str = "number";
    const EXAMPLE: &'static str = "`1000`";

    fn parse(text: &str) -> Result<Self, String> {
        text.replace('_', "")
            .parse()
            .map_err(|_| format!("is not a whole number from 0 to {}", Self::MAX))
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for PathBuf {
    const KIND: &'static str = "path";
    const EXAMPLE: &'static str = "`/var/lib/footfall`, `./footfall-data`";

    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("is empty where a path is needed".into());
        }
        Ok(Self::from(text))
    }

    fn show(&self) -> String {
        self.display().to_string()
    }
}

impl Value for SocketAddr {
    const KIND: &'static str = "address";
    const EXAMPLE: &'static str = "`127.0.0.1:8000`, `[::1]:8000`, `0.0.0.0:8000` for every interface";

    fn parse(text: &str) -> Result<Self, String> {
        let numeric = text
            .strip_prefix("localhost:")
            .map(|port| format!("127.0.0.1:{port}"));
        numeric
            .as_deref()
            .unwrap_or(text)
            .parse()
            .map_err(|_| "is not an IP address with a port".into())
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for Networks {
    const KIND: &'static str = "networks";
    const EXAMPLE: &'static str = "`10.0.0.0/8`, `10.0.0.0/8, fd00::/8`, `192.0.2.7`";

    fn parse(text: &str) -> Result<Self, String> {
        text.split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(|part| network(part).ok_or_else(|| format!("has `{part}`, which is not a network")))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    fn show(&self) -> String {
        let list: Vec<_> = self.0.iter().map(ToString::to_string).collect();
        list.join(", ")
    }
}

/// `10.0.0.0/8`, or a single address.
fn network(text: &str) -> Option<IpNet> {
    text.parse()
        .ok()
        .or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

impl Value for Address {
    const KIND: &'static str = "URL";
    const EXAMPLE: &'static str = "`http://127.0.0.1:8123`, `https://db.example:8443`";

    fn parse(text: &str) -> Result<Self, String> {
        Self::parse(text).map_err(|error| error.what().to_owned())
    }

    fn show(&self) -> String {
        let (Some((user, password)), Ok(mut url)) = (&self.login, Url::parse(&self.to_string())) else {
            return self.to_string();
        };
        let _ = url.set_username(user);
        let _ = url.set_password(password.as_ref().map(|_| "redacted"));
        url.as_str().trim_end_matches('/').to_owned()
    }
}

impl Value for Secret {
    const KIND: &'static str = "secret";
    const EXAMPLE: &'static str = "any text, or a file that holds it";
    const SECRET: bool = true;

    fn parse(text: &str) -> Result<Self, String> {
        Ok(Self(text.to_owned()))
    }

    fn show(&self) -> String {
        if self.0.is_empty() {
            String::new()
        } else {
            "[redacted]".into()
        }
    }
}

/// A setting that is one of a few words: reads and shows them.
macro_rules! words {
    ($Type:ident, $kind:literal, $($word:literal => $variant:ident),+) => {
        impl Value for $Type {
            const KIND: &'static str = $kind;
            const EXAMPLE: &'static str = $kind;

            fn parse(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err("is none of the words that are possible".into()),
                }
            }

            fn show(&self) -> String {
                match self {
                    $(Self::$variant => $word,)+
                }
                .into()
            }
        }
    };
}

words!(LogFormat, "`auto`, `pretty` or `json`", "auto" => Auto, "pretty" => Pretty, "json" => Json);
words!(
    ProxyHeader,
    "`auto`, `x-forwarded-for` or `forwarded`",
    "auto" => Auto, "x-forwarded-for" => XForwardedFor, "forwarded" => Forwarded
);

/// Empty text means "not set".
impl<T: Value> Value for Option<T> {
    const KIND: &'static str = T::KIND;
    const EXAMPLE: &'static str = T::EXAMPLE;
    const SECRET: bool = T::SECRET;

    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            Ok(None)
        } else {
            T::parse(text).map(Some)
        }
    }

    fn show(&self) -> String {
        self.as_ref().map_or_else(String::new, T::show)
    }
}

#[cfg(test)]
mod tests {
    use super::{Address, Networks, Secret, Value};
    use std::net::SocketAddr;

    #[test]
    fn networks_are_lists_of_networks_or_addresses() {
        assert_eq!(
            Networks::parse("10.0.0.0/8, ::1").unwrap().show(),
            "10.0.0.0/8, ::1/128"
        );
        assert!(
            Networks::parse("10.0.0.0/99")
                .unwrap_err()
                .contains("10.0.0.0/99")
        );
        assert!(Networks::parse("").unwrap().0.is_empty());
    }

    #[test]
    fn a_url_shows_no_password_and_has_no_foreign_scheme() {
        for bad in ["tcp://db:9000", "db:8123"] {
            assert!(<Address as Value>::parse(bad).is_err(), "{bad}");
        }
        for (text, shown) in [
            ("http://u:p4ss@db:8123", "http://u:redacted@db:8123"),
            ("https://u@db", "https://u@db:8443"),
            ("http://db:8123/", "http://db:8123"),
        ] {
            assert_eq!(<Address as Value>::parse(text).unwrap().show(), shown);
        }
    }

    #[test]
    fn a_secret_never_prints_itself() {
        let secret = Secret::parse("hunter2").unwrap();
        assert_eq!(secret.show(), "[redacted]");
        assert!(!format!("{secret:?}").contains("hunter2"));
    }

    #[test]
    fn localhost_is_an_address() {
        assert_eq!(
            <SocketAddr as Value>::parse("localhost:80").unwrap().show(),
            "127.0.0.1:80"
        );
        assert!(<SocketAddr as Value>::parse("8000").is_err());
    }
}
