//! The commands' way to ClickHouse: whose address and credentials count, and one statement over HTTP.

use crate::config::Config;
use crate::credentials;
use crate::data::{self, Run};
use crate::http::{Answer, Client};
use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Method, Response};
use url::Url;
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

/// A ClickHouse server, and who we are there.
#[derive(Clone)]
pub struct Access {
    /// `http://host:port`.
    pub url: Url,
    /// The database.
    pub database: String,
    /// User and password; none: whoever the server takes us for.
    pub login: Option<(String, String)>,
    /// Whether `readonly=2` must be asked for, because the user could do more.
    pub hold_back: bool,
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let user = self.login.as_ref().map(|(user, _)| user);
        f.debug_struct("Access")
            .field("url", &self.url.as_str())
            .field("user", &user)
            .finish_non_exhaustive()
    }
}

/// The server of the operator, if one is configured.
#[must_use]
pub fn configured(config: &Config, role: Role) -> Option<Access> {
    let url = config.clickhouse.url.as_ref()?;
    let mut base = url.clone();
    let _ = base.set_username("");
    let _ = base.set_password(None);
    if base.port().is_none() {
        let _ = base.set_port(Some(8123));
    }
    Some(Access {
        login: Some(login(config, url)),
        url: base,
        database: config.clickhouse.database.clone(),
        hold_back: role == Role::Reader,
    })
}

/// User and password of the URL win over the settings of their own, which have a default.
fn login(config: &Config, url: &Url) -> (String, String) {
    if url.username().is_empty() {
        return (
            config.clickhouse.user.clone(),
            config.clickhouse.password.0.clone(),
        );
    }
    let password = url
        .password()
        .map_or_else(|| config.clickhouse.password.0.clone(), decoded);
    (decoded(url.username()), password)
}

/// Percent-decoding; a `+` stays a plus.
fn decoded(text: &str) -> String {
    let text = text.replace('+', "%2B");
    url::form_urlencoded::parse(format!("x={text}").as_bytes())
        .map(|(_, value)| value.into_owned())
        .collect()
}

/// The ClickHouse of the instance on the data folder, or the configured server.
///
/// # Errors
/// When no instance runs, or its credentials cannot be read.
pub fn find(config: &Config, role: Role) -> Result<Access> {
    if let Some(access) = configured(config, role) {
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
    let login = match role {
        Role::Reader => config
            .engine
            .reader_password
            .as_ref()
            .map(|password| ("readonly".to_owned(), password.0.clone())),
        Role::Writer => Some((
            ENGINE_WRITER.to_owned(),
            credentials::read(&config.data.folder)?.writer_password,
        )),
    };
    let url = Url::parse(url).with_context(|| format!("`{url}` is not an address"))?;
    Ok(Access {
        url,
        database: run.database.clone(),
        login,
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
            .append_pair("database", &self.database)
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

    /// Sends one statement and reads the whole answer as text.
    ///
    /// # Errors
    /// When there is no answer, or ClickHouse refuses the statement: its own words.
    pub async fn text(&self, sql: &str, params: &[(&str, &str)]) -> Result<String> {
        let mut client = Client::new(&self.url)?;
        let params: Vec<_> = params
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let (head, body) = self
            .send(&mut client, sql.to_owned(), "TabSeparated", &params)
            .await?
            .into_parts();
        let body = http_body_util::BodyExt::collect(http_body_util::Limited::new(body, ANSWER_BYTES)).await;
        let body =
            body.map_err(|error| anyhow::anyhow!("cannot read the answer of {}: {error}", self.url))?;
        let answer = Answer {
            status: head.status,
            headers: head.headers,
            body: body.to_bytes(),
        };
        if !answer.status.is_success() {
            bail!("{}", answer.text());
        }
        Ok(answer.text())
    }

    fn headers(&self) -> Result<Vec<(HeaderName, HeaderValue)>> {
        let Some((user, password)) = &self.login else {
            return Ok(Vec::new());
        };
        let value = |text: &str| {
            HeaderValue::from_str(text).context("a user or password has characters that no header takes")
        };
        Ok(vec![
            (HeaderName::from_static("x-clickhouse-user"), value(user)?),
            (HeaderName::from_static("x-clickhouse-key"), value(password)?),
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
        configured(&loaded.config, Role::Reader).unwrap()
    }

    #[test]
    fn a_url_may_carry_user_and_password_and_shows_neither() {
        let access = access(&[("CLICKHOUSE_URL", "http://writer:p%40+ss@db.example")]);
        assert_eq!(access.login, Some(("writer".to_owned(), "p@+ss".to_owned())));
        assert_eq!(access.url.as_str(), "http://db.example:8123/");
        assert!(!format!("{access:?}").contains("+ss"), "{access:?}");
    }

    #[test]
    fn user_and_password_may_stand_alone() {
        let access = access(&[
            ("CLICKHOUSE_URL", "http://db.example:9000"),
            ("CLICKHOUSE_USER", "ada"),
            ("CLICKHOUSE_PASSWORD", "secret"),
        ]);
        assert_eq!(access.login, Some(("ada".to_owned(), "secret".to_owned())));
        assert!(access.hold_back);
    }
}
