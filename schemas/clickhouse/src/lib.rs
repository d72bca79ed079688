//! The tables: what stands in ClickHouse, and how rows get into a block that can be inserted.
//!
//! 1. [`events`] and [`ledger`]: the columns, each declared once, as row, block and description;
//! 2. [`native`]: the kinds of columns and their bytes; [`address_columns`] for the one field that becomes two;
//! 3. [`catalogue`]: the migrations that make the tables, and the views over them (`books` adds both tables up);
//! 4. [`reports`]: the catalogue of what can be asked: parameterised views, their parameters and columns;
//! 5. [`migrate()`]: the runner that brings a database to this release.

pub mod catalogue;
pub mod events;
pub mod ledger;
pub mod native;
pub mod reports;

mod address;
mod migrate;
mod table;

pub use address::address_columns;
pub use events::{EVENTS, EventBlock, EventRow};
pub use ledger::{LEDGER, LedgerBlock, LedgerRow};
pub use migrate::{MigrateError, Report, Status, Step, migrate, migrate_to, status};
pub use reports::{DIMENSIONS, REPORTS};
pub use table::ColumnInfo;

/// The database unless the operator names another.
pub const DATABASE: &str = "footfall";

/// The statement that a block of `table` follows as body: `table` is [`EVENTS`] or [`LEDGER`]. Columns go by name.
#[must_use]
pub fn insert_sql(database: &str, table: &str) -> String {
    format!("INSERT INTO `{database}`.`{table}` FORMAT Native")
}
