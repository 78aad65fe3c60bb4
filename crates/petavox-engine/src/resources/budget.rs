//! The ledger of memory: nothing big is allocated without an entry here.

use super::valve::{Registration, Valve};
use petavox_core::{Error, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Memory the process takes before it holds a single sample: the program itself, stacks, the allocator's own.
const BASE_BYTES: u64 = 28 << 20;

/// A limit on the whole process' resident memory, and what of it is spoken for. Clones share the ledger.
#[derive(Clone, Debug)]
pub struct Budget {
    limit: u64,
    base: u64,
    used: Arc<AtomicU64>,
    valve: Arc<Valve>,
}

impl Budget {
    /// A ledger of `limit` bytes for the whole process.
    pub fn new(limit: u64) -> Budget {
        Budget::with_base(limit, 0)
    }

    /// A ledger of `limit` bytes for a process that holds `base` bytes already, of which nothing is known but their number.
    pub fn with_base(limit: u64, base: u64) -> Budget {
        let base = base.max(BASE_BYTES);
        Budget {
            limit,
            base,
            used: Arc::new(AtomicU64::new(base)),
            valve: Arc::new(Valve::new(limit)),
        }
    }

    /// The limit.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// What the process takes by itself.
    pub fn base(&self) -> u64 {
        self.base
    }

    /// Bytes that are spoken for.
    pub fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// Bytes that can still be reserved.
    pub fn free(&self) -> u64 {
        self.limit.saturating_sub(self.used())
    }

    /// Lets the valve take pages from a mapped file when memory is short.
    pub(super) fn watch(&self, map: &memmap2::MmapMut) -> Registration {
        self.valve.watch(map)
    }

    /// Reserves `bytes` for `what`, given back when the reservation is dropped.
    ///
    /// # Errors
    /// [`Error::Budget`] if they are not there.
    pub fn reserve(&self, what: &str, bytes: u64) -> Result<Reservation> {
        let taken = self.used.fetch_update(Ordering::AcqRel, Ordering::Acquire, |used| {
            used.checked_add(bytes).filter(|sum| *sum <= self.limit)
        });
        match taken {
            Ok(_) => Ok(Reservation { budget: self.clone(), bytes }),
            Err(used) => Err(Error::Budget {
                what: what.to_owned(),
                needed: used.saturating_add(bytes),
                budget: self.limit,
            }),
        }
    }
}

/// Memory that is spoken for until this is dropped.
#[derive(Debug)]
pub struct Reservation {
    budget: Budget,
    bytes: u64,
}

impl Reservation {
    /// Its size.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(self.bytes, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dropped_can_be_reserved_again_and_no_more() {
        let budget = Budget::new(BASE_BYTES + 100);
        let a = budget.reserve("a", 60).unwrap();
        let refused = budget.reserve("b", 50).unwrap_err();
        assert!(refused.to_string().contains("b needs"), "{refused}");
        drop(a);
        assert!(budget.reserve("b", 100).is_ok());
        assert_eq!(budget.free(), 100);
    }
}
