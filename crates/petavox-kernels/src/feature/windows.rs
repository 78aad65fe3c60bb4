//! Sums of windows of any length along an axis, in a time that hardly depends on the length, and with a rounding that does not depend on
//! where a block begins: sums run over segments at fixed places of the axis, and a window is the sum of what it has of each.

/// Samples in a segment.
pub const SEGMENT: i64 = 64;

/// The first place that has to be there for windows from `first` on: where its segment begins.
pub fn aligned(first: i64) -> i64 {
    first.div_euclid(SEGMENT) * SEGMENT
}

/// Windows along an axis.
#[derive(Clone, Copy, Debug)]
pub struct Windows {
    /// Where the first window begins.
    pub first: i64,
    /// Samples of a window.
    pub len: i64,
    /// How many windows there are, each one sample after the one before.
    pub n: usize,
    /// Where windows may be: those that would begin before it begin there, those that would end behind it are cut.
    pub within: (i64, i64),
}

/// The sums of all windows along `axis`. `input` begins at `origin` along it, at the beginning of a segment or of what the windows are cut
/// to; the output has `windows.n` samples there. `scratch` is only grown.
pub fn window_sums(
    input: &[f64],
    shape: &[usize],
    axis: usize,
    origin: i64,
    windows: &Windows,
    output: &mut [f64],
    scratch: &mut Vec<f64>,
) {
    let n = shape[axis];
    let inner: usize = shape[axis + 1..].iter().product();
    if inner == 0 || windows.n == 0 || n == 0 {
        return output.fill(0.0);
    }
    let first_segment = origin.div_euclid(SEGMENT);
    let n_segments = ((origin + n as i64).div_euclid(SEGMENT) - first_segment + 1) as usize;
    scratch.clear();
    scratch.resize((n + 1 + n_segments) * inner, 0.0);
    let (before, totals) = scratch.split_at_mut((n + 1) * inner);
    let outers = input.chunks_exact(n * inner).zip(output.chunks_exact_mut(windows.n * inner));
    for (from, to) in outers {
        before[..inner].fill(0.0);
        for i in 1..=n {
            let (done, rest) = before.split_at_mut(i * inner);
            let (last, next) = (&done[(i - 1) * inner..], &mut rest[..inner]);
            let samples = &from[(i - 1) * inner..i * inner];
            next.iter_mut().zip(last).zip(samples).for_each(|((n, l), s)| *n = l + s);
            let place = origin + i as i64;
            if place.rem_euclid(SEGMENT) == 0 {
                let segment = (place.div_euclid(SEGMENT) - 1 - first_segment) as usize;
                totals[segment * inner..][..inner].copy_from_slice(next);
                next.fill(0.0);
            }
        }
        for (o, to) in to.chunks_exact_mut(inner).enumerate() {
            let (low, high) = windows.within;
            let a = (windows.first + o as i64).clamp(low, high);
            let b = (a + windows.len).clamp(low, high);
            if b <= a {
                to.fill(0.0);
                continue;
            }
            let at = |place: i64| &before[(place - origin) as usize * inner..][..inner];
            let total =
                |segment: i64| &totals[(segment - first_segment) as usize * inner..][..inner];
            let (sa, sb) = (a.div_euclid(SEGMENT), b.div_euclid(SEGMENT));
            if sa == sb {
                to.iter_mut().zip(at(b)).zip(at(a)).for_each(|((t, b), a)| *t = b - a);
                continue;
            }
            to.iter_mut().zip(total(sa)).zip(at(a)).for_each(|((t, b), a)| *t = b - a);
            for segment in sa + 1..sb {
                to.iter_mut().zip(total(segment)).for_each(|(t, s)| *t += s);
            }
            to.iter_mut().zip(at(b)).for_each(|(t, s)| *t += s);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_summed_along_every_axis_and_cut() {
        let shape = [3usize, 150, 2];
        let samples: Vec<f64> = (0..900).map(|i| ((i * 37) % 101) as f64).collect();
        let at = |z: usize, y: i64, x: usize| samples[(z * 150 + y as usize) * 2 + x];
        for len in [1i64, 5, 64, 130, 200] {
            let windows = Windows { first: -20, len, n: 190, within: (1, 150) };
            let mut out = vec![0.0; 3 * 190 * 2];
            window_sums(&samples, &shape, 1, 0, &windows, &mut out, &mut Vec::new());
            for (i, got) in out.iter().enumerate() {
                let (z, o, x) = (i / 380, (i / 2 % 190) as i64, i % 2);
                let start = (o - 20).clamp(1, 150);
                let want: f64 =
                    (start..start + len).filter(|y| *y < 150).map(|y| at(z, y, x)).sum();
                assert_eq!(*got, want, "{len} {i}");
            }
        }
    }

    #[test]
    fn where_a_block_begins_does_not_show() {
        let samples: Vec<f64> = (0..400).map(|i| (i as f64 * 0.71).sin()).collect();
        let windows = Windows { first: 130, len: 90, n: 100, within: (0, 400) };
        let (mut whole, mut part) = (vec![0.0; 100], vec![0.0; 100]);
        window_sums(&samples, &[400], 0, 0, &windows, &mut whole, &mut Vec::new());
        let from = aligned(130);
        assert_eq!(from, 128);
        window_sums(&samples[128..], &[272], 0, from, &windows, &mut part, &mut Vec::new());
        assert_eq!(whole, part);
    }
}
