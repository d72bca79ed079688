//! Tells the program which commit it was made of: what `SOURCE_COMMIT` says (images and packages have no repository), else git;
//! a debug build is of no commit, and is not made anew for each. The name does not begin with `FOOTFALL_`: `cargo run` hands it to
//! the program, which takes those for settings.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-env-changed=SOURCE_COMMIT");
    let given = std::env::var("SOURCE_COMMIT")
        .ok()
        .filter(|commit| !commit.is_empty());
    let release = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let commit = given
        .or_else(|| {
            if release {
                git(&["rev-parse", "--short=9", "HEAD"])
            } else {
                Some("debug build".to_owned())
            }
        })
        .unwrap_or_else(|| "unknown commit".to_owned());
    if release && let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"]) {
        println!("cargo::rerun-if-changed={log}");
    }
    println!("cargo::rustc-env=SOURCE_COMMIT={commit}");
}

fn git(words: &[&str]) -> Option<String> {
    let output = Command::new("git").args(words).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !text.trim().is_empty()).then(|| text.trim().to_owned())
}
