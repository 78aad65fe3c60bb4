//! Watersheds slab by slab: from the levels of samples to the basins they belong to.

use super::reconstruct::Grey;
use petavox_core::strides;
use std::ops::Range;

/// A sample as a number that is the higher, the lower it lies: by value, and by raster number where values are equal.
/// [`Grey::LEAST`] is nowhere.
pub trait Level: Grey + bytemuck::Pod {
    /// All bits set.
    const HIGHEST: Self;
    /// The sample of a number whose value has this key.
    fn new(key: u64, number: u64) -> Self;
    /// The number of the sample that is this high.
    fn number(self) -> u64;
    /// The next below.
    fn below(self) -> Self;
}

impl Level for u64 {
    const HIGHEST: u64 = u64::MAX;
    fn new(key: u64, number: u64) -> u64 {
        !(key << 32 | number)
    }
    fn number(self) -> u64 {
        !self & 0xffff_ffff
    }
    fn below(self) -> u64 {
        self.saturating_sub(1)
    }
}

impl Level for u128 {
    const HIGHEST: u128 = u128::MAX;
    fn new(key: u64, number: u64) -> u128 {
        !(u128::from(key) << 64 | u128::from(number))
    }
    fn number(self) -> u64 {
        !self as u64
    }
    fn below(self) -> u128 {
        self.saturating_sub(1)
    }
}

/// Steps to neighbours inside a slab.
struct Steps {
    shape: Vec<usize>,
    strides: Vec<usize>,
    /// Along the axes, and along the slab.
    offsets: Vec<(Vec<i64>, i64)>,
}

impl Steps {
    fn new(shape: &[usize], offsets: &[Vec<i64>]) -> Steps {
        let strides = strides(shape);
        let step = |o: &Vec<i64>| o.iter().zip(&strides).map(|(x, s)| x * *s as i64).sum();
        let offsets = offsets.iter().filter(|o| o.iter().any(|x| *x != 0));
        let offsets = offsets.map(|o| (o.clone(), step(o))).collect();
        Steps { shape: shape.to_vec(), strides, offsets }
    }

    fn each(&self, at: usize, mut f: impl FnMut(usize)) {
        let mut point = [0i64; 16];
        let mut rest = at;
        for (x, step) in point.iter_mut().zip(&self.strides) {
            *x = (rest / step) as i64;
            rest %= step;
        }
        for (offset, step) in &self.offsets {
            let inside = |a: usize| (0..self.shape[a] as i64).contains(&(point[a] + offset[a]));
            if (0..self.shape.len()).all(inside) {
                f((at as i64 + step) as usize);
            }
        }
    }
}

/// Names samples `own` of a slab that have a level but no name (0) yet, as far as names are known: a sample below its level takes the name
/// of a neighbour of the same level, one that is its own level that of the neighbour that lies lowest. `first` is the number of the
/// slab's first sample; `stack` has room for as many samples as are its own. True if a sample was named. Asks `go_on` now and then.
pub fn name_slab<L: Level>(
    shape: &[usize],
    offsets: &[Vec<i64>],
    levels: &[L],
    names: &mut [i32],
    own: Range<usize>,
    first: u64,
    stack: &mut [u32],
    mut go_on: impl FnMut() -> bool,
) -> bool {
    let steps = Steps::new(shape, offsets);
    let name_of = |at: usize, names: &[i32]| -> i32 {
        let level = levels[at];
        let mut name = 0;
        if level.number() == first + at as u64 {
            let mut lowest = L::LEAST;
            steps.each(at, |near| {
                if levels[near] > lowest {
                    lowest = levels[near];
                    name = names[near];
                }
            });
        } else {
            steps.each(at, |near| {
                if levels[near] == level && names[near] != 0 {
                    name = names[near];
                }
            });
        }
        name
    };
    let mut any = false;
    for start in own.clone() {
        if start % (1 << 16) == 0 && !go_on() {
            return any;
        }
        if names[start] != 0 || levels[start] == L::LEAST {
            continue;
        }
        names[start] = name_of(start, names);
        if names[start] == 0 {
            continue;
        }
        any = true;
        // Every sample is named once, and so waits once at most.
        stack[0] = start as u32;
        let mut waiting = 1;
        while waiting > 0 {
            waiting -= 1;
            steps.each(stack[waiting] as usize, |near| {
                if own.contains(&near) && names[near] == 0 && levels[near] != L::LEAST {
                    names[near] = name_of(near, names);
                    if names[near] != 0 {
                        stack[waiting] = near as u32;
                        waiting += 1;
                    }
                }
            });
        }
    }
    any
}
