//! Output samples at points of the input that need not lie on a grid: affine and projective maps, points given one by one.

use super::edge::EdgeMode;
use super::grid::whole_or_nothing;
use super::linear::{linear_2, linear_3};
use super::rounding::store;
use super::straight::straight;
use super::taps::{Interpolant, MOST_TAPS};
use crate::wide::widest;
use petavox_core::{
    Block, CancelToken, Dtype, Element, Error, MAX_NDIM, Region, Result, dispatch, strides,
};

/// Points that are computed at a time.
pub(super) const N: usize = 64;
/// The same for points on a line.
const LONG: usize = 256;
pub(super) type Lane = [f64; N];
type Places = [[Option<usize>; MOST_TAPS]; MAX_NDIM];
type Weights = [[f64; MOST_TAPS]; MAX_NDIM];

/// From the place of an output sample to a point of the input.
#[derive(Clone, Debug, PartialEq)]
pub enum PointMap {
    /// `matrix · o + offset`, a row of the matrix per input axis.
    Affine {
        /// Row by row.
        matrix: Vec<Vec<f64>>,
        /// Per input axis.
        offset: Vec<f64>,
    },
    /// Homogeneous coordinates: the last row's product divides those of the others, the last column is the offset.
    Projective {
        /// Row by row.
        matrix: Vec<Vec<f64>>,
    },
}

impl PointMap {
    /// Input axes.
    pub fn n_inputs(&self) -> usize {
        match self {
            PointMap::Affine { matrix, .. } => matrix.len(),
            PointMap::Projective { matrix } => matrix.len() - 1,
        }
    }

    /// The points of `n` samples of a row from `point` on, an axis after another.
    fn row(&self, point: &[i64], skip: usize, n: usize, to: &mut [Lane; MAX_NDIM]) {
        let last = point.len() - 1;
        let first = point[last] + skip as i64;
        let line = |row: &[f64], start: f64, lane: &mut Lane| {
            let base = (0..last).fold(start, |sum, a| sum + point[a] as f64 * row[a]);
            for (i, c) in lane[..n].iter_mut().enumerate() {
                *c = base + (first + i as i64) as f64 * row[last];
            }
        };
        match self {
            PointMap::Affine { matrix, offset } => {
                for ((row, &start), lane) in matrix.iter().zip(offset).zip(to) {
                    line(row, start, lane);
                }
            }
            PointMap::Projective { matrix } => {
                let n_in = matrix.len() - 1;
                let mut scale = [0.0; N];
                line(&matrix[n_in], matrix[n_in][last + 1], &mut scale);
                for (row, lane) in matrix[..n_in].iter().zip(to) {
                    line(row, row[last + 1], lane);
                    lane[..n].iter_mut().zip(&scale).for_each(|(c, s)| *c /= s);
                }
            }
        }
    }
}

/// The part of an input of `shape` that is read for `target`. An affine map takes a box to the hull of its corners' images, and the sums that
/// compute it are monotonic in every coordinate, so that their rounding does not leave this hull either.
pub fn map_reach(target: &Region, shape: &[usize], map: &PointMap, how: &Sampling) -> Region {
    let (n_in, n_out) = (shape.len(), target.ndim());
    let inside = how.lead..n_in - how.trail;
    let part = reach(&sub(target, how.lead..n_out - how.trail), &shape[inside.clone()], map, how);
    if part.is_empty() || target.is_empty() {
        return Region::new(vec![0; n_in], vec![0; n_in]);
    }
    let (lead, trail) = (sub(target, 0..how.lead), sub(target, n_out - how.trail..n_out));
    let start = [lead.start(), part.start(), trail.start()].concat();
    Region::new(start, [lead.shape(), part.shape(), trail.shape()].concat())
}

