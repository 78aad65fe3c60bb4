//! A tile that is only moved: between samples along some axes, by whole samples along the others.

use super::strip::Strip;
use super::{Ramp, rows};
use petavox_core::{Block, Element, Error, Region, Result, dispatch, strides};

/// Where a tile lies: the sample of the output at `p` is that of the tile at `p - whole + fraction`, per axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Shift {
    /// Per axis.
    pub whole: Vec<i64>,
    /// Per axis, from 0 on and less than 1.
    pub fraction: Vec<f64>,
}

impl Shift {
    /// A tile whose first sample lies at `position` of the output. Fractions of less than a millionth of a sample are none.
    pub fn new(position: &[f64]) -> Shift {
        let whole: Vec<i64> = position.iter().map(|p| (p - 1e-6).ceil() as i64).collect();
        let fraction = whole.iter().zip(position).map(|(w, p)| {
            let f = *w as f64 - p;
            if f < 1e-6 { 0.0 } else { f }
        });
        Shift { fraction: fraction.collect(), whole }
    }

    /// The part of the output that a tile of `shape` makes.
    pub fn covers(&self, shape: &[usize]) -> Region {
        let extent: Vec<usize> = shape
            .iter()
            .zip(&self.fraction)
            .map(|(s, f)| if *f > 0.0 { s.saturating_sub(1) } else { *s })
            .collect();
        Region::new(self.whole.clone(), extent)
    }

    /// The part of the tile that is read for a part of what it covers.
    pub fn needs(&self, target: &Region) -> Region {
        let start: Vec<i64> = target.start().iter().zip(&self.whole).map(|(t, w)| t - w).collect();
        let extent: Vec<usize> = target
            .shape()
            .iter()
            .zip(&self.fraction)
            .map(|(s, f)| s + usize::from(*f > 0.0))
            .collect();
        Region::new(start, extent)
    }
}

/// What samples of a tile count beside their places in it: blocks of float32, of the same part of the tile.
#[derive(Clone, Copy, Default)]
pub struct Weights<'a> {
    /// 1, or 0 for samples that are not to be used: what is made of one of them does not count.
    pub mask: Option<&'a Block>,
    /// What the place has to show.
    pub content: Option<&'a Block>,
}

impl Weights<'_> {
    fn is_some(&self) -> bool {
        self.mask.is_some() || self.content.is_some()
    }
}

/// Adds the part `target` of the output, made from `tile` (the block of [`Shift::needs`]), to a strip. `ramps` weigh the axes of the tile,
/// `weights` its samples.
///
/// # Errors
/// [`Error::Internal`] for blocks that do not hold what is needed.
pub fn add_shifted(
    tile: &Block,
    weights: Weights<'_>,
    shift: &Shift,
    ramps: &[Ramp],
    target: &Region,
    strip: &mut Strip<'_>,
) -> Result<()> {
    let needs = shift.needs(target);
    if !strip.region.contains(target) || *tile.region() != needs || target.ndim() == 0 {
        return Err(Error::internal("add_shifted", format!("{} for {needs}", tile.region())));
    }
    if target.is_empty() {
        return Ok(());
    }
    // Axes at the end along which nothing moves are one with the axis before them.
    let mut last = target.ndim() - 1;
    while last > 0
        && shift.fraction[last] == 0.0
        && target.shape()[last] == strip.region.shape()[last]
        && (0..target.shape()[last])
            .all(|i| ramps[last].at((needs.start()[last] + i as i64) as f64) == 1.0)
    {
        last -= 1;
    }
    let inner: usize = target.shape()[last + 1..].iter().product();
    let along = |axis: usize| -> Vec<f64> {
        let start = needs.start()[axis] as f64 + shift.fraction[axis];
        (0..target.shape()[axis]).map(|i| ramps[axis].at(start + i as f64)).collect()
    };
    let by: Vec<f64> =
        along(last).into_iter().flat_map(|w| std::iter::repeat_n(w, inner)).collect();
    let job = Job {
        shift,
        needs: &needs,
        target,
        last,
        inner,
        steps: strides(needs.shape()),
        lead: (0..last).map(along).collect(),
        by,
    };
    dispatch!(tile.dtype(), T => job.rows::<T>(tile.typed::<T>()?, weights, strip))
}

