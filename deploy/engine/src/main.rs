//! The engine process by itself, for this crate's tests and for looking at it. The product starts the same
//! body as `footfall engine`.

use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    match footfall_engine::Config::from_args(std::env::args_os().skip(1)) {
        Ok(config) => footfall_engine::main(&config),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "footfall engine: {error}");
            ExitCode::from(2)
        }
    }
}
