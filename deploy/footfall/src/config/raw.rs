//! Texts and where each came from. Precedence: flag, environment, file, default. Unknown names are refused.

use super::file;
use super::setting::Setting;
use super::settings;
use super::value::Value;
use crate::problem::{Problem, nearest};
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// Where configuration comes from. `main` fills it from the process, tests from literals.
#[derive(Debug, Default, Clone)]
pub struct Sources {
    /// Key and text of each flag, in order; `--set key=value` among them.
    pub flags: Vec<(String, String)>,
    /// The file of `--config`, if given.
    pub file: Option<PathBuf>,
    /// The environment.
    pub env: BTreeMap<String, String>,
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The command line.
    Flag,
    /// This environment variable.
    Env(String),
    /// This environment variable named a file with the value.
    EnvFile(String),
    /// The configuration file, at this line.
    File(usize),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("flag"),
            Self::Env(name) => write!(f, "{name}"),
            Self::EnvFile(name) => write!(f, "the file of {name}"),
            Self::File(line) => write!(f, "file, line {line}"),
        }
    }
}

/// A text with its origin.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) text: String,
    pub(super) origin: Origin,
}

/// Everything that was set, by key; the strongest source of each.
#[derive(Debug, Default)]
pub(super) struct Raw {
    pub(super) found: BTreeMap<&'static str, Found>,
    pub(super) file: Option<PathBuf>,
}

/// Names in the environment that begin with `FOOTFALL_` and are no settings.
const OTHER_ENV: [&str; 3] = [
    "FOOTFALL_CONFIG",
    "FOOTFALL_SERVER_KEY",
    "FOOTFALL_SERVER_KEY_FILE",
];

impl Raw {
    pub(super) fn read(sources: &Sources, problems: &mut Vec<Problem>) -> Self {
        let mut raw = Self::default();
        raw.read_flags(sources, problems);
        raw.read_env(sources, problems);
        raw.read_file(sources, problems);
        raw
    }

    /// The value of a key, typed; its default where nothing or nothing readable was set.
    pub(super) fn value<T: Value>(
        &self,
        key: &'static str,
        default: &'static str,
        problems: &mut Vec<Problem>,
    ) -> T {
        if let Some(Found { text, origin }) = self.found.get(key) {
            match T::parse(text) {
                Ok(value) => return value,
                Err(why) => problems.push(Problem::new(
                    format!("`{key}` ({origin}): {} {why}", quoted::<T>(text)),
                    format!("write {} such as {}", article(T::KIND), T::EXAMPLE),
                )),
            }
        }
        default_value(default)
    }

    fn set(&mut self, key: &'static str, text: String, origin: Origin) {
        self.found.entry(key).or_insert(Found { text, origin });
    }

    fn read_flags(&mut self, sources: &Sources, problems: &mut Vec<Problem>) {
        for (key, text) in sources.flags.iter().rev() {
            match settings::find(key) {
                Some(setting) => self.set(setting.key, text.clone(), Origin::Flag),
                None => problems.push(unknown(&format!("--set {key}"), key)),
            }
        }
    }

    fn read_env(&mut self, sources: &Sources, problems: &mut Vec<Problem>) {
        let mut known: Vec<String> = OTHER_ENV.iter().map(ToString::to_string).collect();
        for setting in settings::all() {
            self.read_env_of(setting, sources, problems);
            for name in setting.env_names() {
                if setting.secret {
                    known.push(format!("{name}_FILE"));
                }
                known.push(name);
            }
        }
        for name in sources.env.keys().filter(|name| name.starts_with("FOOTFALL_")) {
            if !known.contains(name) {
                let remedy = nearest(name, known.iter().map(String::as_str)).map_or_else(
                    || "unset it; `footfall config --reference` lists every name".to_owned(),
                    |meant| format!("did you mean {meant}? Otherwise unset it"),
                );
                problems.push(Problem::new(
                    format!("{name} is in the environment, but names no setting"),
                    remedy,
                ));
            }
        }
    }

    /// Reads `NAME` and, for secrets, `NAME_FILE`, under each of the setting's names. Two that differ are a problem.
    fn read_env_of(&mut self, setting: &'static Setting, sources: &Sources, problems: &mut Vec<Problem>) {
        let mut given: Vec<(String, Origin)> = Vec::new();
        for name in setting.env_names() {
            if let Some(text) = sources.env.get(&name) {
                given.push((text.clone(), Origin::Env(name.clone())));
            }
            let name = format!("{name}_FILE");
            if let Some(path) = sources.env.get(&name).filter(|_| setting.secret) {
                match secret_file(Path::new(path)) {
                    Ok(text) => given.push((text, Origin::EnvFile(name))),
                    Err(error) => problems.push(missing_secret(&name, path, &error)),
                }
            }
        }
        let mut given = given.into_iter();
        let Some((text, origin)) = given.next() else {
            return;
        };
        if let Some((_, other)) = given.find(|(other, _)| *other != text) {
            problems.push(Problem::new(
                format!(
                    "`{}` is set twice, and not to the same: by {origin} and by {other}",
                    setting.key
                ),
                "unset one of them",
            ));
        }
        self.set(setting.key, text, origin);
    }

