//! `manifest.json`: what is in a back-up, of when, with the SHA-256 of every file. Its own stands beside it, so that
//! `sha256sum --check manifest.sha256` holds too. Both are written last.

use super::copy::Work;
use crate::credentials::hex;
use crate::problem::{Problem, Problems};
use crate::terminal::{bytes, count};
use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};
use tokio_util::sync::CancellationToken;

/// The format that this release writes, and the newest that it reads.
pub(crate) const FORMAT: u32 = 1;
const NAME: &str = "manifest.json";
const SUM: &str = "manifest.sha256";
/// Where the data folder's files lie in a back-up.
pub(crate) const DATA: &str = "data";
/// How many damaged files an error names.
const NAMED: usize = 20;

/// What is in a back-up. Times are RFC 3339, paths relative to the data folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// [`FORMAT`] of the release that wrote it.
    pub(crate) footfall_backup: u32,
    /// That release.
    pub(crate) version: String,
    /// Every event acknowledged before this is in it.
    pub(crate) began: String,
    /// When the tables were frozen: nothing later is in them.
    pub(crate) taken: String,
    /// Of which data folder: its path, and its name for ever.
    pub(crate) folder: String,
    pub(crate) instance: String,
    /// Whether Footfall ran meanwhile.
    pub(crate) running: bool,
    /// Whether the tables are in it; else they are on a server.
    pub(crate) tables: bool,
    /// The local log's folder.
    pub(crate) log: PathBuf,
    /// What the settings name that lies elsewhere, and is not in it.
    pub(crate) outside: Vec<String>,
    pub(crate) folders: Vec<PathBuf>,
    pub(crate) links: Vec<Link>,
    pub(crate) files: Vec<Entry>,
}

/// A symbolic link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Link {
    pub(crate) path: PathBuf,
    pub(crate) to: PathBuf,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) path: PathBuf,
    pub(crate) bytes: u64,
    pub(crate) sha256: String,
    /// Permissions, as `chmod` takes them.
    pub(crate) mode: u32,
}

/// What is looked at before anything else of a manifest is believed.
#[derive(Deserialize)]
struct Head {
    footfall_backup: u32,
    version: String,
}

impl Manifest {
    /// Writes it into the folder of a back-up.
    ///
    /// # Errors
    /// It cannot be written; a path is not UTF-8.
    pub(crate) fn write(&self, backup: &Path) -> Result<()> {
        let text = serde_json::to_vec_pretty(self).context("a path in the data folder is not UTF-8")?;
        let sum = format!("{}  {NAME}\n", hex(&Sha256::digest(&text)));
        for (name, bytes) in [(NAME, text.as_slice()), (SUM, sum.as_bytes())] {
            crate::data::replace(&backup.join(name), bytes, 0o600)
                .with_context(|| format!("cannot write {}", backup.join(name).display()))?;
        }
        Ok(())
    }

    /// Reads that of a back-up.
    ///
    /// # Errors
    /// The folder is no back-up, or not a whole one; a newer release made it; its manifest is damaged.
    pub(crate) fn read(backup: &Path) -> Result<Self> {
        let path = backup.join(NAME);
        let text = match std::fs::read(&path) {
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                bail!(Problems(vec![Problem::new(
                    format!(
                        "{} is no back-up, or not a whole one: it has no {NAME}",
                        backup.display()
                    ),
                    "name the folder that `footfall backup` was given; `footfall backup --list FOLDER` shows those there are",
                )]));
            }
            text => text.with_context(|| format!("cannot read {}", path.display()))?,
        };
        let damaged = || format!("{} is damaged", path.display());
        let sum = std::fs::read_to_string(backup.join(SUM)).with_context(damaged)?;
        if sum.split(' ').next() != Some(hex(&Sha256::digest(&text)).as_str()) {
            bail!("{}: its checksum is not that of {SUM}", damaged());
        }
        let head: Head = serde_json::from_slice(&text).with_context(damaged)?;
        head.check(backup)?;
        let manifest: Self = serde_json::from_slice(&text).with_context(damaged)?;
        if let Some(path) = manifest.paths().find(|path| !is_below(path)) {
            bail!("{}: {} leads out of the back-up", damaged(), path.display());
        }
        Ok(manifest)
    }

    fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        let files = self.files.iter().map(|file| &file.path);
        let links = self.links.iter().map(|link| &link.path);
        self.folders.iter().chain(links).chain(files).chain([&self.log])
    }

    /// Bytes of all files.
    pub(crate) fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// Reads every file and compares it. Blocks.
    ///
    /// # Errors
    /// Names what is missing or changed; or Ctrl-C was pressed.
    pub(crate) fn verify(&self, backup: &Path, stop: CancellationToken) -> Result<()> {
        let label = format!("checking {}", backup.display());
        let mut work = Work::new(label, "comparing", self.bytes(), stop);
        let mut damage = Vec::new();
        for file in &self.files {
            match File::open(backup.join(DATA).join(&file.path)) {
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    damage.push(format!("{} is missing", file.path.display()));
                }
                Err(error) => damage.push(format!("{} cannot be read: {error}", file.path.display())),
                Ok(open) => {
                    let found = work
                        .sum(open)
                        .with_context(|| format!("cannot read {}", file.path.display()))?;
                    damage.extend(file.differs(&found));
                }
            }
        }
        work.finish();
        if damage.is_empty() {
            return Ok(());
        }
        let more = damage.len().saturating_sub(NAMED);
        damage.truncate(NAMED);
        if more > 0 {
            damage.push(format!("and {} more", count(more as u64)));
        }
        bail!(Problems(vec![Problem::new(
            format!(
                "the back-up {} is damaged:\n  {}",
                backup.display(),
                damage.join("\n  ")
            ),
            "use another copy of it, or an earlier back-up",
        )]))
    }
}

