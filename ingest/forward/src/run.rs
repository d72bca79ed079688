//! The forwarder of a node that is running.

use std::future::Future;
use std::sync::Arc;
use std::{io, thread};

use footfall_log::{Log, Reader};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::CURSOR;
use crate::config::Config;
use crate::error::ForwardError;
use crate::feed::Feed;
use crate::progress::Progress;
use crate::pump::{Goal, Pump};

/// Forwards `log` until `shutdown`; then what is there, within [`Config::flush`], and saves the position. Whatever
/// Kafka does meanwhile, the log only grows.
///
/// # Errors
/// The configuration is not one that librdkafka takes, or the log's cursor cannot be had.
pub async fn run(
    config: Config,
    log: Log,
    progress: Arc<Progress>,
    shutdown: CancellationToken,
) -> Result<(), ForwardError> {
    let reader = log.reader(CURSOR)?;
    let feed = feed(reader, &log)?;
    let mut pump = Pump::new(config, feed, progress, Goal::Follow, Some(log));
    own_thread(move || async move { pump.run(&shutdown).await.map(drop) }).await
}

pub(crate) fn feed(reader: Reader, log: &Log) -> Result<Feed, ForwardError> {
    Feed::follow(reader, log.folder()).map_err(ForwardError::Thread)
}

/// Runs `work` on a thread with a runtime of its own: it reads files, waits for fsyncs, and asks the cluster.
pub(crate) async fn own_thread<W, F, T>(work: W) -> Result<T, ForwardError>
where
    W: FnOnce() -> F + Send + 'static,
    F: Future<Output = Result<T, ForwardError>>,
    T: Send + 'static,
{
    let (answer, done) = oneshot::channel();
    let body = move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build();
        let outcome = match runtime {
            Ok(runtime) => runtime.block_on(work()),
            Err(source) => Err(ForwardError::Thread(source)),
        };
        // Nobody waits any more: the caller was dropped.
        drop(answer.send(outcome));
    };
    thread::Builder::new()
        .name("footfall-forward".to_owned())
        .spawn(body)
        .map_err(ForwardError::Thread)?;
    let gone = |_| ForwardError::Thread(io::Error::other("its thread has panicked"));
    done.await.map_err(gone)?
}
