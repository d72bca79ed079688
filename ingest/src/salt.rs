//! The salt of the day under which addresses are hashed for sites with `ip = "hash"`.
//!
//! Random, kept in one file so that a restart does not change it, replaced at midnight UTC: after that nobody, we
//! included, can tell which address a hash was.

use crate::secret::{self, Secret};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

const DAY_MS: u64 = 24 * 3600 * 1000;

/// The current salt and the file that holds it.
pub(crate) struct Salt {
    path: PathBuf,
    today: Mutex<(u64, Secret)>,
}

impl Salt {
    /// Takes up the salt of the day of `now_ms`, or makes it.
    pub(crate) fn open(path: &Path, now_ms: u64) -> io::Result<Self> {
        let day = now_ms / DAY_MS;
        let kept = secret::read(path)?
            .and_then(|text| parse(&text))
            .filter(|(of, _)| *of == day);
        let salt = match kept {
            Some((_, salt)) => salt,
            None => make(path, day)?,
        };
        Ok(Self {
            path: path.to_owned(),
            today: Mutex::new((day, salt)),
        })
    }

    /// The salt at `now_ms`. A salt that cannot be saved still counts until the process ends.
    pub(crate) fn at(&self, now_ms: u64) -> Secret {
        let day = now_ms / DAY_MS;
        let mut today = self.today.lock().unwrap_or_else(PoisonError::into_inner);
        if today.0 < day {
            let salt = make(&self.path, day).unwrap_or_else(|error| {
                tracing::error!(%error, "could not save the day's salt: hashed addresses will change at the next start");
                secret::random()
            });
            *today = (day, salt);
        }
        today.1
    }
}

fn make(path: &Path, day: u64) -> io::Result<Secret> {
    let salt = secret::random();
    secret::write(path, &format!("{day} {}\n", secret::to_hex(&salt)))?;
    Ok(salt)
}

fn parse(text: &str) -> Option<(u64, Secret)> {
    let (day, salt) = text.trim().split_once(' ')?;
    Some((day.parse().ok()?, secret::from_hex(salt)?))
}

#[cfg(test)]
mod tests {
    use super::{DAY_MS, Salt};

    #[test]
    fn a_salt_lives_for_one_day_and_over_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ip-salt");
        let salt = Salt::open(&path, 5 * DAY_MS).unwrap();
        let monday = salt.at(5 * DAY_MS + 1);
        assert_eq!(
            Salt::open(&path, 6 * DAY_MS - 1).unwrap().at(6 * DAY_MS - 1),
            monday
        );
        let tuesday = salt.at(6 * DAY_MS);
        assert_ne!(tuesday, monday);
        assert_eq!(
            salt.at(6 * DAY_MS - 1),
            tuesday,
            "a clock that steps back does not bring an old salt back"
        );
        let kept = std::fs::read_to_string(&path).unwrap();
        assert!(
            !kept.contains(&crate::secret::to_hex(&monday)),
            "the old salt is gone from the disk"
        );
    }
}
