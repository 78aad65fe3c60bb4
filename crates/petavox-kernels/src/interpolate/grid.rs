//! Output samples on a grid along the input's axes: zoom, shift, resize. Taps and weights are tables per axis, and values are made
//! axis by axis: planes from planes, rows from rows, samples from samples.

use super::edge::EdgeMode;
use super::rounding::store;
use super::taps::Interpolant;
use crate::wide::widest;
use petavox_core::{Block, CancelToken, Element, Error, Region, Result, dispatch};

/// Where along one axis of the input the samples of an output axis lie: `(o + shift) * zoom`, or with `grid` about the samples' edges
/// instead of their centres, `(o + shift + 1/2) * zoom - 1/2`; then `pad` further on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AxisMap {
    /// Input samples per output sample.
    pub zoom: f64,
    /// In output samples.
    pub shift: f64,
    /// Zoom about the edges.
    pub grid: bool,
    /// Samples by which the input was padded.
    pub pad: f64,
    /// Nothing is between samples along this axis: each is carried along by itself.
    pub carried: bool,
}

impl AxisMap {
    /// An axis that is left as it is.
    pub fn carried() -> AxisMap {
        AxisMap { zoom: 1.0, shift: 0.0, grid: false, pad: 0.0, carried: true }
    }

    fn interpolant(&self, of_all: Interpolant) -> Interpolant {
        if self.carried { Interpolant::Spline(0) } else { of_all }
    }

    /// The coordinate of output sample `o`.
    pub fn at(&self, o: i64) -> f64 {
        let c = o as f64 + self.shift;
        let c = if self.grid { (c + 0.5) * self.zoom - 0.5 } else { c * self.zoom };
        c + self.pad
    }
}

/// The part of an input of `shape` that is read for `target`.
pub fn grid_reach(
    target: &Region,
    shape: &[usize],
    axes: &[AxisMap],
    interpolant: Interpolant,
    mode: EdgeMode,
) -> Region {
    let (mut start, mut extent) = (Vec::new(), Vec::new());
    for (a, map) in axes.iter().enumerate() {
        let interpolant = map.interpolant(interpolant);
        let (p, q) = (map.at(target.start()[a]), map.at(target.end(a) - 1));
        let (lo, hi) = mode.reach(p.min(q), p.max(q), shape[a], |c| interpolant.places(c));
        start.push(lo as i64);
        extent.push(hi - lo);
    }
    whole_or_nothing(start, extent)
}

/// Without samples on one axis there are none at all.
pub(super) fn whole_or_nothing(start: Vec<i64>, extent: Vec<usize>) -> Region {
    match extent.contains(&0) {
        true => Region::new(vec![0; start.len()], vec![0; start.len()]),
        false => Region::new(start, extent),
    }
}

/// Stands for the constant among the places of taps.
const OUTSIDE: u32 = u32::MAX;

/// Taps along one axis for every output sample of a block; tap by tap.
struct Table {
    len: usize,
    n_taps: usize,
    taps: Vec<u32>,
    weights: Vec<f64>,
    constant: Vec<bool>,
    /// Samples whose taps are successive ones.
    runs: Vec<(usize, usize)>,
}

impl Table {
    fn new(
        target: &Region,
        region: &Region,
        len: usize,
        axis: usize,
        map: &AxisMap,
        interpolant: Interpolant,
        mode: EdgeMode,
    ) -> Result<Table> {
        let interpolant = map.interpolant(interpolant);
        let (n, n_taps) = (target.shape()[axis], interpolant.n_taps());
        let mut table = Table {
            len: n,
            n_taps,
            taps: vec![OUTSIDE; n * n_taps],
            weights: vec![0.0; n * n_taps],
            constant: vec![false; n],
            runs: vec![],
        };
        let held = 0..region.shape()[axis] as i64;
        for j in 0..n {
            let Some(c) = mode.fold(map.at(target.start()[axis] + j as i64), len) else {
                table.constant[j] = true;
                continue;
            };
            let first = interpolant.first(c);
            let weights = interpolant.weights(c);
            for t in 0..n_taps {
                table.weights[t * n + j] = weights[t];
                let Some(place) = mode.sample(first + t as i64, len) else { continue };
                let place = place as i64 - region.start()[axis];
                // With nothing held, another axis lies outside.
                if !region.is_empty() && !held.contains(&place) {
                    return Err(Error::internal("resample_grid", format!("{place} of {held:?}")));
                }
                table.taps[t * n + j] = place as u32;
            }
        }
        if axis + 1 == target.ndim() {
            table.find_runs();
        }
        Ok(table)
    }

