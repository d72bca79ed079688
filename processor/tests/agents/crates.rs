//! Where other people's sets lie: in the published sources of crates that Cargo.lock pins.

use serde::Deserialize;
use std::path::PathBuf;
use std::process::Command;

/// A file of a crate's published sources, as cargo has unpacked them.
pub(crate) fn of_crate(name: &str, file: &str) -> PathBuf {
    #[derive(Deserialize)]
    struct Metadata {
        packages: Vec<Package>,
    }
    #[derive(Deserialize)]
    struct Package {
        name: String,
        manifest_path: PathBuf,
    }
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version=1",
            "--locked",
            "--offline",
            "--manifest-path",
        ])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Metadata = serde_json::from_slice(&output.stdout).unwrap();
    let package = metadata
        .packages
        .into_iter()
        .find(|package| package.name == name)
        .unwrap();
    package.manifest_path.with_file_name(file)
}
