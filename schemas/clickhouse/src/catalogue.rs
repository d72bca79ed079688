//! The SQL that this release brings: numbered migrations, applied once, and views, created anew at each start
//! (reports have a catalogue of their own: [`crate::reports`]).

use crate::reports::{BLOCKS, REPORTS};
use sha2::{Digest, Sha256};

/// One file of `migrations/`. Append only: a file that was released is never changed, a change is a new file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migration {
    /// 1, 2, 3, …
    pub number: u32,
    /// What it does, as in the file's name.
    pub name: &'static str,
    /// Statements that may run twice (`IF NOT EXISTS`), without a database's name.
    pub sql: &'static str,
}

impl Migration {
    /// SHA-256 of the file, hex.
    #[must_use]
    pub fn checksum(&self) -> String {
        let digest = Sha256::digest(self.sql.as_bytes());
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Lists files by their names.
macro_rules! migrations {
    ($($number:literal $name:literal $file:literal;)+) => {
        &[$(Migration { number: $number, name: $name, sql: include_str!(concat!("../migrations/", $file)) }),+]
    };
}

/// Every migration, in order.
pub const MIGRATIONS: &[Migration] = migrations! {
    1 "events" "0001_events.sql";
    2 "ledger" "0002_ledger.sql";
    3 "audited" "0003_audited.sql";
    4 "skips" "0004_skips.sql";
    5 "gone_servers" "0005_gone_servers.sql";
    6 "enrichment" "0006_enrichment.sql";
    7 "suppressed" "0007_suppressed.sql";
};

/// A view: its name and the statement that makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    /// Name.
    pub name: &'static str,
    /// `CREATE OR REPLACE VIEW …`, without a database's name.
    pub sql: &'static str,
}

/// Lists views by their names, which are those of their files too.
macro_rules! views {
    ($($name:literal)+) => {
        &[$(View { name: $name, sql: include_str!(concat!("../views/", $name, ".sql")) }),+]
    };
}

/// Every view that is no report, in the order in which they can be made.
pub const VIEWS: &[View] = views! {
    "books"
    "ledger_reasons"
    "live"
    "losses"
    "user_statements"
    "user_links"
    "user_events"
    "user_traits_history"
    "users"
    "auth_timeline"
    "session_sources"
    "session_bots"
    "human_events"
    "path_variety"
};

/// All views of this release, those of reports too, in the order in which they can be made.
pub fn views() -> impl Iterator<Item = View> {
    let reports = REPORTS.iter().map(|report| report.view);
    VIEWS.iter().chain(BLOCKS).copied().chain(reports)
}

#[cfg(test)]
mod tests {
    use super::{MIGRATIONS, views};

    #[test]
    fn numbers_count_from_one() {
        for (migration, number) in MIGRATIONS.iter().zip(1..) {
            assert_eq!(migration.number, number);
            assert!(migration.sql.contains("IF NOT EXISTS"), "{}", migration.name);
        }
    }

    #[test]
    fn a_view_says_its_own_name() {
        for view in views() {
            assert!(
                view.sql
                    .contains(&format!("CREATE OR REPLACE VIEW {} AS", view.name))
            );
        }
    }
}
