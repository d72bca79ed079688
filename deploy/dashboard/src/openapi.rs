//! The OpenAPI document of the API, made from the catalogue of reports: what is not in it cannot be asked for.

use crate::report::catalogue::{self, DIMENSION_NAMES, Kind, Parameter, Report, kind};
use serde_json::{Map, Value, json};

/// The document (OpenAPI 3.1).
#[must_use]
pub fn document() -> Value {
    let mut paths = Map::new();
    for report in catalogue::all() {
        paths.insert(
            format!("/api/reports/{}", report.name),
            json!({ "get": operation(report) }),
        );
    }
    paths.insert("/api/reports".to_owned(), json!({ "get": {
        "operationId": "reports", "summary": "Which reports there are, with their parameters and columns.", "tags": ["about"],
        "responses": answers("The catalogue.", &json!({ "type": "object" })),
    }}));
    paths.insert("/api/sites".to_owned(), json!({ "get": {
        "operationId": "sites", "summary": "The sites that may be seen, with their time zones and how many events they have.", "tags": ["about"],
        "responses": answers("The sites.", &json!({ "type": "object" })),
    }}));
    paths.insert("/api/forecast".to_owned(), json!({ "get": {
        "operationId": "forecast", "summary": "How large the tables are and will be under retention, and whether their disk has room.", "tags": ["about"],
        "description": "Of all sites together: a token or link that shows only some of them is refused. Good for two minutes.",
        "responses": answers("The forecast.", &json!({ "$ref": "#/components/schemas/Forecast" })),
    }}));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Footfall reports",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Named reports over the tables of Footfall, read-only. Each is the view `report_<name>` in ClickHouse; the answer says the SQL \
                that made it. Answers are kept for a moment: a second for what happens now, five seconds for a range that is not over, two minutes for the past.",
        },
        "security": [{ "token": [] }, {}],
        "paths": paths,
        "components": {
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer", "description": "A token that was made on the page; needed where a password is set." } },
            "schemas": { "Answer": answer(), "Forecast": forecast(), "Refusal": refusal() },
            "responses": refusals(),
        },
    })
}

fn operation(report: &Report) -> Value {
    let mut parameters: Vec<Value> = report.parameters.iter().flat_map(described).collect();
    let names: Vec<_> = report.columns.iter().map(|column| column.name).collect();
    parameters.push(json!({ "name": "columns", "in": "query", "required": false, "style": "form", "explode": false,
        "description": "Only these columns, in this order, with commas between them: the fewer, the sooner. All if it is left out.",
        "schema": { "type": "array", "items": { "type": "string", "enum": names }, "minItems": 1, "uniqueItems": true } }));
    parameters.push(
        json!({ "name": "limit", "in": "query", "required": false, "description": "Most rows.",
        "schema": { "type": "integer", "minimum": 1, "maximum": 100_000, "default": 1000 } }),
    );
    parameters.push(json!({ "name": "format", "in": "query", "required": false, "description": "`csv` gives a file with a line of names.",
        "schema": { "type": "string", "enum": ["json", "csv"], "default": "json" } }));
    let columns: Vec<String> = report
        .columns
        .iter()
        .map(|column| format!("- `{}`: {}", column.name, column.about))
        .collect();
    json!({
        "operationId": report.name,
        "summary": report.about,
        "description": format!("Columns:\n{}", columns.join("\n")),
        "tags": ["reports"],
        "parameters": parameters,
        "responses": with_csv(answers("The report.", &json!({ "$ref": "#/components/schemas/Answer" }))),
    })
}

/// A parameter; filters become one for each dimension, and one for what is excluded.
fn described(parameter: &'static Parameter) -> Vec<Value> {
    let one = |name: &str, about: &str, required: bool, schema: Value| json!({ "name": name, "in": "query", "required": required, "description": about, "schema": schema });
    let required = parameter.default.is_none() && !matches!(parameter.name, "since" | "until" | "filters");
    match kind(parameter) {
        Kind::Filters => {
            let texts = json!({ "type": "array", "items": { "type": "string" } });
            let filter = |dimension: &&str| {
                let only = one(
                    &format!("filter.{dimension}"),
                    &format!("Only these values of `{dimension}`; repeat it for several."),
                    false,
                    texts.clone(),
                );
                let not = one(
                    &format!("filter.!{dimension}"),
                    &format!("All but these values of `{dimension}`."),
                    false,
                    texts.clone(),
                );
                [only, not]
            };
            DIMENSION_NAMES.iter().flat_map(filter).collect()
        }
        Kind::Texts => vec![one(
            parameter.name,
            parameter.about,
            required,
            json!({ "type": "array", "items": { "type": "string" } }),
        )],
        Kind::Time => vec![one(
            parameter.name,
            parameter.about,
            false,
            json!({ "type": "string", "examples": ["2026-11-22T10:00:00Z", "2026-11-22"] }),
        )],
        Kind::Uuid => vec![one(
            parameter.name,
            parameter.about,
            required,
            json!({ "type": "string", "format": "uuid" }),
        )],
        Kind::Text => vec![one(parameter.name, parameter.about, required, text(parameter))],
        Kind::Number(most) => vec![one(
            parameter.name,
            parameter.about,
            required,
            number(parameter, most),
        )],
    }
}

