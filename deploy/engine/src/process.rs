//! The body of the engine process: sandbox, engine, HTTP, one line on standard output when it is ready.
//!
//! Its end is `_exit`: libchdb's global destructors race with its own threads.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::ffi::{self, Api};
use crate::http::access::Access;
use crate::http::handle::Service;
use crate::http::serve::serve;
use crate::library;
use crate::sandbox;
use crate::session::{Session, StartError, lock};

/// Runs the engine until SIGTERM or SIGINT (or, with [`Config::die_with_stdin`], the end of standard input).
///
/// Prints `ready <address>` and a line break on standard output when it answers; every error is one line on
/// standard error. Returns only if the engine has not been started; afterwards the process ends inside.
pub fn main(config: &Config) -> ExitCode {
    match start(config) {
        Ok(code) => ffi::exit_now(code),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "footfall engine: {error}");
            // The engine may be half started: no destructors.
            ffi::exit_now(1)
        }
    }
}

fn start(config: &Config) -> Result<i32, StartError> {
    if config.die_with_stdin {
        ffi::die_with_parent();
    }
    let lock = lock(&config.data)?;
    let listen = |source| StartError::Listen {
        address: config.listen,
        source,
    };
    let listener = std::net::TcpListener::bind(config.listen).map_err(listen)?;
    listener.set_nonblocking(true).map_err(listen)?;
    let api = load(config)?;
    sandbox::close(config).map_err(StartError::Sandbox)?;
    let session = Arc::new(Session::start(config, api, lock)?);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(listen)?;
    runtime.block_on(async {
        let listener = TcpListener::from_std(listener).map_err(listen)?;
        let bound = listener.local_addr().map_err(listen)?;
        run(config, listener, bound, session).await.map_err(listen)
    })?;
    Ok(0)
}

fn load(config: &Config) -> Result<&'static Api, StartError> {
    let path = config.library.clone();
    let api = Api::load(&path).map_err(|e| StartError::Library {
        path: path.clone(),
        reason: e.to_string(),
    })?;
    let found = api.version();
    if found != library::VERSION {
        return Err(StartError::Version {
            path,
            found,
            wanted: library::VERSION,
        });
    }
    Ok(api)
}

async fn run(
    config: &Config,
    listener: TcpListener,
    bound: SocketAddr,
    session: Arc<Session>,
) -> std::io::Result<()> {
    let stop = CancellationToken::new();
    let service = Arc::new(Service {
        session,
        access: Access::new(config, bound),
        writers: Arc::new(Semaphore::new(config.max_queries.max(1))),
        readers: Arc::new(Semaphore::new((config.max_queries / 2).max(1))),
    });
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    if config.die_with_stdin {
        end_with_stdin();
    }
    announce(bound)?;
    let serving = serve(listener, service, config.max_connections.max(1), stop.clone());
    let mut serving = std::pin::pin!(serving);
    loop {
        tokio::select! {
            () = serving.as_mut() => return Ok(()),
            _ = terminate.recv() => break,
            // Ctrl-C reaches the whole group: a child waits until its parent has drained and says so.
            _ = interrupt.recv() => if !config.die_with_stdin { break },
        }
    }
    stop.cancel();
    serving.await;
    Ok(())
}

fn announce(bound: SocketAddr) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "ready {bound}")?;
    out.flush()
}

/// The parent holds the other end of standard input and never writes after the password: its end is the
/// parent's. At once and hard, because a successor may be waiting for the folder.
fn end_with_stdin() {
    std::thread::spawn(|| {
        let mut byte = [0_u8; 64];
        let mut stdin = std::io::stdin().lock();
        while !matches!(stdin.read(&mut byte), Ok(0) | Err(_)) {}
        ffi::exit_now(0)
    });
}
