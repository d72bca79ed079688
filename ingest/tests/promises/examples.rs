//! Every example of the contract, through the real port.

use crate::http::Request;
use crate::server::{KEY, start};
use std::path::{Path, PathBuf};

fn files(of: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../schemas/examples")
        .join(of);
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

#[tokio::test]
async fn valid_examples_are_accepted_whole() {
    let mut server = start().await;
    for file in files("valid") {
        let body = std::fs::read(&file).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let sent = json["events"].as_array().map_or(1, Vec::len);
        for request in [
            Request::post(body.clone()),
            Request::post(body).with("x-footfall-key", KEY),
        ] {
            let answer = server.send(&request).await;
            assert_eq!(answer.status, 200, "{}: {}", file.display(), answer.json());
            assert_eq!(answer.json()["accepted"], sent, "{}", file.display());
            assert_eq!(server.events().len(), sent);
        }
    }
}

#[tokio::test]
async fn invalid_examples_are_refused_for_the_reason_of_their_folder() {
    let mut server = start().await;
    for folder in files("invalid") {
        let reason = folder.file_name().unwrap().to_str().unwrap();
        for file in files(&format!("invalid/{reason}")) {
            let answer = server.post(std::fs::read(&file).unwrap()).await;
            let said = answer.json();
            let given = said["error"]
                .as_str()
                .or(said["rejected"][0]["reason"].as_str())
                .unwrap()
                .to_owned();
            assert_eq!(given, reason, "{}", file.display());
            assert!((400..500).contains(&answer.status));
        }
    }
    assert!(server.events().is_empty());
}
