//! Plain requests as a browser would make them, without its cookies: addresses, redirects, deadlines.

use crate::http::{Answer, Client};
use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use hyper::Method;
use hyper::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, ORIGIN, USER_AGENT};
use std::time::Duration;
use url::{Position, Url};

/// For one request with its answer.
const PATIENCE: Duration = Duration::from_secs(15);
/// As browsers follow.
const REDIRECTS: usize = 20;
/// Of a page.
const MOST: usize = 8 << 20;

/// An answer, and where it came from in the end.
pub(super) struct Fetched {
    pub(super) url: Url,
    pub(super) answer: Answer,
}

impl Fetched {
    pub(super) fn header(&self, name: &str) -> &str {
        let value = self.answer.headers.get(name);
        value.and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The media type without its parameters, lower case.
    pub(super) fn media_type(&self) -> String {
        let value = self.header(CONTENT_TYPE.as_str());
        value
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase()
    }

    pub(super) fn is_ok(&self) -> bool {
        self.answer.status.is_success()
    }
}

/// Reads a page, script or probe, redirects followed.
///
/// # Errors
/// When nothing answers, or too many redirects.
pub(super) async fn get(url: &Url) -> Result<Fetched> {
    let mut url = url.clone();
    for _ in 0..REDIRECTS {
        let answer = call(Method::GET, &url, Vec::new(), Bytes::new()).await?;
        let to = answer.headers.get(LOCATION).and_then(|to| to.to_str().ok());
        let Some(to) = to.filter(|_| answer.status.is_redirection()) else {
            return Ok(Fetched { url, answer });
        };
        let to = url.join(to);
        url = to.with_context(|| format!("{url} redirects to no address"))?;
    }
    bail!("{url}: it redirects in a circle");
}

/// Posts a body of events as the page of that origin does.
///
/// # Errors
/// When nothing answers.
pub(super) async fn post(url: &Url, origin: &str, body: String) -> Result<Fetched> {
    let headers = vec![
        (
            ORIGIN,
            HeaderValue::from_str(origin).context("the origin has odd letters")?,
        ),
        (CONTENT_TYPE, HeaderValue::from_static("text/plain;charset=UTF-8")),
    ];
    let answer = call(Method::POST, url, headers, body.into()).await?;
    Ok(Fetched {
        url: url.clone(),
        answer,
    })
}

async fn call(
    method: Method,
    url: &Url,
    mut headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
) -> Result<Answer> {
    headers.push((ACCEPT, HeaderValue::from_static("text/html, */*")));
    headers.push((
        USER_AGENT,
        HeaderValue::from_static(concat!("footfall-install/", env!("CARGO_PKG_VERSION"))),
    ));
    let target = &url[Position::BeforePath..Position::AfterQuery];
    let mut client = Client::new(url)?;
    let call = client.call(method, target, &headers, body, MOST);
    match tokio::time::timeout(PATIENCE, call).await {
        Ok(answer) => answer,
        Err(_) => bail!("{url} does not answer within {} s", PATIENCE.as_secs()),
    }
}
