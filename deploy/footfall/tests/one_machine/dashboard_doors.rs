//! `footfall dashboard token | link`: who may look is decided by hand, and a dashboard that runs notices.

use crate::harness::{Up, footfall, in_time, text};
use footfall::http::{Answer, Client};
use hyper::Method;
use hyper::header::{self, HeaderName, HeaderValue};
use std::path::Path;
use url::Url;

const OWN: &str = "/api/reports/overview?site=demo&bots=1";
const FOREIGN: &str = "/api/reports/overview?site=another&bots=1";

async fn ask(base: &str, target: &str, header: Option<(HeaderName, &str)>) -> Answer {
    let mut client = Client::new(&Url::parse(base).unwrap()).unwrap();
    let headers: Vec<_> = header
        .map(|(name, value)| (name, HeaderValue::from_str(value).unwrap()))
        .into_iter()
        .collect();
    client
        .call(Method::GET, target, &headers, Vec::new().into(), 1 << 20)
        .await
        .unwrap()
}

async fn by_token(base: &str, target: &str, token: &str) -> u16 {
    let bearer = format!("Bearer {token}");
    let answer = ask(base, target, Some((header::AUTHORIZATION, &bearer))).await;
    answer.status.as_u16()
}

/// What `footfall dashboard …` prints; it has to succeed.
fn dashboard(data: &Path, args: &[&str]) -> String {
    let output = footfall(data).arg("dashboard").args(args).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// What it says when it cannot.
fn refused(data: &Path, args: &[&str]) -> String {
    let output = footfall(data).arg("dashboard").args(args).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    text(&output)
}

#[tokio::test]
async fn a_token_lets_in_for_its_site_until_it_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let up = Up::start_with(&folder.path().join("data"), |command| {
        command.env("FOOTFALL_DASHBOARD_PASSWORD", "open it, please");
    });
    let base = up.run.dashboard.clone().unwrap();
    assert_eq!(ask(&base, OWN, None).await.status, 401);

    let secret = dashboard(&up.data, &["token", "add", "Anna", "--site", "demo"]);
    in_time("the dashboard knows the token", async || {
        (by_token(&base, OWN, &secret).await == 200).then_some(())
    })
    .await;
    assert_eq!(by_token(&base, FOREIGN, &secret).await, 403);
    assert_eq!(by_token(&base, OWN, &format!("{secret}x")).await, 401);

    let listed = dashboard(&up.data, &["token", "list"]);
    assert!(
        listed.contains("Anna  demo, since ") && !listed.contains(&secret),
        "{listed}"
    );
    let id = listed.split(' ').next().unwrap();
    assert_eq!(dashboard(&up.data, &["token", "remove", id]), "removed: Anna");
    in_time("the token is out", async || {
        (by_token(&base, OWN, &secret).await == 401).then_some(())
    })
    .await;
    assert_eq!(dashboard(&up.data, &["token", "list"]), "");
}

#[tokio::test]
async fn a_link_shows_its_site_until_it_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let up = Up::start_with(&folder.path().join("data"), |command| {
        command.env("FOOTFALL_DASHBOARD_PASSWORD", "open it, please");
    });
    let base = up.run.dashboard.clone().unwrap();
    let add = ["link", "add", "For the board", "--site", "demo", "--for", "30d"];
    let address = dashboard(&up.data, &add);
    let path = Url::parse(&address).unwrap().path().to_owned();
    let cookie = in_time("the link leads in", async || {
        let answer = ask(&base, &path, None).await;
        let cookie = answer.headers.get(header::SET_COOKIE)?.to_str().unwrap();
        Some(cookie.split(';').next().unwrap().to_owned())
    })
    .await;
    let by_link = async |target| ask(&base, target, Some((header::COOKIE, &cookie))).await.status;
    assert_eq!(by_link(OWN).await, 200);
    assert_eq!(by_link(FOREIGN).await, 403);

    let listed = dashboard(&up.data, &["link", "list"]);
    assert!(
        listed.contains("For the board  demo, since ") && listed.contains(", until "),
        "{listed}"
    );
    let id = listed.split(' ').next().unwrap();
    assert_eq!(
        dashboard(&up.data, &["link", "remove", id]),
        "removed: For the board"
    );
    in_time("whoever came by it is out", async || {
        (by_link(OWN).await == 401).then_some(())
    })
    .await;
}

#[test]
fn what_is_not_there_or_no_duration_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let said = refused(&data, &["token", "remove", "4711"]);
    assert!(
        said.contains("there is none with the id 4711: the command `list` shows those there are"),
        "{said}"
    );
    let said = refused(&data, &["link", "add", "x", "--site", "demo", "--for", "ever"]);
    assert!(
        said.contains("--for ever") && said.contains("write `30d`"),
        "{said}"
    );
    for name in [
        "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q",
    ] {
        dashboard(&data, &["token", "add", name]);
    }
    // Of seventeen ids two begin alike.
    let listed = dashboard(&data, &["token", "list"]);
    let mut firsts: Vec<_> = listed.lines().map(|line| &line[..1]).collect();
    firsts.sort_unstable();
    let twice = firsts.windows(2).find(|two| two[0] == two[1]).unwrap()[0];
    let said = refused(&data, &["token", "remove", twice]);
    assert!(said.contains("several ids begin with"), "{said}");
}
