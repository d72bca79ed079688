//! `credentials.toml` in the data folder: what this instance made up for itself, readable by its owner alone.
//!
//! The engine's writer password, and the server keys of sites that were made here: of `demo` at first start, so that
//! `footfall send` and `footfall loadgen` can speak for visitors. Sites themselves know only a key's digest.

use crate::data::replace;
use anyhow::{Context as _, Result};
use footfall_schemas::reserved::SELF_SITE;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The file's content. Its `Debug` shows no secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// Password of the engine's writer.
    pub writer_password: String,
    /// Server key by site.
    pub server_keys: BTreeMap<String, String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("sites", &self.server_keys.keys())
            .finish_non_exhaustive()
    }
}

fn path(folder: &Path) -> PathBuf {
    folder.join("credentials.toml")
}

/// Reads the file.
///
/// # Errors
/// When it is missing, not readable for this user, or not what was written.
pub fn read(folder: &Path) -> Result<Credentials> {
    let path = path(folder);
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    // The parser's own text would repeat the line, which holds a secret.
    toml::from_str(&text)
        .map_err(|_| anyhow::anyhow!("{} is damaged: remove it to have it made anew", path.display()))
}

/// Reads the file, or makes it: new secrets, and server keys for the sites that the program itself brings. What an earlier
/// release did not make is added.
///
/// # Errors
/// When it cannot be read or written.
pub fn read_or_make(folder: &Path) -> Result<Credentials> {
    let mut made = if path(folder).exists() {
        read(folder)?
    } else {
        let demo = ("demo".to_owned(), new_secret());
        Credentials {
            writer_password: new_secret(),
            server_keys: [demo].into_iter().collect(),
        }
    };
    if made.server_keys.contains_key(SELF_SITE) {
        return Ok(made);
    }
    made.server_keys.insert(SELF_SITE.to_owned(), new_secret());
    let text = format!(
        "# Made by Footfall at its first start. Keep it private.\n{}",
        toml::to_string(&made)?
    );
    replace(&path(folder), text.as_bytes(), 0o600)
        .with_context(|| format!("cannot write {}", path(folder).display()))?;
    Ok(made)
}

/// The server key of a site, if one was made here and this user may read it.
#[must_use]
pub fn server_key(folder: &Path, site: &str) -> Option<String> {
    read(folder).ok()?.server_keys.remove(site)
}

/// 122 random bits as text.
#[must_use]
pub fn new_secret() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

/// SHA-256 of a server key, as the sites file has it.
#[must_use]
pub fn digest(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

/// `bytes` as lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::{digest, hex, read, read_or_make};
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn credentials_are_made_once_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let made = read_or_make(folder.path()).unwrap();
        assert_eq!(read_or_make(folder.path()).unwrap(), made);
        let mode = std::fs::metadata(folder.path().join("credentials.toml"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(!format!("{made:?}").contains(&made.writer_password));
    }

    #[test]
    fn a_file_of_an_earlier_release_keeps_its_secrets_and_gets_what_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let old = "writer_password = \"a\"\n[server_keys]\ndemo = \"b\"\n";
        std::fs::write(folder.path().join("credentials.toml"), old).unwrap();
        let read = read_or_make(folder.path()).unwrap();
        assert_eq!(
            (read.writer_password.as_str(), read.server_keys["demo"].as_str()),
            ("a", "b")
        );
        assert_eq!(read_or_make(folder.path()).unwrap(), read);
        assert_eq!(read.server_keys.len(), 2);
    }

    #[test]
    fn a_damaged_file_is_said_without_its_content() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(
            folder.path().join("credentials.toml"),
            "writer_password = \"hunter2",
        )
        .unwrap();
        let error = format!("{:#}", read(folder.path()).unwrap_err());
        assert!(error.contains("damaged") && !error.contains("hunter2"), "{error}");
    }

    #[test]
    fn a_key_is_known_by_its_sha_256() {
        assert_eq!(
            hex(&digest("test")),
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
        );
    }
}
