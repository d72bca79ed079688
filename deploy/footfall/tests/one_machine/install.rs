//! `footfall install` looks at pages, each with one fault, and names it with its remedy.

use crate::harness::{Up, eventually, footfall, text};
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use footfall_tls::{Authority, Proxy};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use tokio::task::JoinSet;

/// What is in front of ingest, and what stands on the pages. `{ingest}` and `{pages}` become addresses.
const TAG: &str = r#"<script defer src="{ingest}/beacon.js" data-site="shop"></script>"#;

/// A page: its path, what it answers, what is said of it. No problem: all is well.
struct Case {
    path: &'static str,
    policy: &'static str,
    html: String,
    args: &'static [&'static str],
    problems: &'static [&'static str],
    says: &'static [&'static str],
}

fn case(path: &'static str, html: impl Into<String>, problems: &'static [&'static str]) -> Case {
    Case {
        path,
        policy: "",
        html: html.into(),
        args: &[],
        problems,
        says: &[],
    }
}

fn with_policy(path: &'static str, policy: &'static str, problems: &'static [&'static str]) -> Case {
    Case {
        policy,
        ..case(path, TAG, problems)
    }
}

fn cases() -> Vec<Case> {
    vec![
        Case {
            args: &["--site", "shop"],
            says: &[
                "the page is there",
                "the tag is there",
                "the script is served",
                "knows the site `shop`",
                "may read the answer (CORS)",
                "ingest is ready",
                "no Content-Security-Policy",
                "no problem",
            ],
            ..case("/good", TAG, &[])
        },
        case("/async", TAG.replace("defer", "async"), &[]),
        Case {
            says: &["neither `defer` nor `async`"],
            ..case("/waits", TAG.replace("defer ", ""), &[])
        },
        Case {
            says: &["there are 2 tags"],
            ..case("/two", TAG.repeat(2), &[])
        },
        case("/none", "<p>nothing here", &["no tag of the beacon"]),
        Case {
            says: &["Google Tag Manager", "names `footfall`"],
            ..case(
                "/managed",
                "<script>footfall; 'https://www.googletagmanager.com/gtm.js?id='</script>",
                &["no tag of the beacon"],
            )
        },
        case("/comment", format!("<!-- {TAG} -->"), &["commented out"]),
        case(
            "/noscript",
            format!("<noscript>{TAG}</noscript>"),
            &["inside <noscript>"],
        ),
        case(
            "/no-site",
            TAG.replace("data-site", "data-x"),
            &["no `data-site`"],
        ),
        Case {
            says: &["footfall site add other --origin http://127.0.0.1:"],
            ..case("/other", TAG.replace("shop", "other"), &["knows no site `other`"])
        },
        Case {
            args: &["--site", "blog"],
            ..case("/mistaken", TAG, &["of the site `shop`, not of `blog`"])
        },
        case(
            "/module",
            TAG.replace("defer", "type=module"),
            &["type=\"module\""],
        ),
        Case {
            says: &["consent banner"],
            ..case("/held", TAG.replace("defer", "defer type=text/plain"), &[])
        },
        case(
            "/domains",
            TAG.replace("defer", "defer data-domains=shop.example"),
            &["`data-domains` does not have 127.0.0.1"],
        ),
        with_policy(
            "/allowed",
            "default-src 'none'; script-src http:; connect-src http:",
            &[],
        ),
        with_policy(
            "/script-src",
            "script-src 'self'; connect-src *",
            &["script-src) forbids the script"],
        ),
        with_policy(
            "/connect-src",
            "script-src *; connect-src 'self'",
            &["connect-src) forbids to send"],
        ),
        with_policy(
            "/neither",
            "default-src 'self'",
            &["default-src) forbids the script", "default-src) forbids to send"],
        ),
        case(
            "/meta",
            format!(r#"<meta http-equiv=Content-Security-Policy content="connect-src 'none'">{TAG}"#),
            &["(meta element, connect-src) forbids to send"],
        ),
        case(
            "/lost",
            TAG.replace("beacon.js", "gone/beacon.js"),
            &["gone/beacon.js answers 404"],
        ),
        case(
            "/text",
            TAG.replace("{ingest}", "{pages}"),
            &["is served as `text/html`", "is not the beacon"],
        ),
        case(
            "/down",
            TAG.replace("{ingest}", "http://127.0.0.1:9"),
            &["the script cannot be loaded"],
        ),
        case(
            "/proxied",
            TAG.replace("defer", "defer data-host={other}/stripped/"),
            &["(CORS)", "ingest is not ready: 503"],
        ),
        case("/status", "", &["the page answers 404"]),
        case("/json", "", &["the page is application/json"]),
        Case {
            says: &["leads there"],
            ..case("/moved", "", &[])
        },
    ]
}

/// Plays all pages, and a proxy that keeps the headers of ingest to itself.
async fn play(State(pages): State<std::sync::Arc<Vec<(String, String, String)>>>, uri: Uri) -> Response {
    match uri.path() {
        "/status" => StatusCode::NOT_FOUND.into_response(),
        "/json" => ([("content-type", "application/json")], "{}").into_response(),
        "/moved" => (StatusCode::FOUND, [("location", "/good")]).into_response(),
        "/ready" => (StatusCode::SERVICE_UNAVAILABLE, "{\"ready\":false}").into_response(),
        "/stripped/v1/events" => {
            let answer = r#"{"accepted":0,"rejected":[{"index":0,"reason":"unknown_type"}]}"#;
            (StatusCode::BAD_REQUEST, answer).into_response()
        }
        path => {
            let page = pages.iter().find(|(known, ..)| known == path);
            let (policy, html) = page.map_or(("", "no page"), |(_, policy, html)| (policy, html));
            let mut answer =
                ([("content-type", "text/html; charset=utf-8")], html.to_owned()).into_response();
            if !policy.is_empty() {
                let policy = policy.parse().unwrap();
                answer.headers_mut().insert("content-security-policy", policy);
            }
            answer
        }
    }
}

/// Serves until it is dropped.
fn serve(cases: &[Case], ingest: &str, listener: TcpListener) -> JoinSet<std::io::Result<()>> {
    let at = listener.local_addr().unwrap();
    let filled = |text: &str| {
        text.replace("{ingest}", ingest)
            .replace("{pages}", &format!("http://{at}"))
            .replace("{other}", &format!("http://localhost:{}", at.port()))
    };
    let pages = cases
        .iter()
        .map(|case| (case.path.to_owned(), case.policy.to_owned(), filled(&case.html)))
        .collect();
    let router = Router::new()
        .fallback(play)
        .with_state(std::sync::Arc::new(pages));
    listener.set_nonblocking(true).unwrap();
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    [async move { axum::serve(listener, router).await }]
        .into_iter()
        .collect()
}

fn start(folder: &Path, origin: &str) -> Up {
    let data = folder.join("data");
    let added = footfall(&data)
        .args(["site", "add", "shop", "--origin", origin])
        .output()
        .unwrap();
    assert!(added.status.success(), "{}", text(&added));
    Up::start(&data)
}

/// What it says, and whether it found no problem.
async fn install(data: &Path, args: &[&str], env: &[(&str, &Path)]) -> (String, bool) {
    let mut command = footfall(data);
    command
        .arg("install")
        .args(args)
        .env("NO_COLOR", "1")
        .envs(env.iter().copied());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await;
    let output = output.unwrap();
    (text(&output), output.status.success())
}

#[tokio::test]
async fn each_fault_of_a_page_is_named_with_its_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let pages = format!("http://{}", listener.local_addr().unwrap());
    let up = start(folder.path(), &pages);
    let cases = cases();
    let _served = serve(&cases, &up.run.public, listener);
    let mut wrong = Vec::new();
    for case in &cases {
        let url = format!("{pages}{}", case.path);
        let args = [&[url.as_str()], case.args].concat();
        let (said, well) = install(&up.data, &args, &[]).await;
        let lines: Vec<_> = said.lines().filter(|line| line.starts_with("PROBLEM")).collect();
        let named = lines.len() == case.problems.len()
            && lines
                .iter()
                .zip(case.problems)
                .all(|(line, part)| line.contains(part));
        let remedies = said.matches("remedy:").count() == lines.len();
        let told = case.says.iter().all(|part| said.contains(part));
        if !(named && remedies && told && well == case.problems.is_empty()) {
            wrong.push(format!("{}: {:?}\n{said}", case.path, case.problems));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(
        up.query("SELECT count() FROM events"),
        "0",
        "looking makes no event"
    );
}

#[tokio::test]
async fn a_page_of_another_origin_is_told_how_to_be_let_in() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let up = start(folder.path(), "https://shop.example");
    let _served = serve(&[case("/", TAG, &[])], &up.run.public, listener);
    let (said, well) = install(&up.data, &[&format!("http://{at}/")], &[]).await;
    assert!(
        !well && said.contains(&format!("takes no events of http://{at}")),
        "{said}"
    );
    assert!(
        said.contains(&format!("add \"http://{at}\" to `origins`")),
        "{said}"
    );
    let sites = up.data.join("sites.toml");
    let mended = std::fs::read_to_string(&sites).unwrap();
    std::fs::write(
        &sites,
        mended.replace("\"https://shop.example\"]", &format!("\"http://{at}\"]")),
    )
    .unwrap();
    let runtime = tokio::runtime::Handle::current();
    let data = up.data.clone();
    let look = move || {
        eventually("the page is let in", || {
            let (_, well) = runtime.block_on(install(&data, &[&format!("http://{at}/")], &[]));
            well.then_some(())
        });
    };
    tokio::task::spawn_blocking(look).await.unwrap();
}

#[tokio::test]
async fn a_page_over_https_cannot_load_a_script_over_http() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target: SocketAddr = listener.local_addr().unwrap();
    let ours = Authority::new("ours").unwrap();
    let ca = ours.write(folder.path(), "ca.pem").unwrap();
    let proxy = Proxy::start(target, &ours.sign("127.0.0.1").unwrap(), None).unwrap();
    let page = format!("https://{}/", proxy.address);
    let up = start(folder.path(), page.trim_end_matches('/'));
    let _served = serve(&[case("/", TAG, &[])], &up.run.public, listener);
    let (said, well) = install(&up.data, &[&page], &[("SSL_CERT_FILE", &ca)]).await;
    assert!(
        !well && said.contains("the page is https and the script is http"),
        "{said}"
    );
    assert!(said.contains("knows the site `shop`"), "{said}");
    let (said, well) = install(&up.data, &[&page], &[]).await;
    assert!(!well && said.contains("the page cannot be reached"), "{said}");
}
