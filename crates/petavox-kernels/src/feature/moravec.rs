//! Moravec's corners: where a window differs from all its shifted copies.

use super::{doubles, put};
use petavox_core::{Block, Error, Result};

/// The least sum of squared differences between a window of `2 * w + 1` samples and its copies, shifted by up to `w` samples along both axes;
/// 0 within `2 * w` samples of the plane's edges. `input` covers `output` and `2 * w` samples around it.
///
/// # Errors
/// [`Error::Internal`] if the blocks do not fit together, [`Error::UnsupportedDtype`] if they are not floats.
pub fn moravec(input: &Block, output: &mut Block, w: usize, shape: &[usize]) -> Result<()> {
    let region = output.region().clone();
    let far = 2 * w;
    if region.ndim() != 2 || !input.region().contains(&region.grow(&[far, far], &[far, far])) {
        return Err(Error::internal("moravec", format!("{} for {region}", input.region())));
    }
    let samples = doubles(input)?;
    let stride = input.shape()[1] as i64;
    let (w, far) = (w as i64, far as i64);
    let shifts: Vec<i64> = (-w..=w)
        .flat_map(|y| (-w..=w).map(move |x| (y, x)))
        .filter(|(y, x)| *y != 0 && *x != 0)
        .map(|(y, x)| y * stride + x)
        .collect();
    let mut out = vec![0.0; region.len()];
    let (width, mut at) = (region.row_len(), 0);
    region.for_each_row(|point| {
        let first = input.region().offset_of(point) as i64;
        for x in 0..width {
            let (row, column) = (point[0], point[1] + x as i64);
            let inside = row >= far
                && column >= far
                && row < shape[0] as i64 - far
                && column < shape[1] as i64 - far;
            if !inside {
                continue;
            }
            let here = first + x as i64;
            let least = shifts.iter().map(|shift| {
                let mut sum = 0.0;
                for y in -w..=w {
                    for x in -w..=w {
                        let place = here + y * stride + x;
                        let d = samples[place as usize] - samples[(place + shift) as usize];
                        sum += d * d;
                    }
                }
                sum
            });
            out[at + x] = least.fold(f64::MAX, f64::min);
        }
        at += width;
    });
    put(&out, output)
}
