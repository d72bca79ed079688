//! `dashboard.toml`: segments, goals and funnels that people keep, tokens and shared links. Never in ClickHouse, which the
//! service only reads. One small file, written whole or not at all, read at the start.

mod item;

#[cfg(test)]
pub(crate) use item::What;
pub(crate) use item::{Link, Saved, Token, name};

use crate::access::digest;
use crate::config::StartError;
use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use subtle::ConstantTimeEq as _;

/// Most entries of each list: the file is read and written as a whole.
const MOST: usize = 1000;
/// What stands above the entries.
const HEADER: &str = "# Kept by the dashboard: segments, goals, funnels, tokens and shared links. Secrets are digests, but for the key that\n\
    # signs logins: keep the file private, and back it up with the rest. Change it while the dashboard is stopped.\n\n";

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
    now: RwLock<Arc<Kept>>,
    /// Held from reading to writing: changes come one after the other.
    changing: Mutex<()>,
}

impl Keeper {
    /// Reads the file, or makes it.
    pub(crate) fn open(path: &Path) -> Result<Self, StartError> {
        let wrong = |why: String| StartError::Kept {
            path: path.to_owned(),
            why,
        };
        let mut kept = match std::fs::read_to_string(path) {
            // The parser's own words would repeat the line, which may hold the key.
            Ok(text) => toml::from_str::<Kept>(&text).map_err(|error| {
                let line = error.span().map_or(0, |span| {
                    text.get(..span.start).unwrap_or_default().lines().count()
                });
                wrong(format!("{} (near line {line})", error.message()))
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Kept::default(),
            Err(error) => return Err(wrong(error.to_string())),
        };
        if kept.session_key.is_empty() {
            kept.session_key = secret();
            write(path, &kept).map_err(|error| wrong(format!("it cannot be written: {error}")))?;
        }
        Ok(Self {
            path: path.to_owned(),
            now: RwLock::new(Arc::new(kept)),
            changing: Mutex::new(()),
        })
    }

    /// What is kept now.
    pub(crate) fn read(&self) -> Arc<Kept> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes it, in the file first. A few milliseconds of fsync.
    pub(crate) fn change<T>(&self, how: impl FnOnce(&mut Kept) -> Result<T, Refusal>) -> Result<T, Refusal> {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut kept = Kept::clone(&self.read());
        let made = how(&mut kept)?;
        kept.check_room()?;
        write(&self.path, &kept).map_err(|error| {
            tracing::error!(%error, path = %self.path.display(), "cannot write what the dashboard keeps");
            Refusal::NotKept(format!("the file {} cannot be written", self.path.display()))
        })?;
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(kept);
        Ok(made)
    }
}

/// 122 random bits as text.
pub(crate) fn secret() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

/// Beside, fsync, rename, fsync of the folder.
fn write(path: &Path, kept: &Kept) -> io::Result<()> {
    let text = toml::to_string(kept).map_err(io::Error::other)?;
    let beside = path.with_extension("toml.new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&beside)?;
    file.write_all(HEADER.as_bytes())?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&beside, path)?;
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
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
