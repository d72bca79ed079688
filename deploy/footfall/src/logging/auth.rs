//! The log of logins: a stream of its own (target [`AUTH`]), because it alone has users and addresses. JSON lines on stdout
//! and in a file for each day (UTC), which is removed when its last line is older than `auth_log.keep`.
//!
//! The library keeps a number of files, not an age: days without a login make no file, so the oldest would stay for months.

use super::{Lines, json};
use crate::config::Config;
use crate::data;
use crate::problem::Problems;
use anyhow::{Context as _, Result};
use footfall_ingest::AUTH;
use std::convert::Infallible;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use time::format_description::well_known::Iso8601;
use time::{Date, OffsetDateTime, Time};
use tracing::Subscriber;
use tracing_appender::rolling::{Builder, RollingFileAppender, Rotation};
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

/// How often old files are looked for.
const EVERY: Duration = Duration::from_secs(3600);

/// The lines as configured; nothing if both ways are switched off.
pub(super) fn layers<S: Subscriber + for<'span> LookupSpan<'span>>(
    config: &Config,
) -> Result<Option<Lines<S>>> {
    let stdout = config.auth_log.stdout.then(|| json(std::io::stdout));
    let files = files(config)?.map(json);
    let lines = match (stdout, files) {
        (Some(stdout), Some(files)) => stdout.and_then(files).boxed(),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => return Ok(None),
    };
    let only = filter_fn(|metadata| metadata.target() == AUTH);
    Ok(Some(lines.with_filter(only).boxed()))
}

fn folder(config: &Config) -> Option<PathBuf> {
    let folder = config.auth_log.folder.as_ref()?;
    Some(config.in_data(folder))
}

/// A folder that only its owner may read.
fn files(config: &Config) -> Result<Option<RollingFileAppender>> {
    let Some(folder) = folder(config) else {
        return Ok(None);
    };
    let data = &config.data.folder;
    std::fs::create_dir_all(data).map_err(|error| Problems(vec![data::unwritable(data, &error)]))?;
    std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::set_permissions(&folder, Permissions::from_mode(0o700)))
        .with_context(|| format!("cannot make {} for the log of logins", folder.display()))?;
    Builder::new()
        .rotation(Rotation::DAILY)
        .filename_prefix("auth")
        .filename_suffix("log")
        .build(&folder)
        .map(Some)
        .with_context(|| format!("cannot write the log of logins to {}", folder.display()))
}

/// Removes files that are too old, now and from time to time, as long as it is polled.
pub async fn expire(config: &Config) -> Infallible {
    loop {
        if let Some(folder) = folder(config) {
            let removed = sweep(&folder, config.auth_log.keep, OffsetDateTime::now_utc());
            match removed {
                Ok(0) => {}
                Ok(files) => tracing::info!(files, "removed old logs of logins"),
                Err(error) => tracing::warn!(%error, "cannot remove old logs of logins"),
            }
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Removes the files of days that ended `keep` before `now`, or earlier; gives how many. Other files are left alone.
fn sweep(folder: &Path, keep: Duration, now: OffsetDateTime) -> std::io::Result<usize> {
    let mut removed = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let end = entry.file_name().to_str().and_then(end_of_day);
        if end.is_some_and(|end| end + keep <= now) {
            std::fs::remove_file(entry.path())?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// When the day of `auth.2026-11-22.log` ended.
fn end_of_day(name: &str) -> Option<OffsetDateTime> {
    let day = name.strip_prefix("auth.")?.strip_suffix(".log")?;
    let day = Date::parse(day, &Iso8601::DATE).ok()?.next_day()?;
    Some(day.with_time(Time::MIDNIGHT).assume_utc())
}

#[cfg(test)]
mod tests {
    use super::sweep;
    use std::time::Duration;
    use time::macros::datetime;

    const DAY: Duration = Duration::from_secs(24 * 3600);

    #[test]
    fn a_file_goes_when_its_last_line_is_too_old_and_nothing_else_does() {
        let folder = tempfile::tempdir().unwrap();
        let names = [
            "auth.2026-10-20.log",
            "auth.2026-11-19.log",
            "auth.2026-11-20.log",
            "auth.2026-11-22.log",
            "auth.notes.log",
            "footfall.2026-10-20.log",
        ];
        for name in names {
            std::fs::write(folder.path().join(name), "x").unwrap();
        }
        let left = || {
            let mut left: Vec<_> = std::fs::read_dir(folder.path())
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            left.sort();
            left
        };
        let now = datetime!(2026-11-22 10:00 UTC);
        assert_eq!(sweep(folder.path(), 40 * DAY, now).unwrap(), 0);
        assert_eq!(sweep(folder.path(), 2 * DAY, now).unwrap(), 2);
        assert_eq!(left(), [names[2], names[3], names[4], names[5]]);
        // The clock goes on.
        assert_eq!(sweep(folder.path(), 2 * DAY, now + 13 * DAY / 24).unwrap(), 0);
        assert_eq!(sweep(folder.path(), 2 * DAY, now + 14 * DAY / 24).unwrap(), 1);
        assert_eq!(sweep(folder.path(), 2 * DAY, now + 30 * DAY).unwrap(), 1);
        assert_eq!(left(), [names[4], names[5]]);
    }
}
