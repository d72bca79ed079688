//! The file of `--record`: every event with its answer, so that a test can compare them by value with the table.

use super::journey::Sent;
use anyhow::{Context as _, Result};
use serde::Serialize;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// What is known about an event after its (last) attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Answered 2xx and not listed as rejected: it must be in the table once.
    Accepted,
    /// The answer says that it was not kept.
    Refused,
    /// No answer: it may be in the table, once at most.
    Unanswered,
}

/// One line of the file.
#[derive(Debug, Serialize)]
pub struct Line<'a> {
    /// What is known.
    pub outcome: Outcome,
    /// Status of the answer; 0: none.
    pub status: u16,
    /// Why it was refused; empty if it was not.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub reason: &'a str,
    /// Site.
    pub site: &'a str,
    /// Client time of sending of the last attempt, ms since 1970.
    pub sent_at: i64,
    /// The event as sent.
    pub event: &'a Sent,
}

/// The file, or nothing.
#[derive(Debug)]
pub struct Recorder(Option<Mutex<BufWriter<File>>>);

impl Recorder {
    /// Creates the file, if one is asked for.
    ///
    /// # Errors
    /// When it cannot be created.
    pub fn new(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path else { return Ok(Self(None)) };
        let file = File::create(path).with_context(|| format!("cannot create {}", path.display()))?;
        Ok(Self(Some(Mutex::new(BufWriter::new(file)))))
    }

    /// Adds a line.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn add(&self, line: &Line<'_>) -> Result<()> {
        let Some(file) = &self.0 else { return Ok(()) };
        let mut json = serde_json::to_vec(line)?;
        json.push(b'\n');
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(&json).context("cannot write the file of --record")
    }

    /// Writes out what is buffered.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn finish(&self) -> Result<()> {
        let Some(file) = &self.0 else { return Ok(()) };
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        file.flush().context("cannot write the file of --record")
    }
}
