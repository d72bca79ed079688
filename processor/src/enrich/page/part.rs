//! The operator's file `pages.toml` as a part of the enrichment.

use super::Pages;
use crate::enrich::enricher::{Enricher, fingerprint};
use crate::enrich::folder::{DataError, Part};
use crate::enrich::text_file;
use std::path::PathBuf;
use std::sync::Arc;

/// Reads `pages.toml`.
pub(in crate::enrich) const PART: Part = Part {
    name: "pages",
    takes: |name| name == "pages.toml",
    load,
};

fn load(enricher: &mut Enricher, files: &[PathBuf]) -> Result<(), DataError> {
    let (mut pages, mut version) = (Pages::default(), String::new());
    if let Some(file) = files.first() {
        let text = text_file::read(file)?;
        pages = Pages::from_toml(&text).map_err(|why| DataError::Broken(file.clone(), why))?;
        version = fingerprint(text.as_bytes());
    }
    enricher.pages = Arc::new(pages);
    enricher.set_version(PART.name, version);
    Ok(())
}
