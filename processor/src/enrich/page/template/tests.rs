//! Paths of real kinds of sites, and what must stay as it is.

use super::of;
use std::borrow::Cow;

#[test]
fn what_is_variable_is_named_by_what_it_is() {
    let cases = [
        ("/item/4711", "/item/:id"),
        ("/item/4711/", "/item/:id"),
        ("/item/4711/photos/2", "/item/:id/photos/:id"),
        ("/item/4711.html", "/item/:id.html"),
        ("/u/11111111-1111-4111-8111-111111111111", "/u/:id"),
        ("/commit/2e70c3e9a1b2c3d4", "/commit/:id"),
        ("/files/d41d8cd98f00b204e9800998ecf8427e.pdf", "/files/:id.pdf"),
        ("/o/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/o/:id"),
        ("/watch/dQw4w9WgXcQ", "/watch/:id"),
        (
            "/blog/2026/11/22/what-is-new",
            "/blog/:year/:month/:day/what-is-new",
        ),
        ("/blog/2026/11/what-is-new", "/blog/:year/:month/what-is-new"),
        ("/archive/2026-11-22", "/archive/:date"),
        ("/archive/2026-11-22.html", "/archive/:date.html"),
        ("/shoes/red-shoes-4711", "/shoes/:slug"),
        ("/shoes/4711-red-shoes", "/shoes/:slug"),
        ("/news/some-title-8f3a2b1c", "/news/:slug"),
        ("/news/Some_title_123456.html", "/news/:slug.html"),
        ("/u/ada@mail.example", "/u/:email"),
        ("/u/ada%40mail.example/x", "/u/:email/x"),
    ];
    for (path, expected) in cases {
        assert_eq!(of(path), expected, "{path}");
    }
    let long = format!("/x/{}", "word-".repeat(40));
    assert_eq!(of(&long), "/x/:text");
    assert_eq!(of(&"/1".repeat(1_000)), "/:id".repeat(32) + "/*");
}

#[test]
fn words_stay_and_are_not_copied() {
    for path in [
        "/",
        "",
        "/pricing",
        "/about/team",
        "/what-is-new",
        "/en-us/shoes",
        "/iphone-15-pro",
        "/iPhone15Pro",
        "/top-10",
        "/2026-review",
        "/h2o",
        "/windows11",
        "/deadbeef/cafebabe",
        "/v2/docs",
        "/@ada",
        "/schuhe/größe",
        "relative",
    ] {
        assert!(
            matches!(of(path), Cow::Borrowed(found) if found == path),
            "{path}: {}",
            of(path)
        );
    }
    assert_eq!(of("/pricing/"), "/pricing");
    assert_eq!(of("//"), "/");
}

proptest::proptest! {
    #[test]
    fn a_template_is_no_longer_than_its_path_allows(path in "(/([a-z0-9A-Z@%.~_-]|é){0,40}){0,40}|\\PC{0,60}") {
        let template = of(&path);
        // The longest name of a part has 6 letters, and a part has one at least.
        assert!(template.len() <= path.len() * 7 + 7);
        assert_eq!(of(&template), template, "{path}");
    }
}
