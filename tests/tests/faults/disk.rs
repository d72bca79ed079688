//! Full disks: the log's and the engine's, each on a small tmpfs. Refused events are missing, all others are there.
//! Needs root for the mount.

use crate::{settle, under_load, while_the_engine_stands_still};
use footfall_tests::footfall::{Home, eventually, signal};
use footfall_tests::load::Outcome;
use footfall_tests::seed::Seed;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

#[test]
fn a_full_log_disk_refuses_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let _disk = Small::mount(&data.join("log"), "200m");
    let home = Home::new(&data)
        .unwrap()
        .with("FOOTFALL_LOCAL_LOG_FREE_FLOOR", "32MiB");
    let mut seed = Seed::from_env();
    let footfall = home.start().unwrap();
    let (mut footfall, witness) = under_load(&home, &mut seed, |_, _| {
        // While the engine stands still nothing can be trimmed: the log fills.
        while_the_engine_stands_still(&footfall, || {
            eventually("a refusal", || {
                let answer = home.client().request("GET", "/ready", &[], b"")?;
                anyhow::ensure!(answer.status != 200, "still ready");
                Ok(())
            })
            .unwrap();
            std::thread::sleep(Duration::from_secs(2));
        });
        signal(footfall.engine().unwrap(), libc::SIGCONT);
        footfall
    });
    footfall.wait_ready().unwrap();
    assert!(
        witness.values().any(|(outcome, _)| *outcome == Outcome::Refused),
        "the disk did not fill"
    );
    settle("full log disk", &home, footfall, &witness);
}

#[test]
fn a_full_engine_disk_delays_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let disk = Small::mount(&data.join("engine"), "64m");
    let home = Home::new(&data).unwrap();
    let mut seed = Seed::from_env();
    let footfall = home.start().unwrap();
    let (footfall, witness) = under_load(&home, &mut seed, |_, _| {
        eventually("a full disk", || {
            let free = disk.free_bytes();
            anyhow::ensure!(free < 2 << 20, "{free} bytes are free");
            Ok(())
        })
        .unwrap();
        std::thread::sleep(Duration::from_secs(3));
        disk.grow("2g");
        footfall
    });
    settle("full engine disk", &home, footfall, &witness);
}

/// A small tmpfs.
struct Small(PathBuf);

impl Small {
    fn mount(folder: &Path, size: &str) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        let status = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(folder)
            .status();
        assert!(status.unwrap().success(), "mount a tmpfs: this test needs root");
        Self(folder.to_owned())
    }

    fn grow(&self, size: &str) {
        let status = Command::new("mount")
            .args(["-o", &format!("remount,size={size}")])
            .arg(&self.0)
            .status();
        assert!(status.unwrap().success());
    }

    fn free_bytes(&self) -> u64 {
        let output = Command::new("df")
            .args(["--output=avail", "-B1"])
            .arg(&self.0)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.lines()
            .nth(1)
            .and_then(|line| line.trim().parse().ok())
            .unwrap_or(u64::MAX)
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(&self.0).status());
    }
}
