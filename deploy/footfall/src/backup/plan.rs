//! What of a data folder goes into a back-up, and what does not.
//!
//! - the engine's folder: the tables' parts (frozen ones while the engine runs), what describes them, and the engine's identity.
//!   Not what it makes by itself at its start, half-made parts, and parts that it has put aside;
//! - the log: see [`super::held_log`];
//! - everything else, but for locks, `run.json`, and `keys/ip-salt`: the salts of the last two days are to be destroyed, and
//!   a copy of them would undo that.

use super::held_log::HeldLog;
use super::manifest::Link;
use anyhow::{Context as _, Result};
use std::collections::BTreeSet;
use std::fs::{DirEntry, File};
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Up to so many bytes are read at once while somebody may change a file.
const SMALL: u64 = 1 << 20;

/// What is to be copied. All paths are relative to the data folder.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) folders: BTreeSet<PathBuf>,
    pub(super) links: Vec<Link>,
    pub(super) items: Vec<Item>,
}

/// A file.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) path: PathBuf,
    pub(super) content: Content,
    pub(super) bytes: u64,
    /// Permissions.
    pub(super) mode: u32,
}

/// Where a file's bytes are.
#[derive(Debug)]
pub(super) enum Content {
    /// In a file that may be gone when its turn comes: then it is left out.
    Path(PathBuf),
    Open(File),
    Bytes(Vec<u8>),
}

impl Plan {
    /// The tables of the engine in `folder`, called `path` in the data folder. `frozen`: links to their parts, if it runs.
    pub(super) fn engine(&mut self, folder: &Path, path: &Path, frozen: Option<&Path>) -> Result<()> {
        self.small(&folder.join("uuid"), path.join("uuid"))?;
        let (clickhouse, path) = (folder.join("clickhouse"), path.join("clickhouse"));
        self.walk(&clickhouse, &path, &|entry, relative| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            match relative.components().count() {
                1 => !matches!(
                    name.as_ref(),
                    "shadow" | "tmp" | "status" | "preprocessed_configs"
                ),
                // store/abc/abcd…/
                4 if is_merge_tree(entry) => is_settled(&name) && (frozen.is_none() || is_file(entry)),
                5 => !is_put_aside(relative),
                _ => true,
            }
        })?;
        let Some(frozen) = frozen else { return Ok(()) };
        for item in &mut self.items {
            read_if_small(item)?;
        }
        self.walk(frozen, &path, &|entry, _| {
            entry.file_name() != "frozen_metadata.txt"
        })
    }

    /// The log, called `path` in the data folder.
    pub(super) fn log(&mut self, log: HeldLog, path: &Path) -> Result<()> {
        let (segments, small) = log.into_parts();
        for (name, open) in segments {
            let bytes = open.metadata().context("cannot read a segment of the log")?.len();
            self.add(path.join(name), Content::Open(open), bytes, 0o644);
        }
        for (name, content) in small {
            let bytes = content.len() as u64;
            self.add(path.join(name), Content::Bytes(content), bytes, 0o644);
        }
        Ok(())
    }

    /// Everything of the data folder but what is named by `not`.
    pub(super) fn rest(&mut self, folder: &Path, not: &[PathBuf]) -> Result<()> {
        self.walk(folder, Path::new(""), &|entry, relative| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let passing = matches!(name.as_ref(), "lock" | "run.json") || name.ends_with(".lock");
            let ours = name.starts_with('.') && name.ends_with(".unfinished");
            !(passing
                || ours
                || relative == Path::new("keys/ip-salt")
                || not.iter().any(|not| not == relative))
        })
    }

    /// Bytes of all files, as far as they are known.
    pub(super) fn bytes(&self) -> u64 {
        self.items.iter().map(|item| item.bytes).sum()
    }

    fn add(&mut self, path: PathBuf, content: Content, bytes: u64, mode: u32) {
        let parents = path
            .ancestors()
            .skip(1)
            .filter(|path| !path.as_os_str().is_empty());
        self.folders.extend(parents.map(Path::to_owned));
        self.items.push(Item {
            path,
            content,
            bytes,
            mode,
        });
    }

    fn small(&mut self, from: &Path, path: PathBuf) -> Result<()> {
        match std::fs::read(from) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            content => {
                let content = content.with_context(|| format!("cannot read {}", from.display()))?;
                let bytes = content.len() as u64;
                self.add(path, Content::Bytes(content), bytes, 0o644);
            }
        }
        Ok(())
    }

    /// Takes what `takes` says of everything below `from`, called `to` in the data folder. It gets paths relative to `from`.
    fn walk(&mut self, from: &Path, to: &Path, takes: &dyn Fn(&DirEntry, &Path) -> bool) -> Result<()> {
        self.walk_in(from, Path::new(""), to, takes)
    }

    fn walk_in(
        &mut self,
        root: &Path,
        below: &Path,
        to: &Path,
        takes: &dyn Fn(&DirEntry, &Path) -> bool,
    ) -> Result<()> {
        let folder = root.join(below);
        let entries = match std::fs::read_dir(&folder) {
            // Somebody has removed it, as a table's part or a folder of an hour ago may be.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            entries => entries.with_context(|| format!("cannot read {}", folder.display()))?,
        };
        for entry in entries {
            let entry = entry.with_context(|| format!("cannot read {}", folder.display()))?;
            let relative = below.join(entry.file_name());
            if !takes(&entry, &relative) {
                continue;
            }
            self.take(&entry, root, &relative, to, takes)
                .with_context(|| format!("cannot read {}", entry.path().display()))?;
        }
        Ok(())
    }

    fn take(
        &mut self,
        entry: &DirEntry,
        root: &Path,
        relative: &Path,
        to: &Path,
        takes: &dyn Fn(&DirEntry, &Path) -> bool,
    ) -> Result<()> {
        let metadata = match entry.metadata() {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            metadata => metadata?,
        };
        let path = to.join(relative);
        if metadata.is_dir() {
            self.folders.insert(path);
            self.walk_in(root, relative, to, takes)?;
        } else if metadata.is_symlink() {
            let to = std::fs::read_link(entry.path())?;
            self.links.push(Link { path, to });
        } else if metadata.is_file() {
            let mode = metadata.permissions().mode() & 0o7777;
            self.add(path, Content::Path(entry.path()), metadata.len(), mode);
        }
        Ok(())
    }
}