impl Head {
    fn check(&self, backup: &Path) -> Result<()> {
        let ours = env!("CARGO_PKG_VERSION");
        if self.footfall_backup <= FORMAT && numbers(&self.version) <= numbers(ours) {
            return Ok(());
        }
        bail!(Problems(vec![Problem::new(
            format!(
                "the back-up {} was made by Footfall {} (format {}), and this is {ours} (format {FORMAT})",
                backup.display(),
                self.version,
                self.footfall_backup
            ),
            format!("restore it with Footfall {} or a newer release", self.version),
        )]))
    }
}

impl Entry {
    /// In which way it differs from what was found.
    pub(crate) fn differs(&self, (length, sum): &(u64, String)) -> Option<String> {
        let path = self.path.display();
        if self.bytes != *length {
            return Some(format!(
                "{path} has {} instead of {}",
                bytes(*length),
                bytes(self.bytes)
            ));
        }
        (self.sha256 != *sum).then(|| format!("{path} has changed: its checksum is another"))
    }
}

/// Stays in the folder that it is joined to.
fn is_below(path: &Path) -> bool {
    let normal = |part: Component<'_>| matches!(part, Component::Normal(_));
    path.components().next().is_some() && path.components().all(normal)
}

/// The numbers of a version, for comparing; what follows a `-` comes before the release and counts as it.
fn numbers(version: &str) -> Vec<u64> {
    let release = version.split(['-', '+']).next().unwrap_or_default();
    release.split('.').map(|part| part.parse().unwrap_or(0)).collect()
}

#[cfg(test)]
mod tests {
    use super::{DATA, Entry, FORMAT, Manifest, NAME};
    use std::path::{Path, PathBuf};
    use tokio_util::sync::CancellationToken;

    fn manifest() -> Manifest {
        Manifest {
            footfall_backup: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            began: "2026-11-22T10:00:00Z".to_owned(),
            taken: "2026-11-22T10:00:01Z".to_owned(),
            folder: "/var/lib/footfall".to_owned(),
            instance: "x".to_owned(),
            running: true,
            tables: true,
            log: PathBuf::from("log"),
            outside: Vec::new(),
            folders: vec![PathBuf::from("keys")],
            links: Vec::new(),
            files: vec![Entry {
                path: PathBuf::from("keys/a"),
                bytes: 4,
                sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
                mode: 0o600,
            }],
        }
    }

    fn refused(backup: &Path) -> String {
        format!("{:#}", Manifest::read(backup).unwrap_err())
    }

    #[test]
    fn every_file_is_compared_and_named() {
        let folder = tempfile::tempdir().unwrap();
        let backup = folder.path();
        let verify = || {
            let read = Manifest::read(backup).unwrap();
            assert_eq!(read, manifest());
            read.verify(backup, CancellationToken::new())
                .map_err(|error| error.to_string())
        };
        manifest().write(backup).unwrap();
        assert!(verify().unwrap_err().contains("keys/a is missing"));
        std::fs::create_dir_all(backup.join(DATA).join("keys")).unwrap();
        let file = backup.join(DATA).join("keys/a");
        for (content, wrong) in [
            ("tests", "has 5 B instead of 4 B"),
            ("tesT", "keys/a has changed"),
        ] {
            std::fs::write(&file, content).unwrap();
            let damage = verify().unwrap_err();
            assert!(damage.contains(wrong), "{damage}");
        }
        std::fs::write(&file, "test").unwrap();
        verify().unwrap();
    }

    #[test]
    fn what_is_newer_damaged_or_none_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(refused(folder.path()).contains("is no back-up"));
        let newer = [
            Manifest {
                footfall_backup: FORMAT + 1,
                ..manifest()
            },
            Manifest {
                version: "999.0.0".to_owned(),
                ..manifest()
            },
        ];
        for manifest in newer {
            manifest.write(folder.path()).unwrap();
            let refused = refused(folder.path());
            assert!(refused.contains("or a newer release"), "{refused}");
        }
        for path in ["/etc/passwd", "../x", ""] {
            let mut leads_out = manifest();
            leads_out.files[0].path = PathBuf::from(path);
            leads_out.write(folder.path()).unwrap();
            assert!(refused(folder.path()).contains("leads out"), "{path}");
        }
        manifest().write(folder.path()).unwrap();
        let path = folder.path().join(NAME);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace("10:00:00", "11:00:00")).unwrap();
        assert!(refused(folder.path()).contains("is damaged"));
    }
}
