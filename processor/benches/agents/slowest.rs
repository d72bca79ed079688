//! The slowest user agent that can be found: real ones first, then pieces of real ones and of the rules put together to the
//! full length, the worst kept and changed further.

use crate::counted::{cpu, resident};
use footfall_processor::enrich::agent::Agents;
use footfall_schemas::event::ClientHints;
use std::hint::black_box;

const LENGTH: usize = 512;
const ROUNDS: u64 = 20_000;

/// Searches, and prints what it found.
pub(crate) fn search(agents: &Agents, real: &[&str]) {
    let before = resident();
    let slowest = |inputs: &mut dyn Iterator<Item = String>| {
        let timed = inputs.map(|input| (time(agents, &input), input));
        timed.max_by(|a, b| a.0.total_cmp(&b.0)).expect("an input")
    };
    let known = slowest(&mut real.iter().map(|user_agent| (*user_agent).to_owned()));
    println!("slowest real one: {:.0} us: {}", known.0, known.1);
    let pieces = pieces(real);
    let repeated = slowest(&mut pieces.iter().map(|piece| fill(&[piece])));
    println!(
        "slowest repetition: {:.0} us: {}",
        repeated.0,
        &repeated.1[..60.min(repeated.1.len())]
    );
    let mut worst = if repeated.0 > known.0 { repeated } else { known };
    let mut dice = 0x9E37_79B9_7F4A_7C15_u64;
    for _ in 0..ROUNDS {
        let mut next = || {
            dice = dice
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(dice >> 33).unwrap()
        };
        let (cut, one, two) = (next() % LENGTH, next() % pieces.len(), next() % pieces.len());
        let kept = &worst.1[..worst.1.floor_char_boundary(cut)];
        let input = if next() % 3 == 0 {
            fill(&[&pieces[one], &pieces[two]])
        } else {
            fill(&[kept, &pieces[one]])
        };
        let took = time(agents, &input);
        if took > worst.0 {
            worst = (took, input);
        }
    }
    println!(
        "slowest input found ({ROUNDS} more): {:.0} us; memory of the search + {} MiB\n  {}",
        worst.0,
        resident() - before,
        worst.1
    );
}

/// The least of a few passes, microseconds: what disturbs once is not the input's.
fn time(agents: &Agents, input: &str) -> f64 {
    let hints = ClientHints::default();
    let mut least = f64::MAX;
    for _ in 0..3 {
        let began = cpu();
        black_box(agents.read_anew(input, &hints));
        least = least.min((cpu() - began) / 1e3);
    }
    least
}

fn fill(parts: &[&str]) -> String {
    let whole: String = parts.iter().copied().collect();
    let mut text: String = whole.chars().cycle().take(LENGTH).collect();
    text.truncate(text.floor_char_boundary(LENGTH));
    text
}

/// Words of real user agents, and the beginnings of each.
fn pieces(real: &[&str]) -> Vec<String> {
    let mut pieces: Vec<String> = real
        .iter()
        .step_by(7)
        .flat_map(|user_agent| user_agent.split([' ', ';', '(', ')']))
        .filter(|word| word.len() > 2)
        .map(|word| format!("{word} "))
        .collect();
    pieces.extend(
        [
            "Android 4.4.2; ",
            "Mozilla/5.0 (Linux; Android 9; ",
            "0",
            "a/1.0 ",
            "Mobile Safari/1 ",
            "iPhone OS 1_1 ",
            "((((",
            "Build/ ",
        ]
        .map(str::to_owned),
    );
    pieces.sort_unstable();
    pieces.dedup();
    pieces
}
