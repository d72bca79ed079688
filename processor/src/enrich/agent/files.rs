//! The operator's own rules for user agents: `user-agents.json`, uap-core's rules as JSON, in place of the built-in ones.

use super::builtin_uap;
use super::uap::{Uap, VERSION};
use crate::enrich::enricher::{Enricher, fingerprint};
use crate::enrich::folder::{DataError, Part, read};
use std::path::PathBuf;
use std::sync::Arc;

/// Reads the file.
pub(in crate::enrich) const PART: Part = Part {
    name: "agents",
    takes: |name| name == "user-agents.json",
    load,
};

fn load(enricher: &mut Enricher, files: &[PathBuf]) -> Result<(), DataError> {
    let (rules, version) = match files.first() {
        Some(path) => {
            let bytes = read(path)?;
            let rules =
                Uap::from_json(&bytes).map_err(|why| DataError::Broken(path.clone(), why.to_string()))?;
            (Arc::new(rules), fingerprint(&bytes))
        }
        None => (builtin_uap(), VERSION.to_owned()),
    };
    enricher.agents = Arc::new(enricher.agents.with_rules(rules));
    enricher.set_version(PART.name, version);
    Ok(())
}
