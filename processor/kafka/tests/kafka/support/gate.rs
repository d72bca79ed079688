//! A way to ClickHouse that can hold one insert into `events` back, for as long as the test wants.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

pub struct Gate {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    open: watch::Sender<bool>,
    _task: JoinSet<()>,
}

#[derive(Default)]
struct Shared {
    armed: AtomicBool,
    holding: AtomicBool,
    shut: watch::Sender<bool>,
    /// Of the connection that was held: everything that came back after it was let go.
    answer: Mutex<Vec<u8>>,
}

impl Gate {
    pub async fn start(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let open = watch::Sender::new(false);
        let mut task = JoinSet::new();
        let (given, opened) = (Arc::clone(&shared), open.clone());
        task.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let (shared, opened) = (Arc::clone(&given), opened.subscribe());
                connections.spawn(async move {
                    let server = TcpStream::connect(target).await.unwrap();
                    let ((from_client, to_client), (from_server, to_server)) =
                        (client.into_split(), server.into_split());
                    let held = Arc::new(AtomicBool::new(false));
                    tokio::join!(
                        requests(from_client, to_server, &shared, &held, opened),
                        answers(from_server, to_client, &shared, &held),
                    );
                });
            }
        });
        Self {
            address,
            shared,
            open,
            _task: task,
        }
    }

    /// Holds the next insert back.
    pub fn arm(&self) {
        self.shared.armed.store(true, Ordering::SeqCst);
    }

    pub fn is_holding(&self) -> bool {
        self.shared.holding.load(Ordering::SeqCst)
    }

    /// Lets it go.
    pub fn release(&self) {
        self.open.send_replace(true);
    }

    /// Nothing at all goes through any more.
    pub fn shut(&self) {
        self.shared.shut.send_replace(true);
    }

    /// Everything goes through again.
    pub fn open(&self) {
        self.shared.shut.send_replace(false);
    }

    /// What the server said to it.
    pub fn answer(&self) -> String {
        String::from_utf8_lossy(&self.shared.answer.lock().unwrap()).into_owned()
    }
}

async fn requests(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    shared: &Shared,
    held: &AtomicBool,
    mut open: watch::Receiver<bool>,
) {
    let mut buffer = vec![0; 256 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        let text = String::from_utf8_lossy(&buffer[..read.min(4_096)]);
        let is_insert = text.starts_with("POST") && text.contains("INSERT") && text.contains("events");
        if is_insert && shared.armed.swap(false, Ordering::SeqCst) {
            shared.holding.store(true, Ordering::SeqCst);
            open.wait_for(|open| *open).await.unwrap();
            held.store(true, Ordering::SeqCst);
        }
        shared.shut.subscribe().wait_for(|shut| !*shut).await.unwrap();
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}

async fn answers(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, shared: &Shared, held: &AtomicBool) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if held.load(Ordering::SeqCst) {
            shared.answer.lock().unwrap().extend_from_slice(&buffer[..read]);
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
