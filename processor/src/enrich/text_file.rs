//! Reading the operator's text files: size bounded, cut ones refused, mistakes with their line.

use super::broken::Broken;
use super::folder::{self, DataError};
use std::path::Path;

/// The file's text.
///
/// # Errors
/// What cannot be read, is too large, is no UTF-8, or does not end with a line's end: a part may be missing.
pub(super) fn read(path: &Path) -> Result<String, DataError> {
    let bytes = folder::read(path)?;
    let broken = |why: &Broken| DataError::Broken(path.to_owned(), why.to_string());
    let text = String::from_utf8(bytes).map_err(|error| broken(&Broken::NotText(error.utf8_error())))?;
    if !text.is_empty() && !text.ends_with('\n') {
        return Err(broken(&Broken::CutOff));
    }
    Ok(text)
}

/// What is wrong, with its line.
#[must_use]
pub(super) fn at_line(text: &str, error: &toml::de::Error) -> String {
    let start = error.span().map_or(0, |span| span.start.min(text.len()));
    let before = text.as_bytes().get(..start).unwrap_or_default();
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    format!("line {line}: {}", error.message())
}
