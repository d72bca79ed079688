//! `dashboard.toml`: segments, goals and funnels that people keep, tokens and shared links. Never in ClickHouse, which the
//! service only reads. One small file ([`file`]), written whole or not at all.
//!
//! The service and the command line (`footfall dashboard token …`) may both have it open: whoever changes it holds a lock
//! from reading to writing, and whoever reads it looks first whether it is another one.

mod file;
mod item;

#[cfg(test)]
pub(crate) use item::What;
pub(crate) use item::{Link, Saved, Token, name};

use crate::access::digest;
use crate::config::StartError;
use crate::refusal::Refusal;
use file::Stamp;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use subtle::ConstantTimeEq as _;

/// Most entries of each list: the file is read and written as a whole.
const MOST: usize = 1000;
/// The file's content.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Kept {
    /// Signs the cookies of logins.
    pub(crate) session_key: String,
    /// Segments, goals and funnels.
    pub(crate) saved: Vec<Saved>,
    /// Tokens.
    pub(crate) tokens: Vec<Token>,
    /// Shared links.
    pub(crate) links: Vec<Link>,
}

impl Kept {
    /// The token of that secret. All are compared, so that the time says nothing.
    pub(crate) fn token(&self, secret: &str) -> Option<&Token> {
        let digest = digest(secret);
        self.tokens.iter().fold(None, |found, token| {
            if same(&token.digest, &digest) {
                Some(token)
            } else {
                found
            }
        })
    }

    /// The link of that secret, unless it is over.
    pub(crate) fn link(&self, secret: &str) -> Option<&Link> {
        let digest = digest(secret);
        let found = self.links.iter().fold(None, |found, link| {
            if same(&link.digest, &digest) {
                Some(link)
            } else {
                found
            }
        });
        found.filter(|link| !link.is_over())
    }

    /// A refusal if something cannot be added any more.
    fn check_room(&self) -> Result<(), Refusal> {
        if self.saved.len().max(self.tokens.len()).max(self.links.len()) > MOST {
            return Err(Refusal::NotKept(format!("there are {MOST} of them already")));
        }
        Ok(())
    }
}

fn same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

/// Keeps the file.
#[derive(Debug)]
pub(crate) struct Keeper {
    path: PathBuf,
    now: RwLock<(Stamp, Arc<Kept>)>,
    /// Held from reading to writing: changes come one after the other. Other processes are kept off by the file's lock.
    changing: Mutex<()>,
}

impl Keeper {
    /// Reads the file, or makes it.
    pub(crate) fn open(path: &Path) -> Result<Self, StartError> {
        let wrong = |why: String| StartError::Kept {
            path: path.to_owned(),
            why,
        };
        let mut read = file::read(path).map_err(wrong)?;
        if read.1.session_key.is_empty() {
            let unwritable = |error| wrong(format!("it cannot be written: {error}"));
            let _lock = file::lock(path).map_err(unwritable)?;
            // Another process may have made it meanwhile.
            read = file::read(path).map_err(wrong)?;
            if read.1.session_key.is_empty() {
                read.1.session_key = secret();
                read.0 = file::write(path, &read.1).map_err(unwritable)?;
            }
        }
        Ok(Self {
            path: path.to_owned(),
            now: RwLock::new((read.0, Arc::new(read.1))),
            changing: Mutex::new(()),
        })
    }

    /// What is kept now. A file that is gone or damaged changes nothing: what was read last goes on.
    pub(crate) fn read(&self) -> Arc<Kept> {
        let (known, kept) = self.now.read().unwrap_or_else(PoisonError::into_inner).clone();
        match Stamp::of(&self.path) {
            Some(stamp) if stamp != known => self.read_anew(stamp, kept),
            _ => kept,
        }
    }

    fn read_anew(&self, stamp: Stamp, before: Arc<Kept>) -> Arc<Kept> {
        let (stamp, kept) = match file::read(&self.path) {
            Ok((stamp, kept)) if !kept.session_key.is_empty() => (stamp, Arc::new(kept)),
            read => {
                let why = read.err().unwrap_or_else(|| "it has no `session_key`".to_owned());
                tracing::error!(why, path = %self.path.display(), "what the dashboard keeps was changed and cannot be read: the service goes on with what it was before");
                (stamp, before)
            }
        };
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = (stamp, Arc::clone(&kept));
        kept
    }

