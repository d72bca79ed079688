//! What Footfall says about itself: lines on stderr and, if configured, in rolling files. Never personal data.

use crate::config::Config;
use crate::config::value::LogFormat;
use anyhow::{Context as _, Result};
use std::io::IsTerminal as _;
use tracing_appender::rolling::{Builder, RollingFileAppender, Rotation};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, fmt};

/// Begins logging for the rest of the process.
///
/// # Errors
/// When the level cannot be read or the folder of the files cannot be written.
pub fn begin(config: &Config) -> Result<()> {
    let filter = EnvFilter::try_new(&config.log.level).with_context(|| {
        format!(
            "`log.level`: `{}` is no level such as info or info,footfall_ingest=debug",
            config.log.level
        )
    })?;
    let terminal = std::io::stderr().is_terminal();
    let lines = match config.log.format {
        LogFormat::Json => json(),
        LogFormat::Auto if !terminal => json(),
        LogFormat::Auto | LogFormat::Pretty => fmt::layer()
            .compact()
            .with_target(false)
            .with_ansi(terminal && std::env::var_os("NO_COLOR").is_none())
            .with_writer(std::io::stderr)
            .boxed(),
    };
    let files = files(config)?.map(|files| fmt::layer().json().flatten_event(true).with_writer(files));
    tracing_subscriber::registry()
        .with(filter)
        .with(lines)
        .with(files)
        .try_init()
        .context("cannot begin logging")
}

fn json<S>() -> Box<dyn tracing_subscriber::Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'span> tracing_subscriber::registry::LookupSpan<'span>,
{
    fmt::layer()
        .json()
        .flatten_event(true)
        .with_writer(std::io::stderr)
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
