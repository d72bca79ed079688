//! `docs/reports.md`, made from the catalogue; a test compares, and runs every example.

use super::{DIMENSIONS, Parameter, REPORTS, Report};

const HEAD: &str = "<!-- Generated from the catalogue in schemas/clickhouse/src/reports: `UPDATE_DOCS=1 cargo test -p footfall-tables page`. -->
# Reports

Each report is a view with parameters: ask it in any SQL client of ClickHouse, in Grafana, or by `footfall query`. The dashboard asks
the same views, so all show the same numbers. All parameters must be given, by name.

- A visitor, session or event counts if an event of it **matches**: its `time` lies in the range (`since` included, `until` not) and
  it passes the filters. What is said of a session (its length, what brought it, whether it bounced) comes from all of its events,
  also from those up to a day before and after the range, so that no figure depends on where a range cuts.
- **Filters**: `map('country', ['DE', 'AT'], '!browser', ['Opera'])`. All must hold; `!` leaves values out; an empty list allows all. `map()`
  is no filter, and costs nothing. A row of `breakdown` says what `overview` says with a filter on that row's value.
- Reports on what follows what (`paths`, `funnel`, `goals`, `preferences`): filters choose sessions, and all of their steps are looked at.
- **Bots**: 0 hides machines, 1 shows all, 2 shows only machines ([bots](bots.md)).
- What Footfall notes itself (`$takeover`, `$unlink`) is in no figure. Medians are the middle value, of two the upper; 0 of none.
";

/// The whole page, Markdown.
#[must_use]
pub fn page() -> String {
    let mut page = HEAD.to_owned();
    for report in REPORTS {
        page.push_str(&section(report));
    }
    page.push_str(
        "\n## Dimensions\n\nFor `filters` and `dimension`.\n\n| dimension | of | meaning |\n|---|---|---|\n",
    );
    for dimension in DIMENSIONS {
        let of = if dimension.of_session { "session" } else { "event" };
        page.push_str(&format!(
            "| `{}` | {of} | {} |\n",
            dimension.name, dimension.about
        ));
    }
    page
}

fn section(report: &Report) -> String {
    let mut text = format!(
        "\n## {}\n\n{}\n\n```sql\n{}\n```\n\n",
        report.name,
        report.about,
        example(report)
    );
    text.push_str("| parameter | type | meaning | usual |\n|---|---|---|---|\n");
    for parameter in report.parameters {
        let usual = parameter
            .default
            .map_or(String::new(), |value| format!("`{}`", shown(parameter, value)));
        text.push_str(&format!(
            "| `{}` | {} | {} | {usual} |\n",
            parameter.name,
            parameter.kind,
            meaning(parameter)
        ));
    }
    text.push_str("\n| column | type | meaning |\n|---|---|---|\n");
    for column in report.columns {
        text.push_str(&format!(
            "| `{}` | {} | {} |\n",
            column.name, column.kind, column.about
        ));
    }
    text
}

fn meaning(parameter: &Parameter) -> String {
    match parameter.values {
        [] => parameter.about.to_owned(),
        values if parameter.kind != "String" || values.len() > 9 => parameter.about.to_owned(),
        values => format!("{} (`{}`)", parameter.about, values.join("`, `")),
    }
}

/// A default as SQL.
fn shown(parameter: &Parameter, value: &str) -> String {
    match parameter.kind {
        "String" => format!("'{value}'"),
        kind if kind.starts_with("Map") => "map()".to_owned(),
        _ => value.to_owned(),
    }
}

/// A question that can be asked as it stands, of any site called `shop`.
#[must_use]
pub fn example(report: &Report) -> String {
    let parameters = report.parameters.iter().map(|parameter| {
        let value = match (parameter.name, parameter.default) {
            (_, Some(value)) => shown(parameter, value),
            ("site", None) => "'shop'".to_owned(),
            ("since", None) => "now() - INTERVAL 7 DAY".to_owned(),
            ("until", None) => "now()".to_owned(),
            ("steps", None) => "['page:/pricing', 'event:signup']".to_owned(),
            ("goals", None) => "['event:signup', 'page:/thanks*']".to_owned(),
            ("session_id", None) => "'0d3c1a52-1c0b-8f6a-9b7d-5d2a4c6e8f10'".to_owned(),
            (_, None) => format!("'{}'", parameter.values.first().unwrap_or(&"")),
        };
        format!("{} = {value}", parameter.name)
    });
    let parameters: Vec<_> = parameters.collect();
    let view = report.view.name;
    format!("SELECT * FROM {view}({}) LIMIT 20", parameters.join(", "))
}
