//! What a process has used, and on which core it runs.

use anyhow::{Context, Result, ensure};

/// CPU seconds of a process so far, user and system, of all its threads (`/proc/<pid>/stat`, in ticks of 10 ms).
pub fn cpu(pid: u32) -> Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).context("read the times of a process")?;
    let (_, fields) = stat.rsplit_once(')').context("read a stat line")?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let field = |at: usize| -> Result<f64> { Ok(fields.get(at).context("a stat line is short")?.parse()?) };
    // SAFETY: no preconditions.
    let ticks = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
    ensure!(ticks > 0, "the length of a tick is not known");
    Ok((field(11)? + field(12)?) / ticks as f64)
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
