//! Grey erosion and dilation with a structure that has heights of its own.

use crate::sample::{CastTo, Sample};
use crate::window::Window;
use petavox_core::{Block, CancelToken, Dtype, Error, Result, dispatch};

/// The heights that a window's samples are raised by, in raster order.
#[derive(Clone, Debug, PartialEq)]
pub struct Relief {
    window: Window,
    heights: Vec<f64>,
}

impl Relief {
    /// A height for each sample of the window.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if there are more or fewer.
    pub fn new(window: Window, heights: Vec<f64>) -> Result<Relief> {
        if heights.len() != window.len() {
            let expected = format!("{}, one for each sample of the window", window.len());
            return Err(Error::argument(
                "structure",
                format!("{} values", heights.len()),
                expected,
            ));
        }
        Ok(Relief { window, heights })
    }

    /// The window.
    pub fn window(&self) -> &Window {
        &self.window
    }

    /// The heights.
    pub fn heights(&self) -> &[f64] {
        &self.heights
    }
}

/// Bytes of scratch that [`raised_extreme`] needs for a target of this shape.
pub fn raised_extreme_scratch_bytes(target_shape: &[usize]) -> usize {
    target_shape.last().copied().unwrap_or(1).saturating_mul(8)
}

/// The greatest of the neighbours raised by their heights, or the least of the neighbours lowered by them: what scipy.ndimage's
/// `grey_dilation` and `grey_erosion` give for a `structure`.
///
/// As there, sums are taken in the samples' dtype, where integers may wrap, but for the first neighbour's, which is taken in double.
/// `input` covers `output`'s region grown by the window's halo. `scratch` is aligned to 8 bytes.
///
/// # Errors
/// [`Error::Internal`] if the regions, dtypes or the scratch do not fit together; [`Error::Cancelled`], soon after it was asked for.
pub fn raised_extreme(
    input: &Block,
    output: &mut Block,
    relief: &Relief,
    greatest: bool,
    scratch: &mut [u8],
    cancel: &CancelToken,
) -> Result<()> {
    let place = "raised_extreme";
    let window = &relief.window;
    let region = output.region().clone();
    if input.dtype() != output.dtype() || window.ndim() != region.ndim() {
        return Err(Error::internal(place, "blocks and window disagree"));
    }
    let halo = window.halo();
    if !input.region().contains(&region.grow(&halo.low, &halo.high)) {
        return Err(Error::internal(place, "the input does not cover the halo"));
    }
    let row = region.row_len();
    let found: &mut [f64] = match scratch.get_mut(..row * 8).map(bytemuck::try_cast_slice_mut) {
        Some(Ok(found)) => found,
        _ => return Err(Error::internal(place, "scratch too small or not aligned")),
    };
    let sign = if greatest { 1.0 } else { -1.0 };
    let steps: Vec<(Vec<i64>, f64)> =
        window.offsets().into_iter().zip(relief.heights.iter().map(|h| h * sign)).collect();
    let is_mask = output.dtype() == Dtype::Bool;
    dispatch!(input.dtype(), T => {
        let (from, to) = (input.typed::<T>()?, output.typed_mut::<T>()?);
        let mut at = 0;
        region.for_each_row(|point| {
            if cancel.is_cancelled() {
                return;
            }
            for (i, (offset, height)) in steps.iter().enumerate() {
                let start: Vec<i64> = point.iter().zip(offset).map(|(p, o)| p + o).collect();
                let line = &from[input.region().offset_of(&start)..][..row];
                if i == 0 {
                    found.iter_mut().zip(line).for_each(|(f, s)| *f = CastTo::<f64>::cast_to(*s) + height);
                } else {
                    raise::<T>(found, line, T::cut_from(*height), greatest);
                }
            }
            for (t, f) in to[at..at + row].iter_mut().zip(found.iter()) {
                let value = T::cut_from(*f);
                *t = if is_mask { T::cut_from(f64::from(u8::from(*f != 0.0))) } else { value };
            }
            at += row;
        });
    });
    cancel.check()
}

fn raise<T: Sample + Sum + CastTo<f64>>(found: &mut [f64], line: &[T], height: T, greatest: bool) {
    for (f, s) in found.iter_mut().zip(line) {
        let value = s.plus(height).cast_to();
        let takes = if greatest { value > *f } else { value < *f };
        *f = if takes { value } else { *f };
    }
}

/// Sums that wrap, as C's do.
trait Sum {
    fn plus(self, other: Self) -> Self;
}

macro_rules! sums {
    ($($int:ident)*) => {
        $(impl Sum for $int {
            #[inline(always)]
            fn plus(self, other: $int) -> $int { self.wrapping_add(other) }
        })*
    };
}
sums!(u8 i8 u16 i16 u32 i32 u64 i64);

impl Sum for f32 {
    #[inline(always)]
    fn plus(self, other: f32) -> f32 {
        self + other
    }
}

impl Sum for f64 {
    #[inline(always)]
    fn plus(self, other: f64) -> f64 {
        self + other
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use petavox_core::{Buffer, Region};

    #[test]
    fn small_integers_wrap_as_scipys_do() {
        // scipy.ndimage.grey_erosion and grey_dilation of [3, 200, 5, 250, 9] with structure [10, 0, 10].
        let window = Window::new(&[3], &[0], None).unwrap();
        let relief = Relief::new(window, vec![10.0, 0.0, 10.0]).unwrap();
        let input =
            Block::from_vec(Region::new([-1], [7]), vec![3u8, 3, 200, 5, 250, 9, 9]).unwrap();
        for (greatest, want) in [(false, [249, 249, 5, 251, 9]), (true, [210, 200, 210, 250, 4])] {
            let mut output = Block::zeros(Region::new([0], [5]), Dtype::UInt8).unwrap();
            let mut scratch = Buffer::zeroed(raised_extreme_scratch_bytes(&[5])).unwrap();
            let cancel = CancelToken::new();
            raised_extreme(&input, &mut output, &relief, greatest, scratch.bytes_mut(), &cancel)
                .unwrap();
            assert_eq!(output.typed::<u8>().unwrap(), want);
        }
    }
}