fn reach(target: &Region, shape: &[usize], map: &PointMap, how: &Sampling) -> Region {
    let n_in = map.n_inputs();
    let everything = Region::whole(shape);
    if target.is_empty() {
        return Region::new(vec![0; n_in], vec![0; n_in]);
    }
    let (mut low, mut high) = (vec![f64::INFINITY; n_in], vec![f64::NEG_INFINITY; n_in]);
    let mut lanes = [[0.0; N]; MAX_NDIM];
    let mut signs = (false, false);
    for corner in 0..1usize << target.ndim() {
        let point: Vec<i64> = (0..target.ndim())
            .map(|a| if corner >> a & 1 == 0 { target.start()[a] } else { target.end(a) - 1 })
            .collect();
        map.row(&point, 0, 1, &mut lanes);
        for a in 0..n_in {
            let c = lanes[a][0] + how.pad;
            if c.is_nan() {
                return everything;
            }
            low[a] = low[a].min(c);
            high[a] = high[a].max(c);
        }
        if let PointMap::Projective { matrix } = map {
            let row = &matrix[n_in];
            let scale = point.iter().zip(row).fold(row[point.len()], |s, (x, m)| s + *x as f64 * m);
            signs = (signs.0 || scale <= 0.0, signs.1 || scale >= 0.0);
        }
    }
    if signs == (true, true) {
        // The plane that is mapped to infinity crosses the block.
        return everything;
    }
    let margin = if matches!(map, PointMap::Projective { .. }) { 1e-6 } else { 0.0 };
    let (mut start, mut extent) = (Vec::new(), Vec::new());
    for a in 0..n_in {
        let (low, high) =
            (low[a] - margin * (1.0 + low[a].abs()), high[a] + margin * (1.0 + high[a].abs()));
        let (lo, hi) = how.mode.reach(low, high, shape[a], |c| how.interpolant.places(c));
        start.push(lo as i64);
        extent.push(hi - lo);
    }
    whole_or_nothing(start, extent)
}

/// The part of an input of `shape` that is read for points whose coordinates are listed, an axis after another.
pub fn points_reach(points: &[&[f64]], shape: &[usize], how: &Sampling) -> Region {
    let (mut start, mut extent) = (Vec::new(), Vec::new());
    for (line, &len) in points.iter().zip(shape) {
        let low = line.iter().fold(f64::INFINITY, |l, c| l.min(*c)) + how.pad;
        let high = line.iter().fold(f64::NEG_INFINITY, |h, c| h.max(*c)) + how.pad;
        let (lo, hi) = match line.is_empty() {
            true => (0, 0),
            false => how.mode.reach(low, high, len, |c| how.interpolant.places(c)),
        };
        start.push(lo as i64);
        extent.push(hi - lo);
    }
    whole_or_nothing(start, extent)
}

/// Where the points of the output's samples come from.
#[derive(Clone, Copy)]
pub enum Points<'a> {
    /// A map.
    Map(&'a PointMap),
    /// A block whose first axis counts the input's axes and whose others are the output's.
    Given(&'a Block),
}

/// How points are sampled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// From which samples, with which weights.
    pub interpolant: Interpolant,
    /// What stands outside.
    pub mode: EdgeMode,
    /// Samples by which the input was padded.
    pub pad: f64,
    /// Axes before those of the points that are carried along, each sample for itself.
    pub lead: usize,
    /// Axes after those of the points that are carried along.
    pub trail: usize,
}

/// Fills `output` from `input`, a part of an image of `shape` that holds all the samples that the points need. Along axes that are carried
/// along both blocks are the same.
///
/// # Errors
/// [`Error::Internal`] for a block that does not hold what is needed.
pub fn resample_points(
    input: &Block,
    output: &mut Block,
    points: Points<'_>,
    how: &Sampling,
    shape: &[usize],
    cancel: &CancelToken,
) -> Result<()> {
    let whole = output.region().clone();
    let (n_in, n_out) = (shape.len(), whole.ndim());
    if n_out <= how.lead + how.trail || n_in <= how.lead + how.trail || n_in > MAX_NDIM {
        return Err(Error::internal("resample_points", "an image without axes"));
    }
    let region = sub(input.region(), how.lead..n_in - how.trail);
    let target = sub(&whole, how.lead..n_out - how.trail);
    let inner: usize = whole.shape()[n_out - how.trail..].iter().product();
    let batches: usize = whole.shape()[..how.lead].iter().product();
    if !input.region().is_empty() && (input.region().len() != batches * region.len() * inner) {
        return Err(Error::internal(
            "resample_points",
            "blocks that differ where they are carried along",
        ));
    }
    let mut run = Run {
        sampler: Sampler {
            steps: strides(region.shape()),
            region: &region,
            shape: &shape[how.lead..n_in - how.trail],
            interpolant: how.interpolant,
            mode: how.mode,
        },
        target: &target,
        points,
        pad: how.pad,
        inner,
        outside: outside(how.mode.cval(), output.dtype())?,
        cancel,
    };
    for batch in 0..batches {
        run.batch(input, batch * region.len() * inner, output, batch * target.len() * inner)?;
    }
    Ok(())
}

