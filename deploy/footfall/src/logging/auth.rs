//! The log of logins: a stream of its own (target [`AUTH`]), because it alone has users and addresses. JSON lines on stdout
//! and in a file for each day (UTC), which is removed when its last line is older than `auth_log.keep`.
//!
//! The writer is our own. The usual one keeps a number of files, not an age: days without a login make no file, so the oldest
//! would stay for months. And it holds its file for the whole day, while `footfall erase` puts another in its place: here each
//! line is written under a lock of the file, and only to the file that has its name then.

use super::{Lines, json};
use crate::config::Config;
use crate::data;
use crate::problem::Problems;
use anyhow::{Context as _, Result};
use footfall_ingest::AUTH;
use jiff::Timestamp;
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use time::format_description::well_known::Iso8601;
use time::{Date, OffsetDateTime, Time};
use tracing::Subscriber;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::registry::LookupSpan;

/// The lines as configured; nothing if both ways are switched off.
pub(super) fn layers<S: Subscriber + for<'span> LookupSpan<'span>>(
    config: &Config,
) -> Result<Option<Lines<S>>> {
    let stdout = config.auth_log.stdout.then(|| json(io::stdout));
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
fn files(config: &Config) -> Result<Option<Days>> {
    let Some(folder) = folder(config) else {
        return Ok(None);
    };
    let data = &config.data.folder;
    std::fs::create_dir_all(data).map_err(|error| Problems(vec![data::unwritable(data, &error)]))?;
    std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::set_permissions(&folder, Permissions::from_mode(0o700)))
        .with_context(|| format!("cannot make {} for the log of logins", folder.display()))?;
    let days = Days {
        folder,
        file: Mutex::default(),
    };
    let opened = days.open(OffsetDateTime::now_utc());
    opened.with_context(|| format!("cannot write the log of logins to {}", days.folder.display()))?;
    Ok(Some(days))
}

/// A file for each day.
#[derive(Debug)]
struct Days {
    folder: PathBuf,
    /// That of the last line.
    file: Mutex<Option<(PathBuf, File)>>,
}

impl Days {
    fn open(&self, now: OffsetDateTime) -> io::Result<(PathBuf, File)> {
        let path = self.folder.join(name(now.date()));
        let mut options = OpenOptions::new();
        let file = options.create(true).append(true).mode(0o600).open(&path)?;
        Ok((path, file))
    }

    fn write(&self, line: &[u8]) -> io::Result<()> {
        let mut held = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let now = OffsetDateTime::now_utc();
            let is_todays = |path: &Path| path.ends_with(name(now.date()));
            let (path, mut file) = match held.take() {
                Some((path, file)) if is_todays(&path) => (path, file),
                _ => self.open(now)?,
            };
            file.lock_shared()?;
            if !is_at(&file, &path) {
                // Another is in its place: it is opened with the next turn.
                continue;
            }
            let written = file.write_all(line);
            file.unlock()?;
            *held = Some((path, file));
            return written;
        }
    }
}

/// The writer of one line.
struct OneLine<'a>(&'a Days);

impl Write for OneLine<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.write(line).map(|()| line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Days {
    type Writer = OneLine<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        OneLine(self)
    }
}

fn name(day: Date) -> String {
    format!(
        "auth.{:04}-{:02}-{:02}.log",
        day.year(),
        u8::from(day.month()),
        day.day()
    )
}

/// Whether the file has this name still.
fn is_at(file: &File, path: &Path) -> bool {
    let identity = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
    let (Ok(held), Ok(named)) = (file.metadata(), std::fs::metadata(path)) else {
        return false;
    };
    identity(held) == identity(named)
}

