//! The data folder: its lock, its credentials, and `run.json`, by which other commands find the running instance.

use crate::problem::{Problem, Problems};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The folder, held: nobody else starts on it until this is dropped or the process dies.
#[derive(Debug)]
pub struct Held {
    folder: PathBuf,
    /// The last instance was killed: its announcement was still there.
    left_behind: bool,
    /// The kernel lets the lock go with the file, so that `kill -9` leaves no stale one.
    _lock: File,
}

/// What a running instance tells the other commands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Process id of the instance.
    pub pid: u32,
    /// Release and commit.
    pub version: String,
    /// Public URL: events, and the demo page at `/demo`.
    pub public: String,
    /// The same by HTTPS, where there is such a port. Its certificate is for another name than this address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub https: Option<String>,
    /// Operator's URL: metrics and live stream.
    pub admin: String,
    /// URL of ClickHouse's HTTP interface; none while it is not ready yet.
    pub clickhouse: Option<String>,
    /// URL of the dashboard; none: it is switched off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dashboard: Option<String>,
    /// The database.
    pub database: String,
    /// Whether that is the built-in engine (its credentials lie in the folder) or a server of the operator's.
    pub engine: bool,
}

/// Makes the folder if need be and takes its lock.
///
/// # Errors
/// A [`Problem`] with its remedy: in use, read-only, not a folder.
pub fn hold(folder: &Path) -> Result<Held, Problem> {
    std::fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
    let path = folder.join("lock");
    let mut lock = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(&path)
        .map_err(|error| unwritable(folder, &error))?;
    if !lock_soon(&lock) {
        return Err(in_use(folder, &mut lock));
    }
    let written = lock
        .set_len(0)
        .and_then(|()| lock.write_all(std::process::id().to_string().as_bytes()));
    written.map_err(|error| unwritable(folder, &error))?;
    let folder = folder
        .canonicalize()
        .map_err(|error| unwritable(folder, &error))?;
    // That of a killed instance, if any.
    let left_behind = std::fs::remove_file(folder.join("run.json")).is_ok();
    Ok(Held {
        folder,
        left_behind,
        _lock: lock,
    })
}

/// Other commands hold the lock for a moment when they look whether somebody runs here ([`running`]).
fn lock_soon(file: &File) -> bool {
    (0..5).any(|attempt| {
        if attempt > 0 {
            std::thread::sleep(Duration::from_millis(20));
        }
        try_lock(file)
    })
}

fn try_lock(file: &File) -> bool {
    // SAFETY: flock takes a descriptor that is open for as long as `file` is borrowed, and no memory.
    unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) == 0 }
}

fn in_use(folder: &Path, lock: &mut File) -> Problem {
    let mut pid = String::new();
    let _ = lock.rewind();
    let _ = lock.read_to_string(&mut pid);
    Problem::new(
        format!(
            "the data folder {} is in use by another Footfall (process {})",
            folder.display(),
            pid.trim()
        ),
        "talk to that one (`footfall tail`, `footfall query`), stop it first, or use another folder: --data DIR",
    )
}

pub(crate) fn unwritable(folder: &Path, error: &std::io::Error) -> Problem {
    Problem::new(
        format!("cannot write to the data folder {}: {error}", folder.display()),
        "make it writable for this user, or use another folder: --data DIR (FOOTFALL_DATA)",
    )
}

impl Held {
    /// The folder, absolute.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether the last instance on the folder was killed, so that its engine may still be on its way out.
    #[must_use]
    pub const fn left_behind(&self) -> bool {
        self.left_behind
    }

    /// Tells other commands where this instance listens.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn announce(&self, run: &Run) -> std::io::Result<()> {
        let text = serde_json::to_vec_pretty(run)?;
        replace(&self.folder.join("run.json"), &text, 0o644)
    }

    /// Takes the announcement back, at a clean end.
    pub fn retract(&self) {
        let _ = std::fs::remove_file(self.folder.join("run.json"));
    }
}

/// The instance that runs on the folder, if one does. A `run.json` that a killed instance left is seen through: nobody
/// holds the lock.
#[must_use]
pub fn running(folder: &Path) -> Option<Run> {
    let lock = File::open(folder.join("lock")).ok()?;
    if try_lock(&lock) {
        return None;
    }
    let run: Run = serde_json::from_slice(&std::fs::read(folder.join("run.json")).ok()?).ok()?;
    // A new instance may hold the folder while the announcement is still that of a killed one.
    let mut holder = String::new();
    (&lock).read_to_string(&mut holder).ok()?;
    (holder.trim() == run.pid.to_string()).then_some(run)
}

/// [`running`], or an error that says how to start one.
///
/// # Errors
/// When no instance runs on the folder.
pub fn find_running(folder: &Path) -> Result<Run, Problems> {
    running(folder).ok_or_else(|| {
        Problems(vec![Problem::new(
            format!("no Footfall is running on the data folder {}", folder.display()),
            "start it with `footfall up`, or name its folder (--data DIR) or its address (--url URL)",
        )])
    })
}

/// The name of this folder for ever: what positions and the tags of inserts belong to. Made at first start.
///
/// # Errors
/// When the file cannot be read or written.
pub fn instance(folder: &Path) -> std::io::Result<String> {
    let path = folder.join("instance");
    match std::fs::read_to_string(&path) {
        Ok(text) if !text.trim().is_empty() => Ok(text.trim().to_owned()),
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => {
            let made = uuid::Uuid::new_v4().to_string();
            replace(&path, made.as_bytes(), 0o644)?;
            Ok(made)
        }
    }
}

/// Writes a file whole or not at all: beside, fsync, rename.
///
/// # Errors
/// When the folder cannot be written.
pub fn replace(path: &Path, bytes: &[u8], mode: u32) -> std::io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)?;
    path.parent()
        .map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::{Run, hold, running};

    fn run() -> Run {
        Run {
            pid: std::process::id(),
            version: "0".into(),
            public: "http://127.0.0.1:1".into(),
            https: None,
            admin: "http://127.0.0.1:2".into(),
            clickhouse: Some("http://127.0.0.1:3".into()),
            dashboard: None,
            database: "footfall".into(),
            engine: true,
        }
    }

    #[test]
    fn one_instance_holds_a_folder_and_others_find_it() {
        let folder = tempfile::tempdir().unwrap();
        let held = hold(folder.path()).unwrap();
        held.announce(&run()).unwrap();
        let refused = hold(folder.path()).unwrap_err();
        assert!(
            refused.what.contains(&std::process::id().to_string()),
            "{refused}"
        );
        assert_eq!(running(folder.path()), Some(run()));
        drop(held);
        assert_eq!(
            running(folder.path()),
            None,
            "a run.json that was left behind is no instance"
        );
        let _held = hold(folder.path()).unwrap();
        let stale = Run { pid: 1, ..run() };
        std::fs::write(
            folder.path().join("run.json"),
            serde_json::to_vec(&stale).unwrap(),
        )
        .unwrap();
        assert_eq!(
            running(folder.path()),
            None,
            "the announcement of a killed instance is not the new one's"
        );
    }
}
