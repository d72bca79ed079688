//! The simulation of delivery: the machine that the processor runs, in hostile worlds. `schedules` runs it as it is,
//! `variants` breaks one rule at a time and demands that the same checker sees it.
#![expect(unreachable_pub, reason = "one test binary; its modules are not an API")]
#![expect(clippy::unwrap_used, reason = "a simulation that is wrong must stop")]
#![expect(clippy::cast_possible_truncation, reason = "simulated numbers are small")]

mod check;
mod driver;
mod edges;
mod group;
mod inserts;
mod nemesis;
mod poll;
mod profile;
mod rng;
mod schedules;
mod server;
mod topic;
mod variants;
mod world;
