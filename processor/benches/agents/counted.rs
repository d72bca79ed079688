//! CPU time, allocations and memory of a piece of work.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

static COUNT: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);

/// The system's allocator, counted.
struct Counted;

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.fetch_add(1, Relaxed);
        BYTES.fetch_add(layout.size() as u64, Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counted = Counted;

/// Of one of several equal things.
pub(crate) struct Cost {
    /// CPU nanoseconds.
    pub(crate) ns: f64,
    pub(crate) allocations: f64,
    /// Bytes allocated, freed or not.
    pub(crate) bytes: f64,
}

/// What `work` gives, and what each of its `count` parts cost.
pub(crate) fn cost<T>(count: usize, work: impl FnOnce() -> T) -> (T, Cost) {
    let (allocations, bytes, began) = (COUNT.load(Relaxed), BYTES.load(Relaxed), cpu());
    let made = work();
    let each = |sum: f64| sum / count as f64;
    let cost = Cost {
        ns: each(cpu() - began),
        allocations: each((COUNT.load(Relaxed) - allocations) as f64),
        bytes: each((BYTES.load(Relaxed) - bytes) as f64),
    };
    (made, cost)
}

/// CPU nanoseconds of this process.
pub(crate) fn cpu() -> f64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the pointer is valid for a timespec.
    let answer = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    assert_eq!(answer, 0);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

/// Resident memory of this process, MiB.
pub(crate) fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("the process's status");
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS"))
        .expect("its memory");
    let kib: u64 = line
        .split_whitespace()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .expect("a number");
    kib / 1024
}
