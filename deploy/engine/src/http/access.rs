//! Who asks: the writer, the reader or nobody. And whether the request is meant for this server at all: a page
//! in a browser on this machine must not reach it through a name of its own (DNS rebinding).

use std::net::{IpAddr, SocketAddr};

use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, HOST, ORIGIN};
use subtle::ConstantTimeEq;

use super::asked::Asked;
use crate::base64;
use crate::config::{Config, Secret};
use crate::status::Failure;

/// What a request may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum User {
    /// `default`: everything that the grants and the guard leave.
    Writer,
    /// `readonly`: SELECT, SHOW, DESCRIBE, EXPLAIN, EXISTS, with limits.
    Reader,
}

/// The rules, fixed at start.
#[derive(Debug)]
pub(crate) struct Access {
    writer: Secret,
    reader: Option<Secret>,
    loopback: bool,
    hosts: Vec<String>,
}

impl Access {
    pub(crate) fn new(config: &Config, bound: SocketAddr) -> Self {
        Self {
            writer: config.writer_password.clone(),
            reader: config.reader_password.clone(),
            loopback: bound.ip().is_loopback(),
            hosts: config
                .hosts
                .iter()
                .map(|host| host.to_ascii_lowercase())
                .collect(),
        }
    }

    /// Refuses a foreign `Host` or `Origin`. Off loopback only configured names are compared, if there are any.
    pub(crate) fn check_names(&self, headers: &HeaderMap) -> Result<(), Failure> {
        if !self.loopback && self.hosts.is_empty() {
            return Ok(());
        }
        let host = headers.get(HOST).map_or(Some(""), |value| value.to_str().ok());
        if !host.is_some_and(|host| host.is_empty() || self.own(host)) {
            return Err(Failure::new(
                497,
                "the Host header names another server. (ACCESS_DENIED)",
            ));
        }
        let Some(origin) = headers.get(ORIGIN) else {
            return Ok(());
        };
        let authority = origin
            .to_str()
            .ok()
            .and_then(|o| o.split_once("://"))
            .map(|(_, authority)| authority);
        if !authority.is_some_and(|authority| self.own(authority)) {
            return Err(Failure::new(
                497,
                "the request comes from a page of another origin. (ACCESS_DENIED)",
            ));
        }
        Ok(())
    }

    /// `name`, `name:port`, `1.2.3.4:port`, `[::1]:port`.
    fn own(&self, authority: &str) -> bool {
        let authority = authority.trim_end_matches('/').to_ascii_lowercase();
        let name = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((address, _)) => address.to_owned(),
            None => authority.split(':').next().unwrap_or_default().to_owned(),
        };
        let address = name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        address || name == "localhost" || self.hosts.contains(&name)
    }

    /// The user by `X-ClickHouse-User`/`-Key`, basic authentication or `user`/`password`. On loopback nobody
    /// in particular (and `default` without a password, which clients send unasked) is the reader.
    pub(crate) fn user(&self, headers: &HeaderMap, asked: &Asked) -> Result<User, Failure> {
        let (user, password) = credentials(headers, asked)?;
        let same = |secret: &Secret| bool::from(secret.reveal().as_bytes().ct_eq(password.as_bytes()));
        let anonymous = password.is_empty() && matches!(user.as_str(), "" | "default" | "readonly");
        if self.loopback && self.reader.is_none() && anonymous {
            return Ok(User::Reader);
        }
        match user.as_str() {
            "default" if same(&self.writer) => Ok(User::Writer),
            "readonly" if self.reader.as_ref().is_some_and(same) => Ok(User::Reader),
            _ if self.loopback && self.reader.is_some() && user.is_empty() => Ok(User::Reader),
            _ if user.is_empty() => Err(Failure::new(
                194,
                "a user and a password are required. (REQUIRED_PASSWORD)",
            )),
            _ => Err(Failure::new(
                516,
                &format!(
                    "{user}: Authentication failed: password is incorrect, or there is no user with such name. \
                     (AUTHENTICATION_FAILED)"
                ),
            )),
        }
    }
}

fn credentials(headers: &HeaderMap, asked: &Asked) -> Result<(String, String), Failure> {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
    let (user, key) = (text("x-clickhouse-user"), text("x-clickhouse-key"));
    if user.is_some() || key.is_some() {
        return Ok((
            user.unwrap_or_else(|| "default".to_owned()),
            key.unwrap_or_default(),
        ));
    }
    if let Some(value) = headers.get(AUTHORIZATION) {
        let broken = || {
            Failure::new(
                516,
                "the Authorization header is not readable. (AUTHENTICATION_FAILED)",
            )
        };
        let encoded = value
            .to_str()
            .ok()
            .and_then(|v| v.split_once(' '))
            .filter(|v| v.0.eq_ignore_ascii_case("basic"));
        let decoded = encoded
            .and_then(|(_, text)| String::from_utf8(base64::decode(text.trim())?).ok())
            .ok_or_else(broken)?;
        let (user, password) = decoded.split_once(':').ok_or_else(broken)?;
        return Ok((user.to_owned(), password.to_owned()));
    }
    let default = || {
        if asked.password.is_some() {
            "default".to_owned()
        } else {
            String::new()
        }
    };
    Ok((
        asked.user.clone().unwrap_or_else(default),
        asked.password.clone().unwrap_or_default(),
    ))
}
