//! `footfall config`: the effective settings and where each came from.

use crate::config::settings::GROUPS;
use crate::config::{Loaded, reference};
use crate::terminal::{self, Colour, paint, say};
use std::collections::BTreeMap;

/// Prints the settings as a file could say them, each with its origin; problems go to stderr.
pub fn settings(loaded: &Loaded) {
    let values: BTreeMap<_, _> = loaded.config.show().into_iter().collect();
    match &loaded.file {
        Some(path) => say(format_args!("# {}", path.display())),
        None => say("# no file"),
    }
    for group in GROUPS {
        say(paint(Colour::Bold, format_args!("\n[{}]", group.name)));
        for setting in group.settings {
            let name = setting.key.rsplit('.').next().unwrap_or(setting.key);
            let value = values.get(setting.key).cloned().unwrap_or_default();
            let line = format!("{name} = {}", toml::Value::String(value));
            match loaded.origins.get(setting.key) {
                Some(origin) => say(format_args!(
                    "{line:<44} {}",
                    paint(Colour::Yellow, format_args!("# {origin}"))
                )),
                None => say(format_args!("{line:<44} {}", paint(Colour::Dim, "# default"))),
            }
        }
    }
}

/// Prints what the figures mean.
pub fn metrics() {
    let _ = terminal::write(crate::metrics::reference::markdown().as_bytes());
}

/// Prints what the columns mean.
pub fn dictionary() {
    let _ = terminal::write(crate::dictionary::markdown().as_bytes());
}

/// Prints the reference.
pub fn reference() {
    let _ = terminal::write(reference::markdown().as_bytes());
}
