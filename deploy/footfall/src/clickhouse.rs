//! The commands' way to ClickHouse: whose address and credentials count, and one statement over HTTP.

use crate::config::Config;
use crate::credentials;
use crate::data::{self, Run};
use crate::http::{Answer, Client};
use crate::problem::Problem;
use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use footfall_processor::Server;
use footfall_processor::server::{Address, Tls};
use hyper::body::Incoming;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Method, Response};
use url::form_urlencoded::Serializer;

/// The user of the built-in engine that may write.
pub const ENGINE_WRITER: &str = "default";
/// Most bytes of an answer that is read as a whole.
const ANSWER_BYTES: usize = 16 << 20;

/// As whom to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// May only read. On the built-in engine nobody needs a password for that.
    Reader,
    /// May change tables.
    Writer,
}

/// A ClickHouse server, who we are there, and what we hold ourselves to.
#[derive(Debug, Clone)]
pub struct Access {
    /// The server. No user: whoever it takes us for.
    pub server: Server,
    /// Whether `readonly=2` must be asked for, because the user could do more.
    pub hold_back: bool,
}

/// The server of the operator, if one is configured.
///
/// # Errors
/// A certificate or key cannot be used.
pub fn configured(config: &Config, role: Role) -> Result<Option<Access>, Problem> {
    let Some(address) = &config.clickhouse.url else {
        return Ok(None);
    };
    at(config, address, role).map(Some)
}

/// A server at this address, with the configured user where the address names none, and the configured certificates.
///
/// # Errors
/// As [`configured`].
pub fn at(config: &Config, address: &Address, role: Role) -> Result<Access, Problem> {
    let settings = &config.clickhouse;
    let tls = Tls {
        ca: settings.ca.clone(),
        certificate: settings.certificate.clone(),
        key: settings.key.clone(),
    };
    let server = Server::new(address, &settings.database, &tls);
    let mut server = server.map_err(|error| Problem::new(error.to_string(), error.remedy()))?;
    (server.user, server.password) = login(config, address);
    Ok(Access {
        server,
        hold_back: role == Role::Reader,
    })
}

/// User and password of the URL win over the settings of their own, which have a default.
fn login(config: &Config, address: &Address) -> (String, String) {
    let settings = &config.clickhouse;
    match &address.login {
        Some((user, Some(password))) => (user.clone(), password.clone()),
        Some((user, None)) => (user.clone(), settings.password.0.clone()),
        None => (settings.user.clone(), settings.password.0.clone()),
    }
}

/// The ClickHouse of the instance on the data folder, or the configured server.
///
/// # Errors
/// When no instance runs, or its credentials cannot be read.
pub fn find(config: &Config, role: Role) -> Result<Access> {
    if let Some(access) = configured(config, role)? {
        return Ok(access);
    }
    of_instance(config, &data::find_running(&config.data.folder)?, role)
}

/// The ClickHouse of a running instance.
///
/// # Errors
/// As [`find`].
pub fn of_instance(config: &Config, run: &Run, role: Role) -> Result<Access> {
    let url = run
        .clickhouse
        .as_ref()
        .context("the running Footfall is still starting its ClickHouse; try again in a moment")?;
    if !run.engine {
        bail!("the running Footfall uses the ClickHouse at {url}: set CLICKHOUSE_URL here too");
    }
    let (user, password) = match role {
        Role::Reader => engine_reader(config),
        Role::Writer => (
            ENGINE_WRITER,
            credentials::read(&config.data.folder)?.writer_password,
        ),
    };
    of_engine(url, &run.database, user, password)
}

/// User and password of whoever reads the built-in engine.
pub(crate) fn engine_reader(config: &Config) -> (&'static str, String) {
    match &config.engine.reader_password {
        Some(password) => ("readonly", password.0.clone()),
        None => ("", String::new()),
    }
}

/// A built-in engine.
///
/// # Errors
/// Its address is none.
pub fn of_engine(url: &str, database: &str, user: &str, password: String) -> Result<Access> {
    let mut server = Server::parse(url, database).with_context(|| format!("`{url}` is not an address"))?;
    server.user = user.to_owned();
    server.password = password;
    Ok(Access {
        server,
        hold_back: false,
    })
}

