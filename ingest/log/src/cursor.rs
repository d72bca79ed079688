//! The file of a cursor: how far a reader has come, and a text of its owner's.
//!
//! Two slots of 4 KiB, written in turn, each one line padded with line feeds:
//! `<crc32c of the rest, 8 hex> <generation> <log id> <next seq> <text>`. The readable slot with the greater
//! generation counts, so a save is atomic, costs one fdatasync, and needs no free block: a full disk can always be
//! drained. When the fdatasync fails the file is put aside and a new one takes its place.

use std::io;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::catalogue::Position;
use crate::disk::{Disk, DiskFile, read_up_to, write_all};
use crate::folder::replace;

const SLOT: usize = 4096;

/// Longest text that can be saved with a position.
pub const META_BYTES: usize = 3800;

/// A saved position, and the text that was saved with it.
pub(crate) type Saved = (Position, String);

/// An open cursor file.
pub(crate) struct CursorFile {
    path: PathBuf,
    file: Option<Box<dyn DiskFile>>,
    generation: u64,
}

pub(crate) fn valid_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    !name.is_empty() && name.len() <= 64 && name.chars().all(plain)
}

/// What the file says; `Err(InvalidData)` when neither slot can be read.
pub(crate) fn load(disk: &dyn Disk, path: &Path) -> io::Result<Saved> {
    let file = disk.open(path, false)?;
    let (_, saved) = newest(file.as_ref())?;
    Ok(saved)
}

fn newest(file: &dyn DiskFile) -> io::Result<(u64, Saved)> {
    let bytes = read_up_to(file, 0, 2 * SLOT)?;
    let best = bytes
        .chunks(SLOT)
        .filter_map(parse)
        .max_by_key(|(generation, _)| *generation);
    best.ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            "neither slot of the cursor is readable",
        )
    })
}

fn parse(slot: &[u8]) -> Option<(u64, Saved)> {
    let text = std::str::from_utf8(slot).ok()?.trim_end_matches('\n');
    let (crc, rest) = text.split_once(' ')?;
    if u32::from_str_radix(crc, 16).ok()? != crc32c::crc32c(rest.as_bytes()) {
        return None;
    }
    let mut words = rest.splitn(4, ' ');
    let generation = words.next()?.parse().ok()?;
    let log_id = Uuid::try_parse(words.next()?).ok()?;
    let next_seq = words.next()?.parse().ok()?;
    Some((
        generation,
        (Position { log_id, next_seq }, words.next()?.to_owned()),
    ))
}

fn slot(generation: u64, position: Position, meta: &str) -> Vec<u8> {
    let rest = format!("{generation} {} {} {meta}", position.log_id, position.next_seq);
    let mut bytes = format!("{:08x} {rest}", crc32c::crc32c(rest.as_bytes())).into_bytes();
    bytes.resize(SLOT, b'\n');
    bytes
}

impl CursorFile {
    /// Opens the file, or makes it with `start` in it. An unreadable one starts anew, at `start`.
    pub(crate) fn open(disk: &dyn Disk, path: PathBuf, start: Position) -> (CursorFile, Option<Saved>) {
        let found = disk
            .open(&path, true)
            .and_then(|file| Ok((newest(file.as_ref())?, file)));
        match found {
            Ok(((generation, saved), file)) => {
                // It may have been read from the page cache: before anything is trimmed for it, it has to be durable.
                let durable = file.sync_data().is_ok();
                let mut cursor = CursorFile {
                    path,
                    file: durable.then_some(file),
                    generation,
                };
                if !durable && let Err(e) = cursor.save(disk, saved.0, &saved.1) {
                    tracing::error!(path = %cursor.path.display(), error = %e, "cannot fsync the cursor");
                }
                (cursor, Some(saved))
            }
            Err(e) => {
                if e.kind() != io::ErrorKind::NotFound {
                    tracing::error!(path = %path.display(), error = %e, "cannot read the cursor, starting at the oldest record");
                }
                let mut cursor = CursorFile {
                    path,
                    file: None,
                    generation: 0,
                };
                if let Err(e) = cursor.save(disk, start, "") {
                    tracing::warn!(path = %cursor.path.display(), error = %e, "cannot make the cursor file yet");
                }
                (cursor, None)
            }
        }
    }

    /// Saves durably; after an error the old position still counts, or this one.
    pub(crate) fn save(&mut self, disk: &dyn Disk, position: Position, meta: &str) -> io::Result<()> {
        let generation = self.generation + 1;
        let bytes = slot(generation, position, meta);
        if let Some(file) = &self.file {
            let offset = (generation % 2) * SLOT as u64;
            let saved = write_all(file.as_ref(), &bytes, offset).and_then(|()| file.sync_data());
            if saved.is_ok() {
                self.generation = generation;
                return Ok(());
            }
            // Never a second fdatasync on this file.
            self.file = None;
        }
        let both = [
            slot(generation, position, meta),
            slot(generation - 1, position, meta),
        ]
        .concat();
        replace(disk, &self.path, &both)?;
        self.file = Some(disk.open(&self.path, true)?);
        self.generation = generation;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_comes_back_with_its_text_and_a_damaged_one_does_not() {
        let position = Position {
            log_id: Uuid::from_u128(5),
            next_seq: 99,
        };
        let mut bytes = slot(3, position, "open {\"tag\": \"a b\"}");
        assert_eq!(bytes.len(), SLOT);
        assert_eq!(
            parse(&bytes),
            Some((3, (position, "open {\"tag\": \"a b\"}".to_owned())))
        );
        bytes[20] ^= 1;
        assert_eq!(parse(&bytes), None);
    }
}
