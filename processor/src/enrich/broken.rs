//! What is wrong with a data file of the enrichment; [`super::folder`] says of which. Next: [`super::folder::DataError`].

use thiserror::Error;

/// What is wrong with a data file. The text does not name the file: the caller knows it.
#[derive(Debug, Error)]
pub enum Broken {
    /// It is not JSON of the expected shape.
    #[error("read it as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// It is not text.
    #[error("read it as UTF-8 text: {0}")]
    NotText(#[from] std::str::Utf8Error),
    /// Its last line has no line end, so that a part of it may be missing.
    #[error("its last line has no line end: is it cut off?")]
    CutOff,
    /// There is nothing in it.
    #[error("there is nothing in it")]
    Empty,
    /// One of its lines or rules is not what it should be.
    #[error("{place}: {why}")]
    Entry {
        /// Which one: `line 7`, `user_agent_parsers 3`.
        place: String,
        /// What is wrong with it.
        why: String,
    },
}

/// The lines of a text file with their numbers, without comments (`#`) and empty ones.
pub(crate) fn lines(text: &[u8]) -> Result<Vec<(usize, &str)>, Broken> {
    let text = std::str::from_utf8(text)?;
    if !text.is_empty() && !text.ends_with('\n') {
        return Err(Broken::CutOff);
    }
    let lines: Vec<_> = (1..)
        .zip(text.lines().map(str::trim))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .collect();
    if lines.is_empty() {
        Err(Broken::Empty)
    } else {
        Ok(lines)
    }
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn a_text_that_is_cut_off_empty_or_no_text_is_refused() {
        let why = |text: &[u8]| lines(text).unwrap_err().to_string();
        assert!(why(b"one\ntw").contains("cut off"));
        assert!(why(b"# a comment\n\n").contains("nothing"));
        assert!(why(b"").contains("nothing"));
        assert!(why(b"\xff\xfe\n").contains("UTF-8"));
    }

    #[test]
    fn lines_keep_their_numbers() {
        assert_eq!(lines(b"# a\n\n b \nc\n").unwrap(), [(3, "b"), (4, "c")]);
    }
}
