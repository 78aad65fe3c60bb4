//! The watershed of a volume in slabs: minima, levels and names, each spread until nothing changes.

use super::settle::{Pace, Samples, Spread, settle};
use super::volume::{Slabs, Volume};
use petavox_core::{Error, Result};
use petavox_engine::RunContext;
use petavox_kernels::morphology::basins::{Level, name_slab};
use std::ops::Range;

/// The parts of the volume: how high samples were flooded; the order of their values; the labels.
pub(super) const LEVELS: usize = 0;
pub(super) const KEYS: usize = 1;
pub(super) const NAMES: usize = 2;
/// The name of samples that the mask leaves out.
pub(super) const NOWHERE: i32 = i32::MIN;

/// The order of values in the volume.
pub(super) trait Key: bytemuck::Pod + Ord + Into<u64> + Send + Sync {}
impl Key for u32 {}
impl Key for u64 {}

/// A watershed that is under way.
pub(super) struct Slabwise<'a> {
    pub(super) volume: &'a Volume,
    pub(super) slabs: &'a Slabs<'a>,
    pub(super) pace: Pace,
    pub(super) offsets: &'a [Vec<i64>],
    pub(super) context: &'a RunContext,
}

impl Slabwise<'_> {
    /// Floods from the markers among the names, or from the minima.
    pub(super) fn run<L: Level, K: Key>(&self, minima: bool) -> Result<()> {
        if self.volume.len() == 0 {
            return Ok(());
        }
        // What the mask leaves out.
        self.planes::<L, K>(&mut |plane, _, levels, _, names| {
            for (level, name) in levels.iter_mut().zip(names.iter_mut()) {
                if *level == L::HIGHEST {
                    *name = NOWHERE;
                }
            }
            self.slabs.write(NAMES, plane, names)
        })?;
        if minima {
            self.mark_minima::<L, K>()?;
        }
        self.planes::<L, K>(&mut |plane, first, levels, keys, names| {
            for (i, ((level, key), name)) in levels.iter_mut().zip(keys).zip(names).enumerate() {
                let is_marker = *name != 0 && *name != NOWHERE;
                *level = if is_marker { L::new((*key).into(), first + i as u64) } else { L::LEAST };
            }
            self.slabs.write(LEVELS, plane, levels)
        })?;
        self.spread::<L>(&|planes, to| self.tops::<L, K>(planes, to, true))?;
        self.name_all::<L>()
    }

    /// Each sample as high as it is itself; nowhere if the mask leaves it out.
    fn tops<L: Level, K: Key>(&self, planes: Range<usize>, to: &mut [L], own: bool) -> Result<()> {
        let n = self.volume.plane_len();
        let (mut keys, mut names) = (Samples::<K>::new(n)?, Samples::<i32>::new(n)?);
        for (plane, to) in planes.zip(to.chunks_exact_mut(n)) {
            self.slabs.read(KEYS, plane..plane + 1, keys.get())?;
            self.slabs.read(NAMES, plane..plane + 1, names.get())?;
            let first = (plane * n) as u64;
            for (i, ((to, key), name)) in to.iter_mut().zip(keys.get()).zip(names.get()).enumerate()
            {
                *to = match (own, *name == NOWHERE) {
                    (true, true) => L::LEAST,
                    (true, false) => L::new((*key).into(), first + i as u64),
                    (false, _) => L::new((*key).into(), 0),
                };
            }
        }
        Ok(())
    }

    /// Spreads levels under ceilings.
    fn spread<L: Level>(
        &self,
        ceiling: &(dyn Fn(Range<usize>, &mut [L]) -> Result<()> + Sync),
    ) -> Result<()> {
        let spread = Spread::<L> {
            offsets: self.offsets,
            values: &|planes, to| self.slabs.read(LEVELS, planes, to),
            ceiling,
            store: &|planes, from| self.slabs.write(LEVELS, planes, from),
        };
        spread.run(self.volume, self.slabs, self.pace, self.context)
    }

    /// Names the plateaus that are lower than all around them, by the raster order of their first samples.
    fn mark_minima<L: Level, K: Key>(&self) -> Result<()> {
        // A little below its ceiling each: where that stays, no neighbour is lower.
        let (mut some, mut constant) = (None, true);
        self.planes::<L, K>(&mut |planes, _, levels, keys, _| {
            for (level, key) in levels.iter_mut().zip(keys) {
                *level = L::new((*key).into(), 0).below();
                constant &= *some.get_or_insert(*key) == *key;
            }
            self.slabs.write(LEVELS, planes, levels)
        })?;
        if constant {
            return Ok(());
        }
        self.spread::<L>(&|planes, to| self.tops::<L, K>(planes, to, false))?;
        // Every sample of a minimum learns the number of the first.
        self.planes::<L, K>(&mut |planes, first, levels, keys, names| {
            for (i, ((level, key), name)) in levels.iter_mut().zip(keys).zip(names).enumerate() {
                let is_minimum = *level < L::new((*key).into(), 0) && *name != NOWHERE;
                *level = if is_minimum { L::new(0, first + i as u64) } else { L::LEAST };
            }
            self.slabs.write(LEVELS, planes, levels)
        })?;
        self.spread::<L>(&|planes, to| self.inside_minima(planes, to))?;
        let mut n_minima = 0i32;
        self.planes::<L, K>(&mut |planes, first, levels, _, names| {
            for (i, (level, name)) in levels.iter().zip(names.iter_mut()).enumerate() {
                if *level == L::new(0, first + i as u64) {
                    n_minima = n_minima.checked_add(1).ok_or_else(|| {
                        let expected = "fewer than 2^31, or markers of your own";
                        Error::argument("watershed: minima", "2^31 or more", expected)
                    })?;
                    *name = n_minima;
                }
            }
            self.slabs.write(NAMES, planes, names)
        })?;
        self.spread_names::<L>()
    }

    /// As high as can be in minima, nowhere outside.
    fn inside_minima<L: Level>(&self, planes: Range<usize>, to: &mut [L]) -> Result<()> {
        self.slabs.read(LEVELS, planes, to)?;
        to.iter_mut().filter(|t| **t != L::LEAST).for_each(|t| *t = L::HIGHEST);
        Ok(())
    }

    /// Gives all samples of a minimum the name of its first.
    fn spread_names<L: Level>(&self) -> Result<()> {
        let n = self.volume.plane_len();
        let spread = Spread::<L> {
            offsets: self.offsets,
            values: &|planes, to| {
                let mut names = Samples::<i32>::new(n)?;
                for (plane, to) in planes.zip(to.chunks_exact_mut(n)) {
                    self.slabs.read(NAMES, plane..plane + 1, names.get())?;
                    for (to, name) in to.iter_mut().zip(names.get()) {
                        *to = if *name > 0 { L::new(0, *name as u64) } else { L::LEAST };
                    }
                }
                Ok(())
            },
            ceiling: &|planes, to| self.inside_minima(planes, to),
            store: &|planes, from| {
                let mut names = Samples::<i32>::new(n)?;
                for (plane, from) in planes.zip(from.chunks_exact(n)) {
                    self.slabs.read(NAMES, plane..plane + 1, names.get())?;
                    for (name, from) in names.get().iter_mut().zip(from) {
                        if *from != L::LEAST {
                            *name = from.number() as i32;
                        }
                    }
                    self.slabs.write(NAMES, plane..plane + 1, names.get())?;
                }
                Ok(())
            },
        };
        spread.run(self.volume, self.slabs, self.pace, self.context)
    }

    /// Gives every sample that was flooded the name of the basin it belongs to.
    fn name_all<L: Level>(&self) -> Result<()> {
        let (pace, plane, n_planes) = (self.pace, self.volume.plane_len(), self.volume.n_planes());
        let n = (pace.planes + 2 * pace.reach).min(n_planes) * plane;
        if u32::try_from(n).is_err() {
            return Err(Error::internal("watershed", "a slab of more than 2^32 samples"));
        }
        settle(self.slabs, pace, self.context, &|| {
            let (mut levels, mut names) = (Samples::<L>::new(n)?, Samples::<i32>::new(n)?);
            let mut stack = Samples::<u32>::new(pace.planes * plane)?;
            let work = move |own: Range<usize>, _again: bool| {
                let first = own.start.saturating_sub(pace.reach);
                let end = (own.end + pace.reach).min(n_planes);
                let n = (end - first) * plane;
                let (levels, names) = (&mut levels.get()[..n], &mut names.get()[..n]);
                self.slabs.read(LEVELS, first..end, levels)?;
                self.slabs.read(NAMES, first..end, names)?;
                let mut shape = self.volume.shape.clone();
                shape[0] = end - first;
                let inner = (own.start - first) * plane..(own.end - first) * plane;
                let number = (first * plane) as u64;
                let go_on = || !self.context.cancel.is_cancelled();
                let (range, stack) = (inner.clone(), stack.get());
                let named =
                    name_slab(&shape, self.offsets, levels, names, range, number, stack, go_on);
                if named {
                    self.slabs.write(NAMES, own, &names[inner])?;
                }
                Ok(named)
            };
            Ok(Box::new(work))
        })
    }

    /// Calls `work` for each plane in order, with the number of its first sample, its levels, keys and names.
    fn planes<L: Level, K: Key>(
        &self,
        work: &mut dyn FnMut(Range<usize>, u64, &mut [L], &[K], &mut [i32]) -> Result<()>,
    ) -> Result<()> {
        let n = self.volume.plane_len();
        let bytes = n * (size_of::<L>() + size_of::<K>() + size_of::<i32>());
        let _scratch = self.context.budget.reserve("watershed", bytes as u64)?;
        let mut levels = Samples::<L>::new(n)?;
        let (mut keys, mut names) = (Samples::<K>::new(n)?, Samples::<i32>::new(n)?);
        (0..self.volume.n_planes()).try_for_each(|plane| {
            self.context.cancel.check()?;
            let planes = plane..plane + 1;
            self.slabs.read(LEVELS, planes.clone(), levels.get())?;
            self.slabs.read(KEYS, planes.clone(), keys.get())?;
            self.slabs.read(NAMES, planes.clone(), names.get())?;
            work(planes, (plane * n) as u64, levels.get(), keys.get(), names.get())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use petavox_engine::{Budget, RunOptions, ScratchDir, Words};
    use petavox_kernels::morphology::Footprint;
    use petavox_kernels::morphology::pouring::Pouring;
    use proptest::prelude::*;

    fn filled(words: &mut Words, volume: &Volume, keys: &[u32], names: &[i32]) {
        volume.part_mut::<u32>(words.words_mut(), KEYS).copy_from_slice(keys);
        volume.part_mut::<i32>(words.words_mut(), NAMES).copy_from_slice(names);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        #[test]
        fn slabs_in_memory_and_in_a_file_give_what_pouring_gives(
            shape in prop::collection::vec(1usize..9, 1..4), seed in prop::collection::vec((0u32..7, 0u8..20), 512),
            hops in 1usize..4, minima: bool, planes in 1usize..4,
        ) {
            let volume = Volume::new(&shape, &[8, 4, 4]);
            let n = volume.len();
            let keys: Vec<u32> = seed[..n].iter().map(|s| s.0).collect();
            let name = |(i, s): (usize, &(u32, u8))| match s.1 {
                0 => NOWHERE,
                1 if !minima => i as i32 + 1,
                _ => 0,
            };
            let names: Vec<i32> = seed[..n].iter().enumerate().map(name).collect();
            let footprint = Footprint::connectivity(shape.len(), hops.min(shape.len())).unwrap();
            let offsets = super::super::settle::offsets_in(&volume, footprint.offsets());
            let (mut want, mut memory) = (names.clone(), vec![0; 2 * n]);
            let mut pouring = Pouring { keys: &keys, names: &mut want, nowhere: NOWHERE, memory: &mut memory };
            if minima {
                pouring.mark_minima(&volume.shape, &offsets, || true).unwrap();
            }
            pouring.flood(&volume.shape, &offsets, || true).unwrap();
            let dir = tempfile::tempdir().unwrap();
            let scratch = ScratchDir::new(dir.path()).unwrap();
            let options = RunOptions { memory_bytes: Some(256 << 20), n_threads: Some(2), ..RunOptions::default() };
            let context = RunContext::new(&options).unwrap();
            let budget = Budget::new(256 << 20);
            for in_file in [false, true] {
                let mut words = match in_file {
                    true => Words::in_file(volume.n_words(), 8, &scratch, &budget, "test").unwrap(),
                    false => Words::in_memory(volume.n_words(), &budget, "test").unwrap(),
                };
                filled(&mut words, &volume, &keys, &names);
                let reach = super::super::settle::reach(&offsets);
                let pace = Pace { planes, ..Pace::new(&volume, reach, 16, 12) };
                let slabs = Slabs::new(&volume, &mut words, planes);
                let flood = Slabwise { volume: &volume, slabs: &slabs, pace, offsets: &offsets, context: &context };
                flood.run::<u64, u32>(minima).unwrap();
                let found = volume.part::<i32>(words.words(), NAMES);
                prop_assert_eq!(found, &want[..], "{:?} in_file {}", &shape, in_file);
            }
        }
    }
}
