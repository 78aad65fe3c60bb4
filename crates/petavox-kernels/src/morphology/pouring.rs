//! The watershed of an image in memory: samples are done in the order in which water reaches them.
//!
//! Water rises from sample to sample in the order of (value, raster number). What lies lower than where it stands is under water at once; the
//! rest waits in queues, one for each value or for several that lie together; a queue has room for all samples of its values, so that all
//! queues together are one list of all samples. A sample belongs where the water came from that reached it
//! first: no tie is left, so that this is the same cut of the minimum spanning forest as levels and [`super::basins`] give.

use petavox_core::{Error, Result, strides};
use std::ops::Range;

/// Queues at most.
const MAX_QUEUES: u64 = 1 << 16;
/// Bytes that flooding takes beside what it is given.
pub const POURING_BYTES: usize = 2 * 4 * (MAX_QUEUES as usize + 1);

/// Orders of values.
pub trait Height: Copy + Ord + Into<u64> {}
impl Height for u32 {}
impl Height for u64 {}

/// An image that is flooded.
pub struct Pouring<'a, K> {
    /// The order of the values.
    pub keys: &'a [K],
    /// Labels, 0 for none, and what is not 0 and no marker where water cannot go.
    pub names: &'a mut [i32],
    /// The name of samples to which no water comes.
    pub nowhere: i32,
    /// Twice as many numbers as there are samples, which are at most 2^31.
    pub memory: &'a mut [u32],
}

/// Neighbours of samples.
struct Around {
    shape: Vec<usize>,
    strides: Vec<usize>,
    offsets: Vec<(Vec<i64>, isize)>,
    reach: Vec<usize>,
}

impl Around {
    fn new(shape: &[usize], offsets: &[Vec<i64>]) -> Around {
        let strides = strides(shape);
        let step =
            |o: &Vec<i64>| o.iter().zip(&strides).map(|(x, s)| *x as isize * *s as isize).sum();
        let offsets: Vec<(Vec<i64>, isize)> = (offsets.iter())
            .filter(|o| o.iter().any(|x| *x != 0))
            .map(|o| (o.clone(), step(o)))
            .collect();
        let far = |a: usize| offsets.iter().map(|(o, _)| o[a].unsigned_abs() as usize).max();
        let reach = (0..shape.len()).map(|a| far(a).unwrap_or(0)).collect();
        Around { shape: shape.to_vec(), strides, offsets, reach }
    }

    #[inline(always)]
    fn each(&self, at: usize, mut f: impl FnMut(usize)) {
        let mut point = [0u32; 16];
        let mut rest = at as u32;
        let mut inner = true;
        for (a, step) in self.strides.iter().enumerate() {
            let x = rest / *step as u32;
            rest -= x * *step as u32;
            point[a & 15] = x;
            let (x, reach) = (x as usize, self.reach[a]);
            inner &= x >= reach && x + reach < self.shape[a];
        }
        if inner {
            self.offsets.iter().for_each(|(_, step)| f(at.wrapping_add_signed(*step)));
            return;
        }
        for (offset, step) in &self.offsets {
            let inside = |a: usize| {
                let x = i64::from(point[a & 15]) + offset[a];
                x >= 0 && x < self.shape[a] as i64
            };
            if (0..self.shape.len()).all(inside) {
                f(at.wrapping_add_signed(*step));
            }
        }
    }
}

/// Samples that wait, by their values; no sample waits twice.
struct Queues<'a> {
    samples: &'a mut [u32],
    /// Where each queue's room begins, and where that of the last one ends.
    starts: Vec<u32>,
    /// How many wait in each.
    lens: Vec<u32>,
}

impl Queues<'_> {
    #[inline(always)]
    fn push(&mut self, queue: usize, sample: usize) {
        self.samples[(self.starts[queue] + self.lens[queue]) as usize] = sample as u32;
        self.lens[queue] += 1;
    }

    fn waiting(&mut self, queue: usize) -> Range<usize> {
        let first = self.starts[queue] as usize;
        first..first + self.lens[queue] as usize
    }
}