impl Access {
    /// Sends one statement and gives the answer as it begins.
    ///
    /// # Errors
    /// When there is no answer. A refusal of the statement is an answer: see its status.
    pub async fn send(
        &self,
        client: &mut Client,
        sql: String,
        format: &str,
        params: &[(String, String)],
    ) -> Result<Response<Incoming>> {
        let mut target = Serializer::new(String::from("/?"));
        target
            .append_pair("database", &self.server.database)
            .append_pair("default_format", format);
        if self.hold_back {
            target.append_pair("readonly", "2");
        }
        for (name, value) in params {
            target.append_pair(&format!("param_{name}"), value);
        }
        client
            .send(Method::POST, &target.finish(), &self.headers()?, Bytes::from(sql))
            .await
    }

    /// A client for [`Access::send`].
    #[must_use]
    pub fn client(&self) -> Client {
        Client::over(self.server.connector().clone())
    }

    /// Sends one statement and reads the whole answer as text.
    ///
    /// # Errors
    /// When there is no answer, or ClickHouse refuses the statement: its own words.
    pub async fn text(&self, sql: &str, params: &[(&str, &str)]) -> Result<String> {
        let mut client = self.client();
        let params: Vec<_> = params
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let (head, body) = self
            .send(&mut client, sql.to_owned(), "TabSeparated", &params)
            .await?
            .into_parts();
        let body = http_body_util::BodyExt::collect(http_body_util::Limited::new(body, ANSWER_BYTES)).await;
        let body = body.map_err(|error| {
            anyhow::anyhow!("cannot read the answer of {}: {error}", self.server.address())
        })?;
        let answer = Answer {
            status: head.status,
            headers: head.headers,
            body: body.to_bytes(),
        };
        if !answer.status.is_success() {
            return Err(self.refusal(answer.text()));
        }
        Ok(answer.text())
    }

    /// Why a statement was refused: our words for a wrong password, ClickHouse's for everything else.
    #[must_use]
    pub fn refusal(&self, said: String) -> anyhow::Error {
        match self.server.not_let_in(&said) {
            Some(trouble) => trouble.into(),
            None => anyhow::Error::msg(said),
        }
    }

    fn headers(&self) -> Result<Vec<(HeaderName, HeaderValue)>> {
        if self.server.user.is_empty() {
            return Ok(Vec::new());
        }
        let value = |text: &str| {
            let mut value = HeaderValue::from_str(text)
                .context("a user or password has characters that no header takes")?;
            value.set_sensitive(true);
            anyhow::Ok(value)
        };
        Ok(vec![
            (
                HeaderName::from_static("x-clickhouse-user"),
                value(&self.server.user)?,
            ),
            (
                HeaderName::from_static("x-clickhouse-key"),
                value(&self.server.password)?,
            ),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::{Role, configured};
    use crate::config::{Sources, load};

    fn access(env: &[(&str, &str)]) -> super::Access {
        let env = env
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let loaded = load(&Sources {
            env,
            ..Sources::default()
        });
        assert_eq!(loaded.problems, []);
        configured(&loaded.config, Role::Reader).unwrap().unwrap()
    }

    #[test]
    fn a_url_may_carry_user_and_password_and_shows_neither() {
        let access = access(&[("CLICKHOUSE_URL", "http://writer:p%40+ss@db.example")]);
        let server = &access.server;
        assert_eq!(
            (server.user.as_str(), server.password.as_str()),
            ("writer", "p@+ss")
        );
        assert_eq!(server.address().to_string(), "http://db.example:8123");
        assert!(!format!("{access:?}").contains("+ss"), "{access:?}");
    }

    #[test]
    fn user_and_password_may_stand_alone() {
        let access = access(&[
            ("CLICKHOUSE_URL", "http://db.example:9000"),
            ("CLICKHOUSE_USER", "ada"),
            ("CLICKHOUSE_PASSWORD", "secret"),
        ]);
        let server = &access.server;
        assert_eq!(
            (server.user.as_str(), server.password.as_str()),
            ("ada", "secret")
        );
        assert!(access.hold_back);
    }
}
