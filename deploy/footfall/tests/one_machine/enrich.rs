//! `footfall enrich`: what an event would become, and why.

use std::process::Command;

fn enrich(folder: &std::path::Path, args: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_footfall"))
        .args(["enrich", "--data"])
        .arg(folder)
        .args(args)
        .env_clear()
        .output()
        .unwrap();
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), text)
}

#[test]
fn an_event_is_told_with_its_reasons_and_the_versions_of_the_data() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("enrich")).unwrap();
    let pages = "[[site]]\nkey = \"shop\"\npaths = [\"/brand/:brand\"]\n";
    std::fs::write(folder.path().join("enrich/pages.toml"), pages).unwrap();
    std::fs::write(
        folder.path().join("sites.toml"),
        "[[site]]\nkey = \"shop\"\nip = \"full\"\n",
    )
    .unwrap();
    let (good, text) = enrich(
        folder.path(),
        &[
            "--site",
            "shop",
            "--url",
            "https://shop.example/brand/acme?token=s3cr3t",
            "--referrer",
            "https://www.google.com/",
            "--ip",
            "203.0.113.77",
        ],
    );
    assert!(good, "{text}");
    for said in [
        "/brand/:brand",
        "by the pattern `/brand/:brand` in pages.toml",
        "organic_search",
        "by the referrer: Google",
        "rule 12 of 19",
        "203.0.113.77",
        "there is no database of places",
        "token=redacted",
        "taken out before the log",
        "pages=",
        "sources=",
    ] {
        assert!(text.contains(said), "{said} is not in:\n{text}");
    }
    assert!(!text.contains("s3cr3t"), "{text}");
}

#[test]
fn a_file_that_cannot_be_used_is_told_and_the_rest_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("enrich")).unwrap();
    std::fs::write(folder.path().join("enrich/city.mmdb"), "no database").unwrap();
    let (good, text) = enrich(folder.path(), &["--url", "https://shop.example/item/7"]);
    assert!(
        good && text.contains("city.mmdb: it is no database") && text.contains("/item/:id"),
        "{text}"
    );
    let (good, text) = enrich(folder.path(), &["--site", "nobody"]);
    assert!(!good && text.contains("there is no site `nobody`"), "{text}");
}