    fn find_runs(&mut self) {
        let n = self.len;
        let plain = |t: &Table, j: usize| {
            let first = t.taps[j];
            !t.constant[j]
                && first != OUTSIDE
                && (1..t.n_taps).all(|k| t.taps[k * n + j] == first.wrapping_add(k as u32))
        };
        let mut j = 0;
        while j < n {
            let mut end = j + 1;
            if plain(self, j) {
                while end < n && plain(self, end) && self.taps[end] == self.taps[end - 1] + 1 {
                    end += 1;
                }
                if end - j >= 8 {
                    self.runs.push((j, end));
                }
            }
            j = end;
        }
    }

    fn tap(&self, t: usize, j: usize) -> (u32, f64) {
        (self.taps[t * self.len + j], self.weights[t * self.len + j])
    }
}

/// Bytes of scratch for a block that is made of an input block of `input`.
pub fn grid_scratch_bytes(input: &[usize], target: &[usize]) -> u64 {
    let planes: usize = (1..=input.len()).map(|a| input[a..].iter().product::<usize>()).sum();
    let row = input.last().copied().unwrap_or(0) + target.last().copied().unwrap_or(0);
    8 * (planes + row) as u64 + 64
}

/// Fills `output` from `input`, the block of [`grid_reach`] of an image of `shape`.
///
/// # Errors
/// [`Error::Internal`] for a block that does not hold what is needed.
#[allow(clippy::too_many_arguments)]
pub fn resample_grid(
    input: &Block,
    output: &mut Block,
    axes: &[AxisMap],
    interpolant: Interpolant,
    mode: EdgeMode,
    shape: &[usize],
    scratch: &mut [u8],
    cancel: &CancelToken,
) -> Result<()> {
    let target = output.region().clone();
    if target.is_empty() {
        return Ok(());
    }
    let region = input.region();
    let tables: Vec<Table> = (0..axes.len())
        .map(|a| Table::new(&target, region, shape[a], a, &axes[a], interpolant, mode))
        .collect::<Result<_>>()?;
    if region.is_empty() || axes.is_empty() {
        output.fill(0.0);
        let row = vec![mode.cval(); target.row_len()];
        for k in 0..target.len() / row.len().max(1) {
            store(&row, output, k * row.len())?;
        }
        return Ok(());
    }
    if interpolant.is_nearest() && input.dtype() == output.dtype() {
        return dispatch!(input.dtype(), T => nearest::<T>(input, output, &tables, mode.cval()));
    }
    let head = scratch.as_ptr().align_offset(8);
    let usable = scratch.get_mut(head..).unwrap_or_default();
    let n = usable.len() / 8 * 8;
    let doubles: &mut [f64] = bytemuck::cast_slice_mut(&mut usable[..n]);
    if (doubles.len() as u64 + 8) * 8 < grid_scratch_bytes(region.shape(), target.shape()) {
        return Err(Error::internal("resample_grid", "too little scratch"));
    }
    let mut pass =
        Pass { tables: &tables, extents: region.shape(), cval: mode.cval(), output, at: 0, cancel };
    dispatch!(input.dtype(), T => pass.first::<T>(input.typed::<T>()?, doubles))
}

struct Pass<'a> {
    tables: &'a [Table],
    extents: &'a [usize],
    cval: f64,
    output: &'a mut Block,
    at: usize,
    cancel: &'a CancelToken,
}

