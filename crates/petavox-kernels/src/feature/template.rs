//! Normalised cross-correlation with a template (J. P. Lewis, 1995): products by transforms of tiles at fixed places, or directly where the
//! template is small; sums of windows beside. Nothing depends on where a block begins.

use super::windows::{Windows, aligned, window_sums};
use super::{doubles, put};
use crate::fourier::{LineKind, Lines, Precision};
use num_complex::Complex;
use petavox_core::{Block, ChunkGrid, Dtype, Error, Region, Result, strides};

/// Templates of more samples are correlated by transforms.
const DIRECT: usize = 128;

/// A template, ready.
pub struct Template {
    shape: Vec<usize>,
    /// Without its mean.
    values: Vec<f64>,
    squares: f64,
    /// Transforms of tiles, and the template's own.
    tile: Option<(Tiles, Vec<Complex<f64>>)>,
}

fn tile_shape(template: &[usize]) -> Vec<usize> {
    let most = if template.len() > 2 { 96 } else { 1024 };
    // Of a tile, all but the template's extent is of use.
    let along = |t: &usize| smooth((4 * t).clamp(32, most).max(t + t / 2 + 1));
    template.iter().map(along).collect()
}

/// The least number from `n` on without prime factors above 5.
fn smooth(n: usize) -> usize {
    let rest = |mut m: usize| {
        for p in [2, 3, 5] {
            while m.is_multiple_of(p) {
                m /= p;
            }
        }
        m
    };
    (n.max(1)..).find(|m| rest(*m) == 1).unwrap_or(n)
}

fn is_direct(shape: &[usize]) -> bool {
    shape.iter().product::<usize>() <= DIRECT
}

/// The windows' places that a target needs: from a window's first sample at `target` on.
pub fn template_needs(template: &[usize], target: &Region) -> Region {
    let tile = tile_shape(template);
    let (mut start, mut shape) = (vec![], vec![]);
    for a in 0..target.ndim() {
        let (mut low, mut high) = (target.start()[a], target.end(a));
        if !is_direct(template) {
            // Whole tiles.
            let step = (tile[a] - template[a] + 1) as i64;
            low = low.div_euclid(step) * step;
            high = (high - 1).div_euclid(step) * step + step;
        }
        start.push(aligned(low.min(target.start()[a])));
        shape.push((high + template[a] as i64 - 1 - start[a]) as usize);
    }
    Region::new(start, shape)
}

/// Bytes that a match takes beside the blocks, the template's transform included.
pub fn template_bytes(template: &[usize], target: &Region) -> usize {
    let needs = template_needs(template, target).len();
    let tile: usize = if is_direct(template) { 0 } else { tile_shape(template).iter().product() };
    let longest = tile_shape(template).into_iter().max().unwrap_or(0);
    8 * (5 * needs + 4 * target.len()) + 32 * tile + 2 * Lines::bytes(longest)
}

impl Template {
    /// A template of this shape.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if there are no samples, or another number than the shape says.
    pub fn new(shape: &[usize], samples: &[f64]) -> Result<Template> {
        if samples.is_empty() || samples.len() != shape.iter().product::<usize>() {
            let expected = format!("{shape:?}, which is {}", shape.iter().product::<usize>());
            return Err(Error::argument(
                "template",
                format!("{} samples", samples.len()),
                expected,
            ));
        }
        let mean = samples.iter().sum::<f64>() / samples.len() as f64;
        let values: Vec<f64> = samples.iter().map(|v| v - mean).collect();
        let squares = values.iter().map(|v| v * v).sum();
        let mut template = Template { shape: shape.to_vec(), values, squares, tile: None };
        if !is_direct(shape) {
            let tiles = Tiles::new(tile_shape(shape));
            let mut room = vec![0.0; tiles.shape.iter().product()];
            template.each_run(&tiles.shape, |here, there, n| {
                room[there..there + n].copy_from_slice(&template.values[here..here + n]);
            });
            let spectrum = tiles.forward(&room)?;
            template.tile = Some((tiles, spectrum));
        }
        Ok(template)
    }

