//! Where replayed records go: to a log, which gives them their new numbers.

use super::candidates::Again;
use crate::config::Config;
use crate::credentials;
use crate::data;
use crate::http::Client;
use crate::terminal::Progress;
use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use hyper::Method;
use hyper::header::{AUTHORIZATION, HeaderName, HeaderValue};
use url::Url;

/// Bytes of one request, or one append.
const BATCH: usize = 2 << 20;

/// A log.
pub(super) enum Sink {
    /// Of the Footfall that runs on the data folder: it alone writes to it.
    Door(Door),
    /// Of the command's own, beside the node's.
    #[cfg(feature = "kafka")]
    Own(own::Own),
}

impl Sink {
    pub(super) async fn open(config: &Config) -> Result<Self> {
        #[cfg(feature = "kafka")]
        if !config.kafka.bootstrap_servers.is_empty() {
            return Ok(Self::Own(own::Own::open(config).await?));
        }
        Ok(Self::Door(Door::open(config)?))
    }

    /// They are durable in the log when it returns.
    pub(super) async fn send(&mut self, records: Vec<Again>) -> Result<()> {
        for batch in batches(records) {
            match self {
                Self::Door(door) => door.send(batch).await?,
                #[cfg(feature = "kafka")]
                Self::Own(own) => own.send(batch).await?,
            }
        }
        Ok(())
    }

    /// What lies between the log and the processor.
    pub(super) async fn finish(self, config: &Config, line: &mut Progress) -> Result<()> {
        match self {
            Self::Door(_) => {
                let _ = (config, line);
                Ok(())
            }
            #[cfg(feature = "kafka")]
            Self::Own(own) => own.forward(config, line).await,
        }
    }
}

fn batches(records: Vec<Again>) -> Vec<Vec<Again>> {
    let mut batches: Vec<Vec<Again>> = Vec::new();
    let mut bytes = 0;
    for record in records {
        bytes += record.payload.len();
        match batches.last_mut() {
            Some(batch) if bytes <= BATCH => batch.push(record),
            _ => {
                bytes = record.payload.len();
                batches.push(vec![record]);
            }
        }
    }
    batches
}

/// The operator's port of the running Footfall, see [`super::door`].
pub(super) struct Door {
    client: Client,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Door {
    fn open(config: &Config) -> Result<Self> {
        let run = data::find_running(&config.data.folder)?;
        let secret = credentials::read(&config.data.folder)?.writer_password;
        let bearer = HeaderValue::from_str(&format!("Bearer {secret}"));
        let url = Url::parse(&run.admin).with_context(|| format!("`{}` is not an address", run.admin))?;
        Ok(Self {
            client: Client::new(&url)?,
            headers: vec![(AUTHORIZATION, bearer.context("the credentials are damaged")?)],
        })
    }

    async fn send(&mut self, batch: Vec<Again>) -> Result<()> {
        let lines: Vec<_> = batch.into_iter().map(|record| record.payload).collect();
        let body = Bytes::from(lines.join(&b'\n'));
        let answer = self
            .client
            .call(Method::POST, super::door::PATH, &self.headers, body, 1 << 20)
            .await
            .context("cannot hand records to the running Footfall; the same command can be given again")?;
        if !answer.status.is_success() {
            bail!(
                "the running Footfall does not take the records: {} {}",
                answer.status,
                answer.text()
            );
        }
        Ok(())
    }
}

#[cfg(feature = "kafka")]
mod own {
    //! In a cluster: a log in a folder of its own (`replay` in the data folder), forwarded as that of a node that is gone.
    //! A command that is killed leaves what it has not forwarded there, and the next one forwards it too.

    use super::Again;
    use crate::cluster::kafka;
    use crate::config::Config;
    use crate::problem::Problems;
    use crate::terminal::{Progress, count, note};
    use anyhow::{Context as _, Result};
    use footfall_log::{Entry, Log};
    use std::path::PathBuf;
    use tokio_util::sync::CancellationToken;

    /// Segments are allocated whole, and a replay is small.
    const SEGMENT: u64 = 8 << 20;

    pub(in super::super) struct Own {
        folder: PathBuf,
        log: Log,
    }

    impl Own {
        pub(super) async fn open(config: &Config) -> Result<Self> {
            // Before anything is written: a command that cannot forward must not begin.
            kafka::forwarder(config).map_err(|problem| Problems(vec![problem]))?;
            let folder = config.in_data("replay".as_ref());
            let settings = footfall_log::Config {
                folder: folder.clone(),
                node: "replay".to_owned(),
                segment_bytes: SEGMENT,
                ..footfall_log::Config::default()
            };
            let opened = tokio::task::spawn_blocking(move || Log::open(settings)).await;
            let opened = opened.context("opening the log died")?;
            let (log, _) = opened.with_context(|| format!("cannot open a log in {}", folder.display()))?;
            Ok(Self { folder, log })
        }

        pub(super) async fn send(&mut self, batch: Vec<Again>) -> Result<()> {
            let entry = |record: Again| Entry {
                kind: record.kind,
                time_ms: record.time_ms,
                key: record.key.into_bytes(),
                payload: record.payload,
            };
            let entries: Vec<_> = batch.into_iter().map(entry).collect();
            let appended = self.log.append(entries).await;
            appended
                .map(drop)
                .with_context(|| format!("cannot write to the log in {}", self.folder.display()))
        }

        pub(super) async fn forward(self, config: &Config, line: &mut Progress) -> Result<()> {
            self.log.close().await;
            let forwarder = kafka::forwarder(config).map_err(|problem| Problems(vec![problem]))?;
            let stop = CancellationToken::new();
            let done = footfall_forward::drain(forwarder, &self.folder, stop, |now| match &now.trouble {
                Some(trouble) => line.show(trouble),
                None => line.show(&format!("{} records forwarded", count(now.acknowledged))),
            });
            let done = done.await.with_context(|| {
                format!(
                    "cannot forward the log in {}: the next replay does, or footfall drain",
                    self.folder.display()
                )
            })?;
            note(format_args!(
                "Kafka has them ({} records with the log's own); {} can be removed once `footfall audit` says so",
                count(done.forwarded),
                self.folder.display()
            ));
            Ok(())
        }
    }
}
