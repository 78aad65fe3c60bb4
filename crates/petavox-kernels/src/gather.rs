//! Samples in another order: sliced, reversed, permuted, repeated, or picked one by one.
//!
//! Every output axis is a list of [`Run`]s. A run says where its samples stand in the input, as a contribution to the place of
//! the sample: the places that the axes name are added up. So the same few lines copy a strided slice, a transposed
//! image, one that is repeated, padded by its mirror image or rolled around its ends.

use petavox_core::{Block, Error, Result};

/// Where the samples of a [`Run`] come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// They stand in the input: the first adds `place` samples to the place in the input, each following one `step` more.
    Input {
        /// Samples from the start of the input, along this axis alone.
        place: usize,
        /// Samples from one to the next; 0 repeats, a negative one goes backwards.
        step: isize,
    },
    /// They are this value, whatever the other axes say; of several axes that say so the last wins. The value's bytes come
    /// first, as the machine orders them.
    Value([u8; 8]),
    /// They are left as they are.
    Kept,
}

/// Successive samples along one axis of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Their number.
    pub len: usize,
    /// Where they come from.
    pub origin: Origin,
}

/// Fills `output` from `input`, both in C order and of the same dtype; `axes` are the runs along each axis of the output, of which
/// neighbours may be taken as one. Takes every dtype and no scratch.
///
/// ```
/// use petavox_core::{Block, Dtype, Region};
/// use petavox_kernels::gather::{Origin, Run, gather};
/// let input = Block::from_vec(Region::whole(&[2, 3]), vec![1u8, 2, 3, 4, 5, 6])?;
/// let mut output = Block::zeros(Region::whole(&[3, 2]), Dtype::UInt8)?;
/// // The transposed image, its rows backwards.
/// let rows = [Run { len: 3, origin: Origin::Input { place: 2, step: -1 } }];
/// let columns = [Run { len: 2, origin: Origin::Input { place: 0, step: 3 } }];
/// gather(&input, &mut output, &[&rows, &columns])?;
/// assert_eq!(output.typed::<u8>()?, [3, 6, 2, 5, 1, 4]);
/// # Ok::<(), petavox_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Internal`] if the runs do not cover the output, or name a place outside the input.
pub fn gather(input: &Block, output: &mut Block, axes: &[&[Run]]) -> Result<()> {
    let wrong = |what: &str| {
        let problem = format!("{what}: {} into {}", input.region(), output.region());
        Err(Error::internal("gather", problem))
    };
    if input.dtype() != output.dtype() {
        return wrong("dtypes differ");
    }
    let len: usize = axes.iter().map(|runs| runs.iter().map(|r| r.len).sum::<usize>()).product();
    if len != output.region().len() {
        return wrong("runs that do not cover the output");
    }
    if output.region().is_empty() {
        return Ok(());
    }
    match furthest(axes) {
        Ok(Some(place)) if place >= input.region().len() => return wrong("a place outside"),
        Ok(_) => {}
        Err(()) => return wrong("a place before the input"),
    }
    let (from, to) = (input.bytes(), output.bytes_mut());
    match input.dtype().size() {
        1 => typed::<u8>(from, to, axes, |v| v[0]),
        2 => typed::<u16>(from, to, axes, |v| u16::from_ne_bytes([v[0], v[1]])),
        4 => typed::<u32>(from, to, axes, |v| u32::from_ne_bytes([v[0], v[1], v[2], v[3]])),
        _ => typed::<u64>(from, to, axes, u64::from_ne_bytes),
    }
    Ok(())
}

/// The furthest place that the runs name, if all axes name one.
fn furthest(axes: &[&[Run]]) -> Result<Option<usize>, ()> {
    let mut sum = 0usize;
    for runs in axes {
        let mut most = None;
        for run in runs.iter().filter(|r| r.len > 0) {
            if let Origin::Input { place, step } = run.origin {
                let last = (place as i128) + (step as i128) * (run.len as i128 - 1);
                let far = usize::try_from(last).map_err(|_| ())?.max(place);
                most = Some(far.max(most.unwrap_or(0)));
            }
        }
        let Some(most) = most else { return Ok(None) };
        sum = sum.checked_add(most).ok_or(())?;
    }
    Ok(Some(sum))
}

fn typed<T: bytemuck::Pod>(
    from: &[u8],
    to: &mut [u8],
    axes: &[&[Run]],
    value: impl Fn([u8; 8]) -> T,
) {
    let (from, to) = (bytemuck::cast_slice::<u8, T>(from), bytemuck::cast_slice_mut(to));
    let axes = joined(axes);
    let strides = {
        let lens: Vec<usize> = axes.iter().map(|r| r.iter().map(|r| r.len).sum()).collect();
        petavox_core::strides(&lens)
    };
    let across = across(&axes);
    Walk { from, axes: &axes, strides: &strides, across, value: &value }.axis(0, 0, 0, None, to);
}

