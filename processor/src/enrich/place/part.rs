//! The operator's databases (`*.mmdb`) as a part of the enrichment.

use super::{Database, Places};
use crate::enrich::enricher::Enricher;
use crate::enrich::folder::{DataError, Part};
use std::path::PathBuf;
use std::sync::Arc;

/// Reads every `.mmdb` file.
pub(in crate::enrich) const PART: Part = Part {
    name: "places",
    takes: |name| name.ends_with(".mmdb"),
    load,
};

fn load(enricher: &mut Enricher, files: &[PathBuf]) -> Result<(), DataError> {
    let databases = files.iter().map(|file| Database::open(file));
    let databases = databases.collect::<Result<Vec<_>, _>>()?;
    let versions: Vec<String> = databases.iter().map(Database::version).collect();
    enricher.places = Arc::new(Places::new(databases));
    enricher.set_version(PART.name, versions.join(","));
    Ok(())
}
