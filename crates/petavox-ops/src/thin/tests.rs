//! The laws of thinning.

mod golden;
mod topology;

use super::*;
use petavox_core::{Block, Dtype, Region, Sequential};
use proptest::prelude::*;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

/// So many threads, which take items in the order of a shared counter, backwards if asked.
struct Threads {
    n: usize,
    backwards: bool,
}

impl Workers for Threads {
    fn n_threads(&self) -> usize {
        self.n
    }

    fn for_each(&self, n_items: usize, task: &(dyn Fn(usize) + Sync)) {
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..self.n {
                scope.spawn(|| {
                    loop {
                        let i = next.fetch_add(1, Ordering::Relaxed);
                        if i >= n_items {
                            return;
                        }
                        task(if self.backwards { n_items - 1 - i } else { i });
                    }
                });
            }
        });
    }
}

/// Words whose release is checked: nothing further ahead than the promised window may have been written.
struct Paged {
    words: Vec<u64>,
    before: Vec<u64>,
    window: usize,
    n_released: usize,
}

impl Paged {
    fn new(words: Vec<u64>, options: &ThinOptions, layout: &BitLayout) -> Paged {
        let window = (options.resident_bytes(layout) / 8) as usize;
        Paged { before: words.clone(), words, window, n_released: 0 }
    }
}

impl WordStore for Paged {
    fn words_mut(&mut self) -> &mut [u64] {
        &mut self.words
    }

    fn release(&mut self, words: Range<usize>) -> Result<()> {
        assert!(words.start <= words.end && words.end <= self.words.len());
        let resident = words.start..(words.start + self.window).min(self.words.len());
        for i in (0..self.words.len()).filter(|i| !resident.contains(i)) {
            assert_eq!(self.words[i], self.before[i], "word {i} written outside {resident:?}");
        }
        self.before[resident.clone()].copy_from_slice(&self.words[resident]);
        self.n_released += words.len();
        Ok(())
    }
}

pub(super) fn packed(shape: &[usize], samples: &[u8]) -> (BitLayout, Vec<u64>) {
    let layout = BitLayout::new(shape).unwrap();
    let mut words = vec![0; layout.n_words()];
    let block = Block::from_vec(Region::whole(shape), samples.to_vec()).unwrap();
    layout.pack(&mut words, &block).unwrap();
    (layout, words)
}

fn unpacked(layout: &BitLayout, shape: &[usize], words: &[u64]) -> Vec<u8> {
    let mut block = Block::zeros(Region::whole(shape), Dtype::UInt8).unwrap();
    layout.unpack(words, &mut block).unwrap();
    block.typed::<u8>().unwrap().to_vec()
}

pub(super) fn skeleton(shape: &[usize], samples: &[u8], method: ThinMethod) -> Vec<u8> {
    let (layout, mut words) = packed(shape, samples);
    let options = ThinOptions::new(method);
    thin(&mut words, &layout, &options, &Sequential, &CancelToken::new()).unwrap();
    unpacked(&layout, shape, &words)
}

/// Noise smoothed by majorities, so that there are thick parts, bridges and holes.
fn noise(shape: &[usize; 3], seed: u64, density: u32, n_smooth: usize) -> Vec<u8> {
    let mut state = seed | 1;
    let mut samples: Vec<u8> = (0..shape.iter().product())
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            u8::from((state >> 33) as u32 % 100 < density)
        })
        .collect();
    let [nz, ny, nx] = *shape;
    for _ in 0..n_smooth {
        let old = samples.clone();
        for z in 0..nz {
            for y in 0..ny {
                for x in 0..nx {
                    let (mut ones, mut all) = (0, 0);
                    for z in z.saturating_sub(1)..(z + 2).min(nz) {
                        for y in y.saturating_sub(1)..(y + 2).min(ny) {
                            for x in x.saturating_sub(1)..(x + 2).min(nx) {
                                ones += u32::from(old[(z * ny + y) * nx + x]);
                                all += 1;
                            }
                        }
                    }
                    samples[(z * ny + y) * nx + x] = u8::from(ones * 100 > all * density);
                }
            }
        }
    }
    samples
}