/// The axes without those that only continue their neighbour.
fn joined(axes: &[&[Run]]) -> Vec<Vec<Run>> {
    let mut out: Vec<Vec<Run>> = Vec::with_capacity(axes.len().max(1));
    for runs in axes.iter().rev() {
        let outer = match (*runs, out.last().map(Vec::as_slice)) {
            ([Run { len: 1, origin: Origin::Input { place, .. } }], Some([inner])) => {
                shifted(inner, *place, inner.len)
            }
            // An axis of one sample hands its place on.
            ([run], Some([Run { len: 1, origin: Origin::Input { place, .. } }])) => {
                shifted(run, *place, run.len)
            }
            (
                [Run { len, origin: Origin::Input { place, step } }],
                Some([inner @ Run { origin: Origin::Input { step: small, .. }, .. }]),
            ) if *step == small * inner.len as isize => shifted(inner, *place, len * inner.len),
            _ => None,
        };
        match (outer, out.last_mut()) {
            (Some(run), Some(last)) => *last = vec![run],
            _ => out.push(runs.to_vec()),
        }
    }
    if out.is_empty() {
        // An image without axes is one sample.
        out.push(vec![Run { len: 1, origin: Origin::Input { place: 0, step: 1 } }]);
    }
    out.reverse();
    out
}

fn shifted(run: &Run, by: usize, len: usize) -> Option<Run> {
    match run.origin {
        Origin::Input { place, step } => {
            Some(Run { len, origin: Origin::Input { place: place + by, step } })
        }
        _ => None,
    }
}

/// The axis along which neighbours in the input lie, if it is not the last: rows are then copied by squares, because going along
/// either axis alone would use one sample of every cache line.
fn across(axes: &[Vec<Run>]) -> Option<usize> {
    let step = |runs: &[Run]| match runs {
        [Run { origin: Origin::Input { step, .. }, len }] if *len > 1 => Some(step.unsigned_abs()),
        _ => None,
    };
    let (last, outer) = axes.split_last()?;
    step(last).filter(|s| *s > 1)?;
    outer.iter().rposition(|runs| step(runs) == Some(1))
}

/// Side of the squares, in samples.
const SQUARE: usize = 32;

struct Walk<'a, T, V> {
    from: &'a [T],
    axes: &'a [Vec<Run>],
    strides: &'a [usize],
    across: Option<usize>,
    value: &'a V,
}

impl<T: bytemuck::Pod, V: Fn([u8; 8]) -> T> Walk<'_, T, V> {
    /// Fills what lies at `at` and beyond along the axes from `axis` on; outer axes have named `place` and `value`.
    fn axis(&self, axis: usize, at: usize, place: usize, value: Option<T>, to: &mut [T]) {
        if axis + 1 == self.axes.len() {
            return self.row(at, place, value, to);
        }
        if self.across == Some(axis) {
            return self.axis(axis + 1, at, place, value, to);
        }
        let mut at = at;
        for run in &self.axes[axis] {
            for i in 0..run.len {
                let at = at + i * self.strides[axis];
                match run.origin {
                    Origin::Input { place: own, step } => {
                        let own = own as isize + i as isize * step;
                        self.axis(axis + 1, at, place + own as usize, value, to);
                    }
                    Origin::Value(v) => self.axis(axis + 1, at, place, Some((self.value)(v)), to),
                    Origin::Kept => {}
                }
            }
            at += run.len * self.strides[axis];
        }
    }

    fn row(&self, at: usize, place: usize, value: Option<T>, to: &mut [T]) {
        if let Some(across) = self.across {
            return self.plane(across, at, place, value, to);
        }
        let mut at = at;
        for run in &self.axes[self.axes.len() - 1] {
            let to = &mut to[at..at + run.len];
            at += run.len;
            match (run.origin, value) {
                (Origin::Kept, _) => {}
                (Origin::Value(v), _) => to.fill((self.value)(v)),
                (Origin::Input { .. }, Some(v)) => to.fill(v),
                (Origin::Input { place: own, step }, None) => {
                    copy(self.from, place + own, step, to)
                }
            }
        }
    }

    /// The plane of the axis `across` and the last, both of one run.
    fn plane(&self, across: usize, at: usize, place: usize, value: Option<T>, to: &mut [T]) {
        let (
            [Run { len: n, origin: Origin::Input { place: a, step: down } }],
            [Run { len, origin: Origin::Input { place: b, step } }],
        ) = (&self.axes[across][..], &self.axes[self.axes.len() - 1][..])
        else {
            return;
        };
        let (place, stride) = ((place + a + b) as isize, self.strides[across]);
        for top in (0..*n).step_by(SQUARE) {
            for left in (0..*len).step_by(SQUARE) {
                let width = SQUARE.min(len - left);
                for i in top..(top + SQUARE).min(*n) {
                    let first = place + i as isize * down + left as isize * step;
                    let to = &mut to[at + i * stride + left..][..width];
                    match value {
                        Some(v) => to.fill(v),
                        None => copy(self.from, first as usize, *step, to),
                    }
                }
            }
        }
    }
}

fn copy<T: Copy>(from: &[T], place: usize, step: isize, to: &mut [T]) {
    match step {
        1 => to.copy_from_slice(&from[place..place + to.len()]),
        0 => to.fill(from[place]),
        -1 => {
            let from = &from[place + 1 - to.len()..=place];
            to.iter_mut().zip(from.iter().rev()).for_each(|(t, f)| *t = *f);
        }
        2.. => {
            let from = from[place..].iter().step_by(step as usize);
            to.iter_mut().zip(from).for_each(|(t, f)| *t = *f);
        }
        _ => {
            let from = from[..=place].iter().rev().step_by(step.unsigned_abs());
            to.iter_mut().zip(from).for_each(|(t, f)| *t = *f);
        }
    }
}

#[cfg(test)]
mod tests;
