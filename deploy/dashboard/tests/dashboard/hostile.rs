//! Texts that try to be more than texts, in every parameter of every report: none may change the statement.

use crate::harness::{Stage, encoded};
use footfall_tables::REPORTS;

/// What people try, and what breaks quoting.
const CORPUS: [&str; 30] = [
    "'",
    "''",
    "\\",
    "\\'",
    "\\\\'",
    "' OR 1=1 --",
    "' OR '1'='1",
    "'; DROP TABLE events; --",
    "') UNION ALL SELECT * FROM system.users --",
    "shop', since = '2000-01-01",
    "\\' OR site = 'other",
    "shop\\",
    "{site:String}",
    "{{site}}",
    "$$secret$$",
    "$tag$secret$tag$",
    "`events`",
    "\"events\"",
    "/* */ SELECT 1",
    "-- x",
    "# x",
    "%27 OR 1=1",
    "\u{2019} OR 1=1",
    "\u{ff07} OR 1=1 --",
    "😀' OR 1=1 --",
    "NULL",
    "\\N",
    "0x27",
    "char(39)",
    "*/ FROM system.one --",
];

fn usual(report: &footfall_tables::reports::Report) -> Vec<(&'static str, String)> {
    report
        .parameters
        .iter()
        .filter(|parameter| parameter.default.is_none())
        .map(|parameter| {
            let value = match (parameter.name, parameter.values.first()) {
                ("site", _) => "shop".to_owned(),
                ("since", _) => "2026-11-20".to_owned(),
                ("until", _) => "2026-11-21".to_owned(),
                (_, Some(value)) => (*value).to_owned(),
                (_, None) if parameter.kind.starts_with("Array") => "page:/".to_owned(),
                (_, None) if parameter.kind.starts_with("UInt") => "1".to_owned(),
                (_, None) => "00000000-0000-0000-0000-000000000001".to_owned(),
            };
            (parameter.name, value)
        })
        .collect()
}

fn target(report: &str, pairs: &[(String, String)]) -> String {
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
        .collect();
    format!("/api/reports/{report}?{}", pairs.join("&"))
}

#[tokio::test(flavor = "multi_thread")]
async fn no_text_in_any_parameter_gets_out_of_its_literal() {
    let stage = Stage::start(None, |_| ()).await;
    let mut tried = 0;
    let mut met = std::collections::BTreeSet::new();
    for report in REPORTS {
        for parameter in report.parameters {
            // All of it once for each type, some of it once for each name, others again with each report.
            let step = match (met.insert(parameter.kind), met.insert(parameter.name)) {
                (true, _) => 1,
                (false, true) => 4,
                (false, false) => 15,
            };
            for hostile in CORPUS.iter().skip(tried % step).step_by(step) {
                let name = if parameter.kind.starts_with("Map") {
                    "filter.path"
                } else {
                    parameter.name
                };
                let mut pairs: Vec<(String, String)> = usual(report)
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect();
                pairs.retain(|(own, _)| own != name);
                pairs.push((name.to_owned(), (*hostile).to_owned()));
                let answer = stage.get(&target(report.name, &pairs)).await;
                let body = String::from_utf8_lossy(&answer.body).into_owned();
                // Refused as a value, or taken as one: an error of SQL would be a fault.
                assert!(
                    matches!(answer.status, 200 | 400 | 422),
                    "{} {name}={hostile}: {} {body}",
                    report.name,
                    answer.status
                );
                assert!(
                    !body.contains("/secret"),
                    "{} {name}={hostile}: {body}",
                    report.name
                );
                if answer.status == 200 && parameter.name == "site" {
                    assert!(
                        !body.contains("it's"),
                        "{} shows a site that was not asked for: {body}",
                        report.name
                    );
                }
                tried += 1;
            }
        }
    }
    assert!(tried > 300, "{tried}");
    // Names of columns stand in the statement as they are: nothing but a name of the catalogue may.
    for hostile in CORPUS {
        let columns = format!("visitors,{hostile}");
        let pairs = [("site", "shop"), ("columns", &*columns)];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(
            stage.get(&target("overview", &pairs)).await.status,
            400,
            "{hostile}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_text_is_still_the_text_that_it_is() {
    let stage = Stage::start(None, |_| ()).await;
    // The engine reads each literal back as what was sent.
    let server = crate::harness::writer(&stage.clickhouse);
    for hostile in CORPUS {
        let answer = stage
            .get(&target(
                "overview",
                &[
                    ("site".to_owned(), "shop".to_owned()),
                    ("since".to_owned(), "2026-11-20".to_owned()),
                    ("until".to_owned(), "2026-11-21".to_owned()),
                    ("filter.path".to_owned(), hostile.to_owned()),
                ],
            ))
            .await;
        assert_eq!(answer.column("visitors"), [0], "{hostile}");
        let told = answer.json();
        let sql = told["sql"].as_str().unwrap();
        let start = sql.find("map('path', [").unwrap() + "map('path', [".len();
        let literal = &sql[start..sql.rfind("])").unwrap()];
        let read = server
            .client()
            .query(&format!("SELECT {}", literal.replace('?', "??")))
            .fetch_one::<String>()
            .await;
        assert_eq!(read.unwrap(), hostile, "{literal}");
    }
    let good = stage
        .get(&target(
            "overview",
            &[
                ("site".to_owned(), "shop".to_owned()),
                ("since".to_owned(), "2026-11-20".to_owned()),
                ("until".to_owned(), "2026-11-21".to_owned()),
                ("filter.path".to_owned(), "/it's".to_owned()),
            ],
        ))
        .await;
    assert_eq!(good.column("visitors"), [3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_elsewhere_reach_nothing() {
    let stage = Stage::start(None, |_| ()).await;
    let report = "/api/reports/overview?site=shop";
    for (headers, status) in [
        (vec![("host", "evil.example")], 403),
        (vec![("host", "127.0.0.1.evil.example")], 403),
        (vec![("origin", "https://evil.example")], 403),
        (vec![("origin", "null")], 403),
        (vec![("host", "localhost:1")], 200),
    ] {
        assert_eq!(
            stage.send("GET", report, &headers, "").await.status,
            status,
            "{headers:?}"
        );
    }
    let body = r#"{"kind":"goal","site":"shop","name":"x","step":"page:/"}"#;
    for headers in [
        vec![("content-type", "text/plain"), ("x-footfall", "1")],
        vec![
            ("content-type", "application/x-www-form-urlencoded"),
            ("x-footfall", "1"),
        ],
        vec![("content-type", "application/json")],
        vec![
            ("content-type", "application/json"),
            ("x-footfall", "1"),
            ("origin", "https://evil.example"),
        ],
    ] {
        assert_eq!(
            stage.send("POST", "/api/saved", &headers, body).await.status,
            403,
            "{headers:?}"
        );
    }
    let page = stage.get("/").await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains("default-src 'none'") && !policy.contains("unsafe"),
        "{policy}"
    );
    assert_eq!(page.headers["x-content-type-options"], "nosniff");
    assert_eq!(page.headers["x-frame-options"], "DENY");
}
