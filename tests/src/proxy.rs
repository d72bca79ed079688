//! A TCP proxy that fails on command: it stands between the processor and ClickHouse and cuts what it is told to.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What the proxy does with the connections that it carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub enum Mode {
    /// Carries everything.
    Pass = 0,
    /// Carries requests and swallows answers, then cuts the connection.
    CutAnswers = 1,
    /// Cuts the connection in the middle of a request's body.
    CutRequests = 2,
    /// Refuses new connections and cuts old ones.
    Refuse = 3,
    /// Carries everything, answers 3 s late: within the time that an insert has.
    Slow = 4,
    /// The same 9 s late: beyond it.
    Stuck = 5,
    /// Says to the client that nothing more comes, without an answer, and goes on taking what the client sends.
    HalfClose = 6,
}

/// A proxy on a port of its own, for as long as the process lives.
#[derive(Debug, Clone)]
pub struct Proxy {
    /// Where it listens.
    pub address: SocketAddr,
    mode: Arc<AtomicU64>,
    cuts: Arc<AtomicU64>,
}

impl Proxy {
    /// Starts a proxy to `target` on `address`.
    ///
    /// # Errors
    /// The address cannot be bound.
    pub fn start(address: SocketAddr, target: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let proxy = Self {
            address,
            mode: Arc::default(),
            cuts: Arc::default(),
        };
        let own = proxy.clone();
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let own = own.clone();
                std::thread::spawn(move || own.carry(&connection, target));
            }
        });
        Ok(proxy)
    }

    /// Sets what happens from now on, to open connections too.
    pub fn set(&self, mode: Mode) {
        self.mode.store(mode as u64, Ordering::Relaxed);
    }

    /// How many connections were cut, or answers delayed, so far.
    #[must_use]
    pub fn cuts(&self) -> u64 {
        self.cuts.load(Ordering::Relaxed)
    }

    fn is(&self, mode: Mode) -> bool {
        self.mode.load(Ordering::Relaxed) == mode as u64
    }

    fn delay(&self) {
        let late = match () {
            () if self.is(Mode::Slow) => Duration::from_secs(3),
            () if self.is(Mode::Stuck) => Duration::from_secs(9),
            () => return,
        };
        self.cuts.fetch_add(1, Ordering::Relaxed);
        std::thread::sleep(late);
    }

    fn carry(&self, client: &TcpStream, target: SocketAddr) {
        if self.is(Mode::Refuse) {
            self.cuts.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let Ok(server) = TcpStream::connect_timeout(&target, Duration::from_secs(5)) else {
            return;
        };
        drop((client.set_nodelay(true), server.set_nodelay(true)));
        std::thread::scope(|scope| {
            scope.spawn(|| self.pump(client, &server, Mode::CutRequests));
            scope.spawn(|| self.pump(&server, client, Mode::CutAnswers));
        });
    }

    /// Copies one direction until it ends or is cut; a cut ends both directions at once.
    fn pump(&self, mut from: &TcpStream, mut to: &TcpStream, cut: Mode) {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            let keep = if self.is(cut) && cut == Mode::CutRequests {
                count / 2
            } else {
                count
            };
            if self.is(Mode::Refuse) || (self.is(cut) && cut == Mode::CutAnswers) {
                self.cuts.fetch_add(1, Ordering::Relaxed);
                break;
            }
            if cut == Mode::CutAnswers && self.is(Mode::HalfClose) {
                self.cuts.fetch_add(1, Ordering::Relaxed);
                drop(to.shutdown(std::net::Shutdown::Write));
                // Until the server hangs up, as it does soon with an idle connection.
                while let Ok(1..) = from.read(&mut buffer) {}
                break;
            }
            if cut == Mode::CutAnswers {
                self.delay();
            }
            if to.write_all(&buffer[..keep]).is_err() {
                break;
            }
            if keep < count {
                self.cuts.fetch_add(1, Ordering::Relaxed);
                break;
            }
        }
        for stream in [from, to] {
            drop(stream.shutdown(std::net::Shutdown::Both));
        }
    }
}
