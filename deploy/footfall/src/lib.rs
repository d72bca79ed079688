//! Footfall on one machine, and the operator's commands. The only crate that knows every part; no part knows it.
//!
//! 1. [`cli`]: the command line; [`commands`]: from there to a command and its exit code ([`memory`]: what
//!    services tell the allocator);
//! 2. [`config`]: flags, environment and file become typed settings, all [`problem`]s at once;
//! 3. [`up`]: everything on this machine, [`dashboard`] among it, in the order of start and stop ([`logging`], [`data`] folder,
//!    [`credentials`], [`sites`]); [`log_source`] is the local log as the processor's source, [`live`] the stream of fates;
//! 4. `cluster` (cargo feature `kafka`): the same parts as services, with Kafka between them (`parts`: what both make alike);
//! 5. commands that talk to a running Footfall over HTTP ([`http`], [`target`], [`clickhouse`]): [`send`], [`tail`],
//!    [`fate`], [`unlink`], [`subject`], [`mod@erase`], [`mod@retention`], [`query`], [`export`], [`audit`], [`ledger`], [`replay`], [`gone`], [`migrate`], [`loadgen`], [`demo`]; [`backup`] and [`restore`] copy the data folder, whoever runs on it;
//! 6. [`check`]: what is wrong with this set-up, and for how long its disk has room ([`forecast`]), [`self_check`]: with what is running, [`install`]: with a page; [`show`]: what is set, [`doors`]: who else may look, [`enrich`]: what an event would become ([`dictionary`]: what columns mean, [`paths`]: templates learned), [`geo`]: databases of places; [`words`]: the command line for shells and as man pages; [`terminal`]: how all of it is told.

pub mod audit;
pub mod backup;
pub mod check;
pub mod cli;
pub mod clickhouse;
#[cfg(feature = "kafka")]
pub mod cluster;
pub mod commands;
pub mod config;
pub mod credentials;
pub mod dashboard;
pub mod data;
pub mod demo;
pub mod dictionary;
pub mod doors;
pub mod enrich;
pub mod erase;
pub mod export;
pub mod fate;
pub mod forecast;
pub mod geo;
pub mod gone;
pub mod http;
pub mod install;
pub mod keys;
pub mod ledger;
pub mod live;
pub mod loadgen;
pub mod log_source;
pub mod logging;
pub mod memory;
pub mod metrics;
pub mod migrate;
pub(crate) mod parts;
pub mod paths;
pub mod problem;
pub mod query;
pub mod replay;
pub mod restore;
pub mod retention;
pub mod self_check;
pub mod send;
pub mod show;
pub mod sites;
pub mod subject;
pub mod tail;
pub mod target;
pub mod telemetry;
pub mod terminal;
pub mod unlink;
pub mod up;
pub mod words;
