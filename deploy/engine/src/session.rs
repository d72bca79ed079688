//! Starts the engine over its folder and opens one connection per request.
//!
//! Here stand the engine's own arguments and configuration files: grants without SOURCES, so that table
//! functions and engines which reach out are refused by the engine itself. What a request does with its
//! connection: `http/run.rs`.

use std::ffi::CString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::config::Config;
use crate::ffi::{Api, Connection};
use crate::sql::guard::Guard;
use crate::values::Parameters;

/// What everybody may do who gets past authentication; the reader is held further by `readonly`.
const GRANTS: &str = "GRANT SELECT, INSERT, ALTER, CREATE DATABASE, CREATE TABLE, CREATE VIEW, \
    CREATE TEMPORARY TABLE, DROP, UNDROP TABLE, TRUNCATE, OPTIMIZE, CHECK, SHOW, KILL QUERY, dictGet, \
    SYSTEM MERGES, SYSTEM TTL MERGES, SYSTEM FLUSH, SYSTEM VIEWS, BACKUP ON *.*";

/// The running engine.
#[derive(Debug)]
pub(crate) struct Session {
    api: &'static Api,
    arguments: Vec<CString>,
    /// Keeps the engine alive between requests: chdb stops it with its last connection.
    _first: Mutex<Connection>,
    /// Our own lock beside the engine's: its message would not say what to do.
    _lock: std::fs::File,
    pub(crate) guard: Guard,
    pub(crate) facts: Facts,
    /// Bytes of a result that is kept in memory as a whole.
    pub(crate) max_result_bytes: u64,
}

/// What never changes while the engine runs.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) version: String,
    pub(crate) timezone: String,
    /// Of this data folder, for `serverUUID()`; chdb itself answers with zeros.
    pub(crate) server_uuid: uuid::Uuid,
}

/// Why the engine does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The folder cannot be made, read or written.
    #[error("preparing the data folder {}: {source}", path.display())]
    Folder {
        /// The folder or the file in it.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process has it.
    #[error("the data folder {} is in use by another process: stop that one, or choose another with --data", .0.display())]
    InUse(PathBuf),
    /// The library does not load.
    #[error("loading {}: {reason}; delete it to have it fetched again", path.display())]
    Library {
        /// The library.
        path: PathBuf,
        /// The linker's words.
        reason: String,
    },
    /// The library is of another release.
    #[error("{} is libchdb {found}, but this build needs {wanted}; unset FOOTFALL_LIBCHDB to have the right one fetched", path.display())]
    Version {
        /// The library.
        path: PathBuf,
        /// Its version.
        found: String,
        /// Ours.
        wanted: &'static str,
    },
    /// The engine refused the folder or its configuration.
    #[error("starting ClickHouse over {}: {reason}", path.display())]
    Engine {
        /// The data folder.
        path: PathBuf,
        /// What it said.
        reason: String,
    },
    /// The kernel's sandbox could not be closed.
    #[error("closing the sandbox around the engine: {0}")]
    Sandbox(String),
    /// The address is taken or not ours.
    #[error("listening on {address}: {source}")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// Why.
        source: io::Error,
    },
}

impl Session {
    /// Locks the folder, writes the engine's configuration and starts it.
    pub(crate) fn start(config: &Config, api: &'static Api, lock: std::fs::File) -> Result<Self, StartError> {
        let folder = |source| StartError::Folder {
            path: config.data.clone(),
            source,
        };
        // The engine wants absolute names.
        let data = std::fs::canonicalize(&config.data).map_err(folder)?;
        let files = write_configuration(&data).map_err(folder)?;
        let arguments = arguments(config, &data, &files);
        let engine = |reason: &str| StartError::Engine {
            path: config.data.clone(),
            reason: reason.to_owned(),
        };
        let mut first = api
            .connect(&arguments)
            .ok_or_else(|| engine("see the line above"))?;
        let server_uuid = server_uuid(&data).map_err(folder)?;
        let facts = facts(&mut first, server_uuid).map_err(|e| engine(&e))?;
        let names = rows(&mut first, "SELECT name FROM system.table_functions").map_err(|e| engine(&e))?;
        let guard = Guard::new(names.iter().map(String::as_str));
        let max_result_bytes = config.max_result_bytes;
        Ok(Self {
            api,
            arguments,
            _first: Mutex::new(first),
            _lock: lock,
            guard,
            facts,
            max_result_bytes,
        })
    }