impl Pass<'_> {
    /// Along the first axis, from the samples themselves.
    fn first<T: Element>(&mut self, samples: &[T], doubles: &mut [f64]) -> Result<()> {
        let size: usize = self.extents[1..].iter().product();
        if self.tables.len() == 1 {
            let (line, rest) = doubles.split_at_mut(self.extents[0]);
            convert(samples, line);
            return self.last(line, rest);
        }
        let (plane, rest) = doubles.split_at_mut(size);
        let tables = self.tables;
        let table = &tables[0];
        for j in 0..table.len {
            if self.cancel.is_cancelled() {
                return Ok(());
            }
            if table.constant[j] {
                self.fill(0)?;
                continue;
            }
            for t in 0..table.n_taps {
                let (tap, w) = table.tap(t, j);
                match tap {
                    OUTSIDE => add_constant(plane, w * self.cval, t == 0),
                    _ => add(plane, &samples[tap as usize * size..][..size], w, t == 0),
                }
            }
            self.next(1, plane, rest)?;
        }
        Ok(())
    }

    /// Along a further axis, from what the axes before have made.
    fn next(&mut self, axis: usize, from: &[f64], doubles: &mut [f64]) -> Result<()> {
        if axis + 1 == self.tables.len() {
            return self.last(from, doubles);
        }
        let size: usize = self.extents[axis + 1..].iter().product();
        let (plane, rest) = doubles.split_at_mut(size);
        let tables = self.tables;
        let table = &tables[axis];
        for j in 0..table.len {
            if table.constant[j] {
                self.fill(axis)?;
                continue;
            }
            for t in 0..table.n_taps {
                let (tap, w) = table.tap(t, j);
                match tap {
                    OUTSIDE => add_constant(plane, w * self.cval, t == 0),
                    _ => add(plane, &from[tap as usize * size..][..size], w, t == 0),
                }
            }
            self.next(axis + 1, plane, rest)?;
        }
        Ok(())
    }

    /// Along the last axis.
    fn last(&mut self, line: &[f64], doubles: &mut [f64]) -> Result<()> {
        let table = &self.tables[self.tables.len() - 1];
        let row = &mut doubles[..table.len];
        let mut j = 0;
        for &(start, end) in table.runs.iter().chain([&(table.len, table.len)]) {
            (j..start).for_each(|j| row[j] = self.single(table, line, j));
            for t in 0..table.n_taps {
                let from = table.taps[t * table.len + start..].first().map_or(0, |p| *p as usize);
                let weights = &table.weights[t * table.len + start..t * table.len + end];
                if end > start {
                    add_each(&mut row[start..end], &line[from..][..end - start], weights, t == 0);
                }
            }
            j = end;
        }
        store(row, self.output, self.at)?;
        self.at += table.len;
        Ok(())
    }

    #[inline(always)]
    fn single(&self, table: &Table, line: &[f64], j: usize) -> f64 {
        if table.constant[j] {
            return self.cval;
        }
        let mut sum = 0.0;
        for t in 0..table.n_taps {
            let (tap, w) = table.tap(t, j);
            let value = w * if tap == OUTSIDE { self.cval } else { line[tap as usize] };
            sum = if t == 0 { value } else { sum + value };
        }
        sum
    }

    /// The constant for one sample of `axis` and all samples of the axes behind it.
    fn fill(&mut self, axis: usize) -> Result<()> {
        let n: usize = self.tables[axis + 1..].iter().map(|t| t.len).product();
        let row = [self.cval; 64];
        let mut left = n;
        while left > 0 {
            let k = left.min(row.len());
            store(&row[..k], self.output, self.at)?;
            self.at += k;
            left -= k;
        }
        Ok(())
    }
}

/// Samples as they are, of any dtype.
fn nearest<T: Element>(
    input: &Block,
    output: &mut Block,
    tables: &[Table],
    cval: f64,
) -> Result<()> {
    let samples = input.typed::<T>()?;
    let steps = petavox_core::strides(input.shape());
    let region = output.region().clone();
    let outside = {
        let mut one = Block::zeros(Region::new([0], [1]), output.dtype())?;
        store(&[cval], &mut one, 0)?;
        one.typed::<T>()?[0]
    };
    let last = tables.len() - 1;
    let columns = &tables[last];
    let out = output.typed_mut::<T>()?;
    let mut at = 0;
    region.for_each_row(|point| {
        let row = &mut out[at..at + columns.len];
        at += columns.len;
        let mut base = Some(0);
        for a in 0..last {
            let tap = tables[a].taps[(point[a] - region.start()[a]) as usize];
            base = base.filter(|_| tap != OUTSIDE).map(|b| b + tap as usize * steps[a]);
        }
        let Some(base) = base else { return row.fill(outside) };
        for (o, &tap) in row.iter_mut().zip(&columns.taps) {
            *o = if tap == OUTSIDE { outside } else { samples[base + tap as usize] };
        }
    });
    Ok(())
}

fn convert<T: Element>(from: &[T], to: &mut [f64]) {
    to.iter_mut().zip(from).for_each(|(t, f)| *t = f.to_f64());
}

widest! {
    fn add<T: Element>(plane: &mut [f64], from: &[T], weight: f64, first: bool) {
        if first {
            plane.iter_mut().zip(from).for_each(|(p, f)| *p = weight * f.to_f64());
        } else {
            plane.iter_mut().zip(from).for_each(|(p, f)| *p += weight * f.to_f64());
        }
    }
}

widest! {
    fn add_each(row: &mut [f64], from: &[f64], weights: &[f64], first: bool) {
        if first {
            row.iter_mut().zip(from).zip(weights).for_each(|((r, f), w)| *r = w * f);
        } else {
            row.iter_mut().zip(from).zip(weights).for_each(|((r, f), w)| *r += w * f);
        }
    }
}

fn add_constant(plane: &mut [f64], value: f64, first: bool) {
    match first {
        true => plane.fill(value),
        false => plane.iter_mut().for_each(|p| *p += value),
    }
}
