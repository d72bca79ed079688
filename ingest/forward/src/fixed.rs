//! N of the segments whose header does not say it, because they were begun before there was a Kafka.
//!
//! The file `partitions` in the log's folder, one line each: `<log id> <first number> <N>`. Never in the header itself:
//! the log's writer owns that block, and writes it again with what follows. A number keeps its N for as long as its
//! segment is kept; the oldest of [`MOST`] lines go.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use uuid::Uuid;

/// More segments than a log keeps: 8 GiB of 64 MiB are 128.
const MOST: usize = 4096;

/// The lines, oldest first.
#[derive(Debug)]
pub(crate) struct Fixed {
    path: PathBuf,
    lines: Vec<(Uuid, u64, u32)>,
}

impl Fixed {
    /// Reads the file; one that is not there has no lines.
    pub(crate) fn load(folder: &Path) -> io::Result<Fixed> {
        let path = folder.join("partitions");
        let text = match fs::read_to_string(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => String::new(),
            text => text?,
        };
        let lines = text.lines().filter_map(parse).collect();
        Ok(Fixed { path, lines })
    }

    /// N of the segment that begins at `first`.
    pub(crate) fn get(&self, log_id: Uuid, first: u64) -> Option<u32> {
        let mut newest = self.lines.iter().rev();
        newest
            .find(|(id, at, _)| (*id, *at) == (log_id, first))
            .map(|(_, _, partitions)| *partitions)
    }

    /// Fixes it for ever: durable when this returns.
    pub(crate) fn set(&mut self, log_id: Uuid, first: u64, partitions: u32) -> io::Result<()> {
        let mut lines = self.lines.clone();
        lines.push((log_id, first, partitions));
        lines.drain(..lines.len().saturating_sub(MOST));
        let text: String = lines
            .iter()
            .map(|(id, first, partitions)| format!("{id} {first} {partitions}\n"))
            .collect();
        let fresh = self.path.with_extension("new");
        let mut file = File::create(&fresh)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&fresh, &self.path)?;
        if let Some(folder) = self.path.parent() {
            File::open(folder)?.sync_all()?;
        }
        self.lines = lines;
        Ok(())
    }
}

fn parse(line: &str) -> Option<(Uuid, u64, u32)> {
    let mut words = line.split(' ');
    let log_id = Uuid::try_parse(words.next()?).ok()?;
    let (first, partitions) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    (partitions > 0).then_some((log_id, first, partitions))
}
