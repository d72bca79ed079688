//! The dashboard: a listener of its own beside the others, a service of its own, and shut where strangers could come.

use crate::harness::{Up, eventually, footfall, in_time, text, up};
use footfall::http::{Answer, Client};
use hyper::Method;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use url::Url;

const VIEW: &str = r#"{"site":"demo","type":"page_view","url":"https://shop.example/shoes"}"#;
// With machines: a client without a user agent is one.
const REPORT: &str = "/api/reports/overview?site=demo&bots=1";
/// Of an answer.
const LIMIT: usize = 1 << 20;

async fn get(base: &str, target: &str) -> Answer {
    let mut client = Client::new(&Url::parse(base).unwrap()).unwrap();
    client
        .call(Method::GET, target, &[], Vec::new().into(), LIMIT)
        .await
        .unwrap()
}

/// The answer to somebody who knows the listener by that name.
fn by_name(base: &str, name: &str) -> String {
    let mut stream = TcpStream::connect(base.trim_start_matches("http://")).unwrap();
    write!(
        stream,
        "GET / HTTP/1.1\r\nhost: {name}\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// How many visitors a dashboard says there are.
async fn visitors(base: &str) -> Option<u64> {
    let told: serde_json::Value = serde_json::from_slice(&get(base, REPORT).await.body).ok()?;
    told["rows"][0][0].as_u64()
}

/// Killed when dropped.
struct Service(Child);

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn an_event_is_on_the_dashboard_and_no_other_listener_shows_it() {
    let folder = tempfile::tempdir().unwrap();
    let up = Up::start(&folder.path().join("data"));
    let dashboard = up.run.dashboard.clone().unwrap();
    assert_eq!(up.post(VIEW).await.status, 200);
    in_time("the visitor on the dashboard", async || {
        visitors(&dashboard).await.filter(|count| *count == 1)
    })
    .await;
    assert!(
        get(&dashboard, "/")
            .await
            .text()
            .contains("<title>Footfall</title>")
    );
    assert!(up.said().contains(&dashboard), "{}", up.said());
    for listener in [&up.run.public, &up.run.admin] {
        for target in [REPORT, "/api/sites", "/api/reports"] {
            assert_eq!(get(listener, target).await.status, 404, "{listener}{target}");
        }
    }
    // A browser on this machine is led there; whoever comes by a name of the world's is not told of it.
    let led = get(&up.run.public, "/").await;
    assert_eq!(
        (led.status.as_u16(), led.headers["location"].to_str().unwrap()),
        (307, format!("{dashboard}/").as_str())
    );
    let told = by_name(&up.run.public, "events.example");
    assert!(
        told.starts_with("HTTP/1.1 404") && !told.contains("location"),
        "{told}"
    );
    assert!(
        get(&up.run.public, "/demo")
            .await
            .text()
            .contains("Footfall demo")
    );

    // A service of its own, as a cluster has it, asks the same ClickHouse.
    let (data, said) = (folder.path().join("alone"), folder.path().join("alone.log"));
    let mut alone = footfall(&data);
    alone
        .args(["dashboard"])
        .env("CLICKHOUSE_URL", up.run.clickhouse.as_ref().unwrap())
        .env("CLICKHOUSE_USER", "")
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(&said).unwrap());
    let _alone = Service(alone.spawn().unwrap());
    let address = eventually("its address", || {
        let said = std::fs::read_to_string(&said).unwrap();
        let (_, after) = said.split_once("the dashboard is at ")?;
        after.split_once("/,").map(|(address, _)| address.to_owned())
    });
    in_time("the visitor there", async || {
        visitors(&address).await.filter(|count| *count == 1)
    })
    .await;
    assert!(data.join("dashboard.toml").exists());
}

#[test]
fn strangers_are_shut_out_or_it_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    for settings in [
        ["--dashboard-listen", "0.0.0.0:0"].as_slice(),
        &["--set", "dashboard.hosts=stats.example"],
    ] {
        let mut command = up(&folder.path().join("data"));
        let output = command
            .args(["--set", "engine.listen=127.0.0.1:0"])
            .args(settings)
            .output()
            .unwrap();
        let said = text(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        for part in [
            "without a password",
            "remedy: set a password (`dashboard.password`",
        ] {
            assert!(said.contains(part), "{part} not in {said}");
        }
        let check = footfall(&folder.path().join("none"))
            .args(["check", "up"])
            .args(settings_of(settings))
            .output()
            .unwrap();
        assert!(text(&check).contains("without a password"), "{}", text(&check));
    }
}

/// As `check` takes them, which has no flags of `up`.
fn settings_of(settings: &[&str]) -> [String; 2] {
    match settings {
        ["--dashboard-listen", address] => ["--set".to_owned(), format!("dashboard.listen={address}")],
        other => [other[0].to_owned(), other[1].to_owned()],
    }
}

#[test]
fn a_dashboard_alone_needs_a_clickhouse_to_ask() {
    let folder = tempfile::tempdir().unwrap();
    let output = footfall(folder.path()).arg("dashboard").output().unwrap();
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("`clickhouse.url` is not set") && said.contains("remedy:"),
        "{said}"
    );
}