/// The files of this machine, the oldest first.
///
/// # Errors
/// The folder cannot be read.
pub fn list(config: &Config) -> Result<Vec<PathBuf>> {
    let Some(folder) = folder(config) else {
        return Ok(Vec::new());
    };
    let entries = match std::fs::read_dir(&folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.with_context(|| format!("cannot read {}", folder.display()))?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry
            .with_context(|| format!("cannot read {}", folder.display()))?
            .path();
        let is_ours = path
            .file_name()
            .and_then(|name| name.to_str())
            .is_some_and(|name| end_of_day(name).is_some());
        if is_ours {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Writes a file anew with the lines that `keep` says, if it says so of not all: whole or not at all. Lines that come meanwhile
/// wait, and go to the new one. The bytes of the old one are overwritten before it goes.
///
/// # Errors
/// The file cannot be read or written; it is as it was then.
pub fn rewrite(path: &Path, mut keep: impl FnMut(&[u8]) -> bool) -> io::Result<()> {
    let file = loop {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        file.lock()?;
        if is_at(&file, path) {
            break file;
        }
    };
    let text = std::fs::read(path)?;
    let lines = text.split_inclusive(|byte| *byte == b'\n');
    let kept: Vec<&[u8]> = lines.filter(|line| keep(line)).collect();
    let kept = kept.concat();
    if kept.len() == text.len() {
        return Ok(());
    }
    data::replace(path, &kept, 0o600)?;
    // The inode has no name any more; on most file systems this reaches the very blocks.
    (&file).write_all(&vec![0; text.len()])?;
    file.sync_all()
}

/// Removes files that are too old; only counts them if `dry`. Gives how many.
pub(crate) fn sweep(config: &Config, now: Timestamp, dry: bool) -> Result<u64> {
    let Some(folder) = folder(config) else {
        return Ok(0);
    };
    let now = OffsetDateTime::from_unix_timestamp(now.as_second())?;
    match sweep_folder(&folder, config.auth_log.keep, now, dry) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
        swept => swept.with_context(|| folder.display().to_string()),
    }
}

/// Removes the files of days that ended `keep` before `now`, or earlier; gives how many. Other files are left alone.
fn sweep_folder(folder: &Path, keep: Duration, now: OffsetDateTime, dry: bool) -> io::Result<u64> {
    let mut removed = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let end = entry.file_name().to_str().and_then(end_of_day);
        if end.is_some_and(|end| end + keep <= now) {
            if !dry {
                std::fs::remove_file(entry.path())?;
            }
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
    use super::{Days, rewrite, sweep_folder};
    use std::path::Path;
    use std::sync::Mutex;
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
        let sweep = |folder: &Path, keep, now| sweep_folder(folder, keep, now, false);
        assert_eq!(sweep_folder(folder.path(), 2 * DAY, now, true).unwrap(), 2);
        assert_eq!(left().len(), names.len());
        assert_eq!(sweep(folder.path(), 40 * DAY, now).unwrap(), 0);
        assert_eq!(sweep(folder.path(), 2 * DAY, now).unwrap(), 2);
        assert_eq!(left(), [names[2], names[3], names[4], names[5]]);
        // The clock goes on.
        assert_eq!(sweep(folder.path(), 2 * DAY, now + 13 * DAY / 24).unwrap(), 0);
        assert_eq!(sweep(folder.path(), 2 * DAY, now + 14 * DAY / 24).unwrap(), 1);
        assert_eq!(sweep(folder.path(), 2 * DAY, now + 30 * DAY).unwrap(), 1);
        assert_eq!(left(), [names[4], names[5]]);
    }

    #[test]
    fn lines_that_come_while_a_file_is_written_anew_are_neither_lost_nor_brought_back() {
        let folder = tempfile::tempdir().unwrap();
        let days = Days {
            folder: folder.path().to_owned(),
            file: Mutex::default(),
        };
        let line = |who: &str, number: u32| format!("{who} {number}\n").into_bytes();
        days.write(&line("ada", 0)).unwrap();
        let path = std::fs::read_dir(folder.path())
            .unwrap()
            .next()
            .unwrap()
            .unwrap()
            .path();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for number in 0..3_000 {
                    days.write(&line(if number % 3 == 0 { "ada" } else { "bob" }, number))
                        .unwrap();
                }
            });
            for _ in 0..50 {
                rewrite(&path, |line| !line.starts_with(b"ada")).unwrap();
            }
        });
        rewrite(&path, |line| !line.starts_with(b"ada")).unwrap();
        let files: Vec<_> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        // Midnight may lie between.
        let text: String = files
            .iter()
            .map(|path| std::fs::read_to_string(path).unwrap())
            .collect();
        let bobs = text.lines().filter(|line| line.starts_with("bob")).count();
        assert_eq!(bobs, 2_000);
        assert!(files.len() > 1 || !text.contains("ada"), "{text}");
    }
}
