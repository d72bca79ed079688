//! What one row costs on its way into a block: nanoseconds for filling the row, pushing it, writing the block.
//!
//! `cargo bench -p footfall-tables`. Blocks of 10,000 rows, one thread; the least of the rounds, since other work on the
//! machine only ever adds.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints and may panic"
)]

mod traffic;

use footfall_tables::EventBlock;
use std::hint::black_box;
use std::time::Instant;

const ROWS: u64 = 10_000;
const ROUNDS: usize = 200;

fn least(times: Vec<f64>) -> f64 {
    times.into_iter().fold(f64::INFINITY, f64::min)
}

#[expect(clippy::cast_precision_loss, reason = "10,000 is exact")]
fn nanos_per_row(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e9 / ROWS as f64
}

fn main() {
    let made = traffic::traffic(ROWS, 1);
    let (mut block, mut out) = (EventBlock::default(), Vec::new());
    let (mut filling, mut pushing, mut writing) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for event in &made {
            black_box(event.row());
        }
        filling.push(nanos_per_row(start));
        block.clear();
        let start = Instant::now();
        for event in &made {
            block.push(&event.row());
        }
        pushing.push(nanos_per_row(start));
        out.clear();
        let start = Instant::now();
        block.write_native(&mut out);
        writing.push(nanos_per_row(start));
        black_box(&out);
    }
    println!("fill the row            {:6.0} ns", least(filling));
    println!("fill and push the row   {:6.0} ns", least(pushing));
    println!("write the block         {:6.0} ns per row", least(writing));
    println!("bytes                   {:6} per row", out.len() as u64 / ROWS);
}
