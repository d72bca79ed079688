//! One processor's own way to ClickHouse. It can hold back an insert into `events`, whole or from its middle on, for as
//! long as a test wants, and notes every error code that ClickHouse answers with.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What is held back of the next insert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Hold {
    /// Nothing: inserts pass.
    Nothing = 0,
    /// All of it; it is sent on a new connection when it is released.
    Whole = 1,
    /// The second half of its body: the server has begun.
    Middle = 2,
}

/// A gate on a port of its own, for as long as the process lives.
#[derive(Debug, Clone)]
pub struct Gate {
    /// Where it listens.
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    wanted: AtomicU8,
    holding: AtomicBool,
    open: AtomicBool,
    over: AtomicBool,
    /// Head of the held insert.
    request: Mutex<String>,
    /// What came back for the held insert.
    answer: Mutex<Vec<u8>>,
    codes: Mutex<BTreeMap<u32, u64>>,
}

impl Gate {
    /// Starts a gate to `target`.
    ///
    /// # Errors
    /// No address can be bound.
    pub fn start(target: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let gate = Self {
            address: listener.local_addr()?,
            shared: Arc::default(),
        };
        let shared = Arc::clone(&gate.shared);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || shared.carry(&client, target));
            }
        });
        Ok(gate)
    }

    /// Holds the next insert back, and forgets the last one.
    pub fn arm(&self, hold: Hold) {
        let shared = &self.shared;
        for flag in [&shared.holding, &shared.open, &shared.over] {
            flag.store(false, Ordering::SeqCst);
        }
        shared.answer().clear();
        shared.wanted.store(hold as u8, Ordering::SeqCst);
    }

    /// Whether an insert is held.
    #[must_use]
    pub fn is_holding(&self) -> bool {
        self.shared.holding.load(Ordering::SeqCst)
    }

    /// The instance in the tag of the held insert: the process that sent it, as no other start of it is called.
    #[must_use]
    pub fn instance(&self) -> Option<String> {
        let request = self.shared.request.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, rest) = request.split_once("log_comment=")?;
        let tag = rest.split(['&', ' ']).next()?;
        tag.rsplit_once("%2F").map(|(_, instance)| instance.to_owned())
    }

    /// Lets it go.
    pub fn release(&self) {
        self.shared.wanted.store(Hold::Nothing as u8, Ordering::SeqCst);
        self.shared.open.store(true, Ordering::SeqCst);
    }

    /// Whether the server has answered the held insert, or has hung up.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.shared.over.load(Ordering::SeqCst) || self.answer().contains("\r\n\r\n")
    }

    /// What the server said to it.
    #[must_use]
    pub fn answer(&self) -> String {
        String::from_utf8_lossy(&self.shared.answer()).into_owned()
    }

    /// ClickHouse's error code for it, if it answered with one.
    #[must_use]
    pub fn exception(&self) -> Option<u32> {
        code_of(&self.answer())
    }

    /// Every error code that ClickHouse has answered with so far, and how often.
    #[must_use]
    pub fn codes(&self) -> BTreeMap<u32, u64> {
        let codes = self.shared.codes.lock();
        codes.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Shared {
    fn answer(&self) -> MutexGuard<'_, Vec<u8>> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn carry(&self, client: &TcpStream, target: SocketAddr) {
        let Ok(server) = TcpStream::connect_timeout(&target, Duration::from_secs(5)) else {
            return;
        };
        drop((client.set_nodelay(true), server.set_nodelay(true)));
        let held = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                // An error of either side ends the connection.
                _ = self.requests(client, &server, &held, target);
                drop((server.shutdown(Shutdown::Write), client.shutdown(Shutdown::Read)));
            });
            scope.spawn(|| {
                _ = self.answers(&server, client, &held);
                drop((server.shutdown(Shutdown::Both), client.shutdown(Shutdown::Both)));
            });
        });
    }

    fn requests(
        &self,
        mut from: &TcpStream,
        mut to: &TcpStream,
        held: &AtomicBool,
        target: SocketAddr,
    ) -> std::io::Result<()> {
        let mut buffer = vec![0; 256 * 1024];
        while let read @ 1.. = from.read(&mut buffer)? {
            let mut bytes = buffer[..read].to_vec();
            let hold = self.wants(&bytes);
            if hold != Hold::Nothing {
                // Its sender may be frozen at any time from now on.
                let (head, body) = (head(&bytes), length(&bytes));
                *self.request.lock().unwrap_or_else(PoisonError::into_inner) =
                    String::from_utf8_lossy(&bytes[..head]).into_owned();
                while bytes.len() < head + body {
                    let read = from.read(&mut buffer)?;
                    bytes.extend_from_slice(&buffer[..read]);
                }
                let rest = bytes.split_off(if hold == Hold::Middle { head + body / 2 } else { 0 });
                to.write_all(&bytes)?;
                // Of an insert that is held whole, nothing has come to this connection: that it ends says nothing.
                held.store(hold == Hold::Middle, Ordering::SeqCst);
                self.holding.store(true, Ordering::SeqCst);
                while !self.open.load(Ordering::SeqCst) {
                    std::thread::sleep(Duration::from_millis(5));
                }
                if hold == Hold::Whole {
                    // The server may have closed the idle connection meanwhile; it does not even say then whose it was.
                    return self.late(target, &rest);
                }
                bytes = rest;
            }
            to.write_all(&bytes)?;
        }
        Ok(())
    }

    /// Sends a whole request on a connection of its own; nobody waits for the answer but the test.
    fn late(&self, server: SocketAddr, request: &[u8]) -> std::io::Result<()> {
        let sent = self.send_late(server, request);
        if let Err(error) = &sent {
            self.answer()
                .extend_from_slice(format!("(the connection broke: {error})").as_bytes());
        }
        self.over.store(true, Ordering::SeqCst);
        sent
    }

    fn send_late(&self, server: SocketAddr, request: &[u8]) -> std::io::Result<()> {
        let mut stream = TcpStream::connect(server)?;
        stream.write_all(request)?;
        let mut buffer = vec![0; 64 * 1024];
        while let read @ 1.. = stream.read(&mut buffer)? {
            self.note(&buffer[..read]);
            self.answer().extend_from_slice(&buffer[..read]);
        }
        Ok(())
    }

    fn answers(&self, mut from: &TcpStream, mut to: &TcpStream, held: &AtomicBool) -> std::io::Result<()> {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let read = from.read(&mut buffer).unwrap_or(0);
            let is_held = held.load(Ordering::SeqCst);
            if read == 0 {
                self.over.fetch_or(is_held, Ordering::SeqCst);
                return Ok(());
            }
            self.note(&buffer[..read]);
            if is_held {
                self.answer().extend_from_slice(&buffer[..read]);
            }
            to.write_all(&buffer[..read])?;
        }
    }

    fn note(&self, answer: &[u8]) {
        if let Some(code) = answer
            .starts_with(b"HTTP/")
            .then(|| code_of(&String::from_utf8_lossy(answer)))
            .flatten()
        {
            let mut codes = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
            *codes.entry(code).or_default() += 1;
        }
    }

    /// What is to be held of this request; anything but nothing once.
    fn wants(&self, request: &[u8]) -> Hold {
        let text = String::from_utf8_lossy(&request[..head(request)]);
        if !(text.starts_with("POST") && text.contains("INSERT") && text.contains("events")) {
            return Hold::Nothing;
        }
        match self.wanted.swap(Hold::Nothing as u8, Ordering::SeqCst) {
            1 => Hold::Whole,
            2 => Hold::Middle,
            _ => Hold::Nothing,
        }
    }
}

fn code_of(answer: &str) -> Option<u32> {
    let answer = answer.to_ascii_lowercase();
    let (_, rest) = answer.split_once("x-clickhouse-exception-code: ")?;
    rest.lines().next()?.trim().parse().ok()
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
