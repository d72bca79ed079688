//! Receipts of erasures that are newer than the back-up: the restored tables have these people again, and its list of the
//! erased does not. They are put where `footfall erase --again` looks for them.

use anyhow::{Context as _, Result, bail};
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

/// Copies receipts of erasures that were not finished before `taken` (RFC 3339, UTC) from a folder into that of the restored data
/// folder; gives how many.
///
/// # Errors
/// The folder cannot be read, or has no receipt; a copy cannot be written.
pub(super) fn add(from: &Path, data: &Path, taken: &str) -> Result<usize> {
    let cannot = || format!("cannot read receipts in {}", from.display());
    let to = data.join("erasures");
    let (mut known, mut newer) = (0, 0);
    for entry in std::fs::read_dir(from).with_context(cannot)? {
        let entry = entry.with_context(cannot)?;
        let name = entry.file_name();
        if !name.to_string_lossy().ends_with(".json") {
            continue;
        }
        let text = std::fs::read_to_string(entry.path()).with_context(cannot)?;
        let Some(finished) = finished(&text) else { continue };
        known += 1;
        // Both have the same form, so that they compare as text.
        if finished.as_str() < taken {
            continue;
        }
        newer += 1;
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&to);
        made.with_context(|| format!("cannot make {}", to.display()))?;
        crate::data::replace(&to.join(&name), text.as_bytes(), 0o600)
            .with_context(|| format!("cannot write {}", to.join(&name).display()))?;
    }
    if known == 0 {
        bail!("there is no receipt of an erasure in {}", from.display());
    }
    Ok(newer)
}

/// When an erasure was finished, as its receipt says.
fn finished(receipt: &str) -> Option<String> {
    let receipt: serde_json::Value = serde_json::from_str(receipt).ok()?;
    receipt.get("erasure")?;
    Some(receipt.get("finished")?.as_str()?.to_owned())
}
