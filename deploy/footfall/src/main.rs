//! The program: takes its command line and environment, and hands over. What each command does: [`footfall::commands`].

use std::process::ExitCode;

fn main() -> ExitCode {
    // Names and values that are not UTF-8 cannot be ours.
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    let env = std::env::vars_os().filter_map(text).collect();
    footfall::commands::main(std::env::args_os().collect(), env)
}
