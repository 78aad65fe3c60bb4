//! A pass of the distance transform by looking at near neighbours only: side by side, without branches, as long as distances are short.

/// Steps beyond which the lower envelope is quicker.
const WIDEST: usize = 28;

/// A float that squares are computed in.
pub(super) trait Real: Copy + PartialOrd + bytemuck::Pod {
    fn cut(value: f64) -> Self;
    fn wide(self) -> f64;
    fn plus(self, other: Self) -> Self;
    const ZERO: Self;
}

macro_rules! reals {
    ($($ty:ident)*) => { $(impl Real for $ty {
        #[inline(always)]
        fn cut(value: f64) -> $ty { value as $ty }
        #[inline(always)]
        fn wide(self) -> f64 { self as f64 }
        #[inline(always)]
        fn plus(self, other: $ty) -> $ty { self + other }
        const ZERO: $ty = 0.0;
    })* };
}
reals!(f32 f64);

/// The pass over `lanes` lines that lie side by side, from `values` to `best`. False if a distance is too long for it; `best` means nothing
/// then.
#[inline(always)]
pub(super) fn window_pass<T: Real>(
    values: &[T],
    best: &mut [T],
    lanes: usize,
    spacing: f64,
) -> bool {
    best.copy_from_slice(values);
    let n = values.len();
    let len = n / lanes.max(1);
    let mut most = largest(best);
    for d in 1..len {
        let t = spacing * d as f64;
        let square = t * t;
        if square >= most {
            return true;
        }
        if d > WIDEST {
            return false;
        }
        let (shift, square) = (d * lanes, T::cut(square));
        lower(&mut best[..n - shift], &values[shift..], square);
        lower(&mut best[shift..], &values[..n - shift], square);
        most = largest(best);
    }
    true
}

#[inline(always)]
fn lower<T: Real>(best: &mut [T], values: &[T], square: T) {
    for (b, v) in best.iter_mut().zip(values) {
        let other = v.plus(square);
        *b = if other < *b { other } else { *b };
    }
}

#[inline(always)]
fn largest<T: Real>(values: &[T]) -> f64 {
    let mut most = [T::ZERO; 16];
    let mut chunks = values.chunks_exact(16);
    for chunk in &mut chunks {
        for (m, v) in most.iter_mut().zip(chunk) {
            *m = if *v > *m { *v } else { *m };
        }
    }
    let rest = chunks.remainder().iter().chain(&most);
    rest.fold(0.0, |m: f64, v| m.max(v.wide()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_distances_are_found_and_long_ones_are_refused() {
        let far = f32::INFINITY;
        let values = [0.0, far, far, far, far, 1.0];
        let mut best = [0.0; 6];
        assert!(window_pass(&values, &mut best, 1, 1.0));
        assert_eq!(best, [0.0, 1.0, 4.0, 5.0, 2.0, 1.0]);
        assert!(!window_pass(&[far; 100], &mut [0.0; 100], 1, 1.0));
        let two_lanes = [0.0, 9.0, far, 0.25];
        let mut best = [0.0f64; 4];
        assert!(window_pass(&two_lanes.map(f64::from), &mut best, 2, 0.5));
        assert_eq!(best, [0.0, 0.5, 0.25, 0.25]);
    }
}
