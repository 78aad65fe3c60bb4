//! Corners that are brighter or darker than many neighbours in a row on a circle around them (E. Rosten and T. Drummond, 2006).

use super::{doubles, put};
use petavox_core::{Block, Error, Result};

/// The circle's samples, one after another.
const CIRCLE: [(i64, i64); 16] = [
    (0, 3),
    (1, 3),
    (2, 2),
    (3, 1),
    (3, 0),
    (3, -1),
    (2, -2),
    (1, -3),
    (0, -3),
    (-1, -3),
    (-2, -2),
    (-3, -1),
    (-3, 0),
    (-3, 1),
    (-2, 2),
    (-1, 3),
];

/// The sum of the differences from the circle, where `n` of its samples in a row differ by more than `threshold` in one direction; 0
/// elsewhere and within three samples of the plane's edges. `input` covers `output` and three samples around it.
///
/// # Errors
/// [`Error::Internal`] if the blocks do not fit together, [`Error::UnsupportedDtype`] if they are not floats.
pub fn fast(
    input: &Block,
    output: &mut Block,
    n: usize,
    threshold: f64,
    shape: &[usize],
) -> Result<()> {
    let region = output.region().clone();
    if region.ndim() != 2 || !input.region().contains(&region.grow(&[3, 3], &[3, 3])) {
        return Err(Error::internal("fast", format!("{} for {region}", input.region())));
    }
    let samples = doubles(input)?;
    let stride = input.shape()[1] as i64;
    let steps = CIRCLE.map(|(y, x)| y * stride + x);
    let mut out = vec![0.0; region.len()];
    let (width, mut at) = (region.row_len(), 0);
    region.for_each_row(|point| {
        let first = input.region().offset_of(point);
        for x in 0..width {
            let (row, column) = (point[0], point[1] + x as i64);
            let inside = row >= 3
                && column >= 3
                && row + 3 < shape[0] as i64
                && column + 3 < shape[1] as i64;
            if inside {
                out[at + x] = response(&samples, first + x, &steps, n, threshold);
            }
        }
        at += width;
    });
    put(&out, output)
}

fn response(samples: &[f64], at: usize, steps: &[i64; 16], n: usize, threshold: f64) -> f64 {
    let own = samples[at];
    let around = steps.map(|s| samples[(at as i64 + s) as usize]);
    let (mut brighter, mut darker) = (0u32, 0u32);
    for (k, v) in around.iter().enumerate() {
        brighter |= u32::from(*v > own + threshold) << k;
        darker |= u32::from(*v < own - threshold) << k;
    }
    if n >= 12 {
        // Of twelve in a row, three are among these four.
        let corners = |bits: u32| (bits & 0x1111).count_ones();
        if corners(brighter) < 3 && corners(darker) < 3 {
            return 0.0;
        }
    }
    if !in_a_row(brighter, n) && !in_a_row(darker, n) {
        return 0.0;
    }
    around.iter().map(|v| (v - own).abs()).sum()
}

/// True if `n` of 16 bits in a circle follow one another.
fn in_a_row(bits: u32, n: usize) -> bool {
    // Twice around, as far as a row that begins at the last bit reaches.
    let bits = u64::from(bits) | u64::from(bits) << 16;
    let mut left = bits & ((1u64 << (15 + n.min(32))) - 1);
    for _ in 1..n {
        left &= left >> 1;
    }
    n == 0 || left != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_go_around_the_circle() {
        assert!(in_a_row(0b1110_0000_0000_0111, 6));
        assert!(!in_a_row(0b1110_0000_0000_0111, 7));
        assert!(in_a_row(0xffff, 16) && !in_a_row(0xfffe, 16) && in_a_row(0xfffe, 15));
    }
}
