//! `footfall demo`: a month by the front door, once.

use crate::harness::{Up, text};

#[test]
fn a_month_is_filled_once_however_often_it_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let up = Up::start_with(&folder.path().join("data"), |command| {
        command.args(["--set", "enrich.fetch=false"]);
    });
    let fill = || {
        let output = up.cli(&["demo", "--days", "3", "--visits", "60"]);
        assert!(output.status.success(), "{}", text(&output));
        assert!(text(&output).contains("events accepted in"), "{}", text(&output));
        assert!(
            text(&output).contains("all in the tables after"),
            "{}",
            text(&output)
        );
    };
    fill();
    let once = "SELECT count() > 300, count() = uniqExact(event_id), min(time) > now() - INTERVAL 3 DAY - INTERVAL 5 MINUTE, \
                max(time) <= now(), countIf(late) = 0, countIf(has(flags, 'server')) = count() FROM events";
    up.says(once, "1\t1\t1\t1\t1\t1");
    fill();
    up.says(
        "SELECT sum(numbers) > 300 FROM ledger_reasons WHERE reason = 'duplicate'",
        "1",
    );
    up.says(once, "1\t1\t1\t1\t1\t1");
    up.says(
        "SELECT uniq(channel) > 4, countIf(bot_score >= 50) > 0, countIf(name = 'purchase') < countIf(name = 'add_to_cart') FROM events",
        "1\t1\t1",
    );
}

#[test]
fn without_a_server_key_or_with_too_many_days_it_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let up = Up::start(&folder.path().join("data"));
    let output = up.cli(&["demo", "--site", "another"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output).contains("a server key of the site `another` is needed"),
        "{}",
        text(&output)
    );
    let output = up.cli(&["demo", "--days", "40"]);
    assert!(text(&output).contains("write 1 to 29"), "{}", text(&output));
}
