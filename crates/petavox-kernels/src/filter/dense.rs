//! Correlation with weights over a window of any number of axes.

use super::rows::{load, store};
use crate::wide::widest;
use petavox_core::{Block, Boundary, CancelToken, Dtype, Error, Region, Result, strides};

/// Tiles as doubles stay within a share of the second-level cache.
const TILE_LEN: usize = 48 << 10;
/// Samples of a row of a tile.
const ROW_LEN: usize = 256;
/// Sums that are made side by side.
const LANES: usize = 32;

/// Weights over a window, as they are correlated; weights of 0 (at most 2.2e-16 either way, scipy's limit) are left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Dense {
    /// Extents of the window.
    shape: Vec<usize>,
    /// Where in the window the own sample lies.
    before: Vec<usize>,
    /// Places in the window, in raster order, and their weights.
    taps: Vec<(Vec<usize>, f64)>,
    /// How samples outside the image are made.
    boundary: Boundary,
}

impl Dense {
    /// Takes weights in C order; the own sample is number `shape[a] / 2 + origin[a]` along axis `a`.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if their number does not fit the shape, or a window has no such sample.
    pub fn new(
        shape: Vec<usize>,
        weights: &[f64],
        origin: &[i64],
        boundary: Boundary,
    ) -> Result<Dense> {
        let len = shape.iter().try_fold(1usize, |n, s| n.checked_mul(*s));
        if len != Some(weights.len()) || shape.len() != origin.len() || weights.is_empty() {
            let expected =
                format!("as many as a window of {shape:?} has samples, and an origin per axis");
            return Err(Error::argument("weights", weights.len(), expected));
        }
        let centre = |(n, o): (&usize, &i64)| super::taps::centre(*n, *o);
        let before = shape.iter().zip(origin).map(centre).collect::<Result<_>>()?;
        let mut taps = vec![];
        let mut next = weights.iter();
        super::for_each_index(&shape, &mut |index| {
            if let Some(w) = next.next().filter(|w| w.abs() > f64::EPSILON) {
                taps.push((index.to_vec(), *w));
            }
        });
        Ok(Dense { shape, before, taps, boundary })
    }

    /// How many samples before and after are needed, per axis.
    pub fn reach(&self) -> (Vec<usize>, Vec<usize>) {
        let after = self.shape.iter().zip(&self.before).map(|(n, b)| n - 1 - b).collect();
        (self.before.clone(), after)
    }

    /// Weights that count.
    pub fn n_taps(&self) -> usize {
        self.taps.len()
    }

    /// Bytes of scratch to make a target of this shape.
    pub fn scratch_bytes(&self, target_shape: &[usize]) -> usize {
        let tile = self.tile(target_shape);
        self.tile_len(&tile).saturating_add(tile.last().copied().unwrap_or(1)).saturating_mul(8)
    }

    fn tile_len(&self, tile: &[usize]) -> usize {
        tile.iter().zip(&self.shape).fold(1, |n, (t, s)| n.saturating_mul(t.saturating_add(s - 1)))
    }

    /// The part of a target that is made at once: it grows along the axes where its halo weighs most, while it fits.
    fn tile(&self, target: &[usize]) -> Vec<usize> {
        let mut tile = vec![1; target.len()];
        if let (Some(last), Some(n)) = (tile.last_mut(), target.last()) {
            *last = (*n).clamp(1, ROW_LEN);
        }
        loop {
            let weight = |a: &usize| (self.shape[*a] - 1) as f64 / tile[*a] as f64;
            let open = (0..tile.len().saturating_sub(1)).filter(|&a| tile[a] < target[a]);
            let Some(axis) = open.max_by(|a, b| weight(a).total_cmp(&weight(b))) else { break };
            let mut larger = tile.clone();
            larger[axis] = (2 * tile[axis]).min(target[axis]);
            if self.tile_len(&larger) > TILE_LEN {
                break;
            }
            tile = larger;
        }
        tile
    }

    /// Correlates a block: scipy.ndimage's `correlate`, sums in double in raster order of the window, cut to the output's dtype as C
    /// does. `input` covers `output`'s region grown by [`Dense::reach`]. Takes every dtype; `scratch` is aligned to 8 bytes and has
    /// at least [`Dense::scratch_bytes`].
    ///
    /// # Errors
    /// [`Error::Internal`] if the regions or the scratch do not fit together; [`Error::Cancelled`].
    pub fn run(
        &self,
        input: &Block,
        output: &mut Block,
        image_shape: &[usize],
        scratch: &mut [u8],
        cancel: &CancelToken,
    ) -> Result<()> {
        let place = "Dense::run";
        let ndim = output.region().ndim();
        if self.shape.len() != ndim || image_shape.len() != ndim {
            return Err(Error::internal(place, "blocks, window and image disagree"));
        }
        let (low, high) = self.reach();
        let needed = output.region().grow(&low, &high);
        if !input.region().contains(&needed) {
            let problem = format!("input {} does not cover {needed}", input.region());
            return Err(Error::internal(place, problem));
        }
        let target = output.region().clone();
        let tile = self.tile(target.shape());
        let bytes = self.scratch_bytes(target.shape());
        let doubles: &mut [f64] = match scratch.get_mut(..bytes).map(bytemuck::try_cast_slice_mut) {
            Some(Ok(doubles)) => doubles,
            _ => return Err(Error::internal(place, "scratch too small or not aligned")),
        };
        let counts: Vec<usize> =
            target.shape().iter().zip(&tile).map(|(n, t)| n.div_ceil(*t)).collect();
        super::for_each_index(&counts, &mut |index| {
            if cancel.is_cancelled() {
                return;
            }
            let start: Vec<i64> =
                (0..ndim).map(|a| target.start()[a] + (index[a] * tile[a]) as i64).collect();
            let shape: Vec<usize> =
                (0..ndim).map(|a| tile[a].min((target.end(a) - start[a]) as usize)).collect();
            let part = Region::new(start, shape);
            let grown = part.grow(&low, &high);
            let (tile, row) = doubles.split_at_mut(grown.len());
            let io = TileIo {
                input: input.bytes(),
                input_region: input.region(),
                input_dtype: input.dtype(),
                output_region: &target,
                output_dtype: output.dtype(),
                image_shape,
            };
            one_tile(self, &io, output.bytes_mut(), &part, &grown, tile, row);
        });
        cancel.check()
    }
}

