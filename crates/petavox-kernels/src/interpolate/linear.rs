//! Values of order 1 at points that lie anywhere inside a block.

use super::points::{Lane, N};
use crate::wide::widest;
use petavox_core::{Element, MAX_NDIM};

/// Weight of the lower neighbour, and the place of it.
#[inline(always)]
fn split(c: f64) -> (f64, f64) {
    let below = c.floor();
    (1.0 - (c - below), below)
}

widest! {
    pub(super) fn linear_2<T: Element>(samples: &[T], steps: [f64; 2], origin: [f64; 2], lanes: &[Lane; MAX_NDIM], out: &mut [f64]) {
        let step = steps[0] as usize;
        let mut place = [0i64; N];
        let mut weights = [[0.0; N]; 2];
        for i in 0..N {
            let ((w0, y), (w1, x)) = (split(lanes[0][i]), split(lanes[1][i]));
            (weights[0][i], weights[1][i]) = (w0, w1);
            place[i] = ((y - origin[0]) * steps[0] + (x - origin[1])) as i64;
        }
        for (i, o) in out.iter_mut().enumerate() {
            let at = place[i] as usize;
            // The caller has looked that all four neighbours are in the block.
            let (Some([a, b, ..]), Some([c, d, ..])) = (samples.get(at..), samples.get(at + step..)) else { continue };
            let (l, m) = (weights[1][i], weights[0][i]);
            let (r, s) = (1.0 - l, 1.0 - m);
            *o = m * (l * a.to_f64() + r * b.to_f64()) + s * (l * c.to_f64() + r * d.to_f64());
        }
    }
}

widest! {
    pub(super) fn linear_3<T: Element>(samples: &[T], steps: [f64; 3], origin: [f64; 3], lanes: &[Lane; MAX_NDIM], out: &mut [f64]) {
        let (plane, row) = (steps[0] as usize, steps[1] as usize);
        let mut place = [0i64; N];
        let mut weights = [[0.0; N]; 3];
        for i in 0..N {
            let ((w0, z), (w1, y), (w2, x)) = (split(lanes[0][i]), split(lanes[1][i]), split(lanes[2][i]));
            (weights[0][i], weights[1][i], weights[2][i]) = (w0, w1, w2);
            place[i] = ((z - origin[0]) * steps[0] + (y - origin[1]) * steps[1] + (x - origin[2])) as i64;
        }
        for (i, o) in out.iter_mut().enumerate() {
            let at = place[i] as usize;
            // The caller has looked that all eight neighbours are in the block.
            let Some(from) = samples.get(at..at + plane + row + 2) else { continue };
            let (l, r) = (weights[2][i], 1.0 - weights[2][i]);
            let line = |p: usize| l * from[p].to_f64() + r * from[p + 1].to_f64();
            let (m, s) = (weights[1][i], 1.0 - weights[1][i]);
            *o = weights[0][i] * (m * line(0) + s * line(row))
                + (1.0 - weights[0][i]) * (m * line(plane) + s * line(plane + row));
        }
    }
}
