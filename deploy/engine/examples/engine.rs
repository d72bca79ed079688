//! The engine process by itself, for tests and for looking at it: `cargo run --example engine -- --data d --library l`.

use std::process::ExitCode;

fn main() -> ExitCode {
    match footfall_engine::Config::from_args(std::env::args_os().skip(1)) {
        Ok(config) => footfall_engine::main(&config),
        Err(error) => {
            eprintln!("footfall engine: {error}");
            ExitCode::from(2)
        }
    }
}