struct Job<'a> {
    shift: &'a Shift,
    needs: &'a Region,
    target: &'a Region,
    last: usize,
    inner: usize,
    steps: Vec<usize>,
    lead: Vec<Vec<f64>>,
    by: Vec<f64>,
}

impl Job<'_> {
    fn rows<T: Element>(
        &self,
        samples: &[T],
        weights: Weights<'_>,
        strip: &mut Strip<'_>,
    ) -> Result<()> {
        let last = self.last;
        let n = self.by.len();
        let between = self.shift.fraction[last] > 0.0;
        let len = n + if between { self.inner } else { 0 };
        let mut values = vec![0.0; len];
        let mut counts = vec![0.0; if weights.is_some() { len } else { 0 }];
        let taps = self.taps();
        let outer = Region::new(&self.target.start()[..last + 1], {
            let mut shape = self.target.shape()[..last + 1].to_vec();
            shape[last] = 1;
            shape
        });
        let mut point = self.target.start().to_vec();
        let mut failed = Ok(());
        outer.for_each_row(|lead| {
            point[..=last].copy_from_slice(lead);
            let scale: f64 = (0..last)
                .map(|a| self.lead[a][(point[a] - self.target.start()[a]) as usize])
                .product();
            let base: usize = (0..last)
                .map(|a| (point[a] - self.target.start()[a]) as usize * self.steps[a])
                .sum();
            for (k, (offset, weight)) in taps.iter().enumerate() {
                rows::load(&samples[base + offset..][..len], *weight, k == 0, &mut values);
            }
            if between {
                rows::between(&mut values, self.inner, self.shift.fraction[last]);
            }
            let at = strip.region.offset_of(&point);
            if !weights.is_some() {
                return strip.add(at, &values[..n], &self.by, scale);
            }
            let made = self.counts(weights, base, &taps, &mut counts);
            if made.is_err() {
                failed = made;
                return;
            }
            strip.add(at, &values[..n], &counts[..n], scale);
        });
        failed
    }

    /// The weights of a row.
    fn counts(
        &self,
        weights: Weights<'_>,
        base: usize,
        taps: &[(usize, f64)],
        counts: &mut [f64],
    ) -> Result<()> {
        let len = counts.len();
        let n = self.by.len();
        counts.fill(1.0);
        if let Some(mask) = weights.mask {
            let samples = mask.typed::<f32>()?;
            // A value counts if every sample that it is made of does.
            for (offset, _) in taps {
                let row = part(samples, base + offset, len)?;
                counts.iter_mut().zip(row).for_each(|(c, m)| *c = c.min(f64::from(*m)));
            }
            for i in 0..n {
                let next = if n < len { counts[i + self.inner] } else { counts[i] };
                counts[i] = counts[i].min(next);
            }
        }
        if let Some(content) = weights.content {
            // It changes slowly: that of one of the samples is as good as any.
            let row = part(content.typed::<f32>()?, base, n)?;
            counts.iter_mut().zip(row).for_each(|(c, w)| *c *= f64::from(*w));
        }
        counts.iter_mut().zip(&self.by).for_each(|(c, b)| *c *= b);
        Ok(())
    }

    /// The rows of the tile that a row is made of: their offsets from the first, and their weights.
    fn taps(&self) -> Vec<(usize, f64)> {
        let mut taps = vec![(0, 1.0)];
        for a in (0..self.last).filter(|&a| self.shift.fraction[a] > 0.0) {
            let f = self.shift.fraction[a];
            let low = taps.iter().map(|(o, w)| (*o, w * (1.0 - f)));
            let high = taps.iter().map(|(o, w)| (o + self.steps[a], w * f));
            taps = low.chain(high).collect();
        }
        debug_assert!(self.needs.ndim() == self.target.ndim());
        taps
    }
}

fn part(samples: &[f32], at: usize, len: usize) -> Result<&[f32]> {
    let row = samples.get(at..at + len);
    row.ok_or_else(|| Error::internal("add_shifted", "weights of too small a part"))
}
