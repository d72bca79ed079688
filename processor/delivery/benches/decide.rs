//! What deciding costs per record: rounds of 100,000 through the whole machine, with the event id map empty and full.
//! CPU time of this thread, so that a busy machine counts less. `cargo bench -p footfall-delivery`.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints, and stops when something is wrong"
)]

use footfall_delivery::{
    Assignment, Clock, Config, Head, Input, InsertOutcome, Looked, LookedUp, Machine, Mode, Numbers, Output,
    Span, Tag, Verdict,
};
use uuid::Uuid;

const ROUND: u64 = 100_000;
const LOGS: u64 = 8;
const NOW: i64 = 1_790_000_000_000;

/// Nanoseconds that this thread has run (Linux).
fn cpu_time() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse().unwrap()
}

/// Answers everything at once, as a server would that has all that is asked for, or nothing.
fn answer(machine: &mut Machine, out: &mut Vec<Output>, has: bool) {
    while !out.is_empty() {
        for output in std::mem::take(out) {
            let input = match output {
                Output::ReadClock(op) => Input::Clock(
                    op,
                    Ok(Clock {
                        now: NOW,
                        server: Uuid::from_u128(1),
                    }),
                ),
                Output::Look { op, .. } => Input::Looked(op, Ok(Looked::default())),
                Output::LookUp { op, numbers, .. } => {
                    let events = if has { numbers } else { Vec::<Numbers>::new() };
                    Input::LookedUp(
                        op,
                        Ok(LookedUp {
                            events,
                            ..LookedUp::default()
                        }),
                    )
                }
                Output::InsertLedger { op, rows, .. } | Output::InsertEvents { op, rows, .. } => {
                    Input::Inserted(op, InsertOutcome::Written(rows))
                }
                _ => continue,
            };
            machine.on(0, input, out);
        }
    }
}

/// Records of several logs, interleaved in runs of `run`, in two partitions.
fn round(number: u64, run: u64, repeat_ids: bool) -> (Vec<Span>, Vec<Head>) {
    let mut heads = Vec::new();
    for n in 0..ROUND {
        let log = n / run % LOGS;
        let seq = number * ROUND + n + 1;
        let id = if repeat_ids { seq % 1_000 } else { seq };
        heads.push(Head {
            log_id: Uuid::from_u128(u128::from(log) + 1),
            seq,
            partition: u32::try_from(log % 2).unwrap(),
            position: seq,
            received_at: NOW,
            event_id: Uuid::from_u128(u128::from(id).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835)),
            verdict: Verdict::Row,
            check_table: false,
        });
    }
    let (from, next) = (number * ROUND, (number + 1) * ROUND);
    (
        vec![
            Span {
                partition: 0,
                from,
                next,
            },
            Span {
                partition: 1,
                from,
                next,
            },
        ],
        heads,
    )
}

fn measure(name: &str, rounds: u64, run: u64, again: bool, repeat_ids: bool) {
    let config = Config::new(
        Mode::Child,
        Tag::new("db", "topic", "bench"),
        "topic",
        "-",
        0x1234_5678_9ABC_DEF1,
    );
    let mut machine = Machine::new(config);
    let mut out = Vec::new();
    let assign = |partition| Assignment {
        partition,
        committed: None,
        earliest: 0,
        end: u64::MAX,
    };
    machine.on(0, Input::Assigned(vec![assign(0), assign(1)]), &mut out);
    answer(&mut machine, &mut out, false);
    let mut times: Vec<u64> = Vec::new();
    for number in 0..rounds {
        let (mut spans, heads) = round(number, run, repeat_ids);
        let passes = if again { 2 } else { 1 };
        for pass in 0..passes {
            if pass == 1 {
                spans.iter_mut().for_each(|span| span.from = span.next);
            }
            let begun = cpu_time();
            machine.offer(0, &spans, &heads, &mut out);
            answer(&mut machine, &mut out, pass == 1);
            if pass + 1 == passes {
                times.push(cpu_time() - begun);
            }
        }
    }
    let late = times.split_off(times.len() / 2);
    let ns = late.iter().sum::<u64>() / (late.len() as u64 * ROUND);
    let status = machine.status();
    let bytes = status.event_id_bytes / status.event_ids.max(1);
    println!(
        "{name:<43} {ns:>4} ns/record, {:>8} ids of {bytes} bytes",
        status.event_ids
    );
}

/// What one access to memory costs here and now: a new id costs about one of the independent ones.
fn memory() {
    const SLOTS: u64 = 1 << 23;
    const READS: u64 = 4_000_000;
    let mut table = vec![1_u64; usize::try_from(SLOTS).unwrap()];
    let mut place = 0x9E37_79B9_7F4A_7C15_u64;
    let begun = cpu_time();
    for _ in 0..READS {
        place ^= place << 13;
        place ^= place >> 7;
        place ^= place << 17;
        table[usize::try_from(place % SLOTS).unwrap()] ^= place;
    }
    std::hint::black_box(&table);
    println!(
        "one independent random access to 64 MiB        {:>4} ns",
        (cpu_time() - begun) / READS
    );
}

fn main() {
    memory();
    measure("new records, runs of 100, 2 M ids", 20, 100, false, false);
    measure("new records, runs of 1, 2 M ids", 20, 1, false, false);
    measure(
        "new records, runs of 100, ids at the limit",
        60,
        100,
        false,
        false,
    );
    measure("duplicates, runs of 100", 60, 100, false, true);
    measure("resent records, all looked up and left out", 10, 100, true, false);
}
