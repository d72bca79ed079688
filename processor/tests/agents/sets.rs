//! Where other people's sets lie, and how they are read.

use serde::Deserialize;
use serde::de::DeserializeOwned;
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

/// The test cases of a YAML file of uap-core.
pub(crate) fn cases<T: DeserializeOwned>(file: &str) -> Vec<T> {
    #[derive(Deserialize)]
    struct File<T> {
        test_cases: Vec<T>,
    }
    let path = of_crate("ua-parser", &format!("uap-core/{file}"));
    let text = std::fs::read_to_string(path).unwrap();
    yaml_serde::from_str::<File<T>>(&text).unwrap().test_cases
}

/// Prints how many of `all` were right, with the first that were not, and fails below `per_mille`.
pub(crate) fn judge(what: &str, all: usize, wrong: &[String], per_mille: usize) {
    let right = all - wrong.len();
    println!(
        "{what}: {right} of {all} = {:.3} %",
        100.0 * right as f64 / all as f64
    );
    for line in wrong.iter().take(150) {
        println!("  {line}");
    }
    assert!(
        all > 0 && right * 1000 >= all * per_mille,
        "{what}: {} wrong of {all}",
        wrong.len()
    );
}
