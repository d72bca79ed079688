//! The key by which the erased are known: `keys/erasure.key` in the data folder of one machine, a setting in a cluster. It is
//! never changed: who was erased under another key would be known to nobody.

use crate::config::Config;
use crate::credentials::hex;
use crate::data::replace;
use crate::problem::{Problem, Problems};
use anyhow::{Context as _, Result};
use footfall_processor::suppressed::Key;
use rand::Rng as _;
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;

/// The key that the operator has given, if any.
///
/// # Errors
/// When it is none.
pub fn given(config: &Config) -> Result<Option<Key>, Problem> {
    let Some(given) = &config.erasure.key else {
        return Ok(None);
    };
    Key::parse(&given.0).map(Some).map_err(|_| {
        Problem::new(
            "`erasure.key` is not 64 hex digits",
            "make one with `openssl rand -hex 32`, once, and give it to every processor",
        )
    })
}

/// The given key, or that of the data folder, made at the first start.
///
/// # Errors
/// When it is none, or cannot be read or written.
pub fn of_machine(config: &Config) -> Result<Key> {
    if let Some(key) = given(config).map_err(|problem| Problems(vec![problem]))? {
        return Ok(key);
    }
    let path = path(config);
    if let Some(key) = read(config)? {
        return Ok(key);
    }
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    let text = format!("{}\n", hex(&bytes));
    if let Some(folder) = path.parent() {
        let made = std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder);
        made.with_context(|| format!("cannot make {}", folder.display()))?;
    }
    replace(&path, text.as_bytes(), 0o600).with_context(|| format!("cannot write {}", path.display()))?;
    Key::parse(&text).with_context(|| format!("cannot use {}", path.display()))
}

/// The key that `footfall erase` works with: the one that the processors have.
///
/// # Errors
/// There is none, or it is no key.
pub fn find(config: &Config) -> Result<Key> {
    if let Some(key) = given(config).map_err(|problem| Problems(vec![problem]))? {
        return Ok(key);
    }
    let found = read(config)?;
    found.ok_or_else(|| {
        let problem = Problem::new(
            format!("there is no key for erasures: neither `erasure.key` nor {}", path(config).display()),
            "on one machine `footfall up` makes it at its next start; in a cluster give the one that the processors have \
             (FOOTFALL_ERASURE_KEY_FILE)",
        );
        anyhow::Error::new(Problems(vec![problem]))
    })
}

fn path(config: &Config) -> PathBuf {
    config.in_data("keys/erasure.key".as_ref())
}

/// That of the data folder, if there is one.
///
/// # Errors
/// It cannot be read, or is damaged.
pub(crate) fn read(config: &Config) -> Result<Option<Key>> {
    let path = path(config);
    match std::fs::read_to_string(&path) {
        Ok(text) => Key::parse(&text)
            .map(Some)
            .with_context(|| format!("{} is damaged: bring it back from a back-up", path.display())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}
