//! What is known of users: `users`, `user_traits_history`, and the timeline of logins.

use crate::engine::Server;
use crate::said::{MINUTE, NEVER, Said, TEN, keep, said, unlink, visitor};
use clickhouse::Row;
use serde::Deserialize;

const fn told(minute: i64, visitor: u128, traits: &'static [(&'static str, &'static str)]) -> Said {
    Said {
        props: traits,
        ..said(minute, visitor, "identify", "ada")
    }
}

const TOLD: [Said; 7] = [
    told(1, 1, &[("plan", "free"), ("city", "Paris"), ("$own", "x")]),
    told(2, 1, &[("plan", "free")]),
    told(3, 2, &[("plan", "pro"), ("city", "")]),
    Said {
        props: &[("plan", "of a login, no trait")],
        ..said(4, 1, "login", "ada")
    },
    said(5, 1, "login_failed", "mallory"),
    said(6, 1, "logout", "ada"),
    said(7, 3, "login", "bob"),
];

#[derive(Debug, PartialEq, Row, Deserialize)]
struct User {
    user_id: String,
    first_at: i64,
    last_at: i64,
    visitors: u64,
    logins: u64,
    traits: Vec<(String, String)>,
}

#[tokio::test]
async fn a_user_has_the_last_value_of_each_trait() {
    let (_server, client) = Server::migrated().await;
    keep(&client, "shop", &TOLD).await;
    let sql = "SELECT user_id, toUnixTimestamp64Milli(first_at) AS first_at, toUnixTimestamp64Milli(last_at) AS last_at, \
               visitors, logins, traits FROM users WHERE site = 'shop' ORDER BY user_id";
    let found: Vec<User> = client.query(sql).fetch_all().await.unwrap();
    let minute = |n: i64| TEN + n * MINUTE;
    let ada = User {
        user_id: "ada".into(),
        first_at: minute(1),
        last_at: minute(6),
        visitors: 2,
        logins: 1,
        traits: vec![("plan".into(), "pro".into())],
    };
    let bob = User {
        user_id: "bob".into(),
        first_at: minute(7),
        last_at: minute(7),
        visitors: 1,
        logins: 1,
        traits: vec![],
    };
    assert_eq!(found, [ada, bob], "who only failed to log in is no user");
}

#[tokio::test]
async fn traits_keep_their_history_and_a_wrong_one_can_be_taken_back() {
    let (_server, client) = Server::migrated().await;
    keep(&client, "shop", &TOLD).await;
    let sql = "SELECT trait, value, toUnixTimestamp64Milli(since), toUnixTimestamp64Milli(until) FROM user_traits_history";
    let history = || async {
        let rows: Vec<(String, String, i64, i64)> = client.query(sql).fetch_all().await.unwrap();
        let until = |ms| if ms == NEVER { -1 } else { (ms - TEN) / MINUTE };
        rows.into_iter()
            .map(|(name, value, since, end)| {
                format!("{name}={value} {} {}", (since - TEN) / MINUTE, until(end))
            })
            .collect::<Vec<_>>()
    };
    let all = ["city=Paris 1 3", "city= 3 -1", "plan=free 1 3", "plan=pro 3 -1"];
    assert_eq!(history().await, all);
    let second = unlink(
        9,
        &[
            ("visitor", "00000000-0000-0000-0000-000000000002"),
            ("user", "ada"),
        ],
    );
    keep(&client, "shop", &[second]).await;
    assert_eq!(history().await, ["city=Paris 1 -1", "plan=free 1 -1"]);
}

#[derive(Debug, PartialEq, Row, Deserialize)]
struct Happened {
    what: String,
    user: String,
    visitor: String,
    reason: String,
    is_new_visitor: bool,
    failed_before: i64,
}

#[tokio::test]
async fn the_timeline_tells_logins_failures_logouts_and_takeovers() {
    let (_server, client) = Server::migrated().await;
    let failed = |minute, reason| Said {
        props: reason,
        ..said(minute, 1, "login_failed", "ada")
    };
    let events = [
        failed(0, &[("reason", "password")]),
        failed(50, &[]),
        failed(55, &[]),
        said(61, 1, "login", "ada"),
        Said {
            name: "$takeover",
            ..said(62, 1, "custom", "")
        },
        said(63, 1, "logout", ""),
        said(64, 1, "login", "ada"),
        said(65, 2, "login", "ada"),
        said(66, 2, "custom", ""),
    ];
    keep(&client, "shop", &events).await;
    let sql = "SELECT what, user, toString(visitor_id) AS visitor, reason, is_new_visitor, failed_before \
               FROM auth_timeline WHERE site = 'shop' ORDER BY time";
    let found: Vec<Happened> = client.query(sql).fetch_all().await.unwrap();
    let row = |what: &str, of: u128, reason: &str, is_new_visitor, failed_before| Happened {
        what: what.into(),
        user: "ada".into(),
        visitor: visitor(of),
        reason: reason.into(),
        is_new_visitor,
        failed_before,
    };
    let expected = [
        row("login_failed", 1, "password", false, 0),
        row("login_failed", 1, "", false, 1),
        row("login_failed", 1, "", false, 2),
        row("login", 1, "", true, 2),
        row("takeover", 1, "", false, 2),
        row("logout", 1, "", false, 2),
        row("login", 1, "", false, 2),
        row("login", 2, "", true, 2),
    ];
    assert_eq!(found, expected);
}
