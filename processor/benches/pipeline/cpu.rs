//! Pinning, and CPU time of processes.

use std::mem::MaybeUninit;

/// Pins this process, and the children and threads it will have, to the last core it may use; gives its number.
pub(crate) fn pin() -> usize {
    let mut set = MaybeUninit::<libc::cpu_set_t>::zeroed();
    // SAFETY: the set is a plain bit array, zeroed, and its size is given.
    unsafe {
        let size = size_of::<libc::cpu_set_t>();
        assert_eq!(libc::sched_getaffinity(0, size, set.as_mut_ptr()), 0);
        let allowed = set.assume_init();
        let core = (0..1_024)
            .rev()
            .find(|core| libc::CPU_ISSET(*core, &allowed))
            .unwrap_or(0);
        let mut one = MaybeUninit::<libc::cpu_set_t>::zeroed().assume_init();
        libc::CPU_SET(core, &mut one);
        assert_eq!(libc::sched_setaffinity(0, size, &raw const one), 0);
        core
    }
}

/// CPU seconds of this process so far.
pub(crate) fn own() -> f64 {
    let mut time = MaybeUninit::<libc::timespec>::zeroed();
    // SAFETY: the pointer is valid for a timespec.
    let time = unsafe {
        assert_eq!(
            libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, time.as_mut_ptr()),
            0
        );
        time.assume_init()
    };
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// CPU seconds of a process so far, user and system, ended threads too; in ticks of 10 ms.
pub(crate) fn of(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("the engine's times");
    seconds(stat.rsplit_once(')').expect("a stat line").1)
}

/// The same of those of its threads that are called `name`; they must not end meanwhile.
pub(crate) fn of_threads(pid: u32, name: &str) -> f64 {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).expect("the engine's threads");
    threads
        // A thread may end between being listed and being read.
        .filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("stat")).ok())
        .filter_map(|stat| {
            let (head, times) = stat.rsplit_once(')')?;
            head.ends_with(&format!("({name}")).then(|| seconds(times))
        })
        .sum()
}

/// Of what stands behind the name in a stat line.
fn seconds(stat: &str) -> f64 {
    let fields: Vec<&str> = stat.split_whitespace().collect();
    let ticks: f64 = fields[11].parse::<f64>().expect("utime") + fields[12].parse::<f64>().expect("stime");
    // SAFETY: no preconditions.
    ticks / unsafe { libc::sysconf(libc::_SC_CLK_TCK) } as f64
}

/// Memory of this process that is in RAM, MiB.
pub(crate) fn resident_mib() -> u64 {
    status("VmRSS:")
}

/// The most it has ever been, MiB.
pub(crate) fn peak_mib() -> u64 {
    status("VmHWM:")
}

fn status(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("our own memory");
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .expect("a line of it");
    line.trim()
        .trim_end_matches(" kB")
        .parse::<u64>()
        .expect("a number")
        / 1_024
}