fn text(parameter: &Parameter) -> Value {
    let mut schema = json!({ "type": "string" });
    if !parameter.values.is_empty() {
        schema["enum"] = json!(parameter.values);
    }
    if let Some(default) = parameter.default {
        schema["default"] = json!(default);
    }
    schema
}

fn number(parameter: &Parameter, most: u64) -> Value {
    let integer = |text: &str| text.parse::<u64>().ok();
    let mut schema = json!({ "type": "integer", "minimum": 0, "maximum": most });
    if !parameter.values.is_empty() {
        schema["enum"] = parameter.values.iter().copied().filter_map(integer).collect();
    }
    if let Some(default) = parameter.default.and_then(integer) {
        schema["default"] = json!(default);
    }
    schema
}

fn answers(about: &str, schema: &Value) -> Value {
    let mut answers =
        json!({ "200": { "description": about, "content": { "application/json": { "schema": schema } } } });
    for (status, _) in REFUSALS {
        answers[status] = json!({ "$ref": format!("#/components/responses/{status}") });
    }
    answers
}

fn with_csv(mut answers: Value) -> Value {
    answers["200"]["content"]["text/csv"] = json!({ "schema": { "type": "string" } });
    answers
}

fn answer() -> Value {
    json!({
        "type": "object",
        "required": ["report", "columns", "rows", "statistics", "sql", "generated_at"],
        "properties": {
            "report": { "type": "string" },
            "columns": { "type": "array", "items": { "type": "object", "required": ["name", "type"], "properties": { "name": { "type": "string" }, "type": { "type": "string" } } } },
            "rows": { "type": "array", "items": { "type": "array" } },
            "rows_before_limit": { "type": "integer" },
            "statistics": { "type": "object", "required": ["elapsed_ms", "rows_read", "bytes_read"], "properties": { "elapsed_ms": { "type": "number" }, "rows_read": { "type": "integer" }, "bytes_read": { "type": "integer" } } },
            "sql": { "type": "string", "description": "The statement, as one would type it." },
            "generated_at": { "type": "string", "format": "date-time" },
        },
    })
}

fn forecast() -> Value {
    let counts = |about: &str| json!({ "type": "integer", "minimum": 0, "description": about });
    let days = |about: &str| json!({ "type": ["integer", "null"], "description": about });
    let object = |required: &[&str], properties: Value| json!({ "type": "object", "required": required, "properties": properties });
    json!({
        "type": "object",
        "required": ["tables", "disk", "retention", "ahead", "full_in_days", "notes", "generated_at"],
        "properties": {
            "tables": { "type": "array", "description": "`events` and `ledger`.", "items": object(&["name", "rows", "bytes", "bytes_per_day"], json!({
                "name": { "type": "string" },
                "rows": counts("Rows now."),
                "bytes": counts("Bytes on the disk now."),
                "bytes_per_day": counts("Bytes that a day brings, before anything expires: of the last seven whole days."),
            })) },
            "disk": { "description": "The one with the least room of those that the tables are on; null where ClickHouse does not tell (a note says why) or it has no end.",
                "anyOf": [{ "type": "null" }, object(&["free_bytes", "total_bytes"], json!({ "free_bytes": counts("Free bytes."), "total_bytes": counts("Bytes in all.") }))] },
            "retention": object(&["events_days", "sites"], json!({
                "events_days": days("For how many days events are kept; null: for ever."),
                "sites": { "type": "object", "description": "The sites with terms of their own.", "additionalProperties": { "type": ["integer", "null"] } },
            })),
            "ahead": { "type": "array", "description": "The coming year, every five days; empty where too little has come to say what a day is.", "items": object(&["days", "bytes", "expired_bytes"], json!({
                "days": counts("From now."),
                "bytes": counts("Bytes of both tables then."),
                "expired_bytes": counts("Bytes that retention will have let go until then."),
            })) },
            "full_in_days": days("When the disk will be full at this pace; null: not within ten years, or nobody knows."),
            "notes": { "type": "array", "items": { "type": "string" }, "description": "What is missing and what to do, for people." },
            "generated_at": { "type": "string", "format": "date-time" },
        },
    })
}

fn refusal() -> Value {
    json!({
        "type": "object",
        "required": ["error", "detail"],
        "properties": {
            "error": { "type": "string", "enum": ["parameter", "not_found", "body", "login", "forbidden", "too_many_attempts", "busy", "limit", "away", "not_kept", "fault"] },
            "detail": { "type": "string", "description": "One sentence: what is wrong, and what to do." },
            "parameter": { "type": "string", "description": "Which parameter is not what it may be." },
        },
    })
}

const REFUSALS: [(&str, &str); 7] = [
    (
        "400",
        "A parameter is missing, not known or not what it may be: it is named.",
    ),
    ("401", "A password or token is needed."),
    ("403", "This token or link does not show that."),
    ("422", "The question hit a limit of time, memory or rows."),
    ("429", "Too many wrong passwords or tokens."),
    ("500", "A fault of the service; its log says more."),
    ("503", "ClickHouse cannot be asked now, or too many ask at once."),
];

fn refusals() -> Value {
    let all = REFUSALS.iter().map(|(status, about)| {
        let content = json!({ "application/json": { "schema": { "$ref": "#/components/schemas/Refusal" } } });
        (
            (*status).to_owned(),
            json!({ "description": about, "content": content }),
        )
    });
    Value::Object(all.collect())
}
