//! The catalogue says what the views are.

use super::ask;
use crate::engine::Server;
use footfall_tables::reports::{Parameter, Report};
use footfall_tables::{DIMENSIONS, REPORTS};
use std::collections::BTreeSet;

/// A value of a parameter that is allowed, as SQL.
fn allowed(parameter: &Parameter) -> String {
    if parameter.kind.starts_with("Map") {
        return "map()".to_owned();
    }
    if parameter.kind.starts_with("Array") {
        return "['page:/a*', 'event:b']".to_owned();
    }
    let value = match (parameter.name, parameter.default, parameter.values.first()) {
        ("since", ..) => "2026-11-20 00:00:00",
        ("until", ..) => "2026-11-21 00:00:00",
        (_, Some(default), _) => default,
        (_, None, Some(value)) => value,
        (_, None, None) if parameter.kind == "UUID" => "00000000-0000-0000-0000-000000000000",
        (_, None, None) => "some",
    };
    format!("CAST('{value}', '{}')", parameter.kind.replace('\'', "\\'"))
}

fn question(report: &Report) -> String {
    let parameters = report
        .parameters
        .iter()
        .map(|parameter| format!("{} = {}", parameter.name, allowed(parameter)));
    let parameters: Vec<_> = parameters.collect();
    format!("SELECT * FROM {}({})", report.view.name, parameters.join(", "))
}

#[tokio::test]
async fn columns_are_as_the_catalogue_says() {
    let (_server, client) = Server::migrated().await;
    for report in REPORTS {
        let described = ask(&client, &format!("DESCRIBE ({})", question(report))).await;
        let described: Vec<_> = described
            .iter()
            .map(|line| (line[0].clone(), line[1].replace("\\'", "'")))
            .collect();
        let said: Vec<_> = report
            .columns
            .iter()
            .map(|column| (column.name.to_owned(), column.kind.to_owned()))
            .collect();
        assert_eq!(described, said, "{}", report.name);
        ask(&client, &question(report)).await;
    }
}

#[test]
fn parameters_are_as_the_catalogue_says() {
    for report in REPORTS {
        let statement = report.statement();
        let used: BTreeSet<_> = statement
            .split('{')
            .skip(1)
            .filter_map(|rest| rest.split_once('}'))
            .filter_map(|(inside, _)| inside.split_once(':'))
            .collect();
        let said: BTreeSet<_> = report
            .parameters
            .iter()
            .map(|parameter| (parameter.name, parameter.kind))
            .collect();
        assert_eq!(used, said, "{}", report.name);
    }
}

#[tokio::test]
async fn each_dimension_can_be_filtered_and_broken_down_by() {
    let (_server, client) = Server::migrated().await;
    let range = "site = 'shop', since = '2026-11-20 00:00:00', until = '2026-11-21 00:00:00', bots = 1";
    let filters = DIMENSIONS.iter().map(|dimension| {
        let name = dimension.name;
        format!("'{name}', ['x'], '!{name}', ['y']")
    });
    let filters = filters.collect::<Vec<_>>().join(", ");
    ask(
        &client,
        &format!("SELECT * FROM report_overview({range}, filters = map({filters}))"),
    )
    .await;
    for dimension in DIMENSIONS {
        let name = dimension.name;
        let sql = format!(
            "SELECT * FROM report_breakdown({range}, filters = map(), dimension = '{name}', touch = 'first')"
        );
        assert!(ask(&client, &sql).await.is_empty());
    }
}
