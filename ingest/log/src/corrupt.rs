//! What recovery has cut off and put aside (`<folder>/corrupt`): for a person to look at, for a while. No number is in it that
//! was acknowledged, or the books say `lost`.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::folder::Layout;

/// Removes files of `folder` that were put aside `keep` before `now` or earlier; only counts them if `dry`. Gives files and
/// bytes. Other files are left alone.
///
/// # Errors
/// The folder cannot be read, or a file not removed.
pub fn expire_corrupt(folder: &Path, keep: Duration, now: SystemTime, dry: bool) -> io::Result<(u64, u64)> {
    let layout = Layout {
        folder: folder.to_owned(),
    };
    let entries = match std::fs::read_dir(layout.corrupt()) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok((0, 0)),
        entries => entries?,
    };
    let (mut files, mut bytes) = (0, 0);
    for entry in entries {
        let entry = entry?;
        let metadata = entry.metadata()?;
        let is_ours = entry
            .path()
            .extension()
            .is_some_and(|extension| extension == "corrupt");
        let is_old = (metadata.modified()?)
            .checked_add(keep)
            .is_some_and(|end| end <= now);
        if !(is_ours && is_old && metadata.is_file()) {
            continue;
        }
        if !dry {
            std::fs::remove_file(entry.path())?;
        }
        files += 1;
        bytes += metadata.len();
    }
    Ok((files, bytes))
}

#[cfg(test)]
mod tests {
    use super::expire_corrupt;
    use std::time::{Duration, SystemTime};

    #[test]
    fn a_file_goes_when_it_is_old_enough_and_nothing_else_does() {
        const DAY: Duration = Duration::from_secs(24 * 3600);
        let folder = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        assert_eq!(expire_corrupt(folder.path(), DAY, now, false).unwrap(), (0, 0));
        let aside = folder.path().join("corrupt");
        std::fs::create_dir(&aside).unwrap();
        for name in ["a-1-64.corrupt", "notes.txt"] {
            std::fs::write(aside.join(name), "12345").unwrap();
        }
        assert_eq!(
            expire_corrupt(folder.path(), 2 * DAY, now + DAY, false).unwrap(),
            (0, 0)
        );
        assert_eq!(
            expire_corrupt(folder.path(), 2 * DAY, now + 3 * DAY, true).unwrap(),
            (1, 5)
        );
        assert_eq!(
            expire_corrupt(folder.path(), 2 * DAY, now + 3 * DAY, false).unwrap(),
            (1, 5)
        );
        assert_eq!(
            expire_corrupt(folder.path(), 2 * DAY, now + 3 * DAY, false).unwrap(),
            (0, 0)
        );
        assert!(aside.join("notes.txt").exists());
    }
}
