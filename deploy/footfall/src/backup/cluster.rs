//! The tables of a ClickHouse server, backed up and restored by the server itself: `BACKUP DATABASE … TO File(…)`, below the folder that
//! its own configuration allows (`backups.allowed_path`).

use crate::clickhouse::{self, Access, Role};
use crate::config::Config;
use crate::problem::{Problem, Problems};
use crate::terminal::{Progress, note, say};
use anyhow::{Context as _, Result, bail};
use std::path::Path;

/// Has the server write its tables to the back-up of this name.
///
/// # Errors
/// No server is configured, the name is none, or the server refuses: its own words.
pub(crate) async fn backup(config: &Config, name: &Path) -> Result<()> {
    let (access, name) = (server(config)?, checked(name)?);
    let database = &access.server.database;
    let mut line = Progress::new(format!("backing up {database} on {}", access.server.authority()));
    let sql = format!("BACKUP DATABASE `{database}` TO File('{name}/')");
    let done = line.beside("ClickHouse is writing", access.text(&sql, &[])).await;
    done.context("ClickHouse has not backed the tables up")?;
    line.finish("done");
    say(format_args!(
        "the back-up {name} lies in the folder that ClickHouse keeps back-ups in (`backups.allowed_path` of its configuration): \
         copy it away from there"
    ));
    Ok(())
}

/// Has the server read its tables back. The database must not have any.
///
/// # Errors
/// As [`backup`]; or the database has tables.
pub(crate) async fn restore(config: &Config, name: &Path) -> Result<()> {
    let (mut access, name) = (server(config)?, checked(name)?);
    // It may not be there yet: then nobody can be in it.
    let database = std::mem::replace(&mut access.server.database, "default".to_owned());
    let sql = "SELECT count() FROM system.tables WHERE database = {name:String}";
    let tables = access.text(sql, &[("name", &database)]).await;
    if tables.context("cannot list the server's tables")?.trim() != "0" {
        bail!(Problems(vec![Problem::new(
            format!(
                "the database {database} on {} has tables already",
                access.server.authority()
            ),
            "stop all processors; if nothing in it is needed any more, `DROP DATABASE` it, and give the command again",
        )]));
    }
    let mut line = Progress::new(format!("restoring {database} on {}", access.server.authority()));
    let sql = format!("RESTORE DATABASE `{database}` FROM File('{name}/')");
    let done = line.beside("ClickHouse is reading", access.text(&sql, &[])).await;
    done.context("ClickHouse has not restored the tables")?;
    line.finish("done");
    say(format_args!(
        "the tables of {database} are as they were when {name} was made"
    ));
    note(
        "before a processor starts: set the consumer group back to the earliest offsets, so that it reads again what came later \
         (deploy/README.md, Restore). Afterwards: `footfall audit`, and `footfall erase --again` for whom was erased since",
    );
    Ok(())
}

fn server(config: &Config) -> Result<Access> {
    let configured = clickhouse::configured(config, Role::Writer)?;
    configured.ok_or_else(|| {
        let problem = Problem::new(
            "`clickhouse.url` is not set: there is no server to be asked",
            "set it (CLICKHOUSE_URL), or leave --cluster out and name a folder: that backs up this machine's data folder",
        );
        Problems(vec![problem]).into()
    })
}

/// Letters that a name may have: none that leads to another folder, or out of the statement.
fn checked(name: &Path) -> Result<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    match name.to_str() {
        Some(name) if name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(plain) => {
            Ok(name.to_owned())
        }
        _ => bail!(
            "with --cluster a back-up has a name of letters, digits, `-`, `_` and `.`, such as 2026-11-22, and not {}",
            name.display()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::checked;

    #[test]
    fn a_name_leads_nowhere_else() {
        assert_eq!(checked("2026-11-22_a.b".as_ref()).unwrap(), "2026-11-22_a.b");
        for wrong in ["", "..", "a/b", "/a", "a'b", "-a", "é"] {
            assert!(checked(wrong.as_ref()).is_err(), "{wrong}");
        }
    }
}
