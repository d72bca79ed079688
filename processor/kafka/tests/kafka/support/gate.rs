//! A way to ClickHouse that can hold one insert into `events` back, for as long as the test wants.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Bytes of a beginning: the head, and a part of the body.
const BEGINNING: usize = 16 * 1024;

pub struct Gate {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    open: watch::Sender<bool>,
    _task: JoinSet<()>,
}

#[derive(Default)]
struct Shared {
    armed: AtomicBool,
    begin: AtomicBool,
    holding: AtomicBool,
    over: AtomicBool,
    shut: watch::Sender<bool>,
    /// Of the connection that was held: everything that came back since then.
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

    /// Lets the beginning of the next insert through, and holds the rest back.
    pub fn arm_after_its_beginning(&self) {
        self.shared.begin.store(true, Ordering::SeqCst);
        self.arm();
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

    /// Whether the server has answered it, or has hung up.
    pub fn is_over(&self) -> bool {
        self.shared.over.load(Ordering::SeqCst) || self.answer().contains("\r\n\r\n")
    }

    /// ClickHouse's error code, if it answered with one.
    pub fn exception(&self) -> Option<u32> {
        let answer = self.answer().to_ascii_lowercase();
        let (_, rest) = answer.split_once("x-clickhouse-exception-code: ")?;
        rest.lines().next()?.trim().parse().ok()
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
        let mut bytes = buffer[..read].to_vec();
        if shared.wants(&bytes) {
            // Its sender may be frozen at any time from now on.
            let whole = head(&bytes) + length(&bytes);
            while bytes.len() < whole {
                let read = from.read(&mut buffer).await.unwrap();
                bytes.extend_from_slice(&buffer[..read]);
            }
            let begin = shared.begin.load(Ordering::SeqCst);
            let rest = bytes.split_off(if begin { BEGINNING } else { 0 });
            to.write_all(&bytes).await.unwrap();
            held.store(true, Ordering::SeqCst);
            shared.holding.store(true, Ordering::SeqCst);
            open.wait_for(|open| *open).await.unwrap();
            if !begin {
                // The server may have closed the idle connection meanwhile.
                return late(to.peer_addr().unwrap(), &rest, shared).await;
            }
            bytes = rest;
        }
        shared.shut.subscribe().wait_for(|shut| !*shut).await.unwrap();
        if to.write_all(&bytes).await.is_err() {
            return;
        }
    }
}

/// Sends a whole request on a connection of its own; nobody waits for the answer but the test.
async fn late(server: SocketAddr, request: &[u8], shared: &Shared) {
    let mut stream = TcpStream::connect(server).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        shared.answer.lock().unwrap().extend_from_slice(&buffer[..read]);
    }
}

impl Shared {
    /// Whether this is the insert to hold; true once.
    fn wants(&self, request: &[u8]) -> bool {
        let text = String::from_utf8_lossy(&request[..head(request)]);
        let is_insert = text.starts_with("POST") && text.contains("INSERT") && text.contains("events");
        let is_large = !self.begin.load(Ordering::SeqCst) || length(request) > 4 * BEGINNING;
        is_insert && is_large && self.armed.swap(false, Ordering::SeqCst)
    }
}

fn head(request: &[u8]) -> usize {
    let end = request.windows(4).position(|four| four == b"\r\n\r\n");
    end.map_or(request.len(), |at| at + 4)
}

/// Of the body, as the head says.
fn length(request: &[u8]) -> usize {
    let request = String::from_utf8_lossy(&request[..head(request)]).to_ascii_lowercase();
    let (_, rest) = request.split_once("content-length: ").unwrap_or_default();
    let digits = rest.lines().next().unwrap_or_default();
    digits.trim().parse().unwrap_or_default()
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
    if held.load(Ordering::SeqCst) {
        shared.over.store(true, Ordering::SeqCst);
    }
}
