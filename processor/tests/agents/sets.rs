//! How other people's sets are read, and judged by.

use crate::crates::of_crate;
use serde::Deserialize;
use serde::de::DeserializeOwned;

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
