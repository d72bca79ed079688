//! Records to rows, once each: the processor of Footfall. Knows nothing of HTTP bodies, and nothing of where records
//! come from.
//!
//! [`run`] is the only way to start it. In the order in which data flows:
//! 1. [`source`]: records from the local log or from Kafka, with their numbers;
//! 2. [`decode`]: bytes to an event, borrowed;
//! 3. [`enrich`]: what can be found out about it;
//! 4. [`row`]: both as a row of the table;
//! 5. [`round`]: many of them as a block, built ahead of the decision what becomes of each;
//! 6. `driver`: feeds the state machine of [`footfall_delivery`], which decides, and does what that asks for; whom nobody may
//!    bring back ([`suppressed`]) it asks before each insert;
//! 7. [`question`]: what it asks of ClickHouse ([`server`]);
//! 8. [`insert`]: one POST of our own and its honest result; what gets no row gets a [`ledger`] row;
//! 9. [`mod@audit`]: afterwards, always: is everything there, once?
//! 10. [`retention`]: in the end, what has been kept for long enough goes, with a fate of its own.
//!
//! Beside the flow: [`words`] (what an operator says about what waits), [`config`], [`control`] (watching and steering), [`measure`] (metrics), [`admin`] (its port).

pub mod admin;
pub mod audit;
pub mod config;
pub mod control;
pub mod decode;
mod driver;
pub mod enrich;
pub mod insert;
pub mod ledger;
pub mod measure;
pub mod question;
pub mod retention;
pub mod round;
pub mod row;
pub mod server;
pub mod source;
pub mod suppressed;
mod trace;
pub mod words;

pub use audit::audit;
pub use config::{AuditConfig, Config, EngineRestart, Wiring};
pub use control::{Condition, Control, Notice, NoticedEvent, Request};
pub use driver::ProcessorError;
pub use server::{Server, ServerError};
pub use source::Source;

use admin::Admin;
use audit::watch::Auditor;
use driver::Driver;
use footfall_delivery::Mode;
use retention::keeper::Keeper;
use tokio_util::sync::CancellationToken;

/// Runs a processor until `shutdown` is cancelled, then finishes the insert in flight, saves and returns. The tables
/// must be there (`footfall_tables::migrate`).
///
/// # Errors
/// [`ProcessorError`]: a source that is broken, a drain that took too long. ClickHouse being away, slow or full is no
/// error: the processor waits, says so in its [`Condition`], and goes on by itself.
pub async fn run<S: Source>(
    config: Config,
    source: S,
    mut wiring: Wiring,
    shutdown: CancellationToken,
) -> Result<(), ProcessorError> {
    if config.delivery.mode == Mode::Child && wiring.engine.is_none() {
        return Err(ProcessorError::NoSupervisor);
    }
    let closed = audit::Closed::default();
    let control = wiring.control();
    let auditor = Auditor {
        server: wiring.server.clone(),
        config: config.audit,
        closed: closed.clone(),
        control: control.clone(),
    };
    let mut beside = tokio::task::JoinSet::new();
    // Ends the auditor and the admin port with the driver, however that ends.
    let ended = shutdown.child_token();
    let _guard = ended.clone().drop_guard();
    beside.spawn(auditor.run(ended.clone()));
    beside.spawn(std::sync::Arc::clone(&wiring.enrichment).watch());
    let keeping = ended.clone();
    if let Some(listener) = wiring.admin.take() {
        let admin = Admin {
            condition: control.condition(),
            metrics: wiring.metrics.clone(),
        };
        beside.spawn(admin::serve(listener, admin, ended));
    }
    let heed_every = config.heed_every;
    if let Some(retention) = wiring.retention.take() {
        let keeper = Keeper {
            server: wiring.server.clone(),
            retention,
            control: control.clone(),
        };
        beside.spawn(keeper.run(keeping));
    }
    let mut driver = Box::new(Driver::new(config, source, &wiring, closed));
    beside.spawn(words::listen(
        wiring.server.clone(),
        driver.waits(),
        control.clone(),
        heed_every,
    ));
    let driven = Box::pin(driver.drive(&mut wiring.requests, &shutdown)).await;
    beside.shutdown().await;
    driven
}
