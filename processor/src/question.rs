//! The questions that the machine asks of ClickHouse, through the official crate. All of them may be asked again.
//!
//! Inserts do not go this way: [`crate::insert`].

pub mod look;
pub mod running;

use crate::server::plainly;
use clickhouse::{Client, Row};
use footfall_delivery::{Answer, Clock, Unanswered};
use serde::Deserialize;
use std::future::Future;
use std::time::Duration;
use uuid::Uuid;

/// After this a question counts as unanswered: a look over 5 M rows takes 50 ms, over 1,000 M some seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for an answer; what went wrong goes to the log, once.
async fn answered<T>(
    what: &'static str,
    question: impl Future<Output = Result<T, clickhouse::error::Error>>,
) -> Answer<T> {
    match tokio::time::timeout(PATIENCE, question).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => {
            let error = plainly(&error);
            tracing::warn!(
                question = what,
                error,
                "ClickHouse did not answer a question; it is asked again"
            );
            Err(Unanswered)
        }
        Err(_) => {
            tracing::warn!(
                question = what,
                "ClickHouse did not answer a question in time; it is asked again"
            );
            Err(Unanswered)
        }
    }
}

/// The server's clock and identity.
///
/// # Errors
/// [`Unanswered`].
pub async fn clock(client: &Client) -> Answer<Clock> {
    #[derive(Row, Deserialize)]
    struct Found {
        now: i64,
        #[serde(with = "clickhouse::serde::uuid")]
        server: Uuid,
    }
    let sql = "SELECT toUnixTimestamp64Milli(now64(3)) AS now, serverUUID() AS server";
    let found = answered("clock", client.query(sql).fetch_one::<Found>()).await?;
    Ok(Clock {
        now: found.now,
        server: found.server,
    })
}
