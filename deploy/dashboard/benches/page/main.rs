//! How soon the dashboard's first page is there, over 10 million events of a month on the real engine: `cargo bench -p
//! footfall-dashboard --bench page`. All that the page asks, at once, through the service's own API, warm; `EVENTS` makes fewer.
//!
//! One site has all events, which is the worst case; the ranges are the last week, with which the dashboard begins, and the
//! whole month. Each round has questions of its own, as answers are kept for a moment.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints and may panic"
)]

use footfall_clickhouse::{Clickhouse, PASSWORD, traffic};
use footfall_dashboard::{Config, Dashboard, Limits, Reader};
use footfall_processor::Server;
use footfall_processor::retention::{Policy, Retention};
use footfall_processor::server::{Address, Connector};
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

const DATABASE: &str = "bench";
const EVENTS: u64 = 10_000_000;
/// Since when the range is, and the range before it, with which the page compares; and how many pages, after one that warms up.
const RANGES: [(&str, [&str; 2], usize); 2] = [
    ("week", ["2026-11-15", "2026-11-08"], 20),
    ("month", ["2026-10-23", "2026-09-23"], 5),
];
const UNTIL: &str = "2026-11-22";

/// What the page asks: the report, and the parameters that are its own.
fn questions([since, before]: [&str; 2], round: usize) -> Vec<String> {
    // More rows than there are: another number of them is another question.
    let limit = 5000 + round;
    let ask = |report: &str, since: &str, until: &str, own: &str| {
        format!("/api/reports/{report}?site=shop&since={since}&until={until}&bots=0&limit={limit}{own}")
    };
    let course = "&timezone=Europe/Berlin&interval=day&columns=at,visitors";
    let mut questions = vec![
        ask("overview", since, UNTIL, ""),
        ask("overview", before, since, ""),
        ask("timeline", since, UNTIL, course),
        ask("timeline", before, since, course),
        ask(
            "pages",
            since,
            UNTIL,
            "&columns=page,title,page_views,engagement_ms",
        ),
    ];
    for dimension in ["source", "country", "device_type"] {
        let own = format!("&dimension={dimension}&columns=value,visitors,bounce_rate");
        questions.push(ask("breakdown", since, UNTIL, &own));
    }
    questions
}

async fn get(service: SocketAddr, target: String) {
    let address = Address::parse(&format!("http://{service}")).unwrap();
    let mut http = Connector::any(&address).unwrap().http().await.unwrap();
    let request = Request::builder()
        .uri(&target)
        .header("host", service.to_string());
    let answer = http.send(request.body(Full::default()).unwrap()).await;
    let (head, body) = answer.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    assert!(
        head.status.is_success(),
        "{target}: {}",
        String::from_utf8_lossy(&body)
    );
}

async fn measure(service: SocketAddr, (name, range, rounds): (&str, [&str; 2], usize)) {
    let mut times = Vec::new();
    for round in 0..=rounds {
        let start = Instant::now();
        let asked: JoinSet<()> = (questions(range, round).into_iter())
            .map(|target| get(service, target))
            .collect();
        asked.join_all().await;
        times.push(start.elapsed());
    }
    times.remove(0);
    times.sort();
    let at = |percent: usize| times[(times.len() * percent).div_ceil(100) - 1].as_millis();
    println!(
        "the first page, {name:<6} {:>6} ms {:>6} ms {:>6} ms",
        at(50),
        at(95),
        at(100)
    );
}

fn main() {
    // The engine's process is this program again.
    footfall_clickhouse::serve().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(measure_all());
}

async fn measure_all() {
    let clickhouse = Clickhouse::start().await.unwrap();
    let mut server = Server::parse(&clickhouse.url(), DATABASE).unwrap();
    server.user = "default".to_owned();
    server.password = PASSWORD.to_owned();
    footfall_tables::migrate(&server.client(), DATABASE, &mut |_| ())
        .await
        .unwrap();
    let events = std::env::var("EVENTS").map_or(EVENTS, |text| text.parse().unwrap());
    traffic::make(&server.client(), events).await.unwrap();

    let folder = tempfile::tempdir().unwrap();
    let (_sender, reader) = watch::channel(Some(Reader {
        server: Server::parse(&clickhouse.url(), DATABASE).unwrap(),
        hold_back: false,
    }));
    let config = Config {
        reader,
        sites: Arc::new(Vec::new),
        retention: Retention {
            every: Duration::ZERO,
            policy: Arc::new(|| Ok(Policy::default())),
        },
        kept: folder.path().join("dashboard.toml"),
        password: None,
        hosts: Vec::new(),
        beacon: None,
        demo: None,
        limits: Limits {
            cores: std::thread::available_parallelism().ok().map(Into::into),
            ..Limits::default()
        },
        drain: Duration::from_secs(1),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let service = listener.local_addr().unwrap();
    let dashboard = Dashboard::open(config, service).unwrap();
    let mut task = JoinSet::new();
    task.spawn(dashboard.serve(listener, CancellationToken::new()));
    println!("{events} events, ms           p50       p95       max");
    for range in RANGES {
        measure(service, range).await;
    }
}
