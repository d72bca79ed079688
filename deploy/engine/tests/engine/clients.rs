//! The official clients, unmodified: the `clickhouse` crate here, `clickhouse-connect` and `@clickhouse/client`
//! by scripts in `tests/clients/`, whose packages this test installs into the target folder.

use std::path::{Path, PathBuf};
use std::process::Command;

use clickhouse::{Client, Row};
use serde::{Deserialize, Serialize};

use super::server::{PASSWORD, Server, database};

#[derive(Debug, Clone, PartialEq, Row, Serialize, Deserialize)]
struct Visit {
    number: u64,
    page: String,
    tags: Vec<String>,
    seconds: Option<f64>,
}

fn visits(count: u64) -> Vec<Visit> {
    let visit = |number| Visit {
        number,
        page: format!("/page/{number}?q='ä'\n"),
        tags: vec!["a".to_owned(), number.to_string()],
        seconds: (number % 3 == 0).then_some(number as f64 / 4.0),
    };
    (0..count).map(visit).collect()
}

async fn client() -> Client {
    let (server, name) = database().await;
    let sql = format!(
        "CREATE TABLE {name}.visits (number UInt64, page String, tags Array(String), seconds Nullable(Float64)) \
         ENGINE = MergeTree ORDER BY number"
    );
    server.write("", sql).await.ok();
    Client::default()
        .with_url(server.engine.url())
        .with_user("default")
        .with_password(PASSWORD)
        .with_database(name)
}

#[tokio::test]
async fn the_clickhouse_crate_inserts_and_selects() {
    let compressed = client().await;
    let plain = client().await.with_compression(clickhouse::Compression::None);
    for client in [compressed, plain] {
        let wanted = visits(5000);
        let mut insert = client.insert::<Visit>("visits").await.unwrap();
        for visit in &wanted {
            insert.write(visit).await.unwrap();
        }
        insert.end().await.unwrap();
        let sql = "SELECT ?fields FROM visits WHERE number < ? ORDER BY number";
        assert!(client.query(sql).bind(9999).fetch_all::<Visit>().await.unwrap() == wanted);
        let sql = "SELECT count() FROM visits WHERE page = {page:String}";
        let count = client
            .query(sql)
            .param("page", &wanted[7].page)
            .fetch_one::<u64>()
            .await
            .unwrap();
        assert_eq!(count, 1);
        let mut inserter = client.inserter::<Visit>("visits").with_max_rows(100);
        for visit in &wanted {
            inserter.write(visit).await.unwrap();
            inserter.commit().await.unwrap();
        }
        assert_eq!(inserter.end().await.unwrap().rows, 0);
        let sql = "SELECT count(), uniqExact(number) FROM visits";
        assert_eq!(
            client.query(sql).fetch_one::<(u64, u64)>().await.unwrap(),
            (10_000, 5000)
        );
    }
}

#[tokio::test]
async fn the_clickhouse_crate_sees_errors_before_and_in_the_middle_of_rows() {
    let client = client().await;
    let early = client
        .query("SELECT nothing FROM visits")
        .fetch_all::<u64>()
        .await
        .unwrap_err();
    assert!(early.to_string().contains("Code: 47"), "{early}");
    let sql = "SELECT number + throwIf(number = 900000) FROM numbers(1000000)";
    let late = client
        .query(sql)
        .with_setting("max_block_size", "10000")
        .fetch_all::<u64>()
        .await
        .unwrap_err();
    // The crate finds the reason only if it lies whole in what it has read last; if not, it sees that the body has no end. What
    // it never does is take half of the rows for all.
    let late = late.to_string();
    assert!(
        late.contains("Code: 395") || late.contains("error reading a body"),
        "{late}"
    );
}

/// A folder that survives the test run, so that packages are fetched once.
fn packages(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/clients")
        .join(name)
}

#[track_caller]
fn run(command: &mut Command) {
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{command:?}\n{}\n{}",
        text(&output.stdout),
        text(&output.stderr)
    );
}

fn run_client(server: &Server, name: &str, command: &mut Command) {
    let address = server.engine.address();
    command
        .env("ENGINE_HOST", address.ip().to_string())
        .env("ENGINE_PORT", address.port().to_string());
    run(command
        .env("ENGINE_DATABASE", name)
        .env("ENGINE_PASSWORD", PASSWORD));
}

#[tokio::test]
async fn clickhouse_connect_inserts_and_selects() {
    let (server, name) = database().await;
    let folder = packages("clickhouse-connect");
    let python = folder.join("bin/python");
    let installed = folder.join("installed");
    let wanted = std::fs::read_to_string(script("requirements.txt")).unwrap();
    if std::fs::read_to_string(&installed).ok().as_ref() != Some(&wanted) {
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder));
        run(Command::new(&python)
            .args(["-m", "pip", "install", "-q", "-r"])
            .arg(script("requirements.txt")));
        std::fs::write(installed, wanted).unwrap();
    }
    run_client(server, &name, Command::new(python).arg(script("connect.py")));
}

#[tokio::test]
async fn the_node_client_inserts_and_selects() {
    let (server, name) = database().await;
    let folder = packages("clickhouse-node");
    for file in ["package.json", "package-lock.json", "client.mjs"] {
        std::fs::copy(script(file), folder.join(file)).unwrap();
    }
    let wanted = std::fs::read_to_string(script("package-lock.json")).unwrap();
    let installed = folder.join("installed");
    if std::fs::read_to_string(&installed).ok().as_ref() != Some(&wanted) {
        run(Command::new("npm")
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .current_dir(&folder));
        std::fs::write(installed, wanted).unwrap();
    }
    run_client(server, &name, Command::new("node").arg(folder.join("client.mjs")));
}