pub(crate) struct TileIo<'a> {
    input: &'a [u8],
    input_region: &'a Region,
    input_dtype: Dtype,
    output_region: &'a Region,
    output_dtype: Dtype,
    image_shape: &'a [usize],
}

widest! {
    fn one_tile(dense: &Dense, io: &TileIo<'_>, output: &mut [u8], part: &Region, grown: &Region, tile: &mut [f64], row: &mut [f64]) {
        any_tile(dense, io, output, part, grown, tile, row);
    }
}

#[inline(always)]
fn any_tile(
    dense: &Dense,
    io: &TileIo<'_>,
    output: &mut [u8],
    part: &Region,
    grown: &Region,
    tile: &mut [f64],
    row: &mut [f64],
) {
    let (from_size, to_size) = (io.input_dtype.size(), io.output_dtype.size());
    let width = grown.row_len();
    let mut point = FirstOfRows::new(grown);
    for line in tile.chunks_exact_mut(width) {
        let f = io.input_region.offset_of(&point.at) * from_size;
        load(io.input_dtype, &io.input[f..f + width * from_size], line);
        if let Boundary::Constant(cval) = dense.boundary {
            fill_outside(&point.at, io.image_shape, line, cval);
        }
        point.step(grown);
    }
    let steps = strides(grown.shape());
    let offset = |index: &[usize]| index.iter().zip(&steps).map(|(i, s)| i * s).sum::<usize>();
    let taps: Vec<(usize, f64)> = dense.taps.iter().map(|(at, w)| (offset(at), *w)).collect();
    let n = part.row_len();
    let row = &mut row[..n];
    let mut point = FirstOfRows::new(part);
    for _ in 0..part.len() / n {
        let local: usize =
            (0..steps.len()).map(|a| (point.at[a] - part.start()[a]) as usize * steps[a]).sum();
        sums(&tile[local..], &taps, row);
        let t = io.output_region.offset_of(&point.at) * to_size;
        store(io.output_dtype, row, &mut output[t..t + n * to_size]);
        point.step(part);
    }
}

#[inline(always)]
fn sums(tile: &[f64], taps: &[(usize, f64)], row: &mut [f64]) {
    let whole = row.len() - row.len() % LANES;
    let (vectors, ones) = row.split_at_mut(whole);
    for (i, out) in vectors.chunks_exact_mut(LANES).enumerate() {
        sum_lanes::<LANES>(&tile[i * LANES..], taps, out);
    }
    for (i, out) in ones.chunks_exact_mut(1).enumerate() {
        sum_lanes::<1>(&tile[whole + i..], taps, out);
    }
}

#[inline(always)]
fn sum_lanes<const N: usize>(tile: &[f64], taps: &[(usize, f64)], out: &mut [f64]) {
    let mut acc = [0.0f64; N];
    for (at, w) in taps {
        let tap = &tile[*at..][..N];
        for k in 0..N {
            acc[k] += tap[k] * w;
        }
    }
    out.copy_from_slice(&acc);
}

/// The first points of a region's rows, one after the other.
struct FirstOfRows {
    at: Vec<i64>,
}

impl FirstOfRows {
    fn new(region: &Region) -> FirstOfRows {
        FirstOfRows { at: region.start().to_vec() }
    }

    fn step(&mut self, region: &Region) {
        for a in (0..self.at.len().saturating_sub(1)).rev() {
            self.at[a] += 1;
            if self.at[a] < region.end(a) {
                return;
            }
            self.at[a] = region.start()[a];
        }
    }
}

/// Sets what of a row lies outside the image.
fn fill_outside(start: &[i64], image: &[usize], row: &mut [f64], value: f64) {
    let Some(last) = start.len().checked_sub(1) else { return };
    let inside = |a: usize| (0..image[a] as i64).contains(&start[a]);
    if !(0..last).all(inside) {
        row.fill(value);
        return;
    }
    let len = row.len() as i64;
    let low = (-start[last]).clamp(0, len) as usize;
    let high = (image[last] as i64 - start[last]).clamp(0, len) as usize;
    row[..low].fill(value);
    row[high.max(low)..].fill(value);
}

#[cfg(test)]
mod tests;
