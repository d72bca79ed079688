//! The load: connections that each send a request, wait for its answer, and send the next.

use crate::bodies;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Never the same event twice within a run of the benchmark.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// What to send where.
pub(crate) struct Load<'b> {
    pub(crate) to: SocketAddr,
    pub(crate) connections: usize,
    /// Compressed batches instead of single events.
    pub(crate) batches: Option<&'b [Vec<u8>]>,
    /// Each connection is a visitor who keeps the cookie of the last answer.
    pub(crate) returning: bool,
}

/// What came back.
pub(crate) struct Seen {
    /// Microseconds of each request, sorted.
    pub(crate) micros: Vec<u32>,
    pub(crate) took: Duration,
}

impl Seen {
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        f64::from(self.micros[(self.micros.len() * percent / 100).min(self.micros.len() - 1)])
    }
}

impl Load<'_> {
    /// Runs for that long; panics at the first answer that is not 200.
    pub(crate) fn run(&self, seconds: Duration) -> Seen {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let start = Instant::now();
            let mut senders = JoinSet::new();
            for _ in 0..self.connections {
                let batches = self.batches.map(<[_]>::to_vec);
                senders.spawn(send(self.to, batches, self.returning, start + seconds));
            }
            // Never sleeps: a server that wakes its client pays for that, one whose client is busy does not, and clients
            // on another machine cost neither.
            let awake = async {
                loop {
                    tokio::task::yield_now().await;
                }
            };
            let mut micros: Vec<u32> = tokio::select! {
                micros = senders.join_all() => micros.concat(),
                () = awake => unreachable!("it never ends"),
            };
            micros.sort_unstable();
            Seen {
                micros,
                took: start.elapsed(),
            }
        })
    }
}

async fn send(to: SocketAddr, batches: Option<Vec<Vec<u8>>>, returning: bool, until: Instant) -> Vec<u32> {
    let mut stream = TcpStream::connect(to).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut micros, mut request, mut answer) = (Vec::new(), Vec::new(), vec![0; 4096]);
    let mut cookie = Vec::new();
    loop {
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        request.clear();
        bodies::request(&mut request, n, batches.as_deref(), &cookie);
        let sent = Instant::now();
        if sent >= until {
            return micros;
        }
        stream.write_all(&request).await.unwrap();
        // Answers are small and come in one piece.
        let read = stream.read(&mut answer).await.unwrap();
        assert!(
            answer[..read].starts_with(b"HTTP/1.1 200"),
            "{}",
            String::from_utf8_lossy(&answer[..read])
        );
        micros.push(u32::try_from(sent.elapsed().as_micros()).unwrap_or(u32::MAX));
        if returning {
            bodies::keep(&mut cookie, &answer[..read]);
        }
    }
}
