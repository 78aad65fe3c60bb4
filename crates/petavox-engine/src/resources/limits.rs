//! What the machine lets this process have.

use std::fs;

/// Threads to use when nothing is said: PETAVOX_NUM_THREADS, OMP_NUM_THREADS, else what affinity and the cgroup's quota allow.
pub fn default_threads() -> usize {
    let from_env = |name: &str| {
        std::env::var(name)
            .ok()
            .and_then(|v| v.split(',').next()?.trim().parse::<usize>().ok())
            .filter(|n| *n > 0)
    };
    from_env("PETAVOX_NUM_THREADS")
        .or_else(|| from_env("OMP_NUM_THREADS"))
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, |n| n.get()))
}

/// Memory this process could still get, in bytes: the smaller of what the system has and what the cgroup leaves.
pub fn available_memory() -> u64 {
    let system = fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find(|l| l.starts_with("MemAvailable:"))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib * 1024)
    });
    let read = |path: &str| fs::read_to_string(path).ok()?.trim().parse::<u64>().ok();
    let v2 = read("/sys/fs/cgroup/memory.max")
        .map(|max| max.saturating_sub(read("/sys/fs/cgroup/memory.current").unwrap_or(0)));
    let v1 = read("/sys/fs/cgroup/memory/memory.limit_in_bytes").map(|max| {
        max.saturating_sub(read("/sys/fs/cgroup/memory/memory.usage_in_bytes").unwrap_or(0))
    });
    [system, v2, v1].into_iter().flatten().min().unwrap_or(4 << 30)
}

/// The peak resident memory of this process so far, in bytes, as the kernel counts it; `None` where it does not tell.
pub fn peak_resident_bytes() -> Option<u64> {
    status_bytes("VmHWM:")
}

/// The resident memory of this process now, in bytes, as the kernel counts it; `None` where it does not tell.
pub fn resident_bytes() -> Option<u64> {
    status_bytes("VmRSS:")
}

fn status_bytes(name: &str) -> Option<u64> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find(|l| l.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_has_memory_and_threads() {
        assert!(available_memory() > 1 << 20);
        assert!(default_threads() >= 1);
    }
}
