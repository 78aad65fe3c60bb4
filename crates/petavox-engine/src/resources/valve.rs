//! Keeps mapped files from filling the memory: their pages count as resident until they are handed back.
//!
//! Users of spilled words that go through them in order hand pages back themselves. For those that jump about, such as a graph's
//! arrays, a thread watches the resident memory while there are spilled words and hands back all their pages when it comes near
//! the limit. Contents stay: the mappings are shared and backed by files.

use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

/// How often the thread looks.
const INTERVAL: Duration = Duration::from_millis(5);

/// A mapping that pages may be taken from: address and length in bytes.
type Mapping = (usize, usize);

/// The mappings of one budget, and its limit.
#[derive(Debug)]
pub(super) struct Valve {
    limit: u64,
    mappings: Mutex<Vec<Mapping>>,
}

/// Takes a mapping from the valve when dropped.
#[derive(Debug)]
pub(super) struct Registration {
    valve: Arc<Valve>,
    mapping: Mapping,
}

impl Valve {
    pub(super) fn new(limit: u64) -> Valve {
        Valve { limit, mappings: Mutex::new(Vec::new()) }
    }

    /// Watches a mapping, which must be shared and backed by a file, and stay in place until the registration is dropped.
    pub(super) fn watch(self: &Arc<Valve>, map: &memmap2::MmapMut) -> Registration {
        let mapping = (map.as_ptr() as usize, map.len());
        let first = match self.mappings.lock() {
            Ok(mut all) => {
                all.push(mapping);
                all.len() == 1
            }
            Err(_) => false,
        };
        if first {
            let valve = Arc::downgrade(self);
            // Without the thread pages are only handed back by the words' users.
            let _ = std::thread::Builder::new()
                .name("petavox-valve".to_owned())
                .spawn(move || watch(&valve));
        }
        Registration { valve: self.clone(), mapping }
    }

    /// Hands back what is resident if it is near the limit; false when there is nothing left to watch.
    fn look(&self) -> bool {
        let Ok(mappings) = self.mappings.lock() else { return false };
        if mappings.is_empty() {
            return false;
        }
        // A sixteenth, and what may be touched until the next look, is left as a margin.
        let margin = (self.limit / 16 + (4 << 20)).min(self.limit / 4);
        if resident_bytes().is_some_and(|r| r + margin > self.limit) {
            for &(address, len) in mappings.iter() {
                let advice = rustix::mm::Advice::LinuxDontNeed;
                // SAFETY: the mapping is alive, as its registration is dropped before it and takes this lock; it is shared and
                // backed by a file, so that dropping its pages changes nothing that anybody reads.
                let handed_back =
                    unsafe { rustix::mm::madvise(address as *mut std::ffi::c_void, len, advice) };
                // A refusal only means that the pages stay resident.
                let _ = handed_back;
            }
        }
        true
    }
}

fn watch(valve: &Weak<Valve>) {
    while valve.upgrade().is_some_and(|v| v.look()) {
        std::thread::sleep(INTERVAL);
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        if let Ok(mut all) = self.valve.mappings.lock() {
            all.retain(|m| *m != self.mapping);
        }
    }
}

/// The resident memory of this process now.
fn resident_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = text.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}
