//! What recognises visitors without a cookie is destroyed when its time is over, also if nobody was there at the time: not
//! in a file, not in a table, not in the memory of the process.

use crate::harness::{Up, eventually};
use footfall::http::Client;
use footfall_search::Needles;
use hyper::Method;
use hyper::header::{HeaderName, HeaderValue, SET_COOKIE};
use std::fs::File;
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::{Duration, SystemTime};
use url::Url;

const FILE: &str = "keys/ip-salt";

/// Days since 1970, UTC; not at a moment when it changes within the test.
fn today() -> u64 {
    loop {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        if since.as_secs() % 86_400 < 86_400 - 120 {
            return since.as_secs() / 86_400;
        }
        std::thread::sleep(Duration::from_secs(1));
    }
}

fn secret(hex: &str) -> Needles {
    let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    let bytes: Vec<u8> = (0..hex.len()).step_by(2).map(byte).collect();
    Needles::secret("a salt", &bytes)
}

/// The files below the folder in which it stands.
fn files(data: &Path, salt: &Needles) -> Vec<String> {
    let mut places: Vec<_> = salt
        .in_folder(data)
        .unwrap()
        .found
        .into_iter()
        .map(|found| found.place)
        .collect();
    places.dedup();
    places
}

/// Whether it stands in the memory that a process has written.
fn is_in_memory(pid: i32, salt: &Needles) -> bool {
    let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    let memory = File::open(format!("/proc/{pid}/mem")).unwrap();
    let written = maps.lines().filter(|line| line.contains(" rw-p "));
    let mut found = false;
    for line in written {
        let (from, to) = line.split(' ').next().unwrap().split_once('-').unwrap();
        let address = |text| u64::from_str_radix(text, 16).unwrap();
        let (mut at, to) = (address(from), address(to));
        let mut piece = vec![0; 1 << 20];
        while at < to {
            let length = usize::try_from(to - at).unwrap().min(piece.len());
            // Not all of it is there.
            let read = memory.read_at(&mut piece[..length], at).unwrap_or(0);
            found |= !salt.in_noise("memory", &piece[..read]).is_empty();
            at += match read {
                0 => 4096,
                // What lies across two pieces is in the next.
                read if read == piece.len() => read as u64 - 128,
                read => read as u64,
            };
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_salt_whose_time_was_over_while_nothing_ran_is_nowhere_after_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir_all(data.join("keys")).unwrap();
    let site = "[[site]]\nkey = \"demo\"\nip = \"hash\"\ncookie = { mode = \"never\" }\n";
    std::fs::write(data.join("sites.toml"), site).unwrap();
    let today = today();
    let [over, yesterday] = ["5e", "a7"].map(|byte| byte.repeat(32));
    let kept = format!("{} {over}\n{} {yesterday}\n", today - 2, today - 1);
    std::fs::write(data.join(FILE), kept).unwrap();
    std::fs::set_permissions(data.join(FILE), std::fs::Permissions::from_mode(0o600)).unwrap();
    let [over, yesterday] = [secret(&over), secret(&yesterday)];
    assert_eq!(files(&data, &over), [FILE], "the search finds it");

    let up = Up::start_with(&data, |command| {
        command.args(["--set", "log.folder=logs", "--set", "log.level=trace"]);
    });
    for ip in ["203.0.113.7", "203.0.113.8"] {
        let headers = [(
            HeaderName::from_static("x-forwarded-for"),
            HeaderValue::from_static(ip),
        )];
        let body = r#"{"site":"demo","type":"page_view","user_id":"ada"}"#;
        let mut client = Client::new(&Url::parse(&up.run.public).unwrap()).unwrap();
        let answer = client
            .call(Method::POST, "/v1/events", &headers, body.into(), 1 << 20)
            .await
            .unwrap();
        assert!(answer.status == 200 && answer.headers.get(SET_COOKIE).is_none());
    }
    up.says(
        "SELECT count(), uniqExact(decision), any(decision) FROM events",
        "2\t1\tcookieless",
    );
    let text = std::fs::read_to_string(data.join(FILE)).unwrap();
    let days: Vec<_> = text.lines().map(|line| line.split_once(' ').unwrap()).collect();
    assert_eq!(
        days.iter()
            .map(|(day, _)| day.parse().unwrap())
            .collect::<Vec<u64>>(),
        [today - 1, today]
    );
    let todays = secret(days[1].1);

    assert_eq!(files(&data, &over), Vec::<String>::new());
    for salt in [&yesterday, &todays] {
        assert_eq!(
            files(&data, salt),
            [FILE],
            "for what comes late, and nowhere else"
        );
        assert!(salt.in_bytes("printed", up.said().as_bytes()).is_empty());
    }
    eventually("today's is in the memory", || {
        is_in_memory(up.pid(), &todays).then_some(())
    });
    assert!(!is_in_memory(up.pid(), &over));
    assert_eq!(up.stop(), Some(0));
    assert_eq!(files(&data, &over), Vec::<String>::new());
    assert_eq!(files(&data, &todays), [FILE]);
}
