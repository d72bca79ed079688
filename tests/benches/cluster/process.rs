//! What a process has used and says of itself, and on which core it runs.

use anyhow::{Context, Result, ensure};
use footfall_tests::http::Client;
use std::net::SocketAddr;
use std::time::Duration;

/// CPU seconds of a process so far, user and system, of all its threads (`/proc/<pid>/stat`, in ticks of 10 ms).
pub fn cpu(pid: u32) -> Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).context("read the times of a process")?;
    let (_, fields) = stat.rsplit_once(')').context("read a stat line")?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let field = |at: usize| -> Result<f64> { Ok(fields.get(at).context("a stat line is short")?.parse()?) };
    // SAFETY: no preconditions.
    let ticks = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
    ensure!(ticks > 0, "the length of a tick is not known");
    #[expect(clippy::cast_precision_loss, reason = "it is 100")]
    Ok((field(11)? + field(12)?) / ticks as f64)
}

/// A figure of `/metrics`, by its whole name with labels; 0 if it is not there.
pub fn figure(admin: SocketAddr, name: &str) -> Result<f64> {
    let mut client = Client::new(admin, Duration::from_secs(10));
    let text = client.request("GET", "/metrics", &[], b"")?.text();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    Ok(line.map_or(Ok(0.0), |value| value.trim().parse())?)
}

/// Keeps this thread, and the processes that it will start, on these cores.
pub fn pin(cores: &[usize]) -> Result<()> {
    // SAFETY: the set is a plain bit mask that lives through the call.
    let failed = unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        for core in cores {
            libc::CPU_SET(*core, &mut set);
        }
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const set)
    };
    ensure!(
        failed == 0,
        "cannot be kept on the cores {cores:?}: two are needed"
    );
    Ok(())
}

/// The median; 0 of nothing.
pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}
