//! The image foresting transform with scipy.ndimage.watershed_ift's queues: which label arrives first among equal costs is decided by
//! the order in which samples stand in them, so that it is done in that order and no other.

use petavox_core::{Error, Result, strides};

/// No sample.
const NONE: i64 = -1;
/// Marks costs that are final.
const DONE: u32 = 1 << 31;

/// What is known of a sample.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(C)]
pub struct Sample {
    /// Its label, a marker at first.
    pub label: i64,
    /// The next sample of the same queue.
    next: i64,
    /// The one before.
    before: i64,
    /// The least cost found yet, and whether it is final (in the highest bit).
    cost: u32,
    /// Its grey value.
    pub value: u16,
    unused: u16,
}

// SAFETY: all fields are integers, for which zero is a value.
unsafe impl bytemuck::Zeroable for Sample {}
// SAFETY: three times eight bytes, four, two and two, one after the other in C order: 32 bytes without gaps, and any bits are integers.
unsafe impl bytemuck::Pod for Sample {}

/// Samples in raster order, wherever they are.
pub trait Samples {
    /// Their number.
    fn len(&self) -> usize;
    /// True if there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// One of them.
    ///
    /// # Errors
    /// If it cannot be had.
    fn get(&mut self, i: usize) -> Result<Sample>;
    /// Takes the place of one of them.
    ///
    /// # Errors
    /// If it cannot be had.
    fn set(&mut self, i: usize, sample: Sample) -> Result<()>;
}

impl Samples for &mut [Sample] {
    fn len(&self) -> usize {
        <[Sample]>::len(self)
    }
    fn get(&mut self, i: usize) -> Result<Sample> {
        Ok(self[i])
    }
    fn set(&mut self, i: usize, sample: Sample) -> Result<()> {
        self[i] = sample;
        Ok(())
    }
}

/// Bytes that growing a forest takes beside its samples: the ends of the queues.
pub const FOREST_BYTES: usize = 2 * 8 * ((1 << 16) + 1);

/// Samples that are flooded.
pub struct Forest<S> {
    samples: S,
    first: Vec<i64>,
    last: Vec<i64>,
}

impl<S: Samples> Forest<S> {
    /// Samples that have values and labels.
    pub fn new(samples: S) -> Forest<S> {
        Forest { samples, first: vec![], last: vec![] }
    }

    /// Floods from the markers to neighbours at `offsets`. `go_on` is asked now and then.
    ///
    /// # Errors
    /// [`Error::Cancelled`] if `go_on` says no; if samples cannot be had.
    pub fn grow(
        &mut self,
        shape: &[usize],
        offsets: &[Vec<i64>],
        go_on: impl Fn() -> bool,
    ) -> Result<()> {
        let strides = strides(shape);
        let step = |o: &Vec<i64>| o.iter().zip(&strides).map(|(x, s)| x * *s as i64).sum();
        let steps: Vec<i64> = offsets.iter().map(step).filter(|s| *s != 0).collect();
        let n = self.samples.len();
        let mut highest = 0;
        for i in 0..n {
            highest = highest.max(self.samples.get(i)?.value as usize);
        }
        self.first = vec![NONE; highest + 2];
        self.last = vec![NONE; highest + 2];
        for i in 0..n {
            let mut own = self.samples.get(i)?;
            (own.next, own.before) = (NONE, NONE);
            own.cost = if own.label == 0 { highest as u32 + 1 } else { 0 };
            self.samples.set(i, own)?;
            if own.label != 0 {
                self.enter(i, 0, own.label > 0)?;
            }
        }
        let mut n_done = 0u32;
        for level in 0..=highest {
            while self.first[level] != NONE {
                n_done = n_done.wrapping_add(1);
                if n_done.is_multiple_of(4096) && !go_on() {
                    return Err(Error::Cancelled);
                }
                let v = self.first[level] as usize;
                let mut own = self.samples.get(v)?;
                self.first[level] = own.next;
                if own.next != NONE {
                    self.edit(own.next, |s| s.before = NONE)?;
                }
                (own.next, own.before) = (NONE, NONE);
                own.cost |= DONE;
                self.samples.set(v, own)?;
                for step in &steps {
                    // As in scipy, the end of a row is beside the next one's beginning.
                    let p = v as i64 + step;
                    if p < 0 || p >= n as i64 {
                        continue;
                    }
                    let p = p as usize;
                    let mut other = self.samples.get(p)?;
                    let cost = other.cost;
                    if cost & DONE != 0 {
                        continue;
                    }
                    let rise = u32::from(own.value.abs_diff(other.value));
                    let new = (own.cost & !DONE).max(rise);
                    if new >= cost {
                        continue;
                    }
                    (other.cost, other.label) = (new, own.label);
                    self.samples.set(p, other)?;
                    self.leave(p, cost as usize)?;
                    self.enter(p, new as usize, own.label >= 0)?;
                }
            }
        }
        Ok(())
    }

    /// The samples, flooded.
    pub fn into_samples(self) -> S {
        self.samples
    }

    fn edit(&mut self, i: i64, change: impl FnOnce(&mut Sample)) -> Result<()> {
        let mut sample = self.samples.get(i as usize)?;
        change(&mut sample);
        self.samples.set(i as usize, sample)
    }

    /// Puts a sample into a queue: objects in front, background behind.
    fn enter(&mut self, p: usize, queue: usize, in_front: bool) -> Result<()> {
        let p = p as i64;
        let (first, last) = (self.first[queue], self.last[queue]);
        if in_front {
            self.edit(p, |s| (s.next, s.before) = (first, NONE))?;
            if first != NONE {
                self.edit(first, |s| s.before = p)?;
            }
            self.first[queue] = p;
            if last == NONE {
                self.last[queue] = p;
            }
        } else {
            self.edit(p, |s| (s.next, s.before) = (NONE, last))?;
            if last != NONE {
                self.edit(last, |s| s.next = p)?;
            }
            self.last[queue] = p;
            if first == NONE {
                self.first[queue] = p;
            }
        }
        Ok(())
    }

    /// Takes a sample out of its queue. One that stands alone stays, as in scipy: it is looked at again and changes nothing.
    fn leave(&mut self, p: usize, queue: usize) -> Result<()> {
        let Sample { next, before, .. } = self.samples.get(p)?;
        if next == NONE && before == NONE {
            return Ok(());
        }
        if self.first[queue] == p as i64 {
            self.first[queue] = next;
        }
        if self.last[queue] == p as i64 {
            self.last[queue] = before;
        }
        if before != NONE {
            self.edit(before, |s| s.next = next)?;
        }
        if next != NONE {
            self.edit(next, |s| s.before = before)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_stop_where_others_rise_less() {
        let sample = |(value, label)| Sample { value, label, ..Sample::default() };
        let mut samples = [(0, -1), (1, 0), (9, 0), (1, 0), (0, 2)].map(sample);
        let offsets = [vec![-1], vec![1]];
        Forest::new(&mut samples[..]).grow(&[5], &offsets, || true).unwrap();
        assert_eq!(samples.map(|s| s.label), [-1, -1, 2, 2, 2]);
        let refused = Forest::new(&mut samples[..]).grow(&[5], &offsets, || false);
        assert!(refused.is_ok(), "too few samples to ask");
    }
}
