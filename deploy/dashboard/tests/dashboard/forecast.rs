//! How large the tables will be: against a hand reckoning, for whom it is, and what is said to a reader who may not look at the
//! disk.

use crate::harness::{Stage, writer};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{Response, StatusCode};
use bytes::Bytes;
use footfall_dashboard::{Doors, NewToken, Reader};
use footfall_processor::Server;
use footfall_processor::retention::{Policy, Retention, Terms};
use footfall_processor::server::{Address, Connector};
use http_body_util::Full;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Days that have events: thirty that are over, today and tomorrow, so that a midnight meanwhile changes nothing.
const DAYS: u64 = 32;

/// Each day 100 events of `shop` and 50 of `other`, at noon; what the stage has is of a fixed day, and goes.
#[expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]
async fn a_month(stage: &Stage) {
    let client = writer(&stage.clickhouse).client();
    let insert = |site: &str, a_day: u64| {
        format!(
            "INSERT INTO footfall.events (site, type, event_id, visitor_id, session_id, time, received_at, url, path, page_id, insert_deadline, log_id, log_seq) \
             SELECT '{site}', 'page_view', generateUUIDv4(), generateUUIDv4(), generateUUIDv4(), at, at, concat('https://{site}.example/', toString(number)), '/', generateUUIDv4(), \
             now64(3) + 3600, generateUUIDv4(), number + 1 FROM (SELECT number, toDateTime64(toStartOfDay(now('UTC')), 3, 'UTC') + toIntervalHour(12 + 24 * (toInt64(number % {DAYS}) - 30)) AS at FROM numbers({}))",
            a_day * DAYS
        )
    };
    for statement in [
        // Its size must not change between two questions.
        "SYSTEM STOP MERGES footfall.events".to_owned(),
        "TRUNCATE TABLE footfall.events".to_owned(),
        insert("shop", 100),
        insert("other", 50),
    ] {
        client.query(&statement).execute().await.unwrap();
    }
}

