//! Edges one sample wide: where the gradient of a 2-D image is largest along its own direction (J. Canny, IEEE Trans. PAMI 8, 1986), with
//! the arithmetic of scikit-image.

use crate::wide::widest;
use petavox_core::{Block, Dtype, Error, Region, Result};

/// A float that edges are found in.
trait Real: Copy + PartialOrd + bytemuck::Pod {
    const ZERO: Self;
    fn wide(self) -> f64;
    fn cut(value: f64) -> Self;
    fn length(a: Self, b: Self) -> Self;
    fn mixed(far: Self, near: Self, share: Self) -> f64;
    fn over(self, other: Self) -> Self;
    fn size(self) -> Self;
}

macro_rules! reals {
    ($($ty:ident)*) => { $(impl Real for $ty {
        const ZERO: $ty = 0.0;
        #[inline(always)]
        fn wide(self) -> f64 { self as f64 }
        #[inline(always)]
        fn cut(value: f64) -> $ty { value as $ty }
        #[inline(always)]
        fn length(a: $ty, b: $ty) -> $ty { (a * a + b * b).sqrt() }
        #[inline(always)]
        fn mixed(far: $ty, near: $ty, share: $ty) -> f64 {
            (far * share) as f64 + near as f64 * (1.0 - share as f64)
        }
        #[inline(always)]
        fn over(self, other: $ty) -> $ty { self / other }
        #[inline(always)]
        fn size(self) -> $ty { self.abs() }
    })* };
}
reals!(f32 f64);

/// Bytes of scratch that [`edge_maxima`] needs for a target of this shape.
pub fn edge_maxima_scratch_bytes(target_shape: &[usize], dtype: Dtype) -> usize {
    let wide = target_shape.last().copied().unwrap_or(0).saturating_add(2);
    wide.saturating_mul(3 * ROWS * dtype.size())
}

/// Rows of the gradient that are kept: one and its neighbours.
const ROWS: usize = 3;

/// Writes the length of the gradient (Sobel's) where it is at least `least` and no smaller than what lies before and behind it along its
/// direction, interpolated between neighbours; 0 elsewhere, and at the image's border. `input` covers `output`'s region and two samples
/// around it, reflected outside the image.
///
/// # Errors
/// [`Error::UnsupportedDtype`] unless both blocks are of one float type; [`Error::Internal`] if they do not fit together.
pub fn edge_maxima(
    input: &Block,
    output: &mut Block,
    least: f32,
    image_shape: &[usize],
    scratch: &mut [u8],
) -> Result<()> {
    if input.dtype() != output.dtype() {
        return Err(Error::dtype("edge_maxima", output.dtype(), input.dtype().name()));
    }
    let region = output.region().clone();
    if region.ndim() != 2 || !input.region().contains(&region.grow(&[2, 2], &[2, 2])) {
        return Err(Error::internal("edge_maxima", format!("{} for {region}", input.region())));
    }
    if region.is_empty() {
        return Ok(());
    }
    match input.dtype() {
        Dtype::Float32 => {
            let from = (input.typed::<f32>()?, input.region());
            run(from, (output.typed_mut::<f32>()?, &region), least, image_shape, scratch)
        }
        Dtype::Float64 => {
            let from = (input.typed::<f64>()?, input.region());
            run(from, (output.typed_mut::<f64>()?, &region), least, image_shape, scratch)
        }
        other => Err(Error::dtype("edge_maxima", other, "float32, float64")),
    }
}

