//! What the processor costs on one core, against A: the engine's own `INSERT … FORMAT JSONEachRow` of the same raw
//! events. `cargo bench -p footfall-processor` (release). Everything, the engine too, is pinned to one core; costs are
//! CPU times of processes, merges counted, so that other work on the machine disturbs little.
//!
//! `FOOTFALL_BENCH_EVENTS` (default 1000000) and `FOOTFALL_BENCH_ROUNDS` (default 3) change the size, and
//! `FOOTFALL_BENCH_BLOCK` adds an A of so many rows an insert;
//! `FOOTFALL_BENCH_BACKLOG=5000000` drains a backlog of so many events instead and says what memory that takes;
//! `FOOTFALL_BENCH_ERASED=1` says instead what a list of erased persons costs.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::expect_used,
    clippy::cast_possible_truncation,
    reason = "a benchmark prints its figures and stops where it cannot go on; its numbers are small"
)]

mod backlog;
mod bench;
mod compare;
mod cpu;
mod erased;
mod made;
mod source;
mod stages;

use bench::number;
use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(ended) = bench::serve_if_asked() {
        return ended;
    }
    let backlog = number("FOOTFALL_BENCH_BACKLOG", 0);
    if backlog > 0 {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(backlog::run(backlog));
        return ExitCode::SUCCESS;
    }
    let core = cpu::pin();
    let events = number("FOOTFALL_BENCH_EVENTS", 1_000_000);
    println!("pinned to core {core}");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let rounds = number("FOOTFALL_BENCH_ROUNDS", 3);
    if number("FOOTFALL_BENCH_ERASED", 0) > 0 {
        runtime.block_on(erased::run(events, rounds));
        return ExitCode::SUCCESS;
    }
    stages::run();
    runtime.block_on(compare::run(events, rounds));
    ExitCode::SUCCESS
}
