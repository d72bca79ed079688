//! Every way to set something: precedence, unknown names, secrets, the generated reference.

use crate::harness::{footfall, text};
use footfall::config::settings::{self, GROUPS};
use footfall::config::{Loaded, Origin, Sources, load, reference};
use std::path::PathBuf;

fn with(env: &[(&str, &str)], file: Option<&str>) -> (tempfile::TempDir, Loaded) {
    let folder = tempfile::tempdir().unwrap();
    let mut sources = Sources {
        flags: vec![("data.folder".into(), folder.path().display().to_string())],
        env: env
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        file: None,
    };
    if let Some(text) = file {
        let path = folder.path().join("footfall.toml");
        std::fs::write(&path, text).unwrap();
        sources.file = Some(path);
    }
    let loaded = load(&sources);
    (folder, loaded)
}

fn said(loaded: &Loaded) -> String {
    loaded
        .problems
        .iter()
        .map(|problem| format!("{problem}\n"))
        .collect()
}

#[test]
fn the_reference_in_docs_is_the_generated_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
    let text = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        text == reference::markdown(),
        "docs/configuration.md is stale: cargo run -- config --reference > docs/configuration.md"
    );
}

#[test]
fn the_data_dictionary_in_docs_is_the_generated_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/data-dictionary.md");
    let text = std::fs::read_to_string(path).unwrap();
    assert!(
        text == footfall::dictionary::markdown(),
        "docs/data-dictionary.md is stale: cargo run -- config --dictionary > docs/data-dictionary.md"
    );
}

#[cfg(feature = "kafka")]
#[test]
fn the_page_of_metrics_in_docs_is_the_generated_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/metrics.md");
    let text = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        text == footfall::metrics::reference::markdown(),
        "docs/metrics.md is stale: cargo run --features kafka -- config --metrics > docs/metrics.md"
    );
}

#[test]
fn every_default_is_a_value_and_every_setting_is_described() {
    let (_folder, loaded) = with(&[], None);
    assert_eq!(said(&loaded), "");
    for setting in settings::all() {
        assert!(setting.doc.trim().len() > 20, "{}", setting.key);
    }
    assert_eq!(
        loaded.config.show().len(),
        GROUPS.iter().map(|group| group.settings.len()).sum::<usize>()
    );
}

#[test]
fn a_flag_wins_over_the_environment_and_that_over_the_file() {
    let file = "[log]\nlevel = \"error\"\nformat = \"json\"\nkeep_files = 3\n";
    let (folder, loaded) = with(
        &[("FOOTFALL_LOG_LEVEL", "warn"), ("FOOTFALL_LOG_FORMAT", "pretty")],
        Some(file),
    );
    let shown: std::collections::HashMap<_, _> = loaded.config.show().into_iter().collect();
    assert_eq!(
        (shown["log.level"].as_str(), shown["log.format"].as_str()),
        ("warn", "pretty")
    );
    assert_eq!(loaded.config.log.keep_files, 3);
    assert_eq!(loaded.origins["log.keep_files"], Origin::File(4));
    assert_eq!(
        loaded.origins["log.level"],
        Origin::Env("FOOTFALL_LOG_LEVEL".into())
    );
    let sources = Sources {
        flags: vec![
            ("data.folder".into(), folder.path().display().to_string()),
            ("log.level".into(), "debug".into()),
        ],
        env: [("FOOTFALL_LOG_LEVEL".to_owned(), "warn".to_owned())].into(),
        file: None,
    };
    let loaded = load(&sources);
    assert_eq!(loaded.config.log.level, "debug");
    assert_eq!(loaded.origins["log.level"], Origin::Flag);
    assert!(
        loaded.file.is_some(),
        "the file in the data folder is found by itself"
    );
}

#[test]
fn an_unknown_name_is_an_error_with_what_was_probably_meant() {
    let file = "[ingest]\nlisten = \"127.0.0.1:1\"\nlisten_admin = \"x\"\n[lgo]\nlevel = \"warn\"\n[local_log]\nquata = 1\n";
    let (_folder, loaded) = with(
        &[
            ("FOOTFALL_INGEST_LISTN", "127.0.0.1:1"),
            ("FOOTFALL_CONFIGG", "x"),
        ],
        Some(file),
    );
    let text = said(&loaded);
    for part in [
        "FOOTFALL_INGEST_LISTN is in the environment, but names no setting",
        "did you mean FOOTFALL_INGEST_LISTEN?",
        "did you mean FOOTFALL_CONFIG?",
        ":3: `ingest.listen_admin` is not a setting",
        ":5: `lgo.level` is not a setting",
        "did you mean `log.level`?",
        "did you mean `local_log.quota`?",
    ] {
        assert!(text.contains(part), "{part}\nnot in\n{text}");
    }
}

