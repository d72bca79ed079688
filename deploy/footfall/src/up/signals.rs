//! Ctrl-C and SIGTERM: the first one asks for a drain, the second one ends the process where it stands.

use crate::terminal::note;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// What a shell gives for a process that SIGINT has ended.
const INTERRUPTED: i32 = 130;

/// Cancels `stop` at the first signal and ends the process at the second.
pub(crate) async fn watch(stop: CancellationToken) {
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        tracing::error!("cannot listen to signals: only SIGKILL will end this process");
        return;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    note("\nstopping in good order; again to stop at once (nothing acknowledged is lost either way)");
    stop.cancel();
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    note("stopped at once");
    #[expect(
        clippy::disallowed_methods,
        reason = "asked for twice: the log is made to survive exactly this"
    )]
    std::process::exit(INTERRUPTED);
}
