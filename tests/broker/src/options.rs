//! What a test wants of its broker beyond the plain listener that there always is.

/// What is started. `Options::default()` is one plain listener with the properties of `properties`.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub(crate) properties: Vec<(String, String)>,
    pub(crate) tls: Option<Tls>,
    pub(crate) users: Vec<(String, String)>,
}

/// Certificates of the TLS listeners, all PEM. The server's name in them must be `127.0.0.1` or `localhost`.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The server's certificate, then those that signed it up to but not including the root.
    pub chain: String,
    /// The server's private key, PKCS#8, not encrypted.
    pub key: String,
    /// Certificates that a client's must be signed by. `None`: clients need no certificate.
    pub client_ca: Option<String>,
}

/// A way in. [`Listener::Plain`] is always there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listener {
    /// Neither encryption nor passwords; the brokers talk to each other by it.
    Plain,
    /// With [`Options::tls`].
    Tls,
    /// With [`Options::user`]: PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512.
    Sasl,
    /// With both; client certificates are not asked for here.
    SaslTls,
}

impl Listener {
    /// Its name in the broker's properties.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Listener::Plain => "BROKER",
            Listener::Tls => "TLS",
            Listener::Sasl => "SASL",
            Listener::SaslTls => "SASLTLS",
        }
    }

    /// What Kafka calls it.
    pub(crate) fn protocol(self) -> &'static str {
        match self {
            Listener::Plain => "PLAINTEXT",
            Listener::Tls => "SSL",
            Listener::Sasl => "SASL_PLAINTEXT",
            Listener::SaslTls => "SASL_SSL",
        }
    }
}

impl Options {
    /// A broker property, instead of the one that would be set otherwise.
    #[must_use]
    pub fn property(mut self, name: &str, value: &str) -> Options {
        self.properties.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds [`Listener::Tls`].
    #[must_use]
    pub fn tls(mut self, tls: Tls) -> Options {
        self.tls = Some(tls);
        self
    }

    /// Adds [`Listener::Sasl`], and a user that may come by PLAIN and SCRAM. No quotes in either word.
    #[must_use]
    pub fn user(mut self, name: &str, password: &str) -> Options {
        self.users.push((name.to_owned(), password.to_owned()));
        self
    }

    pub(crate) fn listeners(&self) -> Vec<Listener> {
        let mut listeners = vec![Listener::Plain];
        if self.tls.is_some() {
            listeners.push(Listener::Tls);
        }
        if !self.users.is_empty() {
            listeners.push(Listener::Sasl);
        }
        if self.tls.is_some() && !self.users.is_empty() {
            listeners.push(Listener::SaslTls);
        }
        listeners
    }
}