    /// Rows of the template: where they are in it and in a block of `shape`.
    fn each_run(&self, shape: &[usize], mut f: impl FnMut(usize, usize, usize)) {
        let width = self.shape.last().copied().unwrap_or(1);
        let whole = Region::whole(shape);
        let mut here = 0;
        Region::whole(&self.shape).for_each_row(|point| {
            f(here, whole.offset_of(point), width);
            here += width;
        });
    }

    /// How alike the windows that begin at the samples of `target` are to the template, -1 to 1; `output` has its shape.
    ///
    /// # Errors
    /// [`Error::Internal`] if the input is not what [`template_needs`] says, [`Error::UnsupportedDtype`] if it is not of floats.
    pub fn run(&self, input: &Block, output: &mut Block, target: &Region) -> Result<()> {
        if input.region() != &template_needs(&self.shape, target) {
            return Err(Error::internal("Template", format!("{} for {target}", input.region())));
        }
        let samples = doubles(input)?;
        let mut products = vec![0.0; target.len()];
        match &self.tile {
            None => self.direct(&samples, input.region(), target, &mut products),
            Some((tile, spectrum)) => {
                let from = (&samples[..], input.region());
                self.by_tiles(from, target, tile, spectrum, &mut products)?;
            }
        }
        let sums = self.sums(samples.clone(), input.region(), target);
        let squares = self.sums(samples.iter().map(|v| v * v).collect(), input.region(), target);
        let n = self.values.len() as f64;
        let least = match output.dtype() {
            Dtype::Float32 => f64::from(f32::EPSILON),
            _ => f64::EPSILON,
        };
        for ((product, sum), square) in products.iter_mut().zip(&sums).zip(&squares) {
            let spread = square - sum * sum / n;
            // What is left by rounding where a window is the same everywhere is no spread.
            let length = (spread * self.squares).max(0.0).sqrt();
            let alike = length > least && spread > 1e-13 * square;
            *product = if alike { *product / length } else { 0.0 };
        }
        put(&products, output)
    }

    /// Sums under the template.
    fn sums(&self, mut samples: Vec<f64>, source: &Region, target: &Region) -> Vec<f64> {
        let mut shape = source.shape().to_vec();
        let mut scratch = Vec::new();
        for a in 0..shape.len() {
            let windows = Windows {
                first: target.start()[a],
                len: self.shape[a] as i64,
                n: target.shape()[a],
                within: (source.start()[a], source.end(a)),
            };
            let mut next = shape.clone();
            next[a] = windows.n;
            let mut out = vec![0.0; next.iter().product()];
            window_sums(&samples, &shape, a, source.start()[a], &windows, &mut out, &mut scratch);
            (samples, shape) = (out, next);
        }
        samples
    }

    fn direct(&self, samples: &[f64], source: &Region, target: &Region, out: &mut [f64]) {
        let steps = strides(source.shape());
        let places: Vec<usize> = {
            let own = Region::whole(&self.shape);
            let mut places = Vec::with_capacity(self.values.len());
            own.for_each_row(|point| {
                let first: usize = point.iter().zip(&steps).map(|(p, s)| *p as usize * s).sum();
                places.extend((0..own.row_len()).map(|x| first + x));
            });
            places
        };
        let width = target.row_len();
        let mut rows = out.chunks_exact_mut(width.max(1));
        target.for_each_row(|point| {
            let first = source.offset_of(point);
            let Some(row) = rows.next() else { return };
            for (place, value) in places.iter().zip(&self.values) {
                let from = &samples[first + place..][..width];
                row.iter_mut().zip(from).for_each(|(r, s)| *r += s * value);
            }
        });
    }

