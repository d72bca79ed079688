//! The operator's file `sources.toml` as a part of the enrichment.

use super::known::Known;
use super::list;
use crate::enrich::enricher::{Enricher, fingerprint};
use crate::enrich::folder::{DataError, Part};
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

/// Name of the part.
pub const NAME: &str = "sources";

/// Reads `sources.toml`.
pub const PART: Part = Part {
    name: NAME,
    takes: |name| name == "sources.toml",
    load,
};

fn load(enricher: &mut Enricher, files: &[PathBuf]) -> Result<(), DataError> {
    let Some(file) = files.first() else {
        enricher.sources = Known::built_in();
        enricher.set_version(NAME, version(""));
        return Ok(());
    };
    let (own, text) = list::read_file(file)?;
    enricher.sources = Arc::new(Known::with(own));
    enricher.set_version(NAME, version(&text));
    Ok(())
}

/// What the built-in lists say, and what the operator's does.
pub(crate) fn version(own: &str) -> String {
    static BUILT_IN: LazyLock<String> = LazyLock::new(|| fingerprint(list::BUILT_IN.concat().as_bytes()));
    if own.is_empty() {
        return BUILT_IN.clone();
    }
    format!("{}+{}", *BUILT_IN, fingerprint(own.as_bytes()))
}
