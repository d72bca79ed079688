//! Whose event it is: `user_links` and `user_events` by a table of cases, and the unlinking of each.

use crate::engine::Server;
use crate::said::{MINUTE, NEVER, Said, TEN, keep, said, unlink, view};
use clickhouse::{Client, Row};
use serde::Deserialize;

const V1: (&str, &str) = ("visitor", "00000000-0000-0000-0000-000000000001");
const ADA: (&str, &str) = ("user", "ada");

/// A case: its name, and each event with the user that it belongs to.
type Case = (&'static str, &'static [(Said, &'static str)]);

/// As the page numbers it, whatever its clock says.
const fn numbered(seq: u32, ms: i64, event: Said) -> Said {
    Said {
        at: ms,
        page: 7,
        seq,
        ..event
    }
}

const fn on_page(page: u128, event: Said) -> Said {
    Said {
        page,
        decision: "cookieless",
        ..event
    }
}

#[rustfmt::skip]
const CASES: &[Case] = &[
    ("what came before the first login is the user's", &[
        (view(0, 1), "ada"),
        (said(1, 1, "login", "ada"), "ada"),
        (view(2, 1), "ada"),
    ]),
    ("nobody", &[(view(0, 1), ""), (view(1, 2), "")]),
    ("logout", &[
        (view(0, 1), "ada"),
        (said(1, 1, "identify", "ada"), "ada"),
        (view(2, 1), "ada"),
        (said(3, 1, "logout", ""), "ada"),
        (view(4, 1), ""),
    ]),
    ("a relogin does not reach back over the logout", &[
        (said(1, 1, "login", "ada"), "ada"),
        (said(2, 1, "logout", "ada"), "ada"),
        (view(3, 1), ""),
        (said(4, 1, "login", "ada"), "ada"),
        (view(5, 1), "ada"),
    ]),
    ("two users on one device", &[
        (view(0, 1), "ada"),
        (said(1, 1, "login", "ada"), "ada"),
        (said(2, 1, "logout", ""), "ada"),
        (view(3, 1), ""),
        (said(4, 1, "login", "bob"), "bob"),
        (view(5, 1), "bob"),
    ]),
    ("two users on one device without a logout between", &[
        (view(0, 1), "ada"),
        (said(1, 1, "login", "ada"), "ada"),
        (view(2, 1), "ada"),
        (said(3, 1, "login", "bob"), "bob"),
        (view(4, 1), "bob"),
        (said(5, 1, "identify", "ada"), "ada"),
        (view(6, 1), "ada"),
    ]),
    ("one user on two devices", &[
        (view(0, 1), "ada"),
        (view(0, 2), "ada"),
        (said(1, 1, "login", "ada"), "ada"),
        (said(2, 2, "login", "ada"), "ada"),
        (said(3, 1, "logout", ""), "ada"),
        (view(4, 1), ""),
        (view(4, 2), "ada"),
    ]),
    ("identify on each page is one link", &[
        (said(1, 1, "identify", "ada"), "ada"),
        (said(2, 1, "identify", "ada"), "ada"),
        (view(3, 1), "ada"),
    ]),
    ("only a logout was seen", &[
        (view(0, 1), ""),
        (said(1, 1, "logout", ""), ""),
        (view(2, 1), ""),
        (said(3, 1, "login", "ada"), "ada"),
    ]),
    ("a logout that names its user where no link is", &[(said(1, 1, "logout", "ada"), "ada"), (view(2, 1), "")]),
    ("a failed login links nothing", &[
        (view(0, 1), ""),
        (said(1, 1, "login_failed", "ada"), ""),
        (view(2, 1), ""),
    ]),
    ("a failed login of another is done by who is logged in", &[
        (said(1, 1, "login", "ada"), "ada"),
        (said(2, 1, "login_failed", "root"), "ada"),
    ]),
    ("an event that names its user itself", &[
        (said(1, 1, "login", "ada"), "ada"),
        (Said { server: true, ..said(2, 1, "custom", "bob") }, "bob"),
        (view(3, 1), "ada"),
    ]),
    ("identify without a user says nothing", &[(said(1, 1, "identify", ""), ""), (view(2, 1), "")]),
    ("the page's numbers are right where its times are not", &[
        (numbered(1, 500, said(0, 1, "login", "ada")), "ada"),
        (numbered(2, 110, said(0, 1, "logout", "")), "ada"),
        (numbered(3, 900, view(0, 1)), ""),
    ]),
    ("without a cookie it is the page load that is linked", &[
        (on_page(1, view(0, 1)), "ada"),
        (on_page(1, said(1, 1, "login", "ada")), "ada"),
        (on_page(2, view(2, 1)), ""),
        (on_page(3, said(3, 1, "login", "bob")), "bob"),
        (on_page(1, view(4, 1)), "ada"),
    ]),
    ("unlinked: the visitor", &[
        (view(0, 1), ""),
        (said(1, 1, "login", "ada"), ""),
        (view(2, 1), ""),
        (unlink(3, &[V1]), ""),
        (view(4, 1), ""),
        (said(1, 2, "login", "ada"), "ada"),
    ]),
    ("unlinked: the user, on all devices", &[
        (said(1, 1, "login", "ada"), ""),
        (view(2, 1), ""),
        (said(1, 2, "identify", "ada"), ""),
        (view(2, 2), ""),
        (said(1, 3, "login", "bob"), "bob"),
        (unlink(3, &[ADA]), ""),
    ]),
    ("unlinked: one of two users of a device", &[
        (said(1, 1, "login", "ada"), ""),
        (view(2, 1), ""),
        (said(3, 1, "login", "bob"), "bob"),
        (view(4, 1), "bob"),
        (said(1, 2, "login", "ada"), "ada"),
        (unlink(5, &[V1, ADA]), ""),
    ]),
    ("unlinked, and linked anew without reaching back", &[
        (view(0, 1), ""),
        (said(1, 1, "login", "ada"), ""),
        (unlink(2, &[V1]), ""),
        (view(3, 1), ""),
        (said(4, 1, "login", "ada"), "ada"),
        (view(5, 1), "ada"),
    ]),
    ("unlinked in the middle ends the link before", &[
        (said(1, 1, "login", "ada"), "ada"),
        (said(2, 1, "login", "bob"), ""),
        (view(3, 1), ""),
        (said(4, 1, "login", "ada"), "ada"),
        (unlink(5, &[("user", "bob")]), ""),
    ]),
    ("a page cannot unlink", &[
        (said(1, 1, "login", "ada"), "ada"),
        (Said { server: false, ..unlink(2, &[V1]) }, ""),
        (view(3, 1), "ada"),
    ]),
    ("an unlink that names nobody takes nothing back", &[
        (said(1, 1, "login", "ada"), "ada"),
        (unlink(2, &[]), ""),
        (unlink(2, &[("visitor", "no id")]), ""),
        (view(3, 1), "ada"),
    ]),
];

async fn resolved(client: &Client, site: &str) -> Vec<String> {
    let sql = "SELECT resolved_user FROM user_events WHERE site = ? ORDER BY log_seq";
    client.query(sql).bind(site).fetch_all().await.unwrap()
}

#[tokio::test]
async fn each_event_belongs_to_whom_the_rule_says() {
    let (_server, client) = Server::migrated().await;
    for (site, (_, events)) in CASES.iter().enumerate() {
        let list: Vec<_> = events.iter().map(|(event, _)| *event).collect();
        keep(&client, &format!("site-{site}"), &list).await;
    }
    let mut wrong = Vec::new();
    for (site, (name, events)) in CASES.iter().enumerate() {
        let expected: Vec<_> = events.iter().map(|(_, user)| (*user).to_owned()).collect();
        let found = resolved(&client, &format!("site-{site}")).await;
        if found != expected {
            wrong.push(format!("{name}:\n  found    {found:?}\n  expected {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[derive(Debug, PartialEq, Row, Deserialize)]
struct Link {
    user_id: String,
    since: i64,
    until: i64,
    began_by: String,
    ended_by: String,
}

fn link(user: &str, since: i64, until: i64, began_by: &str, ended_by: &str) -> Link {
    Link {
        user_id: user.into(),
        since,
        until,
        began_by: began_by.into(),
        ended_by: ended_by.into(),
    }
}

#[tokio::test]
async fn a_link_says_from_when_until_when_and_why() {
    let (_server, client) = Server::migrated().await;
    let events = [
        said(1, 1, "identify", "ada"),
        said(2, 1, "login", "ada"),
        said(3, 1, "logout", "ada"),
        said(4, 1, "login", "bob"),
        said(5, 1, "login", "cleo"),
        said(6, 1, "login", "dan"),
        said(7, 1, "login", "eve"),
        unlink(8, &[("user", "dan")]),
    ];
    keep(&client, "shop", &events).await;
    let sql = "SELECT user_id, toUnixTimestamp64Milli(since) AS since, toUnixTimestamp64Milli(until) AS until, \
               began_by, ended_by FROM user_links ORDER BY began_at";
    let found: Vec<Link> = client.query(sql).fetch_all().await.unwrap();
    let minute = |n: i64| TEN + n * MINUTE;
    let expected = [
        link("ada", 0, minute(3), "identify", "logout"),
        link("bob", minute(4), minute(5), "login", "login"),
        link("cleo", minute(5), minute(6), "login", "unlink"),
        link("eve", minute(7), NEVER, "login", ""),
    ];
    assert_eq!(found, expected);
}
