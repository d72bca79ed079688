//! Named reports: what they answer, what they refuse, and what is said when ClickHouse cannot.

use crate::harness::Stage;
use std::time::Duration;

const DAY: &str = "site=shop&since=2026-11-20&until=2026-11-21";

#[tokio::test(flavor = "multi_thread")]
async fn a_report_answers_with_its_sql_and_what_it_took() {
    let stage = Stage::start(None, |_| ()).await;
    let answer = stage.get(&format!("/api/reports/overview?{DAY}")).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    assert_eq!(answer.column("visitors"), [3]);
    assert_eq!(answer.column("page_views"), [9]);
    let told = answer.json();
    assert!(told["statistics"]["rows_read"].as_u64().unwrap() > 0, "{told}");
    let sql = told["sql"].as_str().unwrap();
    assert!(
        sql.contains("FROM footfall.report_overview(") && sql.contains("site = 'shop'"),
        "{sql}"
    );

    // What is shown is what was asked: the same text gives the same answer.
    let again = crate::harness::writer(&stage.clickhouse);
    let row = again
        .client()
        .query(&format!("SELECT visitors FROM ({sql})"))
        .fetch_one::<u64>()
        .await;
    assert_eq!(row.unwrap(), 3);

    let filtered = stage
        .get(&format!("/api/reports/overview?{DAY}&filter.country=DE"))
        .await;
    assert_eq!(filtered.column("visitors"), [1]);
    let excluded = stage
        .get(&format!("/api/reports/overview?{DAY}&filter.!country=DE"))
        .await;
    assert_eq!(excluded.column("visitors"), [2]);
    let some = stage
        .get(&format!(
            "/api/reports/overview?{DAY}&columns=page_views,visitors"
        ))
        .await;
    assert_eq!(some.json()["rows"], serde_json::json!([[9, 3]]));
    let csv = stage.get(&format!("/api/reports/pages?{DAY}&format=csv")).await;
    assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8");
    let text = String::from_utf8(csv.body.to_vec()).unwrap();
    assert!(
        text.starts_with("\"page\",\"title\"") && text.contains("\"/it's\""),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_parameter_is_named_with_what_it_may_be() {
    let stage = Stage::start(None, |_| ()).await;
    let cases = [
        ("overview?since=2026-11-20", "site", "is missing"),
        ("overview?site=shop&since=yesterday", "since", "is no time"),
        (
            "overview?site=shop&since=2026-11-21&until=2026-11-20",
            "until",
            "later than",
        ),
        ("overview?site=shop&bots=7", "bots", "0, 1, 2"),
        ("overview?site=shop&limit=0", "limit", "from 1"),
        ("overview?site=shop&format=xml", "format", "json or csv"),
        (
            "overview?site=shop&columns=visitors,shoe_size",
            "columns",
            "bounce_rate",
        ),
        ("overview?site=shop&columns=", "columns", "bounce_rate"),
        ("overview?site=shop&columns=visitors,visitors", "columns", "twice"),
        (
            "overview?site=shop&sql=SELECT+1",
            "sql",
            "is no parameter of `overview`",
        ),
        ("overview?site=shop&site=other", "site", "is given twice"),
        (
            "overview?site=shop&filter.shoe_size=42",
            "filter.shoe_size",
            "country",
        ),
        ("timeline?site=shop&interval=fortnight", "interval", "week"),
        (
            "timeline?site=shop&timezone=Mars/Olympus",
            "timezone",
            "Europe/Berlin",
        ),
        ("breakdown?site=shop&dimension=shoe_size", "dimension", "country"),
    ];
    for (target, parameter, said) in cases {
        let answer = stage.get(&format!("/api/reports/{target}")).await;
        assert_eq!(answer.status, 400, "{target}");
        assert_eq!(answer.json()["parameter"], parameter, "{target}");
        assert!(answer.detail().contains(said), "{target}: {}", answer.detail());
    }
    let unknown = stage.get("/api/reports/system.users?site=shop").await;
    assert_eq!(unknown.status, 404);
    assert!(unknown.detail().contains("overview"), "{}", unknown.detail());
}

#[tokio::test(flavor = "multi_thread")]
async fn clickhouse_that_is_away_is_said_and_found_again() {
    let mut stage = Stage::start(None, |_| ()).await;
    let reader = stage.reader.borrow().clone();
    stage.reader.send_replace(None);
    let starting = stage.get(&format!("/api/reports/overview?{DAY}")).await;
    assert_eq!(starting.status, 503);
    assert!(
        starting.detail().contains("being started"),
        "{}",
        starting.detail()
    );
    stage.reader.send_replace(reader);
    assert_eq!(
        stage.get(&format!("/api/reports/overview?{DAY}")).await.status,
        200
    );

    // A connection that was kept is gone with the engine: the next question opens another.
    stage.clickhouse.restart().await.unwrap();
    let after = stage.get(&format!("/api/reports/overview?{DAY}&limit=7")).await;
    assert_eq!(after.status, 200, "{:?}", after.body);

    let mut nowhere = stage.reader.borrow().clone().unwrap();
    nowhere.server = footfall_processor::Server::parse("http://127.0.0.1:9", "footfall").unwrap();
    stage.reader.send_replace(Some(nowhere));
    let away = stage.get(&format!("/api/reports/overview?{DAY}&limit=8")).await;
    assert_eq!(away.status, 503);
    assert!(away.headers.contains_key("retry-after"));
    assert!(away.detail().contains("127.0.0.1:9"), "{}", away.detail());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heavy_question_is_stopped_and_says_by_which_limit() {
    let rows = Stage::start(None, |config| config.limits.rows = 1).await;
    let answer = rows
        .get(&format!("/api/reports/timeline?{DAY}&interval=hour"))
        .await;
    assert_eq!(answer.status, 422, "{:?}", answer.body);
    assert!(
        answer.detail().contains("more than 1 rows"),
        "{}",
        answer.detail()
    );

    let memory = Stage::start(None, |config| config.limits.memory_bytes = 1 << 20).await;
    let answer = memory
        .get("/api/reports/timeline?site=shop&since=2000-01-01&until=2026-11-21&interval=minute&limit=100000")
        .await;
    assert_eq!(answer.status, 422, "{:?}", answer.body);
    assert!(answer.detail().contains("memory"), "{}", answer.detail());

    let time = Stage::start(None, |config| config.limits.time = Duration::from_secs(1)).await;
    let answer = time
        .get("/api/reports/timeline?site=shop&since=1971-01-01&until=2099-01-01&interval=minute&limit=100000")
        .await;
    assert_eq!(answer.status, 422, "{:?}", answer.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_questions_are_asked_once() {
    let stage = Stage::start(None, |_| ()).await;
    let asks =
        (0..20).map(|_| stage.get("/api/reports/overview?site=shop&since=2026-11-01&until=2026-11-21"));
    let mut times = Vec::new();
    for answer in futures_all(asks).await {
        assert_eq!(answer.status, 200);
        times.push(answer.json()["generated_at"].clone());
    }
    // An answer counts for a span of two minutes by the clock, and one of these may end meanwhile.
    times.sort_by_key(ToString::to_string);
    times.dedup();
    assert!(times.len() <= 2, "{times:?}");
}

/// Waits for all of them, all at the same time.
async fn futures_all<T>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut pending: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        for (future, done) in &mut pending {
            if done.is_none()
                && let std::task::Poll::Ready(value) = future.as_mut().poll(context)
            {
                *done = Some(value);
            }
        }
        if pending.iter().all(|(_, done)| done.is_some()) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    pending.into_iter().filter_map(|(_, done)| done).collect()
}
