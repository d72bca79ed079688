//! Edges that send all the time, in the background.

use super::edge::Edge;
use footfall_topics::Connection;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use uuid::Uuid;

pub struct Traffic {
    stop: Arc<AtomicBool>,
    sent: Arc<AtomicU64>,
    thread: JoinHandle<Vec<Edge>>,
}

impl Traffic {
    /// Three logs, together about `rate` events a second.
    pub fn start(connection: &Connection, partitions: u32, rate: u64) -> Self {
        let (stop, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (stopped, counted, connection) = (Arc::clone(&stop), Arc::clone(&sent), connection.clone());
        let thread = std::thread::spawn(move || {
            let mut edges: Vec<Edge> = (0..3).map(|_| Edge::new(&connection, partitions)).collect();
            while !stopped.load(Ordering::Relaxed) {
                for edge in &mut edges {
                    edge.send(rate / 30);
                    counted.fetch_add(rate / 30, Ordering::Relaxed);
                    edge.mark_after(rate);
                }
                std::thread::sleep(Duration::from_millis(100));
            }
            for edge in &mut edges {
                edge.mark();
            }
            edges
        });
        Self { stop, sent, thread }
    }

    /// Events that the broker has.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Marks at the end; the edges, for more.
    pub async fn end(self) -> Vec<Edge> {
        self.stop.store(true, Ordering::Relaxed);
        let thread = self.thread;
        tokio::task::spawn_blocking(move || thread.join().unwrap())
            .await
            .unwrap()
    }
}

/// Logs and their last numbers.
pub fn logs(edges: &[Edge]) -> Vec<(Uuid, u64)> {
    edges.iter().map(|edge| (edge.log_id, edge.last)).collect()
}