fn sub(region: &Region, axes: std::ops::Range<usize>) -> Region {
    Region::new(&region.start()[axes.clone()], &region.shape()[axes])
}

struct Run<'a> {
    sampler: Sampler<'a>,
    target: &'a Region,
    points: Points<'a>,
    pad: f64,
    /// Samples that are carried along behind each.
    inner: usize,
    outside: Block,
    cancel: &'a CancelToken,
}

impl Run<'_> {
    /// One image of a stack: the input's samples begin at `from`, the output's at `to`.
    fn batch(&mut self, input: &Block, from: usize, output: &mut Block, to: usize) -> Result<()> {
        let n_axes = self.sampler.shape.len();
        let as_is = self.sampler.interpolant.is_nearest() && input.dtype() == output.dtype();
        let row_len = self.target.row_len();
        let inner = self.inner;
        let mut lanes = [[0.0; N]; MAX_NDIM];
        let mut values = [0.0; LONG];
        let mut wide = vec![0.0; if inner == 1 || as_is { 0 } else { inner }];
        let mut at = 0;
        let mut failed = None;
        self.target.for_each_row(|point| {
            if failed.is_some() || self.cancel.is_cancelled() {
                return;
            }
            let mut done = 0;
            while done < row_len {
                let n = LONG.min(row_len - done);
                if let (Points::Map(map), Interpolant::Spline(1), 1, 0.0) =
                    (self.points, self.sampler.interpolant, inner, self.pad)
                {
                    let Sampler { region, shape, mode, .. } = self.sampler;
                    let made = dispatch!(input.dtype(), T => input.typed::<T>().map(|samples| {
                        let samples = samples.get(from..).unwrap_or_default();
                        straight(samples, (region, shape), mode, map, (point, done), &mut values[..n])
                    }));
                    let made = made.and_then(|made| match made {
                        true => store(&values[..n], output, to + at).map(|()| true),
                        false => Ok(false),
                    });
                    match made {
                        Ok(false) => {}
                        Ok(true) => {
                            at += n;
                            done += n;
                            continue;
                        }
                        Err(e) => {
                            failed = Some(e);
                            return;
                        }
                    }
                }
                let n = N.min(row_len - done);
                let made = match self.points {
                    Points::Map(map) => {
                        map.row(point, done, n, &mut lanes);
                        Ok(())
                    }
                    Points::Given(block) => given(block, n_axes, at, n, &mut lanes),
                };
                if self.pad != 0.0 {
                    lanes[..n_axes].iter_mut().flatten().for_each(|c| *c += self.pad);
                }
                let to = to + at * inner;
                let made = made.and_then(|()| {
                    if as_is {
                        return dispatch!(input.dtype(), T => {
                            let outside = self.outside.typed::<T>()?[0];
                            let out = &mut output.typed_mut::<T>()?[to..to + n * inner];
                            self.sampler.nearest(input.typed::<T>()?, from, inner, &lanes, out, outside);
                            Ok(())
                        });
                    }
                    if inner == 1 {
                        dispatch!(input.dtype(), T => {
                            self.sampler.values(input.typed::<T>()?.get(from..).unwrap_or_default(), &lanes, &mut values[..n]);
                        });
                        return store(&values[..n], output, to);
                    }
                    for i in 0..n {
                        dispatch!(input.dtype(), T => {
                            self.sampler.wide(input.typed::<T>()?.get(from..).unwrap_or_default(), &lanes, i, &mut wide);
                        });
                        store(&wide, output, to + i * inner)?;
                    }
                    Ok(())
                });
                failed = failed.take().or(made.err());
                at += n;
                done += n;
            }
        });
        failed.map_or(Ok(()), Err)
    }
}

fn outside(cval: f64, dtype: Dtype) -> Result<Block> {
    let mut one = Block::zeros(Region::new([0], [1]), dtype)?;
    store(&[cval], &mut one, 0)?;
    Ok(one)
}

fn given(
    block: &Block,
    n_axes: usize,
    at: usize,
    n: usize,
    to: &mut [Lane; MAX_NDIM],
) -> Result<()> {
    let plane = block.region().len() / n_axes.max(1);
    for (a, lane) in to[..n_axes].iter_mut().enumerate() {
        let from = a * plane + at;
        dispatch!(block.dtype(), T => {
            let values = block.typed::<T>()?.get(from..from + n);
            let values = values.ok_or_else(|| Error::internal("resample_points", "too few coordinates"))?;
            lane.iter_mut().zip(values).for_each(|(c, v)| *c = v.to_f64());
        });
    }
    Ok(())
}

