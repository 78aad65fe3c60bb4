//! The loops of blending, a row at a time.

use crate::wide::widest;
use petavox_core::Element;

widest! {
    /// `out = samples * weight`, or added to it.
    pub(super) fn load<T: Element>(samples: &[T], weight: f64, first: bool, out: &mut [f64]) {
        if first && weight == 1.0 {
            out.iter_mut().zip(samples).for_each(|(o, s)| *o = s.to_f64());
        } else if first {
            out.iter_mut().zip(samples).for_each(|(o, s)| *o = s.to_f64() * weight);
        } else {
            out.iter_mut().zip(samples).for_each(|(o, s)| *o += s.to_f64() * weight);
        }
    }
}

widest! {
    /// Between each value and the one `step` behind it, in place; the last `step` values are left over.
    pub(super) fn between(values: &mut [f64], step: usize, fraction: f64) {
        let low = 1.0 - fraction;
        let n = values.len() - step;
        if step == 1 {
            for i in 0..n {
                values[i] = values[i] * low + values[i + 1] * fraction;
            }
        } else {
            for i in 0..n {
                values[i] = values[i] * low + values[i + step] * fraction;
            }
        }
    }
}

widest! {
    /// The weighted mean so far, moved towards new values. Where nothing was before, or all values are the same, it is exactly these.
    pub(super) fn mean(sums: &mut [f64], weights: &mut [f64], values: &[f64], by: &[f64], scale: f64) {
        for (((m, w), v), b) in sums.iter_mut().zip(weights.iter_mut()).zip(values).zip(by) {
            let more = b * scale;
            let all = *w + more;
            let share = if more > 0.0 { more / all } else { 0.0 };
            *m += (v - *m) * share;
            *w = all;
        }
    }
}

widest! {
    /// The largest so far.
    pub(super) fn largest(sums: &mut [f64], weights: &mut [f64], values: &[f64], by: &[f64]) {
        for (((m, w), v), b) in sums.iter_mut().zip(weights.iter_mut()).zip(values).zip(by) {
            let take = *b > 0.0 && (*w == 0.0 || *v > *m);
            *m = if take { *v } else { *m };
            *w = if *b > 0.0 { 1.0 } else { *w };
        }
    }
}

widest! {
    /// The first that there was.
    pub(super) fn first(sums: &mut [f64], weights: &mut [f64], values: &[f64], by: &[f64]) {
        for (((m, w), v), b) in sums.iter_mut().zip(weights.iter_mut()).zip(values).zip(by) {
            let take = *b > 0.0 && *w == 0.0;
            *m = if take { *v } else { *m };
            *w = if *b > 0.0 { 1.0 } else { *w };
        }
    }
}