    fn read_file(&mut self, sources: &Sources, problems: &mut Vec<Problem>) {
        let named = sources
            .file
            .clone()
            .or_else(|| sources.env.get("FOOTFALL_CONFIG").map(PathBuf::from));
        let default: PathBuf = self.value::<PathBuf>("data.folder", data_default(), &mut Vec::new());
        let path = named.clone().unwrap_or_else(|| default.join("footfall.toml"));
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => return,
            Err(error) => {
                problems.push(Problem::new(
                    format!("the configuration file {} cannot be read: {error}", path.display()),
                    "correct --config or FOOTFALL_CONFIG, or make the file readable; without it the defaults apply",
                ));
                return;
            }
        };
        for entry in file::entries(&text, &path, problems) {
            self.take_entry(entry, &path, problems);
        }
        self.file = Some(path);
    }

    fn take_entry(&mut self, entry: file::Entry, path: &Path, problems: &mut Vec<Problem>) {
        let place = format!("{}:{}: `{}`", path.display(), entry.line, entry.key);
        let origin = Origin::File(entry.line);
        if entry.key == "data.folder" {
            problems.push(Problem::new(
                format!("{place} cannot be set here: this file is looked for in that folder"),
                "use --data or FOOTFALL_DATA",
            ));
        } else if let Some(setting) = settings::find(&entry.key) {
            self.set(setting.key, entry.text, origin);
        } else if let Some(setting) = secret_of(&entry.key) {
            match secret_file(Path::new(&entry.text)) {
                Ok(text) => self.set(setting.key, text, origin),
                Err(error) => problems.push(missing_secret(&place, &entry.text, &error)),
            }
        } else {
            problems.push(unknown(&place, &entry.key));
        }
    }
}

fn data_default() -> &'static str {
    settings::find("data.folder").map_or("", |setting| setting.default)
}

#[expect(
    clippy::expect_used,
    reason = "defaults are constants; a test reads each of them"
)]
fn default_value<T: Value>(default: &str) -> T {
    T::parse(default).expect("every default is a value of its type")
}

fn quoted<T: Value>(text: &str) -> String {
    // A URL may carry a password, so that a wrong one is not repeated.
    if T::SECRET || text.contains('@') {
        "the value".into()
    } else {
        format!("`{text}`")
    }
}

fn article(kind: &str) -> String {
    match kind.bytes().next() {
        Some(b'`') => kind.to_owned(),
        Some(b'a' | b'e' | b'i' | b'o') => format!("an {kind}"),
        _ if kind.ends_with('s') => kind.to_owned(),
        _ => format!("a {kind}"),
    }
}

/// `clickhouse.password_file` -> the setting `clickhouse.password`.
fn secret_of(key: &str) -> Option<&'static Setting> {
    settings::find(key.strip_suffix("_file")?).filter(|setting| setting.secret)
}

/// The text of a secret's file without the line end that editors add.
fn secret_file(path: &Path) -> std::io::Result<String> {
    std::fs::read_to_string(path).map(|text| text.trim_end_matches(['\r', '\n']).to_owned())
}

fn missing_secret(place: &str, path: &str, error: &std::io::Error) -> Problem {
    Problem::new(
        format!("{place} names the file {path}, which cannot be read: {error}"),
        "write the secret into that file, or correct the path",
    )
}

fn unknown(place: &str, key: &str) -> Problem {
    let remedy = suggestion(key).map_or_else(
        || "remove it; `footfall config --reference` lists every setting".to_owned(),
        |meant| format!("did you mean `{meant}`? Otherwise remove it"),
    );
    Problem::new(format!("{place} is not a setting"), remedy)
}

/// The key that was most likely meant: the same name in another group, else the nearest text.
fn suggestion(key: &str) -> Option<&'static str> {
    let name = key.rsplit('.').next()?;
    let same: Vec<_> = settings::all()
        .map(|setting| setting.key)
        .filter(|known| known.rsplit('.').next() == Some(name))
        .collect();
    match same[..] {
        [only] => Some(only),
        _ => nearest(key, settings::all().map(|setting| setting.key)),
    }
}