/// `shop` keeps nine days, the others everything.
fn nine_days_of_the_shop() -> Retention {
    let terms = Terms {
        events: Some(9),
        addresses: None,
    };
    Retention {
        every: Duration::from_secs(3_600),
        policy: Arc::new(move || {
            Ok(Policy {
                sites: [("shop".to_owned(), terms)].into(),
                ..Policy::default()
            })
        }),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_coming_year_is_what_a_hand_reckons() {
    let stage = Stage::start(None, |config| config.retention = nine_days_of_the_shop()).await;
    a_month(&stage).await;
    let answer = stage.get("/api/forecast").await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    let told = answer.json();
    println!("{told}");
    let sizes = "SELECT sum(rows), sum(bytes_on_disk) FROM system.parts WHERE active AND database = 'footfall' AND table = 'events'";
    let client = writer(&stage.clickhouse).client();
    let (rows, bytes): (u64, u64) = client.query(sizes).fetch_one().await.unwrap();
    let events = &told["tables"][0];
    assert_eq!(
        (events["name"].as_str(), events["rows"].as_u64()),
        (Some("events"), Some(150 * DAYS))
    );
    assert_eq!((rows, events["bytes"].as_u64()), (150 * DAYS, Some(bytes)));
    let of = |rows: u64| rows * bytes / (150 * DAYS);
    // Both are rounded, each his way.
    let near = |told: &Value, rows: u64| told.as_u64().unwrap().abs_diff(of(rows)) <= 2;
    assert!(near(&events["bytes_per_day"], 150), "{events}");
    assert_eq!(told["retention"]["events_days"], Value::Null);
    assert_eq!(told["retention"]["sites"]["shop"], 9);
    let ahead = told["ahead"].as_array().unwrap();
    assert_eq!(ahead[0]["bytes"].as_u64(), Some(bytes), "now is what there is");
    assert_eq!(ahead.last().unwrap()["days"], 365);
    for days in [30_u64, 365] {
        let then = ahead.iter().find(|then| then["days"] == days).unwrap();
        // Ten days of the shop; of the other what there is and what comes.
        let rows = 100 * 10 + 50 * (DAYS + days);
        assert!(near(&then["bytes"], rows), "{then}");
        assert!(near(&then["expired_bytes"], 150 * (DAYS + days) - rows), "{then}");
    }
    let disk = &told["disk"];
    let (free, total) = (
        disk["free_bytes"].as_u64().unwrap(),
        disk["total_bytes"].as_u64().unwrap(),
    );
    assert!(0 < free && free < total, "{disk}");
    assert_eq!(
        (&told["full_in_days"], &told["notes"]),
        (&Value::Null, &Value::Array(Vec::new()))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_known_is_said() {
    let stage = Stage::start(None, |config| {
        config.retention = Retention {
            every: Duration::ZERO,
            policy: Arc::new(|| Err("there is no sites file".to_owned())),
        };
    })
    .await;
    let client = writer(&stage.clickhouse).client();
    client
        .query("TRUNCATE TABLE footfall.events")
        .execute()
        .await
        .unwrap();
    let told = stage.get("/api/forecast").await.json();
    assert_eq!(told["ahead"], Value::Array(Vec::new()));
    let notes: Vec<_> = told["notes"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert!(notes.contains(&"there is no sites file"), "{notes:?}");
    assert!(
        notes.iter().any(|note| note.starts_with("an hour of events")),
        "{notes:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sees_some_sites_has_no_forecast() {
    let stage = Stage::start(Some("correct horse"), |_| ()).await;
    let doors = Doors::open(&stage.folder.path().join("dashboard.toml")).unwrap();
    let bearer = |sites: Option<&str>| {
        let token = NewToken {
            name: "Anna".to_owned(),
            sites: sites.map(|site| vec![site.to_owned()]),
        };
        format!("Bearer {}", doors.add_token(token).unwrap().secret.unwrap())
    };
    let (some, all) = (bearer(Some("shop")), bearer(None));
    let ask = async |bearer: &str| {
        let headers = [("authorization", bearer)];
        stage.send("GET", "/api/forecast", &headers, "").await
    };
    assert_eq!(stage.get("/api/forecast").await.status, 401);
    let refused = ask(&some).await;
    assert_eq!(refused.status, 403);
    assert!(
        refused.detail().contains("all sites together"),
        "{}",
        refused.detail()
    );
    assert_eq!(ask(&all).await.status, 200);
}

/// The engine as a server with users shows itself to one who may read the tables, and no table of the server's own but those
/// that everybody may: its answer to a question that reads these.
const DENIED: &str = "Code: 497. DB::Exception: reader: Not enough privileges. To execute this query, it's necessary to have the grant \
    SELECT(free_space, total_space, name) ON system.disks. (ACCESS_DENIED) (version 26.7.2.1 (official build))\n";

#[expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]
async fn as_a_reader_sees_it(engine: &str, request: Request) -> Response<Body> {
    let target = request.uri().clone();
    let sql = to_bytes(request.into_body(), 1 << 20).await.unwrap();
    let text = String::from_utf8_lossy(&sql);
    if text.contains("system.disks") || text.contains("system.parts") {
        let mut answer = Response::new(Body::from(DENIED));
        *answer.status_mut() = StatusCode::FORBIDDEN;
        return answer;
    }
    let mut http = Connector::any(&Address::parse(engine).unwrap())
        .unwrap()
        .http()
        .await
        .unwrap();
    let forwarded = hyper::Request::post(target)
        .header("host", engine.trim_start_matches("http://"))
        .body(Full::new(Bytes::from(text.into_owned())))
        .unwrap();
    http.send(forwarded).await.unwrap().map(Body::new)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_who_may_not_look_at_the_disk_hears_which_rights_he_lacks() {
    let stage = Stage::start(None, |_| ()).await;
    a_month(&stage).await;
    let engine = stage.clickhouse.url();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut server =
        Server::parse(&format!("http://{}", listener.local_addr().unwrap()), "footfall").unwrap();
    server.user = "reader".to_owned();
    let service = Router::new().fallback(move |request: Request| {
        let engine = engine.clone();
        async move { as_a_reader_sees_it(&engine, request).await }
    });
    let mut task = JoinSet::new();
    task.spawn(async move { axum::serve(listener, service).await });
    stage.reader.send_replace(Some(Reader {
        server,
        hold_back: false,
    }));
    let answer = stage.get("/api/forecast").await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    let told = answer.json();
    assert_eq!(told["disk"], Value::Null);
    let note = told["notes"][0].as_str().unwrap();
    for right in [
        "`GRANT SELECT ON system.parts TO reader`",
        "`GRANT SELECT ON system.disks TO reader`",
    ] {
        assert!(note.contains(right), "{note}");
    }
    // The rest is there.
    assert!(
        told["ahead"].as_array().unwrap().last().unwrap()["bytes"].as_u64() > Some(0),
        "{told}"
    );
}
