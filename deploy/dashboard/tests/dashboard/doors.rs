//! Passwords, tokens and shared links: who gets in, what they see, and that they are out again at once.

use crate::harness::{Answer, Stage, settings};
use footfall_dashboard::{Dashboard, Doors, NewLink, NewToken};
use std::net::SocketAddr;

const REPORT: &str = "/api/reports/pages?site=shop&since=2026-11-20&until=2026-11-21";
const OTHER: &str = "/api/reports/pages?site=other&since=2026-11-20&until=2026-11-21";

#[expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]
fn cookie(answer: &Answer) -> String {
    let header = answer.headers["set-cookie"].to_str().unwrap();
    assert!(
        header.contains("HttpOnly") && header.contains("SameSite=Lax"),
        "{header}"
    );
    header.split(';').next().unwrap().to_owned()
}

async fn login(stage: &Stage, secret: &str) -> Answer {
    stage
        .change("POST", "/api/login", &[], &format!("{{\"secret\":\"{secret}\"}}"))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_shuts_the_door() {
    let stage = Stage::start(Some("correct horse"), |_| ()).await;
    for target in [
        REPORT,
        "/api/sites",
        "/api/reports",
        "/api/openapi.json",
        "/api/saved",
        "/api/tokens",
        "/api/links",
    ] {
        assert_eq!(stage.get(target).await.status, 401, "{target}");
    }
    assert_eq!(stage.get("/").await.status, 200, "the page asks for the password");
    assert_eq!(login(&stage, "wrong").await.status, 401);
    let cookie = cookie(&login(&stage, "correct horse").await);
    let answer = stage.send("GET", REPORT, &[("cookie", &cookie)], "").await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    let forged = cookie.replace(".p.", ".t.");
    assert_eq!(
        stage.send("GET", REPORT, &[("cookie", &forged)], "").await.status,
        401
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_shows_its_sites_and_nothing_else() {
    let stage = Stage::start(Some("correct horse"), |_| ()).await;
    let password = cookie(&login(&stage, "correct horse").await);
    let owner = [("cookie", password.as_str())];
    let made = stage
        .change(
            "POST",
            "/api/tokens",
            &owner,
            r#"{"name":"Anna","sites":["shop"]}"#,
        )
        .await;
    assert_eq!(made.status, 201, "{:?}", made.body);
    let told = made.json();
    let bearer = format!("Bearer {}", told["secret"].as_str().unwrap());
    let anna = [("authorization", bearer.as_str())];

    assert_eq!(
        stage.send("GET", REPORT, &anna, "").await.column("page"),
        ["/it's"]
    );
    let refused = stage.send("GET", OTHER, &anna, "").await;
    assert_eq!(refused.status, 403);
    assert!(!String::from_utf8_lossy(&refused.body).contains("/secret"));
    let sites = stage.send("GET", "/api/sites", &anna, "").await.json();
    assert_eq!(sites["sites"].as_array().unwrap().len(), 1, "{sites}");
    assert_eq!(
        stage
            .change("POST", "/api/tokens", &anna, r#"{"name":"more"}"#)
            .await
            .status,
        403
    );
    assert_eq!(stage.send("GET", "/api/tokens", &anna, "").await.status, 403);

    // The owner sees both; the list has no secrets.
    assert_eq!(
        stage.send("GET", OTHER, &owner, "").await.column("page"),
        ["/secret"]
    );
    let list = stage.send("GET", "/api/tokens", &owner, "").await.json();
    assert!(
        list[0].get("secret").is_none() && list[0].get("digest").is_none(),
        "{list}"
    );

    let session = cookie(&login(&stage, told["secret"].as_str().unwrap()).await);
    assert_eq!(
        stage
            .send("GET", REPORT, &[("cookie", &session)], "")
            .await
            .status,
        200
    );
    let gone = stage
        .change(
            "DELETE",
            &format!("/api/tokens/{}", told["id"].as_str().unwrap()),
            &owner,
            "{}",
        )
        .await;
    assert_eq!(gone.status, 200);
    assert_eq!(stage.send("GET", REPORT, &anna, "").await.status, 401);
    assert_eq!(
        stage
            .send("GET", REPORT, &[("cookie", &session)], "")
            .await
            .status,
        401,
        "its sessions end with it"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sees_some_sites_sees_nothing_of_whole_logs() {
    let stage = Stage::start(Some("correct horse"), |_| ()).await;
    let password = cookie(&login(&stage, "correct horse").await);
    let doors = Doors::open(&stage.folder.path().join("dashboard.toml")).unwrap();
    let made = doors.add_token(NewToken {
        name: "Anna".to_owned(),
        sites: Some(vec!["shop".to_owned()]),
    });
    let bearer = format!("Bearer {}", made.unwrap().secret.unwrap());
    let (owner, anna) = (
        [("cookie", password.as_str())],
        [("authorization", bearer.as_str())],
    );
    let (books, complete) = (
        "/api/reports/books?site=shop",
        "/api/reports/complete_up_to?site=shop",
    );
    let names = |list: &serde_json::Value| -> Vec<String> {
        let reports = list["reports"].as_array().unwrap().iter();
        reports
            .map(|report| report["name"].as_str().unwrap().to_owned())
            .collect()
    };

    assert_eq!(
        stage
            .send("GET", books, &owner, "")
            .await
            .column("acknowledged")
            .len(),
        9
    );
    let all = names(&stage.send("GET", "/api/reports", &owner, "").await.json());
    let refused = stage.send("GET", books, &anna, "").await;
    assert_eq!(refused.status, 403);
    assert!(String::from_utf8_lossy(&refused.body).contains("all sites together"));
    let offered = names(&stage.send("GET", "/api/reports", &anna, "").await.json());
    assert_eq!(offered.len(), all.len() - 1);
    assert!(!offered.contains(&"books".to_owned()));

    let whole = stage.send("GET", complete, &owner, "").await.json();
    assert_eq!(whole["columns"].as_array().unwrap().len(), 3);
    let own = stage.send("GET", complete, &anna, "").await.json();
    assert_eq!(
        own["columns"].as_array().unwrap().len(),
        1,
        "a time, and no counts: {own}"
    );
    let counts = format!("{complete}&columns=complete_up_to,waiting");
    assert_eq!(stage.send("GET", &counts, &owner, "").await.status, 200);
    assert_eq!(stage.send("GET", &counts, &anna, "").await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_changed_by_hand_is_noticed_at_once() {
    let stage = Stage::start(Some("correct horse"), |_| ()).await;
    let doors = Doors::open(&stage.folder.path().join("dashboard.toml")).unwrap();
    let token = doors.add_token(NewToken {
        name: "Anna".to_owned(),
        sites: None,
    });
    let token = token.unwrap();
    let bearer = format!("Bearer {}", token.secret.as_deref().unwrap());
    let anna = [("authorization", bearer.as_str())];
    assert_eq!(stage.send("GET", REPORT, &anna, "").await.status, 200);
    let link = doors.add_link(NewLink {
        name: "For the board".to_owned(),
        site: "shop".to_owned(),
        view: "?view=pages".to_owned(),
        lasts_s: Some(3600),
    });
    let link = link.unwrap();
    let share = format!("/share/{}", link.secret.as_deref().unwrap());
    assert_eq!(stage.get(&share).await.status, 303);
    // And the other way round.
    let password = cookie(&login(&stage, "correct horse").await);
    let made = stage
        .change(
            "POST",
            "/api/tokens",
            &[("cookie", &password)],
            r#"{"name":"Bob"}"#,
        )
        .await;
    assert_eq!(made.status, 201);
    let names: Vec<_> = doors.tokens().into_iter().map(|token| token.name).collect();
    assert_eq!(names, ["Anna", "Bob"]);
    doors.remove_token(&token.id).unwrap();
    doors.remove_link(&link.id).unwrap();
    assert_eq!(stage.send("GET", REPORT, &anna, "").await.status, 401);
    assert_eq!(stage.get(&share).await.status, 404);
    assert!(doors.remove_link(&link.id).is_err(), "it is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_link_shows_one_site_until_it_is_revoked() {
    let stage = Stage::start(Some("correct horse"), |_| ()).await;
    let password = cookie(&login(&stage, "correct horse").await);
    let owner = [("cookie", password.as_str())];
    let made = stage
        .change(
            "POST",
            "/api/links",
            &owner,
            r#"{"name":"For the board","site":"shop","view":"?view=pages&site=shop"}"#,
        )
        .await;
    assert_eq!(made.status, 201, "{:?}", made.body);
    let told = made.json();
    let followed = stage
        .get(&format!("/share/{}", told["secret"].as_str().unwrap()))
        .await;
    assert_eq!(followed.status, 303);
    assert_eq!(followed.headers["location"], "/?view=pages&site=shop");
    let guest = cookie(&followed);
    assert_eq!(
        stage.send("GET", REPORT, &[("cookie", &guest)], "").await.status,
        200
    );
    assert_eq!(
        stage.send("GET", OTHER, &[("cookie", &guest)], "").await.status,
        403
    );
    assert_eq!(
        stage
            .change(
                "POST",
                "/api/links",
                &[("cookie", &guest)],
                r#"{"name":"x","site":"shop"}"#
            )
            .await
            .status,
        403
    );
    let revoked = stage
        .change(
            "DELETE",
            &format!("/api/links/{}", told["id"].as_str().unwrap()),
            &owner,
            "{}",
        )
        .await;
    assert_eq!(revoked.status, 200);
    assert_eq!(
        stage.send("GET", REPORT, &[("cookie", &guest)], "").await.status,
        401
    );
    assert_eq!(
        stage
            .get(&format!("/share/{}", told["secret"].as_str().unwrap()))
            .await
            .status,
        404
    );

    // Whatever leads away from here is not a view.
    for view in [
        "//evil.example",
        "https://evil.example",
        "/api",
        "?a\\nb: c",
        "?ü",
    ] {
        let body = format!("{{\"name\":\"x\",\"site\":\"shop\",\"view\":\"{view}\"}}");
        assert_eq!(
            stage.change("POST", "/api/links", &owner, &body).await.status,
            400,
            "{view}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_guesses_has_to_wait() {
    let stage = Stage::start(Some("correct horse"), |_| ()).await;
    for round in 0.. {
        let mut guesses = 0;
        let waits = loop {
            match login(&stage, &format!("guess {guesses}")).await.status {
                401 => guesses += 1,
                status => break status,
            }
            assert!(guesses < 12, "nobody has to wait");
        };
        assert_eq!((waits, guesses.max(5)), (429, guesses), "people mistype");
        let right = login(&stage, "correct horse").await;
        if right.status == 429 {
            assert!(right.headers.contains_key("retry-after"));
            return;
        }
        // The first wait is a second, which a busy machine may have let pass.
        assert!(round < 5, "also who is right has to wait, or the wait would tell");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn segments_are_kept() {
    let stage = Stage::start(None, |_| ()).await;
    let saved =
        r#"{"kind":"segment","site":"shop","name":"Germans","filters":{"country":["DE"],"!path":["/it's"]}}"#;
    assert_eq!(stage.change("POST", "/api/saved", &[], saved).await.status, 201);
    let list = stage.get("/api/saved").await.json();
    assert_eq!(
        (&list[0]["name"], &list[0]["filters"]["country"][0]),
        (&"Germans".into(), &"DE".into())
    );
    let file = std::fs::read_to_string(stage.folder.path().join("dashboard.toml")).unwrap();
    assert!(file.contains("Germans"), "{file}");
    assert_eq!(
        stage
            .change(
                "POST",
                "/api/saved",
                &[],
                r#"{"kind":"funnel","site":"shop","name":"x","steps":["page:/"],"window_s":60}"#
            )
            .await
            .status,
        400
    );
    let id = list[0]["id"].as_str().unwrap();
    assert_eq!(
        stage
            .change("DELETE", &format!("/api/saved/{id}"), &[], "{}")
            .await
            .status,
        200
    );
    assert_eq!(
        stage
            .change("DELETE", &format!("/api/saved/{id}"), &[], "{}")
            .await
            .status,
        404
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_shown_to_the_world_without_a_password() {
    let folder = tempfile::tempdir().unwrap();
    let world: SocketAddr = "0.0.0.0:8003".parse().unwrap();
    let loopback: SocketAddr = "127.0.0.1:8003".parse().unwrap();
    let open = |password: Option<&str>, hosts: &[&str], address| {
        let (_, mut config) = settings(folder.path().join("dashboard.toml"), password);
        config.hosts = hosts.iter().map(ToString::to_string).collect();
        Dashboard::open(config, address).map(drop)
    };
    let refused = open(None, &[], world).unwrap_err();
    assert!(
        refused.to_string().contains("without a password") && refused.remedy().contains("dashboard.password")
    );
    assert!(
        open(None, &["stats.example"], loopback).is_err(),
        "a proxy with a name of the world's stands in front"
    );
    assert!(open(None, &[], loopback).is_ok());
    assert!(open(Some("secret"), &[], world).is_ok());
}
