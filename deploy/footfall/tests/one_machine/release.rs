//! What a package of the program is made of: version, completions, man pages.

use crate::harness::{footfall, text};
use std::io::Write as _;
use std::process::{Command, Stdio};

#[test]
fn the_version_is_the_release_and_its_commit() {
    let folder = tempfile::tempdir().unwrap();
    let said = text(&footfall(folder.path()).arg("--version").output().unwrap());
    let commit = said
        .trim()
        .strip_prefix(concat!("footfall ", env!("CARGO_PKG_VERSION"), " ("));
    assert!(
        commit.is_some_and(|rest| rest.len() > 2 && rest.ends_with(')')),
        "{said}"
    );
}

#[test]
fn completions_are_scripts_that_the_shell_takes() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        // Whoever packs it may have settings that are wrong.
        let mut command = footfall(folder.path());
        let output = command
            .env("FOOTFALL_NO_SUCH", "1")
            .args(["completions", shell])
            .output()
            .unwrap();
        let script = String::from_utf8(output.stdout.clone()).unwrap();
        assert!(
            output.status.success() && script.contains("loadgen"),
            "{shell}: {}",
            text(&output)
        );
        if shell == "bash" {
            let mut bash = Command::new("bash")
                .arg("-n")
                .stdin(Stdio::piped())
                .spawn()
                .unwrap();
            bash.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
            assert!(bash.wait().unwrap().success());
            // What a person gets who types and presses the tab.
            let asked = format!(
                "{script}\nCOMP_WORDS=(footfall exp) COMP_CWORD=1; _footfall footfall exp footfall; echo \"${{COMPREPLY[@]}}\""
            );
            let output = Command::new("bash").args(["-c", &asked]).output().unwrap();
            assert_eq!(text(&output).trim(), "export");
        }
    }
}

#[test]
fn every_command_has_a_man_page() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man1");
    std::fs::create_dir(&pages).unwrap();
    let output = footfall(folder.path()).arg("man").arg(&pages).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    for name in [
        "footfall",
        "footfall-up",
        "footfall-query",
        "footfall-ledger-show",
        "footfall-keys-rotate",
    ] {
        let page = std::fs::read_to_string(pages.join(format!("{name}.1"))).unwrap();
        assert!(
            page.contains(".TH ") && page.contains(".SH NAME"),
            "{name}: {page}"
        );
    }
    let output = footfall(folder.path())
        .args(["man", "/nowhere/at/all"])
        .output()
        .unwrap();
    assert!(
        !output.status.success() && text(&output).contains("write man pages into /nowhere/at/all"),
        "{}",
        text(&output)
    );
}
