//! The engine's library: there and whole, or fetchable.

use super::Findings;
use crate::config::Config;
use footfall_engine::library::{self, LibraryError, PACKAGE_VERSION};
use std::path::PathBuf;

/// Gives the library, if there is one that is well.
pub(super) fn look(config: &Config, findings: &mut Findings) -> Option<PathBuf> {
    let Some(path) = config.engine.library.clone().or_else(cached) else {
        not_fetched(findings);
        return None;
    };
    if !path.exists() {
        findings.problem(
            format!("`engine.library`: {} does not exist", path.display()),
            "correct the path, or unset it (FOOTFALL_LIBCHDB) to have the library fetched",
        );
        return None;
    }
    match library::verify(&path) {
        Ok(()) => {
            findings.good(format!("engine library: {} is whole", path.display()));
            Some(path)
        }
        Err(error) => {
            let remedy = if config.engine.library.is_some() {
                "replace it by a whole one, or unset engine.library (FOOTFALL_LIBCHDB) to have it fetched"
                    .to_owned()
            } else {
                format!("rm {} and start again: it is fetched anew", path.display())
            };
            findings.problem(damage(&error, &path), remedy);
            None
        }
    }
}

fn damage(error: &LibraryError, path: &std::path::Path) -> String {
    match error {
        LibraryError::Damaged { reason, .. } => {
            format!(
                "the ClickHouse engine library {} is damaged: {reason}",
                path.display()
            )
        }
        other => format!("the ClickHouse engine library: {other}"),
    }
}

/// Where an earlier start has put it.
fn cached() -> Option<PathBuf> {
    let variable = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let base = variable("XDG_CACHE_HOME").or_else(|| variable("HOME").map(|home| home.join(".cache")))?;
    Some(
        base.join("footfall")
            .join(format!("libchdb-{PACKAGE_VERSION}.so")),
    )
    .filter(|path| path.exists())
}

fn not_fetched(findings: &mut Findings) {
    let path = std::env::var_os("PATH").unwrap_or_default();
    if std::env::split_paths(&path).any(|folder| folder.join("npm").is_file()) {
        findings.note("engine library: not fetched yet; the first start does it with npm (178 MB, once)");
        return;
    }
    findings.problem(
        "the ClickHouse engine library is not fetched yet, and npm, which fetches it, is not installed",
        "install npm (used once), name a library (FOOTFALL_LIBCHDB=FILE), or use a ClickHouse server (CLICKHOUSE_URL)",
    );
}
