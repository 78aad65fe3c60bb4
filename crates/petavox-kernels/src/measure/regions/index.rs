//! From labels to their places in a cell's lists.

use std::hash::Hasher;

const EMPTY: u32 = u32::MAX;

/// A hash table of labels, and the label looked up last.
pub(super) struct Index {
    slots: Vec<u32>,
    /// The labels, in the order in which they came.
    pub(super) labels: Vec<u64>,
    last: (u64, u32),
}

impl Index {
    pub(super) fn new() -> Index {
        Index { slots: vec![EMPTY; 256], labels: vec![], last: (0, EMPTY) }
    }

    /// The place of a label that is not 0; a new one if it was not seen yet.
    #[inline(always)]
    pub(super) fn of(&mut self, label: u64) -> u32 {
        if self.last.0 == label {
            return self.last.1;
        }
        let found = self.find(label);
        self.last = (label, found);
        found
    }

    fn find(&mut self, label: u64) -> u32 {
        let mask = self.slots.len() - 1;
        let mut at = hash(label) & mask;
        while self.slots[at] != EMPTY {
            if self.labels[self.slots[at] as usize] == label {
                return self.slots[at];
            }
            at = (at + 1) & mask;
        }
        let new = self.labels.len() as u32;
        self.slots[at] = new;
        self.labels.push(label);
        if 2 * self.labels.len() > self.slots.len() {
            self.grow();
        }
        new
    }

    fn grow(&mut self) {
        let mask = 2 * self.slots.len() - 1;
        self.slots = vec![EMPTY; mask + 1];
        for (place, label) in self.labels.iter().enumerate() {
            let mut at = hash(*label) & mask;
            while self.slots[at] != EMPTY {
                at = (at + 1) & mask;
            }
            self.slots[at] = place as u32;
        }
    }
}

#[inline(always)]
fn hash(label: u64) -> usize {
    (label.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize
}

/// Spreads labels over a hash table: labels are numbers of an image, not chosen to collide.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|b| self.write_u64(u64::from(*b)));
    }

    fn write_u64(&mut self, label: u64) {
        // A table takes its place from the low bits and a mark from the high ones: both need all of the label.
        let product = u128::from(label ^ self.0) * 0x9e37_79b9_7f4a_7c15;
        self.0 = (product >> 64) as u64 ^ product as u64;
    }
}