/// Whether the entry lies in the folder of a table that has parts.
fn is_merge_tree(entry: &DirEntry) -> bool {
    let path = entry.path();
    path.parent()
        .is_some_and(|table| table.join("format_version.txt").exists())
}

/// Not half made, and not on its way out.
fn is_settled(name: &str) -> bool {
    !["tmp", "delete_tmp_", "deleting_"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

fn is_file(entry: &DirEntry) -> bool {
    entry.file_type().is_ok_and(|kind| !kind.is_dir()) || entry.file_name() == "detached"
}

/// Below `detached` of a table.
fn is_put_aside(relative: &Path) -> bool {
    relative
        .parent()
        .is_some_and(|folder| folder.ends_with("detached"))
}

/// What describes tables is replaced now and then: it is to be of one moment.
fn read_if_small(item: &mut Item) -> Result<()> {
    let Content::Path(path) = &item.content else {
        return Ok(());
    };
    if item.bytes > SMALL {
        return Ok(());
    }
    match std::fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        content => {
            let content = content.with_context(|| format!("cannot read {}", path.display()))?;
            item.bytes = content.len() as u64;
            item.content = Content::Bytes(content);
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Plan;
    use std::path::Path;

    fn make(folder: &Path, files: &[&str]) {
        for file in files {
            let path = folder.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        }
    }

    fn files(plan: &Plan) -> Vec<String> {
        let mut files: Vec<_> = plan
            .items
            .iter()
            .map(|item| item.path.display().to_string())
            .collect();
        files.sort();
        files
    }

    const STORE: &str = "engine/clickhouse/store/7fd/7fdfc53b";

    #[test]
    fn parts_are_taken_as_they_are_or_as_they_were_frozen() {
        let folder = tempfile::tempdir().unwrap();
        let engine = folder.path().join("engine");
        let table = |files: &[&str]| {
            let files: Vec<_> = files.iter().map(|file| format!("{STORE}/{file}")).collect();
            make(
                folder.path(),
                &files.iter().map(String::as_str).collect::<Vec<_>>(),
            );
        };
        table(&["format_version.txt", "mutation_3.txt", "tmp_mutation_4.txt"]);
        table(&[
            "all_1_1_0/data.bin",
            "tmp_insert_all_2_2_0/data.bin",
            "detached/broken_all_9_9_0/data.bin",
        ]);
        make(
            &engine,
            &[
                "uuid",
                "lock",
                "users.xml",
                "clickhouse/status",
                "clickhouse/metadata/footfall.sql",
            ],
        );
        make(
            &engine,
            &[
                "clickhouse/store/1e4/1e4cf3ce/events.sql",
                "clickhouse/shadow/x/store/7fd/7fdfc53b/all_0_0_0/data.bin",
            ],
        );
        let common = [
            "engine/clickhouse/metadata/footfall.sql".to_owned(),
            "engine/clickhouse/store/1e4/1e4cf3ce/events.sql".to_owned(),
        ];
        let of = |part: &str| {
            let mut all: Vec<_> = common.to_vec();
            all.extend([part, "format_version.txt", "mutation_3.txt"].map(|file| format!("{STORE}/{file}")));
            all.push("engine/uuid".to_owned());
            all
        };
        let mut stopped = Plan::default();
        stopped.engine(&engine, Path::new("engine"), None).unwrap();
        assert_eq!(files(&stopped), of("all_1_1_0/data.bin"));
        assert!(stopped.folders.contains(Path::new(&format!("{STORE}/detached"))));
        let mut running = Plan::default();
        let frozen = engine.join("clickhouse/shadow/x");
        running
            .engine(&engine, Path::new("engine"), Some(&frozen))
            .unwrap();
        assert_eq!(files(&running), of("all_0_0_0/data.bin"));
        assert!(running.folders.contains(Path::new(&format!("{STORE}/detached"))));
    }

    #[test]
    fn locks_salts_and_what_is_taken_otherwise_are_left_out() {
        let folder = tempfile::tempdir().unwrap();
        make(
            folder.path(),
            &[
                "lock",
                "run.json",
                "backup.lock",
                "keys/ip-salt",
                "keys/identity.key",
                "erasures/lock",
                "log/logs/a/b",
            ],
        );
        make(
            folder.path(),
            &[
                "erasures/a.json",
                "engine/uuid",
                "mine/notes.txt",
                ".x.unfinished/data/a",
            ],
        );
        std::os::unix::fs::symlink("mine", folder.path().join("link")).unwrap();
        let mut plan = Plan::default();
        plan.rest(folder.path(), &["log".into(), "engine".into()])
            .unwrap();
        assert_eq!(
            files(&plan),
            ["erasures/a.json", "keys/identity.key", "mine/notes.txt"]
        );
        assert_eq!(plan.links.len(), 1);
    }
}
