//! Plain definitions of the operations, sample by sample over a whole image.

/// A small image of numbers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plain {
    pub(crate) shape: Vec<usize>,
    pub(crate) samples: Vec<f64>,
}

impl Plain {
    pub(crate) fn map(&self, f: impl Fn(f64) -> f64) -> Plain {
        Plain { shape: self.shape.clone(), samples: self.samples.iter().map(|&v| f(v)).collect() }
    }

    pub(crate) fn points(&self) -> Vec<Vec<i64>> {
        let mut all = vec![vec![]];
        for &n in &self.shape {
            all = all
                .into_iter()
                .flat_map(|p: Vec<i64>| (0..n as i64).map(move |x| [&p[..], &[x]].concat()))
                .collect();
        }
        all
    }

    /// The sample at a point, or `outside`.
    pub(crate) fn at(&self, p: &[i64], outside: f64) -> f64 {
        let inside = p.iter().zip(&self.shape).all(|(x, n)| *x >= 0 && *x < *n as i64);
        if inside { self.samples[self.index(p)] } else { outside }
    }

    fn index(&self, p: &[i64]) -> usize {
        p.iter().zip(&self.shape).fold(0, |i, (x, n)| i * n + *x as usize)
    }

    fn each(&self, f: impl Fn(&[i64]) -> f64) -> Plain {
        let samples = self.points().iter().map(|p| f(p)).collect();
        Plain { shape: self.shape.clone(), samples }
    }
}

/// Steps to the neighbours at most `connectivity` hops away, no step among them.
fn structure(ndim: usize, connectivity: usize) -> Vec<Vec<i64>> {
    let mut all = vec![vec![]];
    for _ in 0..ndim {
        all = all
            .into_iter()
            .flat_map(|p: Vec<i64>| (-1..=1).map(move |d| [&p[..], &[d]].concat()))
            .collect();
    }
    all.retain(|p| p.iter().map(|d| d.unsigned_abs() as usize).sum::<usize>() <= connectivity);
    all
}

fn moved(p: &[i64], by: &[i64]) -> Vec<i64> {
    p.iter().zip(by).map(|(x, d)| x + d).collect()
}

/// scipy's binary erosion (false outside), or dilation.
pub(crate) fn morphology(mask: &Plain, dilate: bool, connectivity: usize, times: usize) -> Plain {
    let steps = structure(mask.shape.len(), connectivity);
    let mut mask = mask.clone();
    for _ in 0..times {
        mask = mask.each(|p| {
            let mut near = steps.iter().map(|d| mask.at(&moved(p, d), 0.0) != 0.0);
            f64::from(u8::from(if dilate { near.any(|m| m) } else { near.all(|m| m) }))
        });
    }
    mask
}

/// Numbers of the components of `mask` in raster order, and their sizes (that of the background first).
pub(crate) fn label(mask: &Plain, connectivity: usize) -> (Plain, Vec<usize>) {
    let steps = structure(mask.shape.len(), connectivity);
    let mut labels = mask.map(|_| 0.0);
    let mut sizes = vec![mask.samples.iter().filter(|&&v| v == 0.0).count()];
    for p in mask.points() {
        if mask.at(&p, 0.0) == 0.0 || labels.at(&p, 0.0) != 0.0 {
            continue;
        }
        let number = sizes.len() as f64;
        sizes.push(0);
        let mut open = vec![p];
        while let Some(p) = open.pop() {
            if mask.at(&p, 0.0) != 0.0 && labels.at(&p, 1.0) == 0.0 {
                let i = labels.index(&p);
                labels.samples[i] = number;
                *sizes.last_mut().unwrap() += 1;
                open.extend(steps.iter().map(|d| moved(&p, d)));
            }
        }
    }
    (labels, sizes)
}

/// The mask without components of fewer than `least` samples.
pub(crate) fn without_small(mask: &Plain, least: usize, connectivity: usize) -> Plain {
    let (labels, sizes) = label(mask, connectivity);
    labels.map(|l| f64::from(u8::from(l != 0.0 && sizes[l as usize] >= least)))
}

