//! What is killed in the middle leaves nothing that looks whole; what is damaged, in the wrong place or of a newer release is
//! refused by name.

use super::{back_up, backup, left_over, restore, restored, walk};
use crate::harness::{Up, eventually, footfall, text};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const VIEW: &str = r#"{"site":"demo","type":"page_view"}"#;
/// So large that reading it takes a while; on the disk it takes nothing.
const LARGE: u64 = 1 << 30;

fn refused(output: &Output, why: &str) {
    let said = text(output);
    assert!(
        !output.status.success() && said.contains(why),
        "{why:?} is not in {said}"
    );
}

async fn with_events(data: &Path, count: usize) {
    let up = Up::start(data);
    for _ in 0..count {
        assert_eq!(up.post(VIEW).await.status, 200);
    }
    assert_eq!(up.stop(), Some(0));
}

/// Starts it and kills it (SIGKILL) as soon as that path is there.
fn killed_when(command: &mut Command, there: &Path) {
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    eventually("it is at work", || {
        assert!(child.try_wait().unwrap().is_none(), "it has ended by itself");
        there.exists().then_some(())
    });
    child.kill().unwrap();
    assert!(!child.wait().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_a_back_up_and_a_restore_leave_nothing_that_looks_whole_and_the_next_one_works()
{
    let folder = tempfile::tempdir().unwrap();
    let in_folder = |name: &str| folder.path().join(name);
    let (data, copy, fresh) = (in_folder("data"), in_folder("backup"), in_folder("fresh"));
    with_events(&data, 20).await;
    std::fs::write(data.join("zz-small"), "x").unwrap();
    let large = std::fs::File::create(data.join("zz-large")).unwrap();
    large.set_len(LARGE).unwrap();

    let up = Up::start(&data);
    let unfinished = in_folder(".backup.unfinished");
    let large_copy = unfinished.join("data/zz-large");
    killed_when(footfall(&data).arg("backup").arg(&copy), &large_copy);
    assert!(unfinished.exists() && !copy.exists());
    assert_eq!(left_over(&data).len(), 1, "the tables are still frozen");
    refused(
        &backup(&data, &["--list".as_ref(), folder.path()]),
        "no whole back-up",
    );
    refused(
        &restore(&unfinished, &fresh, &[]),
        "is no back-up, or not a whole one",
    );
    assert!(!fresh.exists());
    back_up(&data, &copy).await;
    assert!(!unfinished.exists());
    assert_eq!(left_over(&data), Vec::<String>::new());

    let restoring = in_folder(".fresh.unfinished");
    let large_copy = restoring.join("zz-large");
    killed_when(footfall(&fresh).arg("restore").arg(&copy), &large_copy);
    assert!(restoring.exists() && !fresh.exists());
    restored(&copy, &fresh, &[]);
    assert!(!restoring.exists());
    assert_eq!(std::fs::metadata(fresh.join("zz-large")).unwrap().len(), LARGE);
    drop(up);
    let up = Up::start(&fresh);
    up.says("SELECT count(), uniqExact(event_id) FROM events", "20\t20");
}

#[tokio::test(flavor = "multi_thread")]
async fn links_that_a_killed_back_up_has_left_go_with_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let (data, copy) = (folder.path().join("data"), folder.path().join("backup"));
    let up = Up::start(&data);
    up.post(VIEW).await;
    up.says("SELECT count() FROM events", "1");
    let large = std::fs::File::create(data.join("zz-large")).unwrap();
    large.set_len(LARGE).unwrap();
    let large_copy = folder.path().join(".backup.unfinished/data/zz-large");
    killed_when(footfall(&data).arg("backup").arg(&copy), &large_copy);
    assert_eq!(left_over(&data).len(), 1);
    assert_eq!(up.stop(), Some(0));
    let _up = Up::start(&data);
    eventually("the links are gone", || left_over(&data).is_empty().then_some(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_byte_that_changed_and_a_file_that_is_missing_are_named_and_nothing_is_restored() {
    let folder = tempfile::tempdir().unwrap();
    let in_folder = |name: &str| folder.path().join(name);
    let (data, copy, fresh) = (in_folder("data"), in_folder("backup"), in_folder("fresh"));
    with_events(&data, 3).await;
    back_up(&data, &copy).await;
    assert!(backup(&data, &["--verify".as_ref(), &copy]).status.success());
    let listed = text(&backup(&data, &["--list".as_ref(), folder.path()]));
    assert!(listed.contains(copy.to_str().unwrap()), "{listed}");

    let files: Vec<PathBuf> = walk(&copy.join("data")).into_iter().map(PathBuf::from).collect();
    let ending = |end: &str| files.iter().find(|path| path.ends_with(end)).unwrap();
    let table = files
        .iter()
        .find(|path| path.to_string_lossy().contains("/store/") && path.ends_with("data.bin"))
        .unwrap();
    for damaged in [
        table,
        ending("identity.key"),
        ending("processor"),
        ending("sites.toml"),
    ] {
        let whole = std::fs::read(damaged).unwrap();
        let mut bytes = whole.clone();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(damaged, bytes).unwrap();
        let name = damaged
            .strip_prefix(copy.join("data"))
            .unwrap()
            .display()
            .to_string();
        refused(
            &backup(&data, &["--verify".as_ref(), &copy]),
            &format!("{name} has changed"),
        );
        refused(&restore(&copy, &fresh, &[]), &format!("{name} has changed"));
        std::fs::remove_file(damaged).unwrap();
        refused(&restore(&copy, &fresh, &[]), &format!("{name} is missing"));
        std::fs::write(damaged, whole).unwrap();
    }
    let manifest = copy.join("manifest.json");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, text.replacen("identity.key", "identity.kez", 1)).unwrap();
    refused(&restore(&copy, &fresh, &[]), "manifest.json is damaged");
    std::fs::write(&manifest, text).unwrap();
    assert!(!fresh.exists() && !in_folder(".fresh.unfinished").exists());
    restored(&copy, &fresh, &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_written_over_and_nothing_into_the_data_folder() {
    let folder = tempfile::tempdir().unwrap();
    let in_folder = |name: &str| folder.path().join(name);
    let (data, copy) = (in_folder("data"), in_folder("backup"));
    with_events(&data, 1).await;
    refused(&backup(&data, &[&data.join("backup")]), "lies in the data folder");
    refused(&backup(&data, &[&data]), "lies in the data folder");
    refused(
        &backup(&data, &[&in_folder("no/such")]),
        "make it, or mount its disk",
    );
    std::fs::create_dir(&copy).unwrap();
    std::fs::write(copy.join("somebody's"), "").unwrap();
    refused(&backup(&data, &[&copy]), "is not empty");
    std::fs::remove_file(copy.join("somebody's")).unwrap();
    back_up(&data, &copy).await;
    refused(&backup(&data, &[&copy]), "is not empty");
    refused(&restore(&copy, &data, &[]), "is not empty");
    refused(
        &backup(&in_folder("nobody"), &[&in_folder("b")]),
        "cannot be read",
    );
    std::fs::create_dir(in_folder("nothing")).unwrap();
    refused(
        &backup(&in_folder("nothing"), &[&in_folder("b")]),
        "has no log, or no tables",
    );
    refused(
        &footfall(&data)
            .args(["backup", "--set", "local_log.folder=/tmp"])
            .arg(in_folder("b"))
            .output()
            .unwrap(),
        "outside of the data folder",
    );
    assert!(!in_folder("b").exists());
    let up = Up::start(&data);
    let log = data.join("log");
    let output = restore(&copy, &in_folder("fresh"), &["--log", log.to_str().unwrap()]);
    refused(&output, "somebody is writing the log");
    assert!(!in_folder("fresh").exists());
    drop(up);
}
