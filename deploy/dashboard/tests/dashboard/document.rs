//! What the API says of itself: valid, and complete.

use crate::harness::Stage;
use footfall_tables::REPORTS;
use footfall_tables::reports::DIMENSIONS;
use serde_json::{Value, json};

/// What this document uses of OpenAPI 3.1, strictly: the published schema needs a resolver of dynamic references.
fn shape() -> Value {
    json!({
        "type": "object",
        "required": ["openapi", "info", "paths", "components"],
        "properties": {
            "openapi": { "const": "3.1.0" },
            "info": { "type": "object", "required": ["title", "version"] },
            "paths": { "type": "object", "patternProperties": { "^/": { "type": "object", "required": ["get"], "properties": { "get": { "$ref": "#/$defs/operation" } }, "additionalProperties": false } }, "additionalProperties": false },
        },
        "$defs": {
            "operation": {
                "type": "object",
                "required": ["operationId", "summary", "responses"],
                "properties": {
                    "parameters": { "type": "array", "items": {
                        "type": "object", "required": ["name", "in", "schema", "required", "description"],
                        "properties": { "in": { "enum": ["query", "path"] }, "required": { "type": "boolean" }, "schema": { "type": "object" }, "name": { "type": "string" }, "description": { "type": "string", "minLength": 3 }, "style": { "const": "form" }, "explode": { "type": "boolean" } },
                        "additionalProperties": false,
                    } },
                    "responses": { "type": "object", "required": ["200", "400"], "patternProperties": { "^[1-5][0-9][0-9]$": { "type": "object" } }, "additionalProperties": false },
                },
            },
        },
    })
}

/// Every reference leads somewhere.
fn references(value: &Value, root: &Value) {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(target)) = map.get("$ref") {
                assert!(root.pointer(target.trim_start_matches('#')).is_some(), "{target}");
            }
            map.values().for_each(|value| references(value, root));
        }
        Value::Array(list) => list.iter().for_each(|value| references(value, root)),
        _ => {}
    }
}

#[test]
fn the_document_is_valid_and_names_every_report_with_every_parameter() {
    let document = footfall_dashboard::document();
    let shape = jsonschema::validator_for(&shape()).unwrap();
    let errors: Vec<_> = shape
        .iter_errors(&document)
        .map(|error| format!("{} {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    references(&document, &document);
    for report in REPORTS {
        let parameters = document["paths"][format!("/api/reports/{}", report.name)]["get"]["parameters"]
            .as_array()
            .unwrap()
            .clone();
        let has = |name: &str| parameters.iter().any(|parameter| parameter["name"] == name);
        for parameter in report.parameters {
            if parameter.kind.starts_with("Map") {
                assert!(
                    DIMENSIONS
                        .iter()
                        .all(|dimension| has(&format!("filter.{}", dimension.name)))
                );
            } else {
                assert!(has(parameter.name), "{} {}", report.name, parameter.name);
            }
        }
        assert!(has("columns") && has("limit") && has("format"));
        let names: std::collections::BTreeSet<_> = parameters
            .iter()
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        assert_eq!(
            names.len(),
            parameters.len(),
            "{} has a parameter twice",
            report.name
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_document_says_may_be_left_out_may_be_left_out() {
    let stage = Stage::start(None, |_| ()).await;
    let document = stage.get("/api/openapi.json").await.json();
    for (path, item) in document["paths"].as_object().unwrap() {
        let required = item["get"]["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|parameter| parameter["required"] == true);
        let pairs: Vec<_> = required
            .map(|parameter| {
                let name = parameter["name"].as_str().unwrap();
                let first = parameter["schema"]["enum"][0].as_str();
                let value = match (name, parameter["schema"]["format"].as_str()) {
                    ("site", _) => "shop",
                    (_, Some("uuid")) => "00000000-0000-0000-0000-000000000001",
                    _ => first.unwrap_or("page:/"),
                };
                format!("{name}={value}")
            })
            .collect();
        let answer = stage.get(&format!("{path}?{}", pairs.join("&"))).await;
        assert!(
            matches!(answer.status, 200),
            "{path}?{}: {:?}",
            pairs.join("&"),
            answer.body
        );
    }
    let listed = stage.get("/api/reports").await.json();
    assert_eq!(listed["reports"].as_array().unwrap().len(), REPORTS.len());
}
