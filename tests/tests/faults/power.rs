//! Power loss: log and engine live on an ext4 image; at a random moment everything stops, the image is copied as it is
//! on disk, and Footfall starts again on the copy. What only the page cache had is gone, as in a real power cut.
//! Needs root for the loop mount.

use crate::{pass, rounds, settle, under_load};
use footfall_tests::footfall::{Footfall, Home, signal};
use footfall_tests::load::Witness;
use footfall_tests::seed::Seed;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

#[test]
fn a_power_cut_loses_and_doubles_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::new(folder.path());
    let home = Home::new(&disk.mount.join("data")).unwrap();
    let (mut seed, mut all) = (Seed::from_env(), Witness::new());
    let cuts = rounds(4, 24);
    for _ in 0..cuts {
        let footfall = home.start().unwrap();
        let ((), witness) = under_load(&home, &mut seed, |seed, _| {
            pass(seed, Duration::from_secs(4));
            disk.cut(footfall);
        });
        all.extend(witness);
        disk.swap();
    }
    println!("power cut {cuts} times");
    settle("power loss", &home, home.start().unwrap(), &all);
}

/// An ext4 image, mounted.
struct Disk {
    image: PathBuf,
    copy: PathBuf,
    mount: PathBuf,
}

impl Disk {
    fn new(folder: &Path) -> Self {
        let disk = Self {
            image: folder.join("image"),
            copy: folder.join("copy"),
            mount: folder.join("disk"),
        };
        std::fs::create_dir(&disk.mount).unwrap();
        std::fs::File::create(&disk.image)
            .unwrap()
            .set_len(2 << 30)
            .unwrap();
        run(Command::new("mkfs.ext4").arg("-q").arg(&disk.image));
        disk.attach();
        disk
    }

    fn attach(&self) {
        run(Command::new("mount")
            .args(["-o", "loop"])
            .arg(&self.image)
            .arg(&self.mount));
    }

    /// Stops everything at once, copies the image as it is, and only then ends the processes.
    fn cut(&self, footfall: Footfall) {
        signal(footfall.pid(), libc::SIGSTOP);
        drop(footfall.signal_engine(libc::SIGSTOP));
        run(Command::new("cp")
            .arg("--sparse=always")
            .arg(&self.image)
            .arg(&self.copy));
        footfall.kill_all().unwrap();
    }

    /// Mounts the copy in the image's place; ext4 replays its own journal.
    fn swap(&self) {
        self.detach();
        std::fs::rename(&self.copy, &self.image).unwrap();
        self.attach();
    }

    fn detach(&self) {
        footfall_tests::footfall::eventually("the disk to be released", || {
            anyhow::ensure!(
                Command::new("umount").arg(&self.mount).status()?.success(),
                "umount failed"
            );
            Ok(())
        })
        .unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(&self.mount).status());
    }
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}
