//! What the benchmarks of the processor have in common: the engine as a process of this program, and small things. The
//! benchmark of the Kafka source has this file too.

use clickhouse::Client;
use footfall_engine::{Config, Engine, Secret, library};
use footfall_processor::Server;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;

const DATABASE: &str = "footfall";

/// Runs the engine if this process was started as one.
pub(crate) fn serve_if_asked() -> Option<ExitCode> {
    let mut args = std::env::args_os().skip(1);
    if args.next()? != "engine" {
        return None;
    }
    Some(match Config::from_args(args) {
        Ok(config) => footfall_engine::main(&config),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    })
}

/// The engine with our tables.
pub(crate) async fn start(folder: &Path) -> (Engine, Server) {
    let library = library::locate(&mut |_| {}).expect("libchdb");
    let mut config = Config::new(folder.join("data"), library, Secret::new("bench"));
    config.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let this = std::env::current_exe().expect("this program");
    let engine = Engine::spawn(&this, &[OsString::from("engine")], &config)
        .await
        .expect("the engine");
    let server =
        Server::parse(&format!("http://default:bench@{}", engine.address()), DATABASE).expect("an address");
    footfall_tables::migrate(&server.client(), DATABASE, &mut |_| {})
        .await
        .expect("the tables");
    (engine, server)
}

/// A statement that gives one number.
pub(crate) async fn count(client: &Client, sql: &str) -> u64 {
    client.query(sql).fetch_one::<u64>().await.expect("a count")
}

/// A number of the environment.
pub(crate) fn number(name: &str, default: usize) -> usize {
    let text = std::env::var(name).ok();
    text.and_then(|text| text.parse().ok()).unwrap_or(default)
}

pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
