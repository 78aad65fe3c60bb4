//! Edges one sample wide: where the gradient of a 2-D image is largest along its own direction (J. Canny, IEEE Trans. PAMI 8, 1986), with
//! the arithmetic of scikit-image.

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
    let grown = target_shape.iter().fold(1usize, |n, s| n.saturating_mul(s.saturating_add(2)));
    grown.saturating_mul(3 * dtype.size())
}

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
    let (rows, wide) = (height + 2, width + 2);
    let n = rows * wide;
    let room = scratch.get_mut(..3 * n * size_of::<T>()).map(bytemuck::try_cast_slice_mut::<u8, T>);
    let Some(Ok(room)) = room else {
        return Err(Error::internal("edge_maxima", "scratch too small or not aligned"));
    };
    let (down, rest) = room.split_at_mut(n);
    let (right, length) = rest.split_at_mut(n);
    let stride = source.shape()[1];
    for y in 0..rows {
        let at = source.offset_of(&[region.start()[0] - 2 + y as i64, region.start()[1] - 2]);
        let [above, own, below] = [0, 1, 2].map(|k| &from[at + k * stride..][..wide + 2]);
        let line = y * wide..(y + 1) * wide;
        let (down, right, length) =
            (&mut down[line.clone()], &mut right[line.clone()], &mut length[line]);
        for x in 0..wide {
            let fall = |x: usize| T::cut(below[x].wide() - above[x].wide()).wide();
            down[x] = T::cut(fall(x + 1) * 2.0 + (fall(x) + fall(x + 2)));
            let rise = |row: &[T]| T::cut(row[x + 2].wide() - row[x].wide()).wide();
            right[x] = T::cut(rise(own) * 2.0 + (rise(above) + rise(below)));
            length[x] = T::length(down[x], right[x]);
        }
    }
    let least = f64::from(if least == 0.0 { 1e-14 } else { least });
    let ends = [image_shape[0] as i64 - 1, image_shape[1] as i64 - 1];
    for y in 0..height {
        let row = region.start()[0] + y as i64;
        for x in 0..width {
            let column = region.start()[1] + x as i64;
            let at = (y + 1) * wide + x + 1;
            let own = length[at];
            let border = row == 0 || column == 0 || row == ends[0] || column == ends[1];
            let stays = !border && own.wide() >= least && is_largest(down, right, length, at, wide);
            to[y * width + x] = if stays { own } else { T::ZERO };
        }
    }
    Ok(())
}

/// True if neither what lies ahead along the gradient nor what lies behind is larger.
fn is_largest<T: Real>(down: &[T], right: &[T], length: &[T], at: usize, wide: usize) -> bool {
    let (d, r) = (down[at], right[at]);
    let same = (d <= T::ZERO) == (r <= T::ZERO);
    let (size_d, size_r) = (d.size(), r.size());
    // The neighbour along the longer part, and the diagonal one; their opposites lie behind.
    let steep = if same { size_d > size_r } else { size_d >= size_r };
    let share = if steep { size_r.over(size_d) } else { size_d.over(size_r) };
    let (ahead, behind) = match (same, steep) {
        (true, true) => ((at + wide, at + wide + 1), (at - wide, at - wide - 1)),
        (true, false) => ((at + 1, at + wide + 1), (at - 1, at - wide - 1)),
        (false, false) => ((at + 1, at - wide + 1), (at - 1, at + wide - 1)),
        (false, true) => ((at - wide, at - wide + 1), (at + wide, at + wide - 1)),
    };
    let own = length[at].wide();
    let mixed = |(near, far): (usize, usize)| T::mixed(length[far], length[near], share);
    mixed(ahead) <= own && mixed(behind) <= own
}

#[cfg(test)]
mod tests {
    use super::*;
    use petavox_core::Buffer;

    #[test]
    fn a_step_has_an_edge_and_borders_have_none() {
        let whole = Region::whole(&[7, 8]);
        let samples: Vec<f32> = (0..11 * 12).map(|i| if i % 12 >= 6 { 1.0 } else { 0.0 }).collect();
        let input = Block::from_vec(whole.grow(&[2, 2], &[2, 2]), samples).unwrap();
        let mut output = Block::zeros(whole, Dtype::Float32).unwrap();
        let mut scratch =
            Buffer::zeroed(edge_maxima_scratch_bytes(&[7, 8], Dtype::Float32)).unwrap();
        edge_maxima(&input, &mut output, 0.1, &[7, 8], scratch.bytes_mut()).unwrap();
        let found = output.typed::<f32>().unwrap();
        for (i, v) in found.iter().enumerate() {
            let (y, x) = (i / 8, i % 8);
            let edge = (3..5).contains(&x) && (1..6).contains(&y);
            assert_eq!(*v, if edge { 4.0 } else { 0.0 }, "{y} {x}");
        }
    }
}
