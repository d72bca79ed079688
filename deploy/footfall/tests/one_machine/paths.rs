//! `footfall paths`: templates are learned from the table, and count for the next event.

use crate::harness::{Up, eventually, text};

#[test]
fn where_many_words_stand_is_found_named_and_in_force_for_the_next_event() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let up = Up::start_with(&data, |command| {
        command.args(["--set", "enrich.fetch=false"]);
    });
    let words = ["ash", "birch", "cedar", "elm", "fir", "hazel", "larch"];
    let finishes = ["raw", "oiled", "waxed"];
    let view = |page: &str| {
        let output = up.cli(&["send", "--page", page, "--wait", "15s"]);
        assert!(output.status.success(), "{}", text(&output));
    };
    for word in words {
        for finish in finishes {
            view(&format!("https://shop.example/wood/{word}-{finish}/boards"));
        }
    }
    let shown = up.cli(&["paths"]);
    assert!(text(&shown).contains("/wood/:part"), "{}", text(&shown));
    assert!(text(&shown).contains("21 words"), "{}", text(&shown));
    assert!(
        !data.join("enrich/pages.learned.toml").exists(),
        "nothing was asked to be written"
    );

    let written = up.cli(&["paths", "--write"]);
    assert!(text(&written).contains("1 new in"), "{}", text(&written));
    let again = up.cli(&["paths", "--write"]);
    assert!(text(&again).contains("0 new in"), "{}", text(&again));
    eventually("it is in force", || {
        view("https://shop.example/wood/oak/boards");
        let templates = up.query("SELECT DISTINCT path_template FROM events WHERE path = '/wood/oak/boards' AND enrich_data LIKE '%pages=%'");
        (templates == "/wood/:part/boards").then_some(())
    });
    let why = up.cli(&["enrich", "--url", "https://shop.example/wood/oak/boards"]);
    assert!(
        text(&why).contains("learned: `/wood/:part` in pages.learned.toml"),
        "{}",
        text(&why)
    );
}