fn shapes() -> impl Strategy<Value = [usize; 3]> {
    prop_oneof![
        [1usize..14, 1usize..12, 1usize..24],
        [1usize..4, 1usize..9, 60usize..140],
        [1usize..30, 1usize..4, 1usize..9],
        [1usize..2, 60usize..140, 1usize..9],
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn slabs_threads_and_order_of_tasks_do_not_change_the_result(
        shape in shapes(), seed: u64, density in 20u32..95, n_smooth in 0usize..2,
    ) {
        let mut shape = shape.to_vec();
        let samples = noise(&[shape[0], shape[1], shape[2]], seed, density, n_smooth);
        let mut methods = vec![ThinMethod::Parity, ThinMethod::Lee];
        if shape[0] == 1 {
            shape.remove(0);
            methods.push(ThinMethod::Zhang);
        }
        let (layout, mask) = packed(&shape, &samples);
        for method in methods {
            let mut expected = mask.clone();
            let whole = ThinOptions { method, slab_planes: Some(1000) };
            thin(&mut expected, &layout, &whole, &Sequential, &CancelToken::new()).unwrap();
            for (slab_planes, n, backwards) in [(1, 2, false), (2, 3, true), (4, 1, true), (7, 2, true)] {
                let options = ThinOptions { method, slab_planes: Some(slab_planes) };
                let mut store = Paged::new(mask.clone(), &options, &layout);
                let threads = Threads { n, backwards };
                thin(&mut store, &layout, &options, &threads, &CancelToken::new()).unwrap();
                prop_assert!(store.n_released >= layout.n_words());
                prop_assert_eq!(&store.words, &expected, "{:?} {}", method, slab_planes);
            }
        }
    }

    #[test]
    fn parity_keeps_components_loops_and_cavities(
        shape in shapes(), seed: u64, density in 20u32..95, n_smooth in 0usize..3,
    ) {
        let samples = noise(&shape, seed, density, n_smooth);
        let thinned = skeleton(&shape, &samples, ThinMethod::Parity);
        prop_assert_eq!(topology::betti(&shape, &samples), topology::betti(&shape, &thinned));
        prop_assert!(thinned.iter().zip(&samples).all(|(t, s)| t <= s));
        // Thin already: a second thinning changes nothing.
        prop_assert_eq!(&skeleton(&shape, &thinned, ThinMethod::Parity), &thinned);
    }

    #[test]
    fn parity_follows_a_shift_by_an_even_number_of_voxels(seed: u64, density in 30u32..90) {
        let shape = [7, 8, 9];
        let samples = noise(&shape, seed, density, 1);
        let moved = |samples: &[u8], by: [usize; 3]| {
            let mut big = vec![0; 13 * 14 * 15];
            for (i, &s) in samples.iter().enumerate() {
                let (z, y, x) = (i / 72 + by[0], i / 9 % 8 + by[1], i % 9 + by[2]);
                big[(z * 14 + y) * 15 + x] = s;
            }
            big
        };
        let thinned = skeleton(&shape, &samples, ThinMethod::Parity);
        let big = skeleton(&[13, 14, 15], &moved(&samples, [2, 4, 6]), ThinMethod::Parity);
        prop_assert_eq!(big, moved(&thinned, [2, 4, 6]));
    }
}

#[test]
fn a_free_bar_of_even_width_stays_under_parity_and_vanishes_under_lee() {
    let mut bar = vec![0; 8 * 8 * 20];
    for z in 2..6 {
        for y in 2..6 {
            (2..18).for_each(|x| bar[(z * 8 + y) * 20 + x] = 1);
        }
    }
    let kept = skeleton(&[8, 8, 20], &bar, ThinMethod::Parity);
    assert_eq!(topology::betti(&[8, 8, 20], &kept), [1, 0, 0]);
    assert!(kept.iter().map(|&v| u32::from(v)).sum::<u32>() > 8);
    let lost = skeleton(&[8, 8, 20], &bar, ThinMethod::Lee);
    assert_eq!(lost.iter().map(|&v| u32::from(v)).sum::<u32>(), 0);
}

#[test]
fn slabs_fit_the_window_they_are_made_for() {
    let layout = BitLayout::new(&[1000, 300, 300]).unwrap();
    for method in [ThinMethod::Parity, ThinMethod::Lee] {
        let smallest = ThinOptions { method, slab_planes: Some(2) }.resident_bytes(&layout);
        let usual = ThinOptions::new(method).resident_bytes(&layout);
        for window in [smallest, smallest + 100_000, 1_000_000, usual, layout.n_bytes()] {
            let options = ThinOptions::within(method, &layout, window);
            assert!(options.resident_bytes(&layout) <= window, "{method:?} {window}");
        }
        assert_eq!(
            ThinOptions::within(method, &layout, usual).slab_planes(&layout),
            ThinOptions::new(method).slab_planes(&layout)
        );
    }
}

#[test]
fn bad_calls_are_errors_and_empty_masks_are_done_at_once() {
    let options = ThinOptions::new(ThinMethod::Zhang);
    let (layout, mut words) = packed(&[2, 2, 2], &[1; 8]);
    let token = CancelToken::new();
    assert!(thin(&mut words, &layout, &options, &Sequential, &token).is_err());
    let options = ThinOptions::new(ThinMethod::Parity);
    assert!(thin(&mut vec![0], &layout, &options, &Sequential, &token).is_err());
    let (empty, mut none) = packed(&[0, 2, 2], &[]);
    let stats = thin(&mut none, &empty, &options, &Sequential, &token).unwrap();
    assert_eq!(stats.n_rounds, 0);
    token.cancel();
    assert!(matches!(
        thin(&mut words, &layout, &options, &Sequential, &token),
        Err(Error::Cancelled)
    ));
    assert!("thick".parse::<ThinMethod>().is_err());
    assert_eq!("lee".parse::<ThinMethod>().unwrap(), ThinMethod::Lee);
}