    fn by_tiles(
        &self,
        (samples, source): (&[f64], &Region),
        target: &Region,
        tile: &Tiles,
        spectrum: &[Complex<f64>],
        out: &mut [f64],
    ) -> Result<()> {
        let steps: Vec<usize> =
            tile.shape.iter().zip(&self.shape).map(|(n, t)| n - t + 1).collect();
        // Tiles are counted from the image's first sample.
        let low: Vec<i64> = steps
            .iter()
            .zip(target.start())
            .map(|(step, start)| start.div_euclid(*step as i64) * *step as i64)
            .collect();
        let far: Vec<usize> = (0..low.len()).map(|a| (target.end(a) - low[a]) as usize).collect();
        let grid = ChunkGrid::new(&far, &steps);
        for number in 0..grid.len() {
            let part = grid.region(number).translate(&low);
            let made = Region::new(part.start(), &steps[..]);
            if let Some(wanted) = made.intersect(target) {
                let from = (samples, source);
                self.one_tile(from, made.start(), (tile, spectrum), &wanted, target, out)?;
            }
        }
        Ok(())
    }

    fn one_tile(
        &self,
        (samples, source): (&[f64], &Region),
        start: &[i64],
        (tile, spectrum): (&Tiles, &[Complex<f64>]),
        wanted: &Region,
        target: &Region,
        out: &mut [f64],
    ) -> Result<()> {
        let whole = Region::new(start, &tile.shape[..]);
        let mut room = vec![0.0; whole.len()];
        let width = whole.row_len();
        let mut rows = room.chunks_exact_mut(width);
        whole.for_each_row(|point| {
            let from = source.offset_of(point);
            if let (Some(row), Some(from)) = (rows.next(), samples.get(from..from + width)) {
                row.copy_from_slice(from);
            }
        });
        let mut product = tile.forward(&room)?;
        product.iter_mut().zip(spectrum).for_each(|(p, t)| *p *= t.conj());
        tile.backward(product, &mut room)?;
        let n = wanted.row_len();
        wanted.for_each_row(|point| {
            let (from, to) = (whole.offset_of(point), target.offset_of(point));
            out[to..to + n].copy_from_slice(&room[from..from + n]);
        });
        Ok(())
    }
}

/// Transforms of real blocks of one shape.
struct Tiles {
    shape: Vec<usize>,
    /// The shape of half a transform.
    half: Vec<usize>,
    forward: Vec<Lines>,
    backward: Vec<Lines>,
}

impl Tiles {
    fn new(shape: Vec<usize>) -> Tiles {
        let last = shape.len() - 1;
        let mut half = shape.clone();
        half[last] = shape[last] / 2 + 1;
        let factor = 1.0 / shape.iter().product::<usize>() as f64;
        let lines = |real, complex, factor| -> Vec<Lines> {
            let along = |a: usize| match a == last {
                true => Lines::new(shape[a], real, Precision::Double, factor),
                false => Lines::new(shape[a], complex, Precision::Double, 1.0),
            };
            (0..shape.len()).map(along).collect()
        };
        let forward = lines(LineKind::RealForward, LineKind::Forward, 1.0);
        let backward = lines(LineKind::RealInverse, LineKind::Inverse, factor);
        Tiles { shape, half, forward, backward }
    }

    /// Half of the transform of a real block.
    fn forward(&self, room: &[f64]) -> Result<Vec<Complex<f64>>> {
        let last = self.shape.len() - 1;
        let (n, n_half) = (self.shape[last], self.half[last]);
        let mut out = vec![Complex::new(0.0, 0.0); self.half.iter().product()];
        for (row, to) in room.chunks_exact(n).zip(out.chunks_exact_mut(n_half)) {
            bytemuck::cast_slice_mut::<_, f64>(to)[..n].copy_from_slice(row);
        }
        let words = bytemuck::cast_slice_mut(&mut out);
        for a in (0..=last).rev() {
            self.forward[a].run(words, &self.half, a)?;
        }
        Ok(out)
    }

