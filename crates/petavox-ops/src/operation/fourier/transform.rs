//! `fftn`, `ifftn`, `rfftn`, `irfftn`: transforms of whole images as passes along the lines of one axis at a time.

use super::complex_shape;
use crate::Params;
use crate::operation::arrays::with_last_axes;
use crate::operation::lines::{for_each_tile, runs, tiles};
use petavox_core::{Block, Dtype, Element, Error, ImageSpec, Region, Result, dispatch};
use petavox_engine::{Node, RunContext, SweepOp, Words};
use petavox_kernels::fourier::{LineKind, Lines, Precision};
use serde_json::json;
use std::ops::Range;
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Fft,
    Ifft,
    Rfft,
    Irfft,
}

struct Transform {
    kind: Kind,
    /// In the order in which they were given; the last is the real one.
    axes: Vec<usize>,
    /// The input's last axis holds real and imaginary parts.
    is_complex: bool,
    /// Samples of the real result along its last axis.
    n: Option<usize>,
    norm: String,
}

/// The transform along `axes` (all by default), with `norm` as in scipy.fft: `backward`, `ortho` or `forward`. float32 is transformed in
/// single precision, everything else in double. `rfftn` and `irfftn` have their real side along the image's last axis; `n` is the number
/// of real samples there that `irfftn` makes, the even one by default. `ifftn` and `irfftn` take complex images (whose last
/// axis has two samples, real and imaginary part) unless `complex=false`; `fftn` takes real ones unless `complex=true`.
///
/// # Errors
/// If an axis is not there, has no samples, or comes twice; if the image is not complex but should be.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let op = params.op().to_owned();
    let kind = match op.as_str() {
        "ifftn" => Kind::Ifft,
        "rfftn" => Kind::Rfft,
        "irfftn" => Kind::Irfft,
        _ => Kind::Fft,
    };
    let by_default = matches!(kind, Kind::Ifft | Kind::Irfft);
    let is_complex = match params.flag("complex")? {
        Some(true) if kind == Kind::Rfft => {
            return Err(Error::argument("rfftn: complex", "true", "false: it takes real images"));
        }
        given => given.unwrap_or(by_default && kind != Kind::Rfft),
    };
    let spec = input.spec();
    let shape = if is_complex { complex_shape(&op, spec)? } else { &spec.shape[..] };
    let axes = axes(&op, params, shape.len())?;
    let n = params.count("n")?.map(|n| n as usize);
    if n.is_some() && kind != Kind::Irfft {
        let expected = "none: pad or index the image first";
        return Err(Error::argument(format!("{op}: n"), n.unwrap_or(0), expected));
    }
    let norm = params.text("norm")?.unwrap_or_else(|| "backward".to_owned());
    if !["backward", "ortho", "forward"].contains(&norm.as_str()) {
        return Err(Error::argument(format!("{op}: norm"), norm, "backward, ortho or forward"));
    }
    let is_real = matches!(kind, Kind::Rfft | Kind::Irfft);
    if is_real && axes.last() != Some(&(shape.len().wrapping_sub(1))) {
        let expected = "the image's last axis as the last of them: transpose the image first";
        return Err(Error::argument(format!("{op}: axes"), format!("{axes:?}"), expected));
    }
    Node::sweep(Arc::new(Transform { kind, axes, is_complex, n, norm }), input.clone())
}

fn axes(op: &str, params: &mut Params, ndim: usize) -> Result<Vec<usize>> {
    let Some(given) = params.numbers("axes")? else { return Ok((0..ndim).collect()) };
    let mut axes = Vec::new();
    for a in given {
        let axis = if a < 0.0 { a + ndim as f64 } else { a };
        let fits = axis.fract() == 0.0 && axis >= 0.0 && axis < ndim as f64;
        if !fits || axes.contains(&(axis as usize)) {
            let expected = format!("different axes of {ndim}");
            return Err(Error::argument(format!("{op}: axes"), a, expected));
        }
        axes.push(axis as usize);
    }
    Ok(axes)
}

impl Transform {
    /// Shapes of the input, of the working volume (both without parts) and of the output, and the precision.
    fn shapes(&self, input: &ImageSpec) -> Result<Shapes> {
        let mut from = input.shape.clone();
        if self.is_complex {
            from = complex_shape(self.name(), input)?.to_vec();
        }
        let mut work = from.clone();
        let mut real = None;
        if let (true, Some(last)) = (self.kind == Kind::Rfft, work.last_mut()) {
            real = Some(*last);
            *last = *last / 2 + 1;
        }
        if let (true, Some(last)) = (self.kind == Kind::Irfft, work.last_mut()) {
            let n = self.n.unwrap_or_else(|| 2 * last.saturating_sub(1));
            real = Some(n);
            *last = n / 2 + 1;
        }
        let empty = self.axes.iter().any(|a| from.get(*a).is_none_or(|n| *n == 0));
        if empty || real == Some(0) {
            let given = format!("an image of shape {:?}", input.shape);
            let expected = "a sample at least along every axis that is transformed";
            return Err(Error::argument(self.name(), given, expected));
        }
        let precision = match input.dtype {
            Dtype::Float32 => Precision::Single,
            _ => Precision::Double,
        };
        Ok(Shapes { from, work, real, precision })
    }

