//! The rules of uap-core, and what they say of a user agent. Names are uap-core's throughout (`Chrome Mobile`, `Mac OS X`).
//!
//! The rules are `processor/data/uap-core/regexes.json`: uap-core's own `regexes.yaml` turned into JSON. What they cannot
//! name (`Other`) and what they only describe (`Generic Smartphone`, `Spider Desktop`) is empty here. Next: `frozen`.

use crate::enrich::broken::Broken;
use serde::Deserialize;
use ua_parser::{Extractor, device, os, user_agent};

/// The rules that are built in.
pub const BUILTIN: &[u8] = include_bytes!("../../../data/uap-core/regexes.json");

/// Where they are from.
pub const VERSION: &str = include_str!("../../../data/uap-core/VERSION").trim_ascii();

/// Compiled rules: about 30 MB, and some 140 ms to make.
pub struct Uap(Extractor<'static>);

/// What the rules say of one user agent; empty is unknown.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Said {
    /// Browser.
    pub browser: String,
    /// Its version, dotted.
    pub browser_version: String,
    /// Operating system.
    pub os: String,
    /// Its version, dotted.
    pub os_version: String,
    /// The device as uap-core's family names it, `Spider` and `Generic …` included.
    pub device: String,
    /// Maker of the device.
    pub brand: String,
    /// Model of the device.
    pub model: String,
}

/// The file: as `ua_parser::Regexes`, which cannot say which rule is wrong.
#[derive(Deserialize)]
struct File {
    user_agent_parsers: Vec<user_agent::Parser<'static>>,
    os_parsers: Vec<os::Parser<'static>>,
    device_parsers: Vec<device::Parser<'static>>,
}

impl Uap {
    /// Compiles the rules of a file.
    ///
    /// # Errors
    /// It is not the JSON of uap-core's three lists, a list is empty, or a rule is none.
    pub fn from_json(json: &[u8]) -> Result<Self, Broken> {
        let file: File = serde_json::from_slice(json)?;
        let (mut ua, mut os) = (user_agent::Builder::new(), os::Builder::new());
        let mut dev = device::Builder::new();
        if file.user_agent_parsers.is_empty() || file.os_parsers.is_empty() || file.device_parsers.is_empty()
        {
            return Err(Broken::Empty);
        }
        for (at, rule) in file.user_agent_parsers.into_iter().enumerate() {
            ua = ua.push(rule).map_err(entry("user_agent_parsers", at))?;
        }
        for (at, rule) in file.os_parsers.into_iter().enumerate() {
            os = os.push(rule).map_err(entry("os_parsers", at))?;
        }
        for (at, rule) in file.device_parsers.into_iter().enumerate() {
            dev = dev.push(rule).map_err(entry("device_parsers", at))?;
        }
        Ok(Self(Extractor {
            ua: ua.build().map_err(entry("user_agent_parsers", 0))?,
            os: os.build().map_err(entry("os_parsers", 0))?,
            dev: dev.build().map_err(entry("device_parsers", 0))?,
        }))
    }

    /// What the rules say.
    #[must_use]
    pub fn read(&self, user_agent: &str) -> Said {
        let mut said = Said::default();
        if let Some(found) = self.0.ua.extract(user_agent) {
            said.browser = named(&found.family);
            said.browser_version = dotted([found.major, found.minor, found.patch, found.patch_minor]);
        }
        if let Some(found) = self.0.os.extract(user_agent) {
            let version = [&found.major, &found.minor, &found.patch, &found.patch_minor];
            said.os_version = dotted(version.map(Option::as_deref));
            said.os = named(&found.os);
        }
        self.device(user_agent, &mut said);
        said
    }

    /// The device alone.
    pub(super) fn device(&self, user_agent: &str, said: &mut Said) {
        let Some(found) = self.0.dev.extract(user_agent) else {
            return;
        };
        let brand = found.brand.as_deref().unwrap_or_default();
        said.device = named(&found.device);
        // `Generic` and `Spider` have words for a model; `Generic_Android` has one that no maker is known of.
        if brand != "Generic" && brand != "Spider" {
            said.model = named(found.model.as_deref().unwrap_or_default());
            if !brand.starts_with("Generic_") {
                said.brand = named(brand);
            }
        }
    }
}

fn entry<E: std::fmt::Display>(list: &'static str, at: usize) -> impl Fn(E) -> Broken {
    move |why| Broken::Entry {
        place: format!("{list} {}", at + 1),
        why: format!("compile the rule: {why}"),
    }
}

fn named(name: &str) -> String {
    if name == "Other" {
        String::new()
    } else {
        name.trim().to_owned()
    }
}

/// The parts that are there, up to the first that is not.
fn dotted(parts: [Option<&str>; 4]) -> String {
    let mut version = String::new();
    for part in parts
        .iter()
        .map_while(|part| part.filter(|part| !part.is_empty()))
    {
        if !version.is_empty() {
            version.push('.');
        }
        version.push_str(part);
    }
    version
}

#[cfg(test)]
mod tests {
    use super::Uap;

    #[test]
    fn a_broken_file_is_refused_with_its_place() {
        let why = |json: &str| Uap::from_json(json.as_bytes()).err().unwrap().to_string();
        assert!(why("").contains("JSON"));
        assert!(why(r#"{"user_agent_parsers":[{"regex":"a"#).contains("EOF"));
        assert!(why(r#"{"user_agent_parsers":5}"#).contains("invalid type"));
        assert!(why(r#"{"user_agent_parsers":[],"os_parsers":[],"device_parsers":[]}"#).contains("nothing"));
        let broken = r#"{"user_agent_parsers":[{"regex":"abc"},{"regex":"(abc"}],"os_parsers":[{"regex":"abc"}],
            "device_parsers":[{"regex":"abc"}]}"#;
        let why = why(broken);
        assert!(why.starts_with("user_agent_parsers 2: compile the rule"), "{why}");
    }
}
