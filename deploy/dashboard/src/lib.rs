//! The dashboard: reports over HTTP, and the page that shows them. It reads ClickHouse as a reader, through the views
//! `report_<name>` (and, for the forecast of the disk, how large the tables are and how much of which site), and keeps nothing there.
//!
//! A request: `service` (accept, route) → `access` (is it meant for us, who asks, what may they see) → `report` (a named
//! report, its parameters checked and typed, SQL, a brief cache, ClickHouse under limits, answer). What people save, and who
//! else may look (`doors`), is `kept` in one small file. The page lies in `page/`, built by `page/build.mjs`, embedded by `page`.
//!
//! Invariant: no text of a request gets into SQL but as a literal made by `report::value`; names of reports, parameters and
//! dimensions are only compared.

mod access;
mod api;
mod config;
mod doors;
mod kept;
mod openapi;
mod page;
mod refusal;
mod report;
mod service;

pub use config::{Config, Limits, Reader, SiteInfo, Sites, StartError};
pub use doors::{Doors, NewLink, NewToken, Refused, Shown};
pub use openapi::document;
pub use service::Dashboard;