    fn lines(&self, axis: usize, shapes: &Shapes, factor: f64) -> Lines {
        let is_last = self.axes.last() == Some(&axis);
        let (n, kind) = match (self.kind, shapes.real) {
            (Kind::Rfft, Some(n)) if is_last => (n, LineKind::RealForward),
            (Kind::Irfft, Some(n)) if is_last => (n, LineKind::RealInverse),
            (Kind::Fft | Kind::Rfft, _) => (shapes.work[axis], LineKind::Forward),
            _ => (shapes.work[axis], LineKind::Inverse),
        };
        Lines::new(n, kind, shapes.precision, factor)
    }

    /// What all samples are multiplied by.
    fn factor(&self, shapes: &Shapes) -> f64 {
        let n = |a: &usize| match shapes.real {
            Some(n) if self.axes.last() == Some(a) => n as f64,
            _ => shapes.work[*a] as f64,
        };
        let n: f64 = self.axes.iter().map(n).product();
        let forward = matches!(self.kind, Kind::Fft | Kind::Rfft);
        match (self.norm.as_str(), forward) {
            ("ortho", _) => 1.0 / n.sqrt(),
            ("forward", true) | ("backward", false) => 1.0 / n,
            _ => 1.0,
        }
    }

    fn task_bytes(&self, shapes: &Shapes) -> u64 {
        let sample = 8 * shapes.precision.words();
        let most = |axis: &usize| {
            let tile: usize = tiles(&shapes.work, *axis, sample).chunk().iter().product();
            let n = shapes.real.unwrap_or(0).max(shapes.work[*axis]);
            tile * sample + Lines::bytes(n)
        };
        self.axes.iter().map(most).max().unwrap_or(0) as u64
    }
}

struct Shapes {
    from: Vec<usize>,
    work: Vec<usize>,
    real: Option<usize>,
    precision: Precision,
}

impl SweepOp for Transform {
    fn name(&self) -> &'static str {
        match self.kind {
            Kind::Fft => "fftn",
            Kind::Ifft => "ifftn",
            Kind::Rfft => "rfftn",
            Kind::Irfft => "irfftn",
        }
    }

    fn params(&self) -> serde_json::Value {
        json!({ "axes": self.axes, "complex": self.is_complex, "n": self.n, "norm": self.norm })
    }

    fn output(&self, input: &ImageSpec) -> Result<ImageSpec> {
        let shapes = self.shapes(input)?;
        let dtype = match shapes.precision {
            Precision::Single => Dtype::Float32,
            Precision::Double => Dtype::Float64,
        };
        let mut shape = shapes.work;
        let mut parts = vec![2];
        if let (Kind::Irfft, Some(last), Some(n)) = (self.kind, shape.last_mut(), shapes.real) {
            (*last, parts) = (n, vec![]);
        }
        Ok(with_last_axes(self.name(), input, &shape, &parts)?.with_dtype(dtype))
    }

    fn n_words(&self, input: &ImageSpec) -> usize {
        let words = |s: Shapes| s.work.iter().product::<usize>() * s.precision.words();
        self.shapes(input).map_or(0, words)
    }

    fn scratch_bytes(&self, input: &ImageSpec) -> u64 {
        self.shapes(input).map_or(0, |shapes| self.task_bytes(&shapes))
    }

    fn sweep_ns(&self, _input: &ImageSpec) -> f64 {
        20.0
    }

    fn load(&self, words: &mut [u64], block: &Block, input: &ImageSpec) -> Result<()> {
        let shapes = self.shapes(input)?;
        dispatch!(block.dtype(), T => {
            let samples = block.typed::<T>()?;
            match shapes.precision {
                Precision::Single => {
                    let reals = bytemuck::cast_slice_mut::<u64, f32>(words);
                    self.put(samples, block.region(), &shapes, |at, s| reals[at] = s.to_f64() as f32);
                }
                Precision::Double => {
                    let reals = bytemuck::cast_slice_mut::<u64, f64>(words);
                    self.put(samples, block.region(), &shapes, |at, s| reals[at] = s.to_f64());
                }
            }
        });
        Ok(())
    }

    fn words_of(&self, region: &Region, input: &ImageSpec) -> Range<usize> {
        let Ok(shapes) = self.shapes(input) else { return 0..0 };
        let plane = shapes.work[1..].iter().product::<usize>() * shapes.precision.words();
        let end = self.n_words(input);
        // With one axis only, the region counts samples, real ones perhaps.
        if shapes.work.len() < 2 {
            return 0..end;
        }
        (region.start()[0] as usize * plane).min(end)..(region.end(0) as usize * plane).min(end)
    }

    fn sweep(&self, words: &mut Words, input: &ImageSpec, context: &RunContext) -> Result<()> {
        let shapes = self.shapes(input)?;
        let whole = Region::whole(&shapes.work);
        let per_sample = shapes.precision.words();
        let mut order = self.axes.clone();
        // Real lines are transformed first on the way there, last on the way back.
        if self.kind == Kind::Rfft {
            order.rotate_right(1);
        }
        for (k, axis) in order.into_iter().enumerate() {
            let factor = if k == 0 { self.factor(&shapes) } else { 1.0 };
            let lines = self.lines(axis, &shapes, factor);
            let grid = tiles(&shapes.work, axis, 8 * per_sample);
            let letter = input.axes.as_str().get(axis..=axis).unwrap_or("");
            let doing = format!("Fourier transform along {letter}");
            let task_bytes = self.task_bytes(&shapes);
            for_each_tile(
                self.name(),
                &doing,
                words,
                &grid,
                task_bytes,
                context,
                &|volume, tile| {
                    let runs = runs(&tile, &whole);
                    let mut samples = vec![0u64; tile.len() * per_sample];
                    let words = |r: &Range<usize>| r.start * per_sample..r.end * per_sample;
                    for (here, there) in &runs {
                        volume.get(words(there), &mut samples[words(here)])?;
                    }
                    lines.run(&mut samples, tile.shape(), axis)?;
                    for (here, there) in &runs {
                        volume.set(words(there), &samples[words(here)])?;
                    }
                    Ok(())
                },
            )?;
        }
        Ok(())
    }

    fn read(&self, words: &[u64], out: &mut Block, input: &ImageSpec) -> Result<()> {
        let shapes = self.shapes(input)?;
        let region = out.region().clone();
        match shapes.precision {
            Precision::Single => {
                let reals = bytemuck::cast_slice::<u64, f32>(words);
                self.get(reals, out.typed_mut::<f32>()?, &region, &shapes);
            }
            Precision::Double => {
                let reals = bytemuck::cast_slice::<u64, f64>(words);
                self.get(reals, out.typed_mut::<f64>()?, &region, &shapes);
            }
        }
        Ok(())
    }
}