    /// Changes it, in the file first. A few milliseconds of fsync.
    pub(crate) fn change<T>(&self, how: impl FnOnce(&mut Kept) -> Result<T, Refusal>) -> Result<T, Refusal> {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let unwritable = |error: std::io::Error| {
            tracing::error!(%error, path = %self.path.display(), "cannot write what the dashboard keeps");
            Refusal::NotKept(format!("the file {} cannot be written", self.path.display()))
        };
        let _lock = file::lock(&self.path).map_err(unwritable)?;
        let mut kept = Kept::clone(&self.read());
        let made = how(&mut kept)?;
        kept.check_room()?;
        let stamp = file::write(&self.path, &kept).map_err(unwritable)?;
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = (stamp, Arc::new(kept));
        Ok(made)
    }
}

/// 122 random bits as text.
pub(crate) fn secret() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

#[cfg(test)]
mod tests {
    use super::{Keeper, Saved, Token, What};
    use crate::access::digest;
    use crate::refusal::Refusal;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn what_is_kept_is_there_after_a_restart_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dashboard.toml");
        let keeper = Keeper::open(&path).unwrap();
        let key = keeper.read().session_key.clone();
        let made = keeper.change(|kept| {
            let filters = [("country".to_owned(), vec!["DE".to_owned(), "it's".to_owned()])];
            kept.saved.push(Saved::new(
                "shop",
                "Germans",
                What::Segment {
                    filters: filters.into_iter().collect(),
                },
            ));
            kept.saved.push(Saved::new(
                "shop",
                "Sign-up",
                What::Goal {
                    step: "event:signup".to_owned(),
                },
            ));
            kept.tokens.push(Token::new(
                "Anna",
                Some(vec!["shop".to_owned()]),
                &digest("secret"),
            ));
            Ok(kept.clone())
        });
        let again = Keeper::open(&path).unwrap();
        assert_eq!(*again.read(), made.unwrap());
        assert_eq!(again.read().session_key, key);
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(again.read().token("secret").unwrap().name, "Anna");
        assert!(again.read().token("Secret").is_none());
        assert!(!std::fs::read_to_string(&path).unwrap().contains("\"secret\""));
    }

    #[test]
    fn what_another_process_changes_is_seen_and_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dashboard.toml");
        let (service, command) = (Keeper::open(&path).unwrap(), Keeper::open(&path).unwrap());
        let add = |keeper: &Keeper, name: &str| {
            let token = Token::new(name, None, &digest(name));
            keeper.change(|kept| {
                kept.tokens.push(token);
                Ok(())
            })
        };
        add(&command, "one").unwrap();
        assert_eq!(service.read().token("one").unwrap().name, "one");
        add(&service, "two").unwrap();
        add(&command, "three").unwrap();
        let names: Vec<_> = service
            .read()
            .tokens
            .iter()
            .map(|token| token.name.clone())
            .collect();
        assert_eq!(names, ["one", "two", "three"]);
        assert_eq!(service.read().session_key, command.read().session_key);
        std::fs::write(&path, "tokens = 7").unwrap();
        assert_eq!(
            service.read().tokens.len(),
            3,
            "a damaged file lets nobody in or out"
        );
    }

    #[test]
    fn a_refused_change_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let keeper = Keeper::open(&folder.path().join("dashboard.toml")).unwrap();
        let before = keeper.read();
        let refused = keeper.change(|kept| {
            kept.session_key.clear();
            Err::<(), _>(Refusal::Busy)
        });
        assert_eq!((refused, keeper.read()), (Err(Refusal::Busy), before));
    }

    #[test]
    fn a_damaged_file_is_said_without_its_content() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dashboard.toml");
        std::fs::write(&path, "session_key = \"hunter2").unwrap();
        let error = Keeper::open(&path).unwrap_err().to_string();
        assert!(
            error.contains("dashboard.toml") && !error.contains("hunter2"),
            "{error}"
        );
    }
}
