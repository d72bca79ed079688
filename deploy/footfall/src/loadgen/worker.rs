//! One connection of the load generator: takes jobs, sends them, counts the answers.

use super::journey::Sent;
use super::plan::Sending;
use super::record::{Line, Outcome, Recorder};
use super::tally::Tally;
use crate::http::Client;
use crate::target::{Reply, Target, now_ms};
use anyhow::Result;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue};
use serde_json::value::RawValue;
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::Receiver;

/// One request to be sent.
#[derive(Debug)]
pub(crate) struct Job {
    /// When it should have gone out, however busy the workers are; none: whenever one is free.
    pub(super) due: Option<Instant>,
    pub(super) events: Vec<Sent>,
}

impl Job {
    /// To be sent when a worker is free.
    pub(crate) const fn whenever(events: Vec<Sent>) -> Self {
        Self { due: None, events }
    }
}

/// What the workers share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) sending: Sending,
    pub(super) target: Target,
    pub(super) jobs: tokio::sync::Mutex<Receiver<Job>>,
    pub(super) recorder: Recorder,
    /// What has been counted so far, for the progress.
    pub(super) tally: Mutex<Tally>,
}

/// Sends jobs until there are none.
pub(super) async fn run(shared: Arc<Shared>) -> Result<()> {
    let mut client = Client::new(&shared.target.url)?;
    loop {
        let Some(job) = shared.jobs.lock().await.recv().await else {
            return Ok(());
        };
        let mut tally = Tally::default();
        carry_out(&shared, &mut client, job, &mut tally).await?;
        shared
            .tally
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .merge(&tally);
    }
}

async fn carry_out(shared: &Shared, client: &mut Client, mut job: Job, tally: &mut Tally) -> Result<()> {
    let due = job.due.unwrap_or_else(Instant::now);
    let mut attempt = 1;
    loop {
        let sent_at = now_ms();
        let reply = post(shared, client, &job.events, sent_at, tally).await?;
        let status = reply.as_ref().map_or(0, |reply| reply.status);
        *tally.statuses.entry(status).or_default() += 1;
        let may_try_again = matches!(status, 0 | 429 | 503) && attempt <= shared.sending.retries;
        if !may_try_again {
            tally.latency.add(due.elapsed());
            return settle(shared, &job.events, sent_at, reply.as_ref(), tally);
        }
        tokio::time::sleep(Duration::from_millis(50 << attempt.min(6))).await;
        attempt += 1;
        tally.retried += 1;
        for event in &mut job.events {
            event.attempt = attempt;
        }
    }
}

/// One attempt. None: no answer, so that nobody knows what became of it.
async fn post(
    shared: &Shared,
    client: &mut Client,
    events: &[Sent],
    sent_at: i64,
    tally: &mut Tally,
) -> Result<Option<Reply>> {
    let mut headers: Vec<(HeaderName, HeaderValue)> = shared.target.headers()?;
    headers.push((CONTENT_TYPE, HeaderValue::from_static("application/json")));
    let mut body = form(&shared.target.site, sent_at, events)?;
    if shared.sending.gzip {
        headers.push((CONTENT_ENCODING, HeaderValue::from_static("gzip")));
        body = gzip(&body)?;
    }
    tally.bytes += body.len() as u64;
    Ok(shared.target.post(client, &headers, Bytes::from(body)).await.ok())
}

/// A single event as a page sends it, several as a batch.
fn form(site: &str, sent_at: i64, events: &[Sent]) -> Result<Vec<u8>> {
    if let [event] = events {
        let json = serde_json::to_string(event)?;
        let rest = json.strip_prefix('{').unwrap_or(&json);
        return Ok(format!(r#"{{"site":"{site}","sent_at":{sent_at},{rest}"#).into_bytes());
    }
    let events: Vec<Box<RawValue>> = events
        .iter()
        .map(serde_json::value::to_raw_value)
        .collect::<Result<_, _>>()?;
    Ok(serde_json::to_vec(
        &serde_json::json!({ "site": site, "sent_at": sent_at, "events": events }),
    )?)
}

fn gzip(body: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
    encoder.write_all(body)?;
    Ok(encoder.finish()?)
}

/// Counts and records what became of each event of a request.
fn settle(
    shared: &Shared,
    events: &[Sent],
    sent_at: i64,
    reply: Option<&Reply>,
    tally: &mut Tally,
) -> Result<()> {
    let status = reply.map_or(0, |reply| reply.status);
    for (at, event) in events.iter().enumerate() {
        let refused = reply.and_then(|reply| reply.reason_for(at));
        let outcome = match (reply, refused) {
            (None, _) => Outcome::Unanswered,
            (Some(_), Some(_)) => Outcome::Refused,
            (Some(_), None) => Outcome::Accepted,
        };
        let reason = refused.unwrap_or("");
        match outcome {
            Outcome::Accepted => tally.accepted += 1,
            Outcome::Unanswered => tally.unanswered += 1,
            Outcome::Refused => *tally.refused.entry(reason.to_owned()).or_default() += 1,
        }
        let site = &shared.target.site;
        shared.recorder.add(&Line {
            outcome,
            status,
            reason,
            site,
            sent_at,
            event,
        })?;
    }
    Ok(())
}
