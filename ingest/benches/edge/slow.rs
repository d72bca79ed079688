//! What 2,000 slow sockets from other addresses cost an honest client, and how much memory.

use crate::child::Child;
use crate::load::{Load, Seen};
use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};

const SOCKETS: u32 = 2000;
const ROUND: Duration = Duration::from_secs(3);

/// Prints the honest client's latency and the server's memory, without and with the slow sockets.
pub(crate) fn report() {
    let child = Child::start("ours");
    let honest = Load {
        to: child.public,
        connections: 4,
        batches: None,
        returning: false,
    };
    honest.run(Duration::from_millis(500));
    let (alone, memory) = (honest.run(ROUND), child.resident_kib());
    let (stop, stopped) = std::sync::mpsc::sync_channel(0);
    let (ready, is_ready) = std::sync::mpsc::sync_channel(1);
    let to = child.public;
    let attack = std::thread::spawn(move || attack(to, &ready, &stopped));
    is_ready.recv().unwrap();
    let beside = honest.run(ROUND);
    let grown = child.resident_kib().saturating_sub(memory);
    drop(stop);
    attack.join().unwrap();
    child.stop();
    let line = |label: &str, seen: &Seen| {
        println!(
            "  {label:<32} p50 {:>6.0} µs  p99 {:>6.0} µs",
            seen.percentile(50),
            seen.percentile(99)
        );
    };
    println!("4 honest connections:");
    line("alone", &alone);
    line("beside 2,000 slow sockets", &beside);
    println!(
        "  memory of the server: + {:.1} MiB   (at most 64)",
        f64::from(u32::try_from(grown).unwrap()) / 1024.0
    );
    std::io::stdout().flush().unwrap();
}

/// Opens the sockets, each within a head or a body, and sends one byte on each every second.
fn attack(to: SocketAddr, ready: &std::sync::mpsc::SyncSender<()>, stopped: &std::sync::mpsc::Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut sockets = Vec::new();
        for n in 0..SOCKETS {
            sockets.push(open(n, to).await);
        }
        ready.send(()).unwrap();
        while stopped.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
            for (n, socket) in (0..).zip(&mut sockets) {
                // One that was hung up on comes again.
                if socket.write_all(b"x").await.is_err() {
                    *socket = open(n, to).await;
                }
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
}

async fn open(n: u32, to: SocketAddr) -> TcpStream {
    let from = [
        127,
        1,
        u8::try_from(n / 200).unwrap(),
        u8::try_from(n % 200 + 1).unwrap(),
    ];
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from((from, 0))).unwrap();
    let mut stream = socket.connect(to).await.unwrap();
    let head: &[u8] = if n.is_multiple_of(2) {
        b"POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n"
    } else {
        b"POST /v1/events HTTP/1.1\r\nhost: x\r\nx-slow: "
    };
    stream.write_all(head).await.unwrap();
    stream
}