    /// A fresh connection; 0.2 ms.
    pub(crate) fn connect(&self) -> Option<Connection> {
        self.api.connect(&self.arguments)
    }
}

/// Takes the folder for this process, until the file is closed.
pub(crate) fn lock(data: &Path) -> Result<std::fs::File, StartError> {
    let folder = |source| StartError::Folder {
        path: data.to_owned(),
        source,
    };
    std::fs::create_dir_all(data).map_err(folder)?;
    let file = std::fs::File::create(data.join("lock")).map_err(folder)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(StartError::InUse(data.to_owned())),
        Err(std::fs::TryLockError::Error(source)) => Err(folder(source)),
    }
}

fn write_configuration(data: &Path) -> io::Result<PathBuf> {
    let users = format!(
        "<clickhouse>\n <profiles><default>\
         <allow_introspection_functions>0</allow_introspection_functions>\
         </default></profiles>\n <users><default><password></password>\
         <networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota>\n  \
         <grants><query>{GRANTS}</query></grants></default></users>\n \
         <quotas><default></default></quotas>\n</clickhouse>\n"
    );
    let path = |name: &str| {
        let path = data.join(name).display().to_string();
        path.replace('&', "&amp;").replace('<', "&lt;")
    };
    let config = format!(
        "<clickhouse><users_config>{}</users_config>\n \
         <backups><allowed_path>{}/</allowed_path></backups>\n</clickhouse>\n",
        path("users.xml"),
        path("backups")
    );
    std::fs::write(data.join("users.xml"), users)?;
    std::fs::write(data.join("config.xml"), config)?;
    std::fs::create_dir_all(data.join("clickhouse"))?;
    Ok(data.join("config.xml"))
}

fn arguments(config: &Config, data: &Path, file: &Path) -> Vec<CString> {
    let mut all = vec![
        "clickhouse".to_owned(),
        format!("--path={}", data.join("clickhouse").display()),
        format!("--config-file={}", file.display()),
    ];
    if config.max_memory_bytes > 0 {
        all.push(format!("--max_server_memory_usage={}", config.max_memory_bytes));
    }
    // A path with a NUL cannot have been opened before.
    all.into_iter()
        .filter_map(|argument| CString::new(argument).ok())
        .collect()
}

fn server_uuid(data: &Path) -> io::Result<uuid::Uuid> {
    let path = data.join("uuid");
    let known = std::fs::read_to_string(&path)
        .ok()
        .and_then(|text| text.trim().parse().ok());
    if let Some(uuid) = known {
        return Ok(uuid);
    }
    let uuid = uuid::Uuid::new_v4();
    let fresh = data.join("uuid.new");
    std::fs::write(&fresh, format!("{uuid}\n"))?;
    std::fs::File::open(&fresh)?.sync_all()?;
    std::fs::rename(&fresh, &path)?;
    std::fs::File::open(data)?.sync_all()?;
    Ok(uuid)
}

fn rows(connection: &mut Connection, sql: &str) -> Result<Vec<String>, String> {
    let answer = connection.query(sql.as_bytes(), "TSV", &Parameters::default())?;
    Ok(String::from_utf8_lossy(answer.as_ref())
        .lines()
        .map(str::to_owned)
        .collect())
}

fn facts(connection: &mut Connection, server_uuid: uuid::Uuid) -> Result<Facts, String> {
    let line = rows(connection, "SELECT version(), timezone()")?
        .pop()
        .unwrap_or_default();
    let (version, timezone) = line.split_once('\t').unwrap_or((&line, "UTC"));
    Ok(Facts {
        version: version.to_owned(),
        timezone: timezone.to_owned(),
        server_uuid,
    })
}
