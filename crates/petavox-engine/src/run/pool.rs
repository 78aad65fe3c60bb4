//! Buffers of one worker, reused from block to block: a fresh mapping costs a page fault per 4 KiB.

use petavox_core::{Buffer, Result};

/// Free buffers of a worker, never more than `limit` bytes together with those in use.
pub(crate) struct Pool {
    free: Vec<Buffer>,
    free_bytes: u64,
    used_bytes: u64,
    limit: u64,
}

impl Pool {
    pub(crate) fn new(limit: u64) -> Pool {
        Pool { free: Vec::new(), free_bytes: 0, used_bytes: 0, limit }
    }

    /// A buffer of `len` bytes with arbitrary content.
    pub(crate) fn take(&mut self, len: usize) -> Result<Buffer> {
        let fit = self
            .free
            .iter()
            .enumerate()
            .filter(|(_, b)| b.capacity() >= len && b.capacity() <= len + len / 4 + 4096)
            .min_by_key(|(_, b)| b.capacity())
            .map(|(i, _)| i);
        if let Some(i) = fit {
            let mut buffer = self.free.swap_remove(i);
            self.free_bytes -= buffer.capacity() as u64;
            self.used_bytes += buffer.capacity() as u64;
            buffer.set_len(len);
            return Ok(buffer);
        }
        self.make_room(len as u64);
        let buffer = Buffer::zeroed(len)?;
        self.used_bytes += buffer.capacity() as u64;
        Ok(buffer)
    }

    /// Lets go of free buffers until others can take `bytes` without exceeding the limit.
    pub(crate) fn make_room(&mut self, bytes: u64) {
        while !self.free.is_empty() && self.free_bytes + self.used_bytes + bytes > self.limit {
            let dropped = self.free.swap_remove(0);
            self.free_bytes -= dropped.capacity() as u64;
        }
    }

    pub(crate) fn give(&mut self, buffer: Buffer) {
        let capacity = buffer.capacity() as u64;
        self.used_bytes = self.used_bytes.saturating_sub(capacity);
        if self.used_bytes + self.free_bytes + capacity <= self.limit {
            self.free_bytes += capacity;
            self.free.push(buffer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reuses_and_stays_below_its_limit() {
        let mut pool = Pool::new(3000);
        let a = pool.take(1000).unwrap();
        let address = a.bytes().as_ptr();
        pool.give(a);
        let b = pool.take(900).unwrap();
        assert_eq!(b.bytes().as_ptr(), address);
        let c = pool.take(1500).unwrap();
        pool.give(b);
        pool.give(c);
        assert!(pool.free_bytes <= 3000);
        pool.take(2990).unwrap();
        assert!(pool.free_bytes + pool.used_bytes <= 3000 + 8);
    }
}