#[test]
fn every_problem_is_found_at_once_and_defaults_stand_in() {
    let file =
        "[ingest]\ntrusted_proxies = [\"10.0.0.0/99\"]\nlisten = \"8000\"\n[local_log]\nquota = \"much\"\n";
    let (_folder, loaded) = with(&[("FOOTFALL_SHUTDOWN_DEADLINE", "20")], Some(file));
    let text = said(&loaded);
    for part in [
        "10.0.0.0/99",
        "`ingest.listen` (file, line 3): `8000`",
        "`much`",
        "FOOTFALL_SHUTDOWN_DEADLINE): `20` has no unit",
    ] {
        assert!(text.contains(part), "{part}\nnot in\n{text}");
    }
    assert_eq!(loaded.problems.len(), 4, "{text}");
    assert_eq!(loaded.config.ingest.listen.port(), 8000);
}

#[test]
fn a_file_that_is_not_toml_is_said_with_its_line() {
    let (_folder, loaded) = with(&[], Some("[ingest]\nlisten = 127.0.0.1:8000\n"));
    assert!(
        said(&loaded).contains("footfall.toml:2: not TOML"),
        "{}",
        said(&loaded)
    );
}

#[test]
fn a_missing_file_is_an_error_only_when_it_was_named() {
    let missing = Sources {
        file: Some(PathBuf::from("/no/such/footfall.toml")),
        ..Sources::default()
    };
    let loaded = load(&missing);
    assert!(
        said(&loaded).contains("/no/such/footfall.toml cannot be read"),
        "{}",
        said(&loaded)
    );
    assert_eq!(
        with(&[("FOOTFALL_CONFIG", "/no/such/footfall.toml")], None)
            .1
            .problems
            .len(),
        1
    );
}

#[test]
fn a_secret_comes_from_a_file_and_is_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("password");
    std::fs::write(&secret, "hunter2\n").unwrap();
    let path = secret.display().to_string();
    for (env, file) in [
        (vec![("CLICKHOUSE_PASSWORD_FILE", path.as_str())], None),
        (vec![("FOOTFALL_CLICKHOUSE_PASSWORD_FILE", path.as_str())], None),
        (vec![("FOOTFALL_CLICKHOUSE_PASSWORD", "hunter2")], None),
        (
            vec![],
            Some(format!("[clickhouse]\npassword_file = \"{path}\"\n")),
        ),
    ] {
        let env = [env, vec![("CLICKHOUSE_URL", "http://127.0.0.1:1")]].concat();
        let (_data, loaded) = with(&env, file.as_deref());
        assert_eq!(said(&loaded), "");
        assert_eq!(loaded.config.clickhouse.password.0, "hunter2");
        assert!(!format!("{loaded:?} {:?}", loaded.config.show()).contains("hunter2"));
    }
    let (_data, loaded) = with(&[("CLICKHOUSE_PASSWORD_FILE", "/no/such")], None);
    assert!(
        said(&loaded).contains("CLICKHOUSE_PASSWORD_FILE names the file /no/such"),
        "{}",
        said(&loaded)
    );
}

#[test]
fn two_names_of_one_setting_must_agree() {
    let (_folder, loaded) = with(
        &[
            ("CLICKHOUSE_URL", "http://a:1"),
            ("FOOTFALL_CLICKHOUSE_URL", "http://b:1"),
        ],
        None,
    );
    assert!(said(&loaded).contains("is set twice"), "{}", said(&loaded));
}

#[test]
fn kafka_is_refused_where_it_is_not_used_with_what_to_do_instead() {
    let (folder, loaded) = with(&[("KAFKA_BOOTSTRAP_SERVERS", "kafka:9092")], None);
    let told = if cfg!(feature = "kafka") {
        let up = footfall(folder.path())
            .arg("up")
            .env("KAFKA_BOOTSTRAP_SERVERS", "kafka:9092")
            .output()
            .unwrap();
        assert!(!up.status.success());
        text(&up)
    } else {
        said(&loaded)
    };
    let remedy = if cfg!(feature = "kafka") {
        "footfall ingest"
    } else {
        "--features kafka"
    };
    assert!(told.contains(remedy), "{told}");
}

#[test]
fn the_data_folder_cannot_be_set_in_the_file_that_is_looked_for_in_it() {
    let (_folder, loaded) = with(&[], Some("[data]\nfolder = \"/elsewhere\"\n"));
    assert!(
        said(&loaded).contains("use --data or FOOTFALL_DATA"),
        "{}",
        said(&loaded)
    );
}