    /// The real block of half a transform.
    fn backward(&self, mut spectrum: Vec<Complex<f64>>, room: &mut [f64]) -> Result<()> {
        let last = self.shape.len() - 1;
        let (n, n_half) = (self.shape[last], self.half[last]);
        let words = bytemuck::cast_slice_mut(&mut spectrum);
        for a in 0..=last {
            self.backward[a].run(words, &self.half, a)?;
        }
        for (to, row) in room.chunks_exact_mut(n).zip(spectrum.chunks_exact(n_half)) {
            to.copy_from_slice(&bytemuck::cast_slice::<_, f64>(row)[..n]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(n: usize) -> Vec<f64> {
        (0..n).map(|i| ((i * i * 31 + 7 * i) % 997) as f64 / 99.0).collect()
    }

    /// The correlation coefficient of a window and the template.
    fn plain(image: &[f64], width: usize, at: (usize, usize), shape: &[usize], t: &[f64]) -> f64 {
        let window: Vec<f64> = (0..t.len())
            .map(|i| image[(at.0 + i / shape[1]) * width + at.1 + i % shape[1]])
            .collect();
        let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
        let (mw, mt) = (mean(&window), mean(t));
        let dot = |a: &[f64], ma: f64, b: &[f64], mb: f64| -> f64 {
            a.iter().zip(b).map(|(x, y)| (x - ma) * (y - mb)).sum()
        };
        dot(&window, mw, t, mt) / (dot(&window, mw, &window, mw) * dot(t, mt, t, mt)).sqrt()
    }

    #[test]
    fn small_and_large_templates_give_correlation_coefficients() {
        let image = noise(200 * 220);
        for shape in [[5usize, 6], [30, 17]] {
            let values = noise(shape[0] * shape[1] + 3)[3..].to_vec();
            let template = Template::new(&shape, &values).unwrap();
            let target = Region::new([0, 0], [200 + 1 - shape[0], 220 + 1 - shape[1]]);
            let needs = template_needs(&shape, &target);
            // What lies outside the image is not looked at for these windows.
            let mut input = Block::zeros(needs.clone(), Dtype::Float64).unwrap();
            let whole = Block::from_vec(Region::whole(&[200, 220]), image.clone()).unwrap();
            let inner = needs.intersect(&Region::whole(&[200, 220])).unwrap();
            let mut part = Block::zeros(inner, Dtype::Float64).unwrap();
            part.copy_from(&whole).unwrap();
            input.copy_from(&part).unwrap();
            let mut out = Block::zeros(target.clone(), Dtype::Float64).unwrap();
            template.run(&input, &mut out, &target).unwrap();
            let got = out.typed::<f64>().unwrap();
            for (y, x) in [(0, 0), (3, 100), (target.shape()[0] - 1, target.shape()[1] - 1)] {
                let want = plain(&image, 220, (y, x), &shape, &values);
                assert!((got[y * target.shape()[1] + x] - want).abs() < 1e-10, "{shape:?} {y} {x}");
            }
        }
    }

    #[test]
    fn where_a_window_is_the_same_everywhere_nothing_is_alike() {
        let template =
            Template::new(&[3, 3], &[0.0, 1.0, 0.0, 1.0, 2.0, 1.0, 0.0, 1.0, 0.0]).unwrap();
        let target = Region::new([0, 0], [4, 4]);
        let mut input = Block::zeros(template_needs(&[3, 3], &target), Dtype::Float32).unwrap();
        input.fill(0.1);
        let mut out = Block::zeros(target.clone(), Dtype::Float32).unwrap();
        template.run(&input, &mut out, &target).unwrap();
        assert!(out.typed::<f32>().unwrap().iter().all(|v| *v == 0.0));
        assert!(Template::new(&[2, 2], &[1.0]).is_err());
    }
}
