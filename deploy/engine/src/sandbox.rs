//! The kernel's wall around the engine (Landlock): whatever SQL finds, the process reads and writes its data
//! folder, reads a few system files, starts no program and makes no TCP connection.
//!
//! Closed before the engine starts its threads, after the listener is bound and the library is loaded. A
//! kernel without Landlock (before 5.13) leaves the grants and the guard; TCP needs 6.7.

use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetError, RulesetStatus,
};

use crate::config::Config;

/// What the engine and the C library read while they run: processors and memory, time zones, randomness.
/// Not all of `/proc`: `/proc/self/environ` would show the environment.
const READ: [&str; 21] = [
    "/sys/devices/system/cpu",
    "/sys/devices/system/node",
    "/sys/fs/cgroup",
    "/sys/block",
    "/sys/dev/block",
    "/proc/meminfo",
    "/proc/cpuinfo",
    "/proc/stat",
    "/proc/loadavg",
    "/proc/vmstat",
    "/proc/sys/vm",
    "/proc/sys/kernel",
    "/proc/self/maps",
    "/proc/self/statm",
    "/proc/self/status",
    "/proc/self/cgroup",
    "/proc/self/loginuid",
    "/etc/localtime",
    "/etc/timezone",
    "/usr/share/zoneinfo",
    "/dev/urandom",
];

/// Closes the wall for this thread and all threads it will start.
pub(crate) fn close(config: &Config) -> Result<(), String> {
    let status = restrict(config).map_err(|e| e.to_string())?;
    if status == RulesetStatus::NotEnforced {
        tracing::warn!("this kernel has no Landlock: SQL is held by grants and the statement guard only");
    }
    Ok(())
}

fn restrict(config: &Config) -> Result<RulesetStatus, RulesetError> {
    let abi = ABI::V5;
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(abi))?
        .handle_access(AccessNet::ConnectTcp | AccessNet::BindTcp)?
        .create()?;
    // Everything within the folder but starting programs and making devices.
    let own = AccessFs::from_all(abi) & !(AccessFs::Execute | AccessFs::MakeChar | AccessFs::MakeBlock);
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let device = read | AccessFs::WriteFile;
    // The library, for the names in stack traces.
    let own = [
        (config.data.as_path(), own),
        (&config.library, read),
        (Path::new("/dev/null"), device),
    ];
    for (path, access) in own
        .into_iter()
        .chain(READ.iter().map(|path| (Path::new(path), read)))
    {
        // What does not exist need not be opened.
        if let Ok(fd) = PathFd::new(path) {
            let access = if path.is_dir() {
                access
            } else {
                access & AccessFs::from_file(abi)
            };
            ruleset = ruleset.add_rule(PathBeneath::new(fd, access))?;
        }
    }
    Ok(ruleset.restrict_self()?.ruleset)
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::net::{TcpListener, TcpStream};
    use std::process::Command;

    use super::*;
    use crate::config::Secret;

    /// Landlock holds the thread that asks for it and what it starts: this one is thrown away.
    #[test]
    fn files_programs_and_connections_outside_the_folder_are_closed() {
        let folder = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let config = Config::new(folder.path().to_owned(), "/nonexistent".into(), Secret::new("x"));
        let walled = move || {
            close(&config).unwrap();
            let own = config.data.join("own");
            std::fs::write(&own, "x").unwrap();
            assert_eq!(std::fs::read(&own).unwrap(), b"x");
            std::fs::read_to_string("/proc/meminfo").unwrap();
            let denied = [
                std::fs::read("/etc/passwd").map(drop),
                std::fs::read("/proc/self/environ").map(drop),
                std::fs::read("/proc/self/task").map(drop),
                std::fs::read_dir("/").map(drop),
                std::fs::write("/tmp/out", "x"),
                std::fs::hard_link("/etc/passwd", config.data.join("link")),
                Command::new("/bin/true").spawn().map(drop),
                TcpStream::connect(address).map(drop),
                TcpListener::bind("127.0.0.1:0").map(drop),
            ];
            for (at, result) in denied.into_iter().enumerate() {
                let kind = result.expect_err(&format!("attempt {at} has succeeded")).kind();
                assert!(
                    matches!(kind, ErrorKind::PermissionDenied | ErrorKind::CrossesDevices),
                    "{at}: {kind}"
                );
            }
        };
        std::thread::spawn(walled).join().unwrap();
    }
}
