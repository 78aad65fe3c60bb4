//! Grey levels by several maps, each with its weight: the maps of two corners are packed into one table, so that one look-up finds the
//! grey levels of four maps.

use crate::wide::widest;
use petavox_core::MAX_NDIM;

/// Samples that are mixed at a time.
pub(super) const CHUNK: usize = 64;
/// Factors of a corner's weight.
type Factors = [f64; MAX_NDIM];

/// Four maps: of two corners, two each along the last axis.
struct Pack {
    /// Where the maps of the corners begin; those of corners that do not exist stay `None`.
    bases: [Option<usize>; 2],
    factors: [Factors; 2],
    levels: Vec<u64>,
}

/// The maps around a run of samples.
pub(super) struct Blend {
    n_bins: usize,
    n_corners: usize,
    packs: Vec<Pack>,
}

impl Blend {
    pub(super) fn new(n_bins: usize, n_corners: usize) -> Blend {
        let pack =
            || Pack { bases: [None; 2], factors: [[1.0; MAX_NDIM]; 2], levels: vec![0; n_bins] };
        let packs = (0..n_corners.div_ceil(2)).map(|_| pack()).collect();
        Blend { n_bins, n_corners, packs }
    }

    /// Other maps come.
    pub(super) fn forget(&mut self) {
        self.packs.iter_mut().for_each(|pack| pack.bases = [None; 2]);
    }

    /// Takes the corners of a row: where the maps of each begin, to which the two `places` along the last axis are added, and the factors of
    /// their weights. Maps that are there are kept.
    pub(super) fn corners(
        &mut self,
        maps: &[u16],
        places: [usize; 2],
        corner: impl Fn(usize) -> (usize, Factors),
    ) {
        for (k, pack) in self.packs.iter_mut().enumerate() {
            for side in 0..2 {
                if 2 * k + side >= self.n_corners {
                    continue;
                }
                let (base, factors) = corner(2 * k + side);
                pack.factors[side] = factors;
                if pack.bases[side] == Some(base) {
                    continue;
                }
                pack.bases[side] = Some(base);
                let map = |place: usize| &maps[base + place..][..self.n_bins];
                let both = map(places[0]).iter().zip(map(places[1]));
                for (level, (a, b)) in pack.levels.iter_mut().zip(both) {
                    let pair = u64::from(*a) | (u64::from(*b) << 16);
                    let shift = 32 * side;
                    *level = (*level & !(0xffff_ffff << shift)) | (pair << shift);
                }
            }
        }
    }

    /// Mixes the grey levels of at most [`CHUNK`] samples; `weights` are those of the second place along the last axis.
    pub(super) fn mix(&self, weights: &[f64], out: &mut [u16], bin: impl Fn(usize) -> u16) {
        let mut sums = [0.0f32; CHUNK];
        let mut levels = [0u64; CHUNK];
        let mut bins = [0usize; CHUNK];
        let n = out.len();
        let mut seconds = [0.0; CHUNK];
        seconds[..n].copy_from_slice(weights);
        // What has no bin was refused when bins were counted.
        (0..n).for_each(|i| bins[i] = usize::from(bin(i)).min(self.n_bins - 1));
        for (k, pack) in self.packs.iter().enumerate() {
            (0..n).for_each(|i| levels[i] = pack.levels[bins[i]]);
            let n_sides = (self.n_corners - 2 * k).min(2);
            add(&levels, &pack.factors[..n_sides], self.n_corners > 2, &seconds, &mut sums);
        }
        out.iter_mut().zip(&sums).for_each(|(o, sum)| *o = *sum as u16);
    }
}

widest! {
    /// Adds four maps' grey levels to the sums, corner by corner, each product rounded to single.
    fn add(levels: &[u64; CHUNK], factors: &[Factors], many: bool, seconds: &[f64; CHUNK], sums: &mut [f32; CHUNK]) {
        add_any(levels, factors, many, seconds, sums);
    }
}

#[inline(always)]
fn add_any(
    levels: &[u64; CHUNK],
    factors: &[Factors],
    many: bool,
    seconds: &[f64; CHUNK],
    sums: &mut [f32; CHUNK],
) {
    for (side, factors) in factors.iter().enumerate() {
        match many {
            true => add_corner::<MAX_NDIM>(levels, 32 * side as u32, factors, seconds, sums),
            false => add_corner::<1>(levels, 32 * side as u32, factors, seconds, sums),
        }
    }
}

#[inline(always)]
fn add_corner<const F: usize>(
    levels: &[u64; CHUNK],
    shift: u32,
    factors: &Factors,
    seconds: &[f64; CHUNK],
    sums: &mut [f32; CHUNK],
) {
    for i in 0..CHUNK {
        let pair = (levels[i] >> shift) as u32;
        // A factor of 1 changes nothing.
        let weight = |along: f64| factors[..F].iter().fold(along, |w, f| w * f);
        let low = f64::from((pair & 0xffff) as i32) * weight(1.0 - seconds[i]);
        let high = f64::from((pair >> 16) as i32) * weight(seconds[i]);
        sums[i] = (sums[i] + low as f32) + high as f32;
    }
}