impl<K: Height> Pouring<'_, K> {
    /// Gives every sample that water reaches the label of the marker from which it comes. `go_on` is asked now and then.
    ///
    /// # Errors
    /// [`Error::Cancelled`] if `go_on` says no.
    pub fn flood(
        &mut self,
        shape: &[usize],
        offsets: &[Vec<i64>],
        go_on: impl Fn() -> bool,
    ) -> Result<()> {
        let n = self.keys.len();
        let around = Around::new(shape, offsets);
        let (samples, rest) = self.memory.split_at_mut(n);
        let least = self.keys.iter().copied().min().map_or(0, Into::into);
        let range = self.keys.iter().copied().max().map_or(0, Into::into) - least;
        let shift = (0..64).find(|s| range >> s < MAX_QUEUES).unwrap_or(63);
        let queue = |key: K| ((key.into() - least) >> shift) as usize;
        let n_queues = (range >> shift) as usize + 1;
        let mut starts = vec![0; n_queues + 1];
        self.keys.iter().for_each(|key| starts[queue(*key) + 1] += 1);
        (0..n_queues).for_each(|q| starts[q + 1] += starts[q]);
        let mut queues = Queues { samples, starts, lens: vec![0; n_queues] };
        for i in 0..n {
            if self.names[i] != 0 && self.names[i] != self.nowhere {
                queues.push(queue(self.keys[i]), i);
            }
        }
        let (keys, names) = (self.keys, &mut *self.names);
        let mut n_done = 0u32;
        for now in 0..n_queues {
            // Those that were there, in order, and a heap of those that come meanwhile; behind it those that are under water.
            let run = queues.waiting(now);
            if shift == 0 {
                queues.samples[run.clone()].sort_unstable();
            } else {
                queues.samples[run.clone()].sort_unstable_by_key(|i| (keys[*i as usize], *i));
            }
            let order = |i: u32| if shift == 0 { (least, i) } else { (keys[i as usize].into(), i) };
            let (mut n_run, mut n_heap) = (0, 0);
            loop {
                let run = &queues.samples[run.clone()];
                let from_run = match (run.get(n_run), n_heap) {
                    (None, 0) => break,
                    (Some(_), 0) => true,
                    (None, _) => false,
                    (Some(first), _) => order(*first) < order(rest[0]),
                };
                let top = if from_run {
                    n_run += 1;
                    run[n_run - 1]
                } else {
                    pop_heap(rest, &mut n_heap, order)
                };
                n_done = n_done.wrapping_add(1);
                if n_done.is_multiple_of(1 << 16) && !go_on() {
                    return Err(Error::Cancelled);
                }
                let surface = (keys[top as usize], top as usize);
                let name = names[top as usize];
                let mut below = n;
                let mut next = Some(top as usize);
                while let Some(at) = next {
                    around.each(at, |near| {
                        if names[near] != 0 {
                            return;
                        }
                        names[near] = name;
                        let key = keys[near];
                        if (key, near) < surface {
                            below -= 1;
                            rest[below] = near as u32;
                        } else if queue(key) > now {
                            queues.push(queue(key), near);
                        } else {
                            push_heap(rest, &mut n_heap, near as u32, order);
                        }
                    });
                    next = rest[..n].get(below).map(|at| *at as usize);
                    below += usize::from(next.is_some());
                }
            }
        }
        Ok(())
    }

    /// Names the plateaus that are lower than all around them, 1, 2, ... by the raster order of their first samples to which water can go; an
    /// image that is one plateau has none.
    ///
    /// # Errors
    /// [`Error::Cancelled`] if `go_on` says no.
    pub fn mark_minima(
        &mut self,
        shape: &[usize],
        offsets: &[Vec<i64>],
        go_on: impl Fn() -> bool,
    ) -> Result<()> {
        const SEEN: u32 = 1;
        const MINIMUM: u32 = 2;
        let keys = self.keys;
        if keys.iter().all(|k| *k == keys[0]) {
            return Ok(());
        }
        let n = keys.len();
        let around = Around::new(shape, offsets);
        let (state, list) = self.memory.split_at_mut(n);
        state.fill(0);
        for first in 0..n {
            if first % (1 << 16) == 0 && !go_on() {
                return Err(Error::Cancelled);
            }
            if state[first] != 0 {
                continue;
            }
            state[first] = SEEN;
            list[0] = first as u32;
            let (mut m, mut done, mut lowest) = (1, 0, true);
            while done < m {
                let at = list[done] as usize;
                done += 1;
                around.each(at, |near| {
                    lowest &= keys[near] >= keys[at];
                    if keys[near] == keys[at] && state[near] == 0 {
                        state[near] = SEEN;
                        list[m] = near as u32;
                        m += 1;
                    }
                });
            }
            if lowest {
                let inside = list[..m].iter().filter(|i| self.names[**i as usize] != self.nowhere);
                inside.for_each(|i| state[*i as usize] = MINIMUM);
            }
        }
        let mut name = 0;
        for first in 0..n {
            if state[first] != MINIMUM {
                continue;
            }
            name += 1;
            state[first] = SEEN;
            list[0] = first as u32;
            let mut m = 1;
            while m > 0 {
                m -= 1;
                let at = list[m] as usize;
                self.names[at] = name;
                around.each(at, |near| {
                    if state[near] == MINIMUM {
                        state[near] = SEEN;
                        list[m] = near as u32;
                        m += 1;
                    }
                });
            }
        }
        Ok(())
    }
}

fn push_heap<O: Ord>(heap: &mut [u32], n: &mut usize, item: u32, order: impl Fn(u32) -> O) {
    let mut at = *n;
    *n += 1;
    while at > 0 {
        let up = (at - 1) / 2;
        if order(heap[up]) <= order(item) {
            break;
        }
        heap[at] = heap[up];
        at = up;
    }
    heap[at] = item;
}

fn pop_heap<O: Ord>(heap: &mut [u32], n: &mut usize, order: impl Fn(u32) -> O) -> u32 {
    let top = heap[0];
    *n -= 1;
    let item = heap[*n];
    let mut at = 0;
    loop {
        let mut down = 2 * at + 1;
        if down >= *n {
            break;
        }
        if down + 1 < *n && order(heap[down + 1]) < order(heap[down]) {
            down += 1;
        }
        if order(item) <= order(heap[down]) {
            break;
        }
        heap[at] = heap[down];
        at = down;
    }
    heap[at] = item;
    top
}
