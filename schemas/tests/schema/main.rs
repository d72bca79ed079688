//! `beacon.schema.json`: made from the documentation structs in `contract.rs`, checked against the reader that is really
//! used, and against every example.
//!
//! `UPDATE=1 cargo test -p footfall-schemas --test schema` writes the file anew.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod contract;

use contract::Request;
use footfall_schemas::{BeaconEvent, Kind, Reject};
use serde_json::Value;
use serde_json::value::RawValue;
use std::path::{Path, PathBuf};

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn schema() -> Value {
    schemars::schema_for!(Request).to_value()
}

/// The properties of one event.
fn properties() -> Vec<String> {
    let schema = schema();
    schema["$defs"]["Event"]["properties"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect()
}

fn examples(of: &str) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder().join("examples").join(of))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

#[test]
fn the_checked_in_schema_is_the_generated_one() {
    let path = folder().join("beacon.schema.json");
    let generated = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &generated).unwrap();
    }
    let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        checked_in == generated,
        "beacon.schema.json is stale: run with UPDATE=1"
    );
}

#[test]
fn the_reader_knows_every_property_of_the_schema() {
    for property in properties() {
        let json = format!(r#"{{"type":"click","{property}":null}}"#);
        let json = if property == "type" {
            r#"{"type":"click"}"#.to_owned()
        } else {
            json
        };
        let raw: &RawValue = serde_json::from_str(&json).unwrap();
        assert_eq!(BeaconEvent::parse(raw).unwrap().unknown_fields, 0, "{property}");
    }
}

#[test]
fn the_schema_has_every_field_of_the_reader() {
    // The names stand in the derived `Debug`, so a new field cannot be forgotten here.
    let fields = format!("{:#?}", BeaconEvent::of(Kind::Click));
    let properties = properties();
    let names = fields
        .lines()
        .filter_map(|line| line.strip_prefix("    ")?.split_once(": "))
        .map(|(name, _)| name);
    let mut seen = 0;
    for name in names.filter(|name| !name.starts_with(' ') && *name != "unknown_fields") {
        let name = if name == "kind" { "type" } else { name };
        assert!(properties.iter().any(|property| property == name), "{name}");
        seen += 1;
    }
    assert_eq!(seen, properties.len());
}

#[test]
fn the_schema_has_every_kind() {
    let schema = schema();
    let kinds: Vec<_> = schema["$defs"]["EventType"]["oneOf"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["const"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(kinds, Kind::ALL.map(|kind| kind.label().to_owned()));
}

#[test]
fn valid_examples_validate() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let files = examples("valid");
    assert!(files.len() >= 8);
    for file in files {
        let json: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        let errors: Vec<_> = validator
            .iter_errors(&json)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{}: {errors:?}", file.display());
    }
}

#[test]
fn invalid_examples_do_not_validate() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    for folder in examples("invalid") {
        let reason = folder.file_name().unwrap().to_str().unwrap().to_owned();
        assert!(
            Reject::from_label(&reason).is_some_and(|reason| reason.status().is_some()),
            "{reason}"
        );
        for file in examples(&format!("invalid/{reason}")) {
            let json = serde_json::from_slice::<Value>(&std::fs::read(&file).unwrap());
            // Which sites there are is not the schema's to know.
            let expected =
                reason == "unknown_site" && json.as_ref().is_ok_and(|json| json.get("site").is_some());
            assert_eq!(
                json.is_ok_and(|json| validator.is_valid(&json)),
                expected,
                "{}",
                file.display()
            );
        }
    }
}
