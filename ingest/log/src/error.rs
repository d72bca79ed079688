//! What can go wrong, one enum per boundary: opening, appending, reading. Texts say what was being tried.

use std::io;
use std::path::PathBuf;

/// Why a log could not be opened. A full or failing disk is not among the causes unless the folder itself cannot be
/// made or read: the log then opens, reads on, and refuses appends until the disk is well again.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A setting is out of range.
    #[error("the log's configuration is wrong: {0}")]
    Config(String),
    /// Another process (or another `Log` of this one) has the folder open.
    #[error("the log folder {} is in use by another process ({holder})", folder.display())]
    Held {
        /// The data folder.
        folder: PathBuf,
        /// `pid 1234`, as far as it is known.
        holder: String,
    },
    /// The folder cannot be made, listed or read.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried, such as `list the folder`.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The operating system's answer.
        source: io::Error,
    },
}

/// Why entries were not acknowledged. After `Unavailable` and `Closed` they may still be in the log (in doubt), after
/// the others they are not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// More is waiting for the disk than `queue_bytes`; try again shortly.
    #[error("cannot append: {waiting} bytes are already waiting for the disk")]
    Busy {
        /// Bytes in the queue.
        waiting: usize,
    },
    /// Quota reached or too little free disk; nothing is dropped, new entries are refused.
    #[error("cannot append: {reason}")]
    Full {
        /// One sentence for the operator.
        reason: String,
    },
    /// The disk refuses writes or fsyncs; retried with back-off.
    #[error("cannot append: {reason}")]
    Unavailable {
        /// One sentence for the operator.
        reason: String,
    },
    /// One call's entries do not fit into a segment.
    #[error("cannot append {bytes} bytes at once: a group holds {limit}")]
    TooLarge {
        /// Bytes of all frames of the call.
        bytes: usize,
        /// The most that is possible.
        limit: usize,
    },
    /// The kinds 0xFE and 0xFF belong to the log itself.
    #[error("cannot append an entry of kind {0:#x}: it is the log's own")]
    Kind(u8),
    /// The log is closing or closed.
    #[error("cannot append: the log is closed")]
    Closed,
}

/// Why a reader or a cursor failed. The position is unchanged; the same call may be tried again.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A segment or cursor file could not be opened or read.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried, such as `read the segment`.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The operating system's answer.
        source: io::Error,
    },
    /// A cursor name must be 1..=64 of `[a-z0-9_-]`.
    #[error("cannot use {0:?} as a cursor name: 1..=64 of [a-z0-9_-]")]
    Name(String),
    /// The cursor has a reader already; two would overwrite each other's position.
    #[error("cannot read as {0:?}: the cursor has a reader already")]
    Taken(String),
    /// The text saved with a position is too long or has a line break in it.
    #[error("cannot save a position with {bytes} bytes of text: {limit} without line breaks are possible")]
    Meta {
        /// Length of the text.
        bytes: usize,
        /// The most that is possible.
        limit: usize,
    },
    /// The log is closed, or the reader has no cursor: nothing can be saved.
    #[error("cannot save a position: {0}")]
    ReadOnly(&'static str),
}
