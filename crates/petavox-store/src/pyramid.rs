//! The levels of a pyramid: which axes shrink, and where the samples of a level lie.

use petavox_core::ImageSpec;

/// The largest extent along a space axis at which a pyramid stops by itself.
const SMALL: usize = 256;

/// The levels of an image, full size first: `n_levels` of them, or as many as it takes until no space axis is longer than
/// 256 samples. There are fewer where nothing is left to halve.
///
/// A level halves (rounding up) every space axis that is longer than one sample and not twice as coarse as the finest space
/// axis, so that a stack with thick slices keeps its slices until the other axes have caught up. Each sample stands for
/// the two before it, so its centre lies half a fine sample further on; the levels' `origin` says so.
///
/// ```
/// use petavox_core::{Dtype, ImageSpec};
/// use petavox_store::pyramid::levels;
/// let spec = ImageSpec::new([40, 600, 500], Dtype::UInt8)?.with_spacing(&[4.0, 1.0, 1.0], None)?;
/// let shapes: Vec<_> = levels(&spec, None).into_iter().map(|l| l.shape).collect();
/// assert_eq!(shapes, [vec![40, 600, 500], vec![40, 300, 250], vec![40, 150, 125]]);
/// # Ok::<(), petavox_core::Error>(())
/// ```
pub fn levels(spec: &ImageSpec, n_levels: Option<usize>) -> Vec<ImageSpec> {
    let mut levels = vec![spec.clone()];
    let spatial: Vec<usize> = (0..spec.ndim()).filter(|&a| spec.axes.is_spatial(a)).collect();
    while levels.len() < n_levels.unwrap_or(32).min(32) {
        let last = &levels[levels.len() - 1];
        let longest = spatial.iter().map(|&a| last.shape[a]).max().unwrap_or(0);
        if n_levels.is_none() && longest <= SMALL {
            break;
        }
        let halved = halves(last, &spatial);
        if halved.is_empty() {
            break;
        }
        let mut next = last.clone();
        for a in halved {
            next.shape[a] = last.shape[a].div_ceil(2);
            next.origin[a] += last.spacing.values[a] / 2.0;
            next.spacing.values[a] *= 2.0;
        }
        levels.push(next);
    }
    levels
}

/// The space axes that the level after `spec` halves.
fn halves(spec: &ImageSpec, spatial: &[usize]) -> Vec<usize> {
    let long: Vec<usize> = spatial.iter().copied().filter(|&a| spec.shape[a] > 1).collect();
    let finest = long.iter().map(|&a| spec.spacing.values[a]).fold(f64::INFINITY, f64::min);
    // A hair of slack: spacings of 0.2 and 0.4 from a file are rarely a factor of exactly two.
    long.into_iter().filter(|&a| spec.spacing.values[a] < finest * 1.999).collect()
}

/// The factor per axis by which `coarse` is smaller than `fine`, two neighbouring levels of [`levels`].
pub fn factors(fine: &ImageSpec, coarse: &ImageSpec) -> Vec<usize> {
    let n = fine.ndim();
    (0..n).map(|a| if coarse.shape[a] < fine.shape[a] { 2 } else { 1 }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use petavox_core::{Axes, Dtype};

    #[test]
    fn time_and_channels_never_shrink_and_odd_extents_round_up() {
        let spec = ImageSpec::new([3, 2, 301, 999], Dtype::UInt8).unwrap();
        let spec = spec.with_axes(Axes::parse("tcyx").unwrap()).unwrap();
        let shapes: Vec<_> = levels(&spec, None).into_iter().map(|l| l.shape).collect();
        assert_eq!(shapes, [[3, 2, 301, 999], [3, 2, 151, 500], [3, 2, 76, 250]]);
    }

    #[test]
    fn centres_move_by_half_a_sample_per_level() {
        let spec = ImageSpec::new([64, 64], Dtype::UInt8).unwrap();
        let all = levels(&spec, Some(3));
        assert_eq!(all[1].origin, [0.5, 0.5]);
        assert_eq!(all[2].origin, [1.5, 1.5]);
        assert_eq!(all[2].spacing.values, [4.0, 4.0]);
        assert_eq!(factors(&all[0], &all[1]), [2, 2]);
    }

    #[test]
    fn a_pyramid_ends_when_one_sample_is_left() {
        let spec = ImageSpec::new([3, 5], Dtype::UInt8).unwrap();
        assert_eq!(levels(&spec, Some(20)).last().unwrap().shape, [1, 1]);
        assert_eq!(levels(&spec, Some(1)).len(), 1);
    }
}