/// Distance to the nearest 0, if there is one.
pub(crate) fn distance(mask: &Plain, sampling: &[f64]) -> Option<Plain> {
    let zeros: Vec<Vec<i64>> =
        mask.points().into_iter().filter(|p| mask.at(p, 1.0) == 0.0).collect();
    if zeros.is_empty() {
        return None;
    }
    Some(mask.each(|p| {
        let square = |q: &Vec<i64>| -> f64 {
            (0..p.len()).map(|a| ((p[a] - q[a]) as f64 * sampling[a]).powi(2)).sum()
        };
        zeros.iter().map(square).fold(f64::INFINITY, f64::min).sqrt()
    }))
}

/// A cell's samples as one, for every cell of `factor` samples per axis.
pub(crate) fn downscale(image: &Plain, factor: usize, f: impl Fn(&[f64]) -> f64) -> Plain {
    let shape: Vec<usize> = image.shape.iter().map(|n| n.div_ceil(factor)).collect();
    let out = Plain { samples: vec![0.0; shape.iter().product()], shape };
    let mut cells = vec![vec![]; out.samples.len()];
    for p in image.points() {
        let cell: Vec<i64> = p.iter().map(|x| x / factor as i64).collect();
        cells[out.index(&cell)].push(image.at(&p, 0.0));
    }
    Plain { samples: cells.iter().map(|c| f(c)).collect(), ..out }
}

/// A Gaussian of `sigma` samples per axis, samples outside repeated by `d c b a | a b c d | d c b a`.
pub(crate) fn gaussian(image: &Plain, sigma: f64) -> Plain {
    let radius = (4.0 * sigma + 0.5) as i64;
    let weight = |d: i64| (-0.5 * (d as f64 / sigma).powi(2)).exp();
    let sum: f64 = (-radius..=radius).map(weight).sum();
    let mut image = image.clone();
    for a in 0..image.shape.len() {
        let n = image.shape[a] as i64;
        image = image.each(|p| {
            let mut q = p.to_vec();
            let mut at = |d: i64| {
                let x = (p[a] + d).rem_euclid(2 * n);
                q[a] = if x < n { x } else { 2 * n - 1 - x };
                image.at(&q, 0.0) * weight(d)
            };
            (-radius..=radius).map(&mut at).sum::<f64>() / sum
        });
    }
    image
}

/// The samples at these positions of each axis, in that order.
pub(crate) fn picked(image: &Plain, at: &[Vec<usize>]) -> Plain {
    let shape: Vec<usize> = at.iter().map(Vec::len).collect();
    let out = Plain { samples: vec![0.0; shape.iter().product()], shape };
    out.each(|p| {
        let q: Vec<i64> = p.iter().zip(at).map(|(x, at)| at[*x as usize] as i64).collect();
        image.at(&q, f64::NAN)
    })
}

/// [`picked`], where `f` says the positions from the number of the axis and its extent.
pub(crate) fn picked_by(image: &Plain, f: impl Fn(usize, usize) -> Vec<usize>) -> Plain {
    let at: Vec<Vec<usize>> = image.shape.iter().enumerate().map(|(a, &n)| f(a, n)).collect();
    picked(image, &at)
}

/// The same samples in another shape.
pub(crate) fn reshaped(image: Plain, shape: Vec<usize>) -> Plain {
    assert_eq!(shape.iter().product::<usize>(), image.samples.len());
    Plain { shape, ..image }
}

/// Output axis `i` is the image's axis `axes[i]`.
pub(crate) fn moved_axes(image: &Plain, axes: &[usize]) -> Plain {
    let shape: Vec<usize> = axes.iter().map(|&a| image.shape[a]).collect();
    let out = Plain { samples: vec![0.0; image.samples.len()], shape };
    out.each(|p| {
        let mut q = vec![0; p.len()];
        axes.iter().zip(p).for_each(|(&a, x)| q[a] = *x);
        image.at(&q, f64::NAN)
    })
}