/// A region of a complex image without its last axis, and which parts it has.
fn parts(region: &Region, is_complex: bool) -> (Region, usize, usize) {
    let last = region.ndim() - usize::from(is_complex);
    let base = Region::new(&region.start()[..last], &region.shape()[..last]);
    match is_complex {
        true => (base, region.start()[last] as usize, region.shape()[last]),
        false => (base, 0, 1),
    }
}

impl Transform {
    /// Calls `set` with the place of every sample of a block among the reals of the working volume.
    fn put<T: Element>(
        &self,
        samples: &[T],
        region: &Region,
        shapes: &Shapes,
        mut set: impl FnMut(usize, T),
    ) {
        let (base, first, n_parts) = parts(region, self.is_complex);
        let packed = self.kind == Kind::Rfft;
        let whole = Region::whole(&shapes.work);
        let width = base.row_len();
        let row = shapes.work.last().copied().unwrap_or(0);
        let from = shapes.from.last().copied().unwrap_or(0);
        let mut at = 0;
        base.for_each_row(|point| {
            let x = point.last().map_or(0, |x| *x as usize);
            let mut head = point.to_vec();
            if let Some(last) = head.last_mut() {
                *last = 0;
            }
            let there = 2 * whole.offset_of(&head);
            if packed {
                (0..width).for_each(|i| set(there + x + i, samples[at + i]));
            } else {
                // Half a spectrum that is longer than needed is cut; where it is shorter, the volume stays 0.
                let n = width.min(row.min(from).saturating_sub(x));
                for (i, parts) in samples[at..].chunks(n_parts).take(n).enumerate() {
                    for (p, s) in parts.iter().enumerate() {
                        set(there + 2 * (x + i) + first + p, *s);
                    }
                }
            }
            at += width * n_parts;
        });
    }

    /// Copies a block out of the reals of the working volume.
    fn get<T: Copy>(&self, reals: &[T], samples: &mut [T], region: &Region, shapes: &Shapes) {
        let is_real = self.kind == Kind::Irfft;
        let (base, first, n_parts) = parts(region, !is_real);
        let whole = Region::whole(&shapes.work);
        let width = base.row_len();
        let mut at = 0;
        base.for_each_row(|point| {
            let x = point.last().map_or(0, |x| *x as usize);
            let mut head = point.to_vec();
            if let Some(last) = head.last_mut() {
                *last = 0;
            }
            let there = 2 * whole.offset_of(&head);
            let row = &mut samples[at..at + width * n_parts];
            match (is_real, n_parts) {
                (true, _) => row.copy_from_slice(&reals[there + x..][..width]),
                (false, 2) => row.copy_from_slice(&reals[there + 2 * x..][..2 * width]),
                _ => {
                    let from = reals[there + 2 * x + first..].iter().step_by(2);
                    row.iter_mut().zip(from).for_each(|(s, r)| *s = *r);
                }
            }
            at += width * n_parts;
        });
    }
}
