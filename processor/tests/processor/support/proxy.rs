//! A TCP proxy that misbehaves towards inserts: it passes a request on and spoils the answer, or the request itself, or holds
//! it back until it is told. [`Questions`]: one that holds back a question in which a word stands.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What happens to one in so many connections' inserts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The whole insert goes through, no answer comes back.
    CutAnswer,
    /// Half of the body goes through, then the connection is cut.
    CutBody,
    /// The insert goes through; the answer is a gateway's error page.
    ErrorPage,
}

const FAULTS: [Fault; 3] = [Fault::CutAnswer, Fault::CutBody, Fault::ErrorPage];

pub struct Proxy {
    pub address: SocketAddr,
    /// Faults so far.
    pub faults: Arc<AtomicU64>,
    /// False: inserts wait here.
    pub open: watch::Sender<bool>,
    /// Inserts that have come so far.
    pub inserts: Arc<AtomicU64>,
    _task: JoinSet<()>,
}

impl Proxy {
    /// Spoils every `every`th insert, in turn with each fault.
    pub async fn start(target: SocketAddr, every: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (faults, inserts) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let mut task = JoinSet::new();
        let (counted, seen) = (Arc::clone(&faults), Arc::clone(&inserts));
        let (open, is_open) = watch::channel(true);
        task.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (inserts, faults, is_open) = (Arc::clone(&seen), Arc::clone(&counted), is_open.clone());
                connections.spawn(async move {
                    let _ = serve(stream, (target, is_open), every, &inserts, &faults).await;
                });
            }
        });
        Self {
            address,
            faults,
            open,
            inserts,
            _task: task,
        }
    }
}

/// Between somebody who only asks and the engine.
pub struct Questions {
    pub address: SocketAddr,
    /// Questions in which this stands wait until it is another word; empty: none does.
    pub hold: watch::Sender<&'static str>,
    /// Questions that have had to wait so far.
    pub held: Arc<AtomicU64>,
    _task: JoinSet<()>,
}

impl Questions {
    pub async fn start(target: SocketAddr, word: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let held = Arc::new(AtomicU64::new(0));
        let (hold, holds) = watch::channel(word);
        let counted = Arc::clone(&held);
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (holds, counted) = (holds.clone(), Arc::clone(&counted));
                connections.spawn(async move {
                    let _ = ask(stream, target, holds, &counted).await;
                });
            }
        });
        Self {
            address,
            hold,
            held,
            _task: task,
        }
    }
}

async fn ask(
    mut client: TcpStream,
    target: SocketAddr,
    mut holds: watch::Receiver<&'static str>,
    held: &AtomicU64,
) -> std::io::Result<()> {
    let mut server = TcpStream::connect(target).await?;
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let mut question = read_head(&mut client, &mut buffer).await?;
        while body_left(&question) > 0 {
            let read = client.read(&mut buffer).await?;
            if read == 0 {
                return Ok(());
            }
            question.extend_from_slice(&buffer[..read]);
        }
        let text = String::from_utf8_lossy(&question).into_owned();
        let word = *holds.borrow();
        if !word.is_empty() && text.contains(word) {
            held.fetch_add(1, Ordering::Relaxed);
            let _ = holds.wait_for(|now| *now != word).await;
        }
        server.write_all(&question).await?;
        pass_answer(&mut server, &mut client, &mut buffer).await?;
    }
}

async fn serve(
    mut client: TcpStream,
    (target, mut is_open): (SocketAddr, watch::Receiver<bool>),
    every: u64,
    inserts: &AtomicU64,
    faults: &AtomicU64,
) -> std::io::Result<()> {
    let mut server = TcpStream::connect(target).await?;
    let mut buffer = vec![0; 256 * 1024];
    loop {
        let mut request = read_head(&mut client, &mut buffer).await?;
        let fault = is_insert(&request)
            .then(|| inserts.fetch_add(1, Ordering::Relaxed))
            .and_then(|number| {
                (number % every == every - 1)
                    .then(|| FAULTS[usize::try_from(number / every).unwrap() % FAULTS.len()])
            });
        if fault.is_some() {
            faults.fetch_add(1, Ordering::Relaxed);
        }
        if is_insert(&request) {
            let _ = is_open.wait_for(|is_open| *is_open).await;
        }
        let mut left = body_left(&request);
        let keep = if fault == Some(Fault::CutBody) {
            left / 2
        } else {
            0
        };
        server.write_all(&request).await?;
        while left > keep {
            let read = client.read(&mut buffer).await?;
            if read == 0 {
                return Ok(());
            }
            left -= read.min(left);
            server.write_all(&buffer[..read]).await?;
        }
        request.clear();
        match fault {
            Some(Fault::CutBody) => return Ok(()),
            Some(Fault::CutAnswer) => {
                // The insert has ended, one way or the other.
                return server.read(&mut buffer).await.map(drop);
            }
            Some(Fault::ErrorPage) => {
                let _ = server.read(&mut buffer).await?;
                client
                    .write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 3\r\n\r\nbad")
                    .await?;
                return Ok(());
            }
            None => pass_answer(&mut server, &mut client, &mut buffer).await?,
        }
    }
}

/// One answer with a known length or in chunks, as the engine gives them.
async fn pass_answer(
    server: &mut TcpStream,
    client: &mut TcpStream,
    buffer: &mut [u8],
) -> std::io::Result<()> {
    let answer = read_head(server, buffer).await?;
    client.write_all(&answer).await?;
    let head = String::from_utf8_lossy(&answer).to_ascii_lowercase();
    if head.contains("transfer-encoding: chunked") {
        let mut tail = answer;
        while !tail.ends_with(b"0\r\n\r\n") {
            let read = server.read(buffer).await?;
            if read == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            client.write_all(&buffer[..read]).await?;
            tail.extend_from_slice(&buffer[..read]);
            let from = tail.len().saturating_sub(16);
            tail.drain(..from);
        }
        return Ok(());
    }
    let mut left = body_left(&answer);
    while left > 0 {
        let read = server.read(buffer).await?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        left -= read.min(left);
        client.write_all(&buffer[..read]).await?;
    }
    Ok(())
}

/// Head of a message, with what came behind it.
async fn read_head(stream: &mut TcpStream, buffer: &mut [u8]) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = stream.read(buffer).await?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        head.extend_from_slice(&buffer[..read]);
    }
    Ok(head)
}

fn is_insert(head: &[u8]) -> bool {
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    String::from_utf8_lossy(line).contains("INSERT")
}

/// Bytes of the body that are still to come.
fn body_left(message: &[u8]) -> usize {
    let end = message
        .windows(4)
        .position(|end| end == b"\r\n\r\n")
        .map_or(message.len(), |at| at + 4);
    let head = String::from_utf8_lossy(&message[..end]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| {
        line.strip_prefix("content-length: ")?
            .trim()
            .parse::<usize>()
            .ok()
    });
    length.unwrap_or(0).saturating_sub(message.len() - end)
}
