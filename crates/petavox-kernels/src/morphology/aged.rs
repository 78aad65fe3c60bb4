//! Watersheds that depend on the order of flooding: with lines between basins, or compact ones. Samples are done as scikit-image does them, the
//! lowest first and of equals the one that came first, so that they are scikit-image's; of markers that are equal, the first in raster order.

use petavox_core::{Error, Result, strides};
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// What a flood in order of age is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AgedOptions {
    /// How much the distance from its marker counts in a sample's height.
    pub compactness: f64,
    /// Samples where floods meet stay without a name.
    pub lines: bool,
}

impl AgedOptions {
    /// True if the result depends on the order of flooding.
    pub fn needs_order(&self) -> bool {
        self.compactness > 0.0 || self.lines
    }
}

/// An image that is flooded.
pub struct Aged<'a> {
    /// The value of a sample.
    pub value: &'a dyn Fn(usize) -> f64,
    /// Labels, 0 for none.
    pub names: &'a mut [i32],
    /// The name of samples to which no water comes.
    pub nowhere: i32,
    /// A number for each sample.
    pub memory: &'a mut [u32],
}

#[derive(PartialEq)]
struct Item {
    value: f64,
    age: u64,
    at: u32,
    source: u32,
}

impl Eq for Item {}

impl Ord for Item {
    /// The greatest is done first.
    fn cmp(&self, other: &Item) -> Ordering {
        let by_value = other.value.total_cmp(&self.value);
        by_value.then(other.age.cmp(&self.age)).then(other.at.cmp(&self.at))
    }
}

impl PartialOrd for Item {
    fn partial_cmp(&self, other: &Item) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Samples that wait, in memory that was asked for.
struct Waiting<'a> {
    heap: BinaryHeap<Item>,
    reserve: &'a mut dyn FnMut(u64) -> Result<()>,
}

impl Waiting<'_> {
    fn push(&mut self, item: Item) -> Result<()> {
        let n = self.heap.len();
        if n == self.heap.capacity() {
            let more = n.max(1 << 12);
            // What there is, is moved.
            (self.reserve)(((n + more) * size_of::<Item>()) as u64)?;
            self.heap.reserve_exact(more);
        }
        self.heap.push(item);
        Ok(())
    }
}

impl Aged<'_> {
    /// Gives every sample that water reaches the label of the marker from which it comes; `reserve` is asked for bytes of memory before they
    /// are taken, `go_on` now and then.
    ///
    /// # Errors
    /// [`Error::Cancelled`] if `go_on` says no; what `reserve` says.
    pub fn flood(
        &mut self,
        shape: &[usize],
        offsets: &[Vec<i64>],
        options: AgedOptions,
        reserve: &mut dyn FnMut(u64) -> Result<()>,
        go_on: impl Fn() -> bool,
    ) -> Result<()> {
        let n = self.names.len();
        let strides = strides(shape);
        let mut offsets: Vec<&Vec<i64>> =
            offsets.iter().filter(|o| o.iter().any(|x| *x != 0)).collect();
        // The nearest first, then in raster order.
        offsets.sort_by_key(|o| (o.iter().map(|x| x * x).sum::<i64>(), (*o).clone()));
        let point = |at: usize, a: usize| (at / strides[a] % shape[a]) as i64;
        let near = |at: usize, offset: &[i64]| -> Option<usize> {
            let mut there = 0;
            for (a, x) in offset.iter().enumerate() {
                let x = point(at, a) + x;
                if x < 0 || x >= shape[a] as i64 {
                    return None;
                }
                there += x as usize * strides[a];
            }
            Some(there)
        };
        let distance = |at: usize, from: usize| -> f64 {
            let along = |a: usize| (point(at, a) - point(from, a)) as f64;
            (0..shape.len()).map(|a| along(a) * along(a)).sum::<f64>().sqrt()
        };
        let (open, names) = (&mut self.memory[..n], &mut *self.names);
        let mut waiting = Waiting { heap: BinaryHeap::new(), reserve };
        for (i, (open, name)) in open.iter_mut().zip(names.iter()).enumerate() {
            *open = u32::from(*name != self.nowhere);
            if *open != 0 && *name != 0 {
                let at = i as u32;
                waiting.push(Item { value: (self.value)(i), age: 0, at, source: at })?;
            }
        }
        let compact = options.compactness > 0.0;
        let (mut age, mut n_done) = (1, 0u32);
        while let Some(Item { at, source, .. }) = waiting.heap.pop() {
            n_done = n_done.wrapping_add(1);
            if n_done.is_multiple_of(1 << 14) && !go_on() {
                return Err(Error::Cancelled);
            }
            let (own, name) = (at as usize, names[source as usize]);
            if names[own] != 0 && names[own] != self.nowhere && at != source {
                continue;
            }
            // Where another flood is beside, a line begins: floods go on beyond it, but give it no name.
            if compact || open[own] != 0 {
                let beside = |o: &&Vec<i64>| {
                    near(own, o).is_some_and(|j| open[j] != 0 && names[j] != 0 && names[j] != name)
                };
                if !compact && offsets.iter().any(beside) {
                    open[own] = 0;
                } else {
                    names[own] = name;
                }
            }
            for offset in &offsets {
                let Some(there) = near(own, offset) else { continue };
                if open[there] == 0 || names[there] != 0 {
                    continue;
                }
                age += 1;
                let mut value = (self.value)(there);
                if compact {
                    value += options.compactness * distance(there, source as usize);
                }
                waiting.push(Item { value, age, at: there as u32, source })?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flooded(values: &[f64], markers: &[i32], options: AgedOptions) -> Vec<i32> {
        let (mut names, mut memory) = (markers.to_vec(), vec![0; values.len()]);
        let value = |i: usize| values[i];
        let mut aged = Aged { value: &value, names: &mut names, nowhere: -9, memory: &mut memory };
        let offsets = [vec![1], vec![-1]];
        aged.flood(&[values.len()], &offsets, options, &mut |_| Ok(()), || true).unwrap();
        names
    }

    #[test]
    fn lines_stand_where_floods_meet_and_compact_basins_are_as_wide_as_they_are_near() {
        let lines = AgedOptions { lines: true, compactness: 0.0 };
        assert_eq!(flooded(&[0.0, 1.0, 5.0, 2.0, 1.0], &[1, 0, 0, 0, 2], lines), [1, 1, 0, 2, 2]);
        let compact = AgedOptions { lines: false, compactness: 100.0 };
        let slope: Vec<f64> = (0..7).map(f64::from).collect();
        assert_eq!(flooded(&slope, &[1, 0, 0, 0, 0, 0, 2], compact), [1, 1, 1, 1, 2, 2, 2]);
    }

    #[test]
    fn memory_is_asked_for_before_it_is_taken() {
        let (mut names, mut memory) = ([1, 0, 0], [0; 3]);
        let mut aged =
            Aged { value: &|_| 0.0, names: &mut names, nowhere: -9, memory: &mut memory };
        let mut no = |_| Err(Error::Cancelled);
        let options = AgedOptions { lines: true, compactness: 0.0 };
        assert!(aged.flood(&[3], &[vec![1], vec![-1]], options, &mut no, || true).is_err());
    }
}