fn run<T: Real>(
    (from, source): (&[T], &Region),
    (to, region): (&mut [T], &Region),
    least: f32,
    image_shape: &[usize],
    scratch: &mut [u8],
) -> Result<()> {
    let (height, width) = (region.shape()[0], region.shape()[1]);
    let wide = width + 2;
    let n = ROWS * wide;
    let room = scratch.get_mut(..3 * n * size_of::<T>()).map(bytemuck::try_cast_slice_mut::<u8, T>);
    let Some(Ok(room)) = room else {
        return Err(Error::internal("edge_maxima", "scratch too small or not aligned"));
    };
    let (down, rest) = room.split_at_mut(n);
    let (right, length) = rest.split_at_mut(n);
    let stride = source.shape()[1];
    let least = f64::from(if least == 0.0 { 1e-14 } else { least });
    let ends = [image_shape[0] as i64 - 1, image_shape[1] as i64 - 1];
    // Columns that are not at the image's border.
    let inner = (1 - region.start()[1]).clamp(0, width as i64) as usize
        ..(ends[1] - region.start()[1]).clamp(0, width as i64) as usize;
    for y in 0..height + 2 {
        let at = source.offset_of(&[region.start()[0] - 2 + y as i64, region.start()[1] - 2]);
        let rows = [0, 1, 2].map(|k| &from[at + k * stride..][..wide + 2]);
        let line = y % ROWS * wide..(y % ROWS + 1) * wide;
        slope_row(rows, &mut down[line.clone()], &mut right[line.clone()], &mut length[line]);
        if y < 2 {
            continue;
        }
        // The row before is complete now, with a row on either side.
        let out = &mut to[(y - 2) * width..][..width];
        out.fill(T::ZERO);
        let row = region.start()[0] + y as i64 - 2;
        if row == 0 || row == ends[0] || inner.is_empty() {
            continue;
        }
        let lines = [0, 1, 2].map(|k| (y - 2 + k) % ROWS * wide);
        let own = lines[1] + 1 + inner.start;
        let slope = [&down[own..], &right[own..]];
        let lengths = lines.map(|line| &length[line + inner.start..]);
        largest_in_row(slope, lengths, least, &mut out[inner.clone()]);
    }
    Ok(())
}

widest! {
    /// The gradient of a row and its length, from the row and its neighbours.
    fn slope_row<T: Real>(rows: [&[T]; 3], down: &mut [T], right: &mut [T], length: &mut [T]) {
        let n = length.len();
        let [above, own, below] = rows.map(|row| &row[..n + 2]);
        let (down, right) = (&mut down[..n], &mut right[..n]);
        for x in 0..n {
            let fall = |x: usize| T::cut(below[x].wide() - above[x].wide()).wide();
            let d = T::cut(fall(x + 1) * 2.0 + (fall(x) + fall(x + 2)));
            let rise = |row: &[T]| T::cut(row[x + 2].wide() - row[x].wide()).wide();
            let r = T::cut(rise(own) * 2.0 + (rise(above) + rise(below)));
            (down[x], right[x], length[x]) = (d, r, T::length(d, r));
        }
    }
}

widest! {
    /// Keeps the lengths that are `least` or more and not below what lies ahead along the gradient, nor what lies behind. `slope` is that of
    /// the row, down and to the right; `lengths` are those of three rows, which begin a sample earlier.
    ///
    /// Both neighbours on either side are loaded whatever the direction is, and chosen from: nothing depends on a branch.
    fn largest_in_row<T: Real>(slope: [&[T]; 2], lengths: [&[T]; 3], least: f64, out: &mut [T]) {
        let n = out.len();
        let [down, right] = slope.map(|row| &row[..n]);
        let [above, own, below] = lengths.map(|row| &row[..n + 2]);
        for x in 0..n {
            let (d, r) = (down[x], right[x]);
            let same = (d <= T::ZERO) == (r <= T::ZERO);
            let (size_d, size_r) = (d.size(), r.size());
            let steep = size_d > size_r || !same && size_d == size_r;
            let share = if steep { size_r.over(size_d) } else { size_d.over(size_r) };
            // Where the signs differ, right goes with up.
            let pick = |yes: bool, a: T, b: T| if yes { a } else { b };
            let next = [1, 2].map(|k| pick(same, below[x + k], above[x + k]));
            let last = [1, 0].map(|k| pick(same, above[x + k], below[x + k]));
            let ahead = T::mixed(next[1], pick(steep, next[0], own[x + 2]), share);
            let behind = T::mixed(last[1], pick(steep, last[0], own[x]), share);
            let length = own[x + 1];
            let wide = length.wide();
            let is_largest = (wide >= least) & (ahead <= wide) & (behind <= wide);
            out[x] = pick(is_largest, length, T::ZERO);
        }
    }
}

#[cfg(test)]
mod tests;
