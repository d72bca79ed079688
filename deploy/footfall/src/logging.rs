//! What Footfall says about itself: lines on stderr and, if configured, in rolling files. Never personal data: logins have a
//! stream of their own, [`auth`].

pub mod auth;

use crate::config::Config;
use crate::config::value::LogFormat;
use anyhow::{Context as _, Result};
use footfall_ingest::AUTH;
use std::io::IsTerminal as _;
use tracing::Subscriber;
use tracing_appender::rolling::{Builder, RollingFileAppender, Rotation};
use tracing_subscriber::filter::{FilterExt as _, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, fmt};

/// A layer of any kind.
type Lines<S> = Box<dyn Layer<S> + Send + Sync>;

/// Begins logging for the rest of the process; with the log of logins where the process takes events.
///
/// # Errors
/// When the level cannot be read or a folder of files cannot be written.
pub fn begin(config: &Config, takes_events: bool) -> Result<()> {
    let logins = takes_events.then(|| auth::layers(config)).transpose()?;
    tracing_subscriber::registry()
        .with(ordinary(config)?)
        .with(logins.flatten())
        .try_init()
        .context("cannot begin logging")
}

/// Everything but logins, on stderr and in files, of the configured level.
fn ordinary<S: Subscriber + for<'span> LookupSpan<'span>>(config: &Config) -> Result<Lines<S>> {
    let filter = EnvFilter::try_new(&config.log.level).with_context(|| {
        format!(
            "`log.level`: `{}` is no level such as info or info,footfall_ingest=debug",
            config.log.level
        )
    })?;
    let terminal = std::io::stderr().is_terminal();
    let lines = match config.log.format {
        LogFormat::Json => json(std::io::stderr),
        LogFormat::Auto if !terminal => json(std::io::stderr),
        LogFormat::Auto | LogFormat::Pretty => fmt::layer()
            .compact()
            .with_target(false)
            .with_ansi(terminal && std::env::var_os("NO_COLOR").is_none())
            .with_writer(std::io::stderr)
            .boxed(),
    };
    let both = lines.and_then(files(config)?.map(json));
    let but_logins = filter.and(filter_fn(|metadata| metadata.target() != AUTH));
    Ok(both.with_filter(but_logins).boxed())
}

fn json<S, W>(writer: W) -> Lines<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    W: for<'writer> fmt::MakeWriter<'writer> + Send + Sync + 'static,
{
    fmt::layer()
        .json()
        .flatten_event(true)
        .with_writer(writer)
        .boxed()
}

/// The rolling files, if a folder for them is set.
fn files(config: &Config) -> Result<Option<RollingFileAppender>> {
    let Some(folder) = &config.log.folder else {
        return Ok(None);
    };
    let folder = config.in_data(folder);
    Builder::new()
        .rotation(Rotation::DAILY)
        .filename_prefix("footfall")
        .filename_suffix("log")
        .max_log_files(config.log.keep_files.max(1) as usize)
        .build(&folder)
        .map(Some)
        .with_context(|| format!("cannot write log files to {}", folder.display()))
}
