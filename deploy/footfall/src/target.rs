//! The Footfall that `send` and `loadgen` send to: its address, the site, the server key, and how its answers read.

use crate::cli;
use crate::config::Config;
use crate::credentials;
use crate::data::{self, Run};
use crate::http::Client;
use anyhow::{Context as _, Result};
use bytes::Bytes;
use hyper::Method;
use hyper::header::{HeaderName, HeaderValue};
use serde::Deserialize;
use std::time::{SystemTime, UNIX_EPOCH};
use url::Url;

/// The header of a server key.
const KEY_HEADER: HeaderName = HeaderName::from_static("x-footfall-key");
/// Most bytes of an answer: 500 rejections of a sentence each fit.
const ANSWER_BYTES: usize = 1 << 20;

/// Where and as whom to send.
#[derive(Debug, Clone)]
pub struct Target {
    /// The Footfall.
    pub url: Url,
    /// Path of its endpoint for events: `ingest.events_path`, here and hopefully there.
    pub path: String,
    /// Site key.
    pub site: String,
    /// Server key of the site, if there is one.
    pub key: Option<String>,
    /// The instance on the data folder, if that is the one.
    pub run: Option<Run>,
}

/// What the edge answered.
#[derive(Debug, Default)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// The text, as it came.
    pub text: String,
    body: Body,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Body {
    accepted: u64,
    rejected: Vec<Rejected>,
    error: String,
}

#[derive(Debug, Deserialize)]
struct Rejected {
    index: usize,
    reason: String,
}

impl Target {
    /// The Footfall of the arguments, or the one that runs on the data folder.
    ///
    /// # Errors
    /// When none is named and none runs.
    pub fn find(args: &cli::Target, config: &Config) -> Result<Self> {
        let (url, run) = match &args.url {
            Some(url) => (url.clone(), None),
            None => {
                let run = data::find_running(&config.data.folder)?;
                (run.public.clone(), Some(run))
            }
        };
        let url = Url::parse(&url)
            .with_context(|| format!("`{url}` is not an address such as http://127.0.0.1:8000"))?;
        let own = || credentials::server_key(&config.data.folder, &args.site).filter(|_| run.is_some());
        let key = given_key(args)?.or_else(own);
        Ok(Self {
            url,
            path: config.ingest.events_path.clone(),
            site: args.site.clone(),
            key,
            run,
        })
    }

    /// Headers that go with every request.
    ///
    /// # Errors
    /// When the server key cannot stand in a header.
    pub fn headers(&self) -> Result<Vec<(HeaderName, HeaderValue)>> {
        let key = self
            .key
            .as_ref()
            .map(|key| HeaderValue::from_str(key).context("the server key has characters that no key has"));
        Ok(key
            .transpose()?
            .map(|value| (KEY_HEADER, value))
            .into_iter()
            .collect())
    }

    /// Posts a body of events and reads the answer.
    ///
    /// # Errors
    /// When there is no answer; the events may have been kept.
    pub async fn post(
        &self,
        client: &mut Client,
        headers: &[(HeaderName, HeaderValue)],
        body: Bytes,
    ) -> Result<Reply> {
        let answer = client
            .call(Method::POST, &self.path, headers, body, ANSWER_BYTES)
            .await?;
        Ok(Reply {
            status: answer.status.as_u16(),
            text: answer.text(),
            body: serde_json::from_slice(&answer.body).unwrap_or_default(),
        })
    }
}

/// The server key of `--key` or `--key-file`.
fn given_key(args: &cli::Target) -> Result<Option<String>> {
    let Some(path) = &args.key_file else {
        return Ok(args.key.clone());
    };
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the server key in {}", path.display()))?;
    Ok(Some(text.trim().to_owned()))
}

impl Reply {
    /// Why the event at that place of the request was not kept; none: it was.
    #[must_use]
    pub fn reason_for(&self, at: usize) -> Option<&str> {
        if let Some(rejected) = self.body.rejected.iter().find(|rejected| rejected.index == at) {
            return Some(&rejected.reason);
        }
        if self.status / 100 == 2 {
            return None;
        }
        Some(if self.body.error.is_empty() {
            "http_error"
        } else {
            &self.body.error
        })
    }

    /// How many events were acknowledged.
    #[must_use]
    pub const fn accepted(&self) -> u64 {
        self.body.accepted
    }
}

/// Now, ms since 1970.
#[must_use]
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
