//! Free loopback ports below 32768, where no outgoing socket gets one while the broker is down.
//!
//! A port is held by an flock on a file named after it, so that two tests never use one in turn.

use std::fs::{self, File, TryLockError};
use std::hash::{BuildHasher, RandomState};
use std::net::TcpListener;
use std::path::Path;

use crate::error::BrokerError;

/// Above the well-known servers, below the first ephemeral port.
const RANGE: std::ops::Range<u16> = 16_000..32_768;

/// How many are tried before giving up.
const TRIES: u64 = 1000;

/// A port that is ours until this goes.
#[derive(Debug)]
pub(crate) struct Port {
    pub(crate) number: u16,
    /// Its lock lives as long as the port is ours.
    _held: File,
}

/// One that nobody listens on and no other broker holds.
pub(crate) fn free(cache: &Path) -> Result<Port, BrokerError> {
    let folder = cache.join("ports");
    fs::create_dir_all(&folder).map_err(BrokerError::io("make the folder", &folder))?;
    for attempt in 0..TRIES {
        let width = u64::from(RANGE.end - RANGE.start);
        let offset = RandomState::new().hash_one(attempt) % width;
        let number = RANGE.start + u16::try_from(offset).unwrap_or_default();
        if let Some(port) = hold(&folder, number)? {
            return Ok(port);
        }
    }
    Err(BrokerError::NoPort)
}

fn hold(folder: &Path, number: u16) -> Result<Option<Port>, BrokerError> {
    let path = folder.join(number.to_string());
    let file = File::create(&path).map_err(BrokerError::io("make", &path))?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(source)) => return Err(BrokerError::io("lock", &path)(source)),
        Ok(()) => {}
    }
    let unused = TcpListener::bind(("127.0.0.1", number)).is_ok();
    Ok(unused.then_some(Port { number, _held: file }))
}
