//! A running processor, and an end to it: in order, or as if the process had been killed.

use super::engine::TestEngine;
use super::log::Log;
use footfall_delivery::Mode;
use footfall_processor::{Config, Control, EngineRestart, ProcessorError, Server, Wiring, run};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub struct Running {
    pub control: Control,
    shutdown: CancellationToken,
    task: JoinHandle<Result<(), ProcessorError>>,
}

/// Short rounds and audits on request, so that tests need not wait.
pub fn config(mode: Mode, server: &Server) -> Config {
    let mut config = Config::new(mode, server, "test-log");
    config.round.wait = Duration::from_millis(10);
    config.audit.every = Duration::ZERO;
    // A fence of ten seconds is right for a cluster and long for a test; the order of the times is what matters.
    if mode == Mode::Fenced {
        config.delivery.lease = 3_000;
        config.delivery.max_execution = 2_500;
        config.insert_timeout = Duration::from_millis(2_400);
    }
    config
}

impl Running {
    /// A server that is not our child.
    pub fn fenced(server: &Server, log: &Arc<Log>) -> Self {
        Self::start(config(Mode::Fenced, server), Wiring::new(server.clone()), log)
    }

    pub fn start(config: Config, wiring: Wiring, log: &Arc<Log>) -> Self {
        let (control, shutdown) = (wiring.control(), CancellationToken::new());
        #[expect(clippy::disallowed_methods, reason = "owned and ended by this value")]
        let task = tokio::spawn(run(config, log.source(), wiring, shutdown.clone()));
        Self {
            control,
            shutdown,
            task,
        }
    }

    /// In order.
    pub async fn stop(self) {
        self.end().await.unwrap();
    }

    /// As told; gives how that went.
    pub async fn end(self) -> Result<(), ProcessorError> {
        self.shutdown.cancel();
        self.task.await.unwrap()
    }

    /// Without a last word.
    pub async fn drop_dead(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

/// Restarts the engine when it is asked to, as the one-machine binary does.
pub fn supervise(engine: Arc<Mutex<TestEngine>>) -> (mpsc::Sender<EngineRestart>, JoinHandle<()>) {
    let (asked, mut requests) = mpsc::channel::<EngineRestart>(4);
    #[expect(clippy::disallowed_methods, reason = "ends with its sender")]
    let task = tokio::spawn(async move {
        while let Some(request) = requests.recv().await {
            let mut running = engine.lock().await;
            if running.since <= request.running_at {
                running.restart().await;
            }
            let _ = request.done.send(());
        }
    });
    (asked, task)
}
