//! What the services tell the allocator: memory that was needed for a moment goes back.
//!
//! Buffers of a batch are made on one thread and dropped on another. By default glibc has eight pools a core for that and
//! keeps what it was once given: draining five million events took 586 MiB, with the first two settings 406.

/// Buffers from this size on are the system's own pages, and go back to it when they are dropped.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE: i32 = 1 << 20;

/// Free memory at the end of a pool that stays ours. By default 128 KiB does: a forwarder that frees what Kafka has taken, 20
/// times a second, then has the system clear the same pages again and again, about a tenth of what it costs.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const KEPT: i32 = 32 << 20;

/// Bounds what the allocator keeps. Call it before threads are started.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub fn bound() {
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let pools = i32::try_from(cores).unwrap_or(i32::MAX).max(2);
    // SAFETY: mallopt takes two numbers and touches no memory of ours; no other thread runs yet.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, pools);
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE);
        libc::mallopt(libc::M_TRIM_THRESHOLD, KEPT);
    }
}

/// Other allocators are left as they are.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn bound() {}