struct Sampler<'a> {
    region: &'a Region,
    steps: Vec<usize>,
    shape: &'a [usize],
    interpolant: Interpolant,
    mode: EdgeMode,
}

impl Sampler<'_> {
    /// Values at `out.len()` points.
    fn values<T: Element>(&self, samples: &[T], lanes: &[Lane; MAX_NDIM], out: &mut [f64]) {
        let n = out.len();
        if let EdgeMode::Constant(cval) = self.mode {
            let beyond = |a: usize| {
                let last = self.shape[a] as f64 - 1.0;
                lanes[a][..n].iter().all(|c| *c < 0.0) || lanes[a][..n].iter().all(|c| *c > last)
            };
            if (0..self.shape.len()).any(beyond) {
                return out.fill(cval);
            }
        }
        if self.all_inside(lanes, n) {
            let origin: Vec<f64> = self.region.start().iter().map(|s| *s as f64).collect();
            let plain = T::DTYPE == Dtype::Float64;
            match (self.interpolant, &self.steps[..]) {
                (Interpolant::Spline(1), [s0, 1]) => {
                    return linear_2::<T>(
                        samples,
                        [*s0 as f64, 1.0],
                        [origin[0], origin[1]],
                        lanes,
                        out,
                    );
                }
                (Interpolant::Spline(1), [s0, s1, 1]) => {
                    let origin = [origin[0], origin[1], origin[2]];
                    return linear_3::<T>(
                        samples,
                        [*s0 as f64, *s1 as f64, 1.0],
                        origin,
                        lanes,
                        out,
                    );
                }
                (_, [_, _] | [_, _, _]) if plain => {
                    let samples: &[f64] = bytemuck::cast_slice(samples);
                    match self.interpolant.n_taps() {
                        3 => return self.inside::<3>(samples, lanes, out),
                        4 => return self.inside::<4>(samples, lanes, out),
                        5 => return self.inside::<5>(samples, lanes, out),
                        6 => return self.inside::<6>(samples, lanes, out),
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        for (i, o) in out.iter_mut().enumerate() {
            *o = self.single(samples, lanes, i);
        }
    }

    /// True if all taps of the points are samples that are there, where they are.
    fn all_inside(&self, lanes: &[Lane; MAX_NDIM], n: usize) -> bool {
        let reach = self.interpolant.n_taps() as i64;
        (0..self.shape.len()).all(|a| {
            let last = self.shape[a] as f64 - 1.0;
            let (mut low, mut high, mut sound) = (f64::INFINITY, f64::NEG_INFINITY, true);
            for &c in &lanes[a][..n] {
                low = low.min(c);
                high = high.max(c);
                sound &= c >= 0.0 && c <= last;
            }
            sound
                && self.interpolant.first(low) >= self.region.start()[a]
                && self.interpolant.first(high) + reach <= self.region.end(a)
        })
    }

    /// One value, wherever its point lies.
    fn single<T: Element>(&self, samples: &[T], lanes: &[Lane; MAX_NDIM], i: usize) -> f64 {
        match self.taps(lanes, i) {
            Some((places, weights)) => self.sum(samples, 0, Some(0), &places, &weights),
            None => self.mode.cval(),
        }
    }

    /// Places and weights of the taps of a point; nothing where the constant stands.
    #[inline(always)]
    fn taps(&self, lanes: &[Lane; MAX_NDIM], i: usize) -> Option<(Places, Weights)> {
        let n_taps = self.interpolant.n_taps();
        let mut places = [[None; MOST_TAPS]; MAX_NDIM];
        let mut weights = [[0.0; MOST_TAPS]; MAX_NDIM];
        for a in 0..self.shape.len() {
            let c = self.mode.fold(lanes[a][i], self.shape[a])?;
            let first = self.interpolant.first(c);
            weights[a] = self.interpolant.weights(c);
            for (t, place) in places[a][..n_taps].iter_mut().enumerate() {
                *place = self.place(a, first + t as i64);
            }
        }
        Some((places, weights))
    }

    /// How far along an axis a sample is, in the input block.
    fn place(&self, a: usize, at: i64) -> Option<usize> {
        let at = self.mode.sample(at, self.shape[a])? as i64 - self.region.start()[a];
        Some(at.min(self.region.shape()[a] as i64 - 1).max(0) as usize * self.steps[a])
    }

    fn sum<T: Element>(
        &self,
        samples: &[T],
        axis: usize,
        base: Option<usize>,
        places: &Places,
        weights: &Weights,
    ) -> f64 {
        if axis == self.shape.len() {
            let sample = base.and_then(|b| samples.get(b));
            return sample.map_or(self.mode.cval(), |s| s.to_f64());
        }
        let mut sum = 0.0;
        for t in 0..self.interpolant.n_taps() {
            let base = base.zip(places[axis][t]).map(|(b, p)| b + p);
            let value = weights[axis][t] * self.sum(samples, axis + 1, base, places, weights);
            sum = if t == 0 { value } else { sum + value };
        }
        sum
    }

    /// Values of order 2 and more on two or three axes, all taps being inside.
    fn inside<const K: usize>(&self, samples: &[f64], lanes: &[Lane; MAX_NDIM], out: &mut [f64]) {
        let ndim = self.shape.len();
        let mut weights = [[0.0; MOST_TAPS]; 3];
        for (i, o) in out.iter_mut().enumerate() {
            let mut base = 0;
            for a in 0..ndim {
                let c = lanes[a][i];
                weights[a] = self.interpolant.weights(c);
                base +=
                    (self.interpolant.first(c) - self.region.start()[a]) as usize * self.steps[a];
            }
            let line = |base: usize, w: &[f64; MOST_TAPS]| {
                let taps = &samples[base..base + K];
                (1..K).fold(w[0] * taps[0], |sum, t| sum + w[t] * taps[t])
            };
            let plane = |base: usize, w0: &[f64; MOST_TAPS], w1: &[f64; MOST_TAPS], step: usize| {
                (1..K)
                    .fold(w0[0] * line(base, w1), |sum, t| sum + w0[t] * line(base + t * step, w1))
            };
            *o = if ndim == 2 {
                plane(base, &weights[0], &weights[1], self.steps[0])
            } else {
                let [w0, w1, w2] = &weights;
                let plane = |t: usize| plane(base + t * self.steps[0], w1, w2, self.steps[1]);
                (1..K).fold(w0[0] * plane(0), |sum, t| sum + w0[t] * plane(t))
            };
        }
    }

    /// Samples as they are, `inner` at a time.
    fn nearest<T: Element>(
        &self,
        samples: &[T],
        from: usize,
        inner: usize,
        lanes: &[Lane; MAX_NDIM],
        out: &mut [T],
        outside: T,
    ) {
        for (i, o) in out.chunks_exact_mut(inner).enumerate() {
            let mut base = Some(0);
            for a in 0..self.shape.len() {
                let c = self.mode.fold(lanes[a][i], self.shape[a]);
                let place = c.and_then(|c| self.place(a, self.interpolant.first(c)));
                base = base.zip(place).map(|(b, p)| b + p);
            }
            let start = base.map(|b| from + b * inner);
            match start.and_then(|s| samples.get(s..s + inner)) {
                Some(found) if inner == 1 => o[0] = found[0],
                Some(found) => o.copy_from_slice(found),
                None => o.fill(outside),
            }
        }
    }

    /// The values at one point of all samples that are carried along.
    fn wide<T: Element>(&self, samples: &[T], lanes: &[Lane; MAX_NDIM], i: usize, out: &mut [f64]) {
        let Some((places, weights)) = self.taps(lanes, i) else {
            return out.fill(self.mode.cval());
        };
        out.fill(0.0);
        self.add(samples, 0, Some(0), 1.0, &places, &weights, out);
    }

    #[allow(clippy::too_many_arguments)]
    fn add<T: Element>(
        &self,
        samples: &[T],
        axis: usize,
        base: Option<usize>,
        weight: f64,
        places: &Places,
        weights: &Weights,
        out: &mut [f64],
    ) {
        if axis < self.shape.len() {
            for t in 0..self.interpolant.n_taps() {
                let base = base.zip(places[axis][t]).map(|(b, p)| b + p);
                self.add(samples, axis + 1, base, weight * weights[axis][t], places, weights, out);
            }
            return;
        }
        match base.and_then(|b| samples.get(b * out.len()..(b + 1) * out.len())) {
            Some(found) => add_row(out, found, weight),
            None => out.iter_mut().for_each(|o| *o += weight * self.mode.cval()),
        }
    }
}

widest! {
    fn add_row<T: Element>(out: &mut [f64], from: &[T], weight: f64) {
        out.iter_mut().zip(from).for_each(|(o, f)| *o += weight * f.to_f64());
    }
}
