//! The way to ClickHouse fails: answers are swallowed, requests are cut in the middle, connections are refused. The
//! server is not our child here (`CLICKHOUSE_URL`), so that a proxy can stand in between and every doubt has to be
//! settled by the server's clock, the barrier and a look.

use crate::{pass, rounds, settle, under_load};
use footfall_tests::footfall::{Home, eventually, free_port};
use footfall_tests::proxy::{Mode, Proxy};
use footfall_tests::seed::Seed;
use footfall_tests::server::Server;
use std::time::Duration;

#[test]
fn a_cut_on_the_way_to_clickhouse_loses_and_doubles_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("server")).unwrap();
    let proxy = Proxy::start(free_port().unwrap(), server.address).unwrap();
    let mut home = Home::new(&folder.path().join("data"))
        .unwrap()
        .with("CLICKHOUSE_URL", &format!("http://{}", proxy.address))
        .with("CLICKHOUSE_USER", "default")
        .with("CLICKHOUSE_PASSWORD", &server.password);
    home.clickhouse = server.address;
    let mut seed = Seed::from_env();
    let footfall = home.start().unwrap();
    let ((), witness) = under_load(&home, &mut seed, |seed, _| {
        // A new owner of a server that is not its child waits out its predecessor's lease first.
        footfall_tests::books::wait_for_rows(&home, 1).unwrap();
        for round in 0..rounds(3, 21) {
            pass(seed, Duration::from_secs(3));
            let modes = [Mode::CutAnswers, Mode::CutRequests, Mode::Refuse];
            let before = proxy.cuts();
            proxy.set(modes[usize::try_from(round % 3).unwrap()]);
            pass(seed, Duration::from_secs(2));
            eventually("something to cut", || {
                anyhow::ensure!(proxy.cuts() > before, "nothing came");
                Ok(())
            })
            .unwrap();
            proxy.set(Mode::Pass);
        }
    });
    println!("connections cut: {}", proxy.cuts());
    settle("cut answers", &home, footfall, &witness);
}
