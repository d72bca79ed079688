//! The sites file is read again when it changes; a broken one changes nothing.

use crate::http::Request;
use crate::server::{eventually, setup};
use footfall_ingest::{IngestError, Listeners, run};
use tokio::net::TcpListener;

const ONE: &str = "[[site]]\nkey = \"one\"\n";
const TWO: &str = "[[site]]\nkey = \"two\"\norigins = [\"https://two.example\"]\n";

#[tokio::test]
async fn a_changed_file_takes_effect_without_a_restart() {
    let setup = setup().sites_file(ONE);
    let path = setup.path("sites.toml");
    let server = setup.start().await;
    let status = async |site: &str| {
        server
            .post(format!(r#"{{"site":"{site}","type":"click"}}"#))
            .await
            .status
    };
    assert_eq!((status("one").await, status("two").await), (200, 403));
    std::fs::write(&path, format!("{ONE}{TWO}")).unwrap();
    eventually("the new site is there", async || status("two").await == 200).await;
    let from_two = Request::post(r#"{"site":"two","type":"click"}"#).with("origin", "https://two.example");
    assert_eq!(server.send(&from_two).await.status, 200);

    std::fs::write(&path, "[[site]]\nkey = \"three\"\norigin = 5\n").unwrap();
    eventually("the broken file is noticed", async || {
        server.metric("footfall_ingest_sites_broken_total").await == 1.0
    })
    .await;
    assert_eq!(
        (status("one").await, status("two").await, status("three").await),
        (200, 200, 403)
    );

    std::fs::remove_file(&path).unwrap();
    eventually("the missing file is noticed", async || {
        server.metric("footfall_ingest_sites_broken_total").await == 2.0
    })
    .await;
    assert_eq!(status("one").await, 200);

    std::fs::write(&path, TWO).unwrap();
    eventually("a site that was taken out is gone", async || {
        status("one").await == 403
    })
    .await;
    assert_eq!(server.metric("footfall_ingest_sites_reloaded_total").await, 2.0);
}

#[tokio::test]
async fn it_does_not_start_with_a_broken_file_or_without_any_site() {
    for text in ["[[site]]\nkye = \"a\"\n", ""] {
        let setup = setup().sites_file(text);
        let (log, _) = footfall_log::Log::open(setup.log.clone()).unwrap();
        let listeners = Listeners {
            public: TcpListener::bind("127.0.0.1:0").await.unwrap(),
            tls: None,
            admin: None,
        };
        let started = run(
            setup.config.clone(),
            listeners,
            log,
            tokio_util::sync::CancellationToken::new(),
        )
        .await;
        assert!(matches!(started, Err(IngestError::Sites(_))), "{started:?}");
    }
}
