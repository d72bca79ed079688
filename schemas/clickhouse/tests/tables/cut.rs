//! A way to the engine that is cut at a chosen request: when it was sent, or when it was answered, which nobody hears of.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// When the way is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The engine has the statement, and may be at work on it.
    Sent,
    /// The engine has answered.
    Answered,
}

/// A relay; nothing passes any more once it was cut. Gone when dropped.
pub(crate) struct Way {
    pub(crate) address: SocketAddr,
    requests: Arc<AtomicU64>,
    _task: JoinSet<()>,
}

impl Way {
    /// To the engine, until its request of that number, from 1.
    pub(crate) async fn to(engine: SocketAddr, fatal: u64, cut: Cut) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&requests);
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                if counted.load(Ordering::SeqCst) < fatal {
                    open.spawn(relay(client, engine, Arc::clone(&counted), (fatal, cut)));
                }
            }
        });
        Self {
            address,
            requests,
            _task: task,
        }
    }

    /// Requests until now.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::SeqCst)
    }
}

/// Requests of one connection come one after the other: what follows an answer is the next.
async fn relay(
    mut client: TcpStream,
    engine: SocketAddr,
    requests: Arc<AtomicU64>,
    (fatal, cut): (u64, Cut),
) {
    let Ok(mut server) = TcpStream::connect(engine).await else {
        return;
    };
    let (mut up, mut down) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    let (mut is_answered, mut number) = (true, 0);
    loop {
        tokio::select! {
            read = client.read(&mut up) => {
                let Ok(bytes @ 1..) = read else { return };
                if std::mem::take(&mut is_answered) {
                    number = requests.fetch_add(1, Ordering::SeqCst) + 1;
                }
                if number > fatal || server.write_all(&up[..bytes]).await.is_err() {
                    return;
                }
                if number == fatal && cut == Cut::Sent {
                    return;
                }
            }
            read = server.read(&mut down) => {
                let Ok(bytes @ 1..) = read else { return };
                is_answered = true;
                if number == fatal || client.write_all(&down[..bytes]).await.is_err() {
                    return;
                }
            }
        }
    }
}
