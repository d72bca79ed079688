//! The load: connections that each send a request, wait for its answer, and send the next. Each is a visitor who keeps the
//! cookie of the last answer; the requests are those of the edge's own benchmark. One thread looks at all connections in turn and never sleeps: a server that wakes its client
//! pays for that, and would pay more the less its client has to do.

use crate::bodies;
use anyhow::{Context, Result, bail, ensure};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// What is sent.
pub struct Load {
    /// Connections at a time.
    pub connections: usize,
    /// Compressed batches of [`bodies::BATCH`] instead of single events.
    pub batches: Option<Vec<Vec<u8>>>,
    /// Number of the next event: never the same twice.
    next: u64,
}

struct Connection {
    stream: TcpStream,
    /// What of the request has not been taken yet.
    left: Vec<u8>,
    cookie: Vec<u8>,
}

impl Load {
    pub const fn new(connections: usize, batches: Option<Vec<Vec<u8>>>) -> Self {
        Self {
            connections,
            batches,
            next: 1,
        }
    }

    /// Sends for so long; gives how many events were acknowledged, and how long that took. Every answer that is not 200 is
    /// an error.
    pub fn run(&mut self, to: SocketAddr, long: Duration) -> Result<(u64, Duration)> {
        let began = Instant::now();
        let mut open = (0..self.connections)
            .map(|_| self.connect(to))
            .collect::<Result<Vec<_>>>()?;
        let mut answered = 0;
        while !open.is_empty() {
            let over = began.elapsed() >= long;
            let mut at = 0;
            while let Some(connection) = open.get_mut(at) {
                if !connection.is_answered()? {
                    at += 1;
                    continue;
                }
                answered += 1;
                if over {
                    open.swap_remove(at);
                } else {
                    connection.left = self.request(&connection.cookie);
                    connection.send()?;
                    at += 1;
                }
            }
        }
        let each = if self.batches.is_some() {
            u64::from(bodies::BATCH)
        } else {
            1
        };
        Ok((answered * each, began.elapsed()))
    }

    fn connect(&mut self, to: SocketAddr) -> Result<Connection> {
        let stream = TcpStream::connect(to).context("connect to the ingest")?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let cookie = Vec::new();
        let left = self.request(&cookie);
        let mut connection = Connection { stream, left, cookie };
        connection.send()?;
        Ok(connection)
    }

    fn request(&mut self, cookie: &[u8]) -> Vec<u8> {
        self.next += 1;
        let mut request = Vec::new();
        bodies::request(&mut request, self.next, self.batches.as_deref(), cookie);
        request
    }
}

impl Connection {
    fn send(&mut self) -> Result<()> {
        while !self.left.is_empty() {
            match self.stream.write(&self.left) {
                Ok(sent) => drop(self.left.drain(..sent)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error).context("send a request"),
            }
        }
        Ok(())
    }

    /// Answers are small and come in one piece.
    fn is_answered(&mut self) -> Result<bool> {
        if !self.left.is_empty() {
            self.send()?;
            return Ok(false);
        }
        let mut answer = [0; 4096];
        match self.stream.read(&mut answer) {
            Ok(0) => bail!("the ingest has closed a connection"),
            Ok(read) => {
                let text = String::from_utf8_lossy(answer.get(..read).unwrap_or_default());
                ensure!(text.starts_with("HTTP/1.1 200"), "{text}");
                bodies::keep(&mut self.cookie, answer.get(..read).unwrap_or_default());
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error).context("read an answer"),
        }
    }
}
