//! Builders with one-line defaults, and reading everything back.

use std::path::Path;
use std::time::{Duration, Instant};

use footfall_log::{Config, Entry, Item, KIND_MARK, Log, ReadError, Reader, Record, Recovery};

/// A small log without marks on a timer.
pub(crate) fn config(folder: &Path) -> Config {
    Config {
        folder: folder.to_owned(),
        segment_bytes: 64 << 10,
        free_floor_bytes: 0,
        mark_every: Duration::from_secs(3600),
        ..Config::default()
    }
}

pub(crate) fn open(folder: &Path) -> (Log, Recovery) {
    Log::open(config(folder)).unwrap()
}

/// An entry that can be told from others by its payload.
pub(crate) fn entry(payload: impl Into<Vec<u8>>) -> Entry {
    Entry {
        kind: 1,
        time_ms: 1_700_000_000_000,
        key: [7; 16],
        payload: payload.into(),
    }
}

/// Everything that a reader has to say by now.
pub(crate) fn drain(reader: &mut Reader) -> Vec<Item> {
    let mut all = Vec::new();
    drain_into(reader, &mut all).unwrap();
    all
}

/// As [`drain`], from a disk that may fail.
pub(crate) fn drain_into(reader: &mut Reader, all: &mut Vec<Item>) -> Result<(), ReadError> {
    loop {
        let items = reader.read(16 << 10)?;
        if items.is_empty() {
            return Ok(());
        }
        all.extend(items);
    }
}

pub(crate) fn records(items: &[Item]) -> Vec<Record> {
    let record = |item: &Item| match item {
        Item::Record(record) => Some(record.clone()),
        Item::Lost { .. } => None,
    };
    items.iter().filter_map(record).collect()
}

/// Payloads of all records but marks.
pub(crate) fn payloads(items: &[Item]) -> Vec<String> {
    let text = |r: Record| String::from_utf8(r.payload.to_vec()).unwrap();
    records(items)
        .into_iter()
        .filter(|r| r.kind != KIND_MARK)
        .map(text)
        .collect()
}

/// Waits until `condition` holds; fails after two minutes.
pub(crate) fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(120);
    while !condition() {
        assert!(Instant::now() < deadline, "did not happen: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
