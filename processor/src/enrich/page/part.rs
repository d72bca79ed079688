//! The files `pages.toml`, the operator's own, and `pages.learned.toml`, which `footfall paths --write` makes, as a part of the
//! enrichment.

use super::Pages;
use crate::enrich::enricher::{Enricher, fingerprint};
use crate::enrich::folder::{DataError, Part};
use crate::enrich::text_file;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const OWN: &str = "pages.toml";

/// What was learned from the table.
pub const LEARNED: &str = "pages.learned.toml";

/// Reads both.
pub(in crate::enrich) const PART: Part = Part {
    name: "pages",
    takes: |name| [OWN, LEARNED].contains(&name),
    load,
};

fn load(enricher: &mut Enricher, files: &[PathBuf]) -> Result<(), DataError> {
    let (mut pages, mut version) = (Pages::default(), String::new());
    for (name, add) in [
        (
            OWN,
            (|_, text| Pages::from_toml(text)) as fn(Pages, &str) -> Result<Pages, String>,
        ),
        (LEARNED, |pages, text| pages.with_learned(text)),
    ] {
        let is_it = |file: &&PathBuf| file.file_name().map(Path::new) == Some(Path::new(name));
        let Some(file) = files.iter().find(is_it) else {
            continue;
        };
        let text = text_file::read(file)?;
        pages = add(pages, &text).map_err(|why| DataError::Broken(file.clone(), why))?;
        let plus = if version.is_empty() { "" } else { "+" };
        version = format!("{version}{plus}{}", fingerprint(text.as_bytes()));
    }
    enricher.pages = Arc::new(pages);
    enricher.set_version(PART.name, version);
    Ok(())
}
