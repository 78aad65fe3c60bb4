//! The image foresting transform with scipy.ndimage.watershed_ift's queues: which label arrives first among equal costs is decided by
//! the order in which samples stand in them, so that it is done in that order and no other.

use petavox_core::{Error, Result, strides};

/// No sample.
const NONE: i64 = -1;

/// What is known of the samples, all in raster order.
pub struct Forest<'a> {
    /// Grey values.
    pub values: &'a [u16],
    /// Labels, markers at first.
    pub labels: &'a mut [i64],
    /// The least cost found yet, and whether it is final (in the highest bit).
    pub costs: &'a mut [u32],
    /// The next sample of the same queue.
    pub next: &'a mut [i64],
    /// The one before.
    pub before: &'a mut [i64],
}

const DONE: u32 = 1 << 31;

impl Forest<'_> {
    /// Floods from the markers to neighbours at `offsets`. `go_on` is asked now and then.
    ///
    /// # Errors
    /// [`Error::Cancelled`] if `go_on` says no.
    pub fn grow(
        &mut self,
        shape: &[usize],
        offsets: &[Vec<i64>],
        go_on: impl Fn() -> bool,
    ) -> Result<()> {
        let strides = strides(shape);
        let step = |o: &Vec<i64>| o.iter().zip(&strides).map(|(x, s)| x * *s as i64).sum();
        let steps: Vec<i64> = offsets.iter().map(step).filter(|s| *s != 0).collect();
        let highest = self.values.iter().copied().max().unwrap_or(0) as usize;
        let (mut first, mut last) = (vec![NONE; highest + 2], vec![NONE; highest + 2]);
        for i in 0..self.values.len() {
            let label = self.labels[i];
            (self.next[i], self.before[i]) = (NONE, NONE);
            self.costs[i] = if label == 0 { highest as u32 + 1 } else { 0 };
            if label != 0 {
                self.enter(i, 0, label > 0, &mut first, &mut last);
            }
        }
        let mut n = 0u32;
        for level in 0..=highest {
            while first[level] != NONE {
                n = n.wrapping_add(1);
                if n.is_multiple_of(4096) && !go_on() {
                    return Err(Error::Cancelled);
                }
                let v = first[level] as usize;
                first[level] = self.next[v];
                if first[level] != NONE {
                    self.before[first[level] as usize] = NONE;
                }
                (self.next[v], self.before[v]) = (NONE, NONE);
                self.costs[v] |= DONE;
                for step in &steps {
                    // As in scipy, the end of a row is beside the next one's beginning.
                    let p = v as i64 + step;
                    if p < 0 || p >= self.values.len() as i64 {
                        continue;
                    }
                    let p = p as usize;
                    let cost = self.costs[p];
                    if cost & DONE != 0 {
                        continue;
                    }
                    let rise = u32::from(self.values[v].abs_diff(self.values[p]));
                    let new = (self.costs[v] & !DONE).max(rise);
                    if new >= cost {
                        continue;
                    }
                    (self.costs[p], self.labels[p]) = (new, self.labels[v]);
                    self.leave(p, cost as usize, &mut first, &mut last);
                    self.enter(p, new as usize, self.labels[v] >= 0, &mut first, &mut last);
                }
            }
        }
        Ok(())
    }

    /// Puts a sample into a queue: objects in front, background behind.
    fn enter(
        &mut self,
        p: usize,
        queue: usize,
        in_front: bool,
        first: &mut [i64],
        last: &mut [i64],
    ) {
        let p = p as i64;
        if in_front {
            self.next[p as usize] = first[queue];
            self.before[p as usize] = NONE;
            match first[queue] {
                NONE => {}
                other => self.before[other as usize] = p,
            }
            first[queue] = p;
            if last[queue] == NONE {
                last[queue] = p;
            }
        } else {
            self.before[p as usize] = last[queue];
            self.next[p as usize] = NONE;
            match last[queue] {
                NONE => {}
                other => self.next[other as usize] = p,
            }
            last[queue] = p;
            if first[queue] == NONE {
                first[queue] = p;
            }
        }
    }

    /// Takes a sample out of its queue. One that stands alone stays, as in scipy: it is looked at again and changes nothing.
    fn leave(&mut self, p: usize, queue: usize, first: &mut [i64], last: &mut [i64]) {
        let (next, before) = (self.next[p], self.before[p]);
        if next == NONE && before == NONE {
            return;
        }
        if first[queue] == p as i64 {
            first[queue] = next;
        }
        if last[queue] == p as i64 {
            last[queue] = before;
        }
        if before != NONE {
            self.next[before as usize] = next;
        }
        if next != NONE {
            self.before[next as usize] = before;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_stop_where_others_rise_less() {
        let values = [0, 1, 9, 1, 0];
        let mut labels = [-1, 0, 0, 0, 2];
        let (mut costs, mut next, mut before) = ([0; 5], [0; 5], [0; 5]);
        let mut forest = Forest {
            values: &values,
            labels: &mut labels,
            costs: &mut costs,
            next: &mut next,
            before: &mut before,
        };
        forest.grow(&[5], &[vec![-1], vec![1]], || true).unwrap();
        assert_eq!(labels, [-1, -1, 2, 2, 2]);
        let mut forest = Forest {
            values: &values,
            labels: &mut labels,
            costs: &mut costs,
            next: &mut next,
            before: &mut before,
        };
        let refused = forest.grow(&[5], &[vec![-1], vec![1]], || false);
        assert!(refused.is_ok(), "too few samples to ask");
    }
}
