//! Where ClickHouse is, who we are there, and the way to it. Used by [`crate::insert`] (our own POST), [`crate::question`]
//! (the crate) and the operator's commands.
//!
//! 1. [`Address`]: what an operator writes, `https://user:password@host:port`;
//! 2. [`Tls`]: the files by which we are sure of the server, and it of us;
//! 3. [`Connector`]: from there to a connection, in the clear or encrypted, the same for every request that we send;
//! 4. [`Http`]: a request and its answer over a connection of our own;
//! 5. [`Trouble`]: what is wrong on that way, in one line with its remedy.

mod address;
mod connect;
mod http;
mod tls;
mod trouble;

pub use address::{Address, AddressError};
pub use connect::{Connector, Stream};
pub use http::{Http, Unanswered};
pub use tls::{Tls, TlsError};
pub use trouble::Trouble;
pub(crate) use trouble::plainly;

use clickhouse::Client;
use connect::Trust;
use hyper_util::client::legacy;
use hyper_util::rt::TokioExecutor;
use std::fmt;
use std::time::Duration;

/// ClickHouse closes an idle connection after 3 s (`keep_alive_timeout`); a kept one must not be met while it does.
const IDLE: Duration = Duration::from_secs(2);

/// One ClickHouse server, a user, and a database.
#[derive(Clone)]
pub struct Server {
    /// User; empty: whoever the server takes an anonymous request for.
    pub user: String,
    /// Password.
    pub password: String,
    /// Database of all our tables.
    pub database: String,
    connector: Connector,
}

/// Why there is no way to a server. The text never holds the password.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// Certificates or key.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl Server {
    /// The server at `address`, as the user that stands there, if any. The files of `tls` are read now, and only for
    /// https.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn new(address: &Address, database: &str, tls: &Tls) -> Result<Self, TlsError> {
        let trust = address.https.then(|| Trust::read(tls)).transpose()?;
        let (user, password) = address.login.clone().unwrap_or_default();
        Ok(Self {
            user,
            password: password.unwrap_or_default(),
            database: database.to_owned(),
            connector: Connector::new(address, trust),
        })
    }

    /// [`Server::new`] with what the system trusts, from `http[s]://user:password@host:port`.
    ///
    /// # Errors
    /// [`ServerError`].
    pub fn parse(address: &str, database: &str) -> Result<Self, ServerError> {
        Ok(Self::new(&Address::parse(address)?, database, &Tls::default())?)
    }

    /// Host and port, as they stand in a `Host` header and in a cursor's metadata. No secrets.
    #[must_use]
    pub fn authority(&self) -> String {
        self.connector.address().authority()
    }

    /// Where it is. No user, no password.
    #[must_use]
    pub fn address(&self) -> &Address {
        self.connector.address()
    }

    /// The way to it.
    #[must_use]
    pub const fn connector(&self) -> &Connector {
        &self.connector
    }

    /// A client for questions. Answers are not compressed: the server is near, and its core is ours.
    #[must_use]
    pub fn client(&self) -> Client {
        let http = legacy::Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE)
            .build(self.connector.clone());
        let mut client = Client::with_http_client(http)
            .with_url(self.address().to_string())
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
        let (address, user, database) = (self.address(), &self.user, &self.database);
        write!(f, "{address} as {user}, database {database} [password redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::Server;

    #[test]
    fn the_password_is_not_printed() {
        let server = Server::parse("http://writer:secret@db.example", "footfall").unwrap();
        assert_eq!(server.password, "secret");
        assert!(!format!("{server:?}").contains("secret"));
    }
}
