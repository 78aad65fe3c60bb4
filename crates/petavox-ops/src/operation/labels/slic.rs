//! `slic`: superpixels.

use crate::Params;
use crate::operation::arrays::astype::cast;
use petavox_core::{Block, Dtype, Error, ImageSpec, Region, Result, Workers, dispatch};
use petavox_engine::{Node, RunContext, SweepOp, Words};
use petavox_kernels::bits::shared;
use petavox_kernels::label::slic::{Centres, joined};
use std::ops::Range;
use std::sync::Arc;

struct Slic {
    n_segments: usize,
    compactness: f64,
    max_num_iter: usize,
    spacing: Vec<f64>,
    slic_zero: bool,
    start_label: u64,
    /// Smallest and largest pieces, as shares of the usual size; pieces are left apart without.
    sizes: Option<[f64; 2]>,
    channels: bool,
}

/// Superpixels by k-means in space and colour: about `n_segments` (100) in `max_num_iter` (10) passes; `compactness` (10) is how much space
/// counts, `spacing` the size of a pixel. With `slic_zero` it adapts. Pieces are joined to those of `min_size_factor` (0.5) to `max_size_factor` (3) times
/// the usual size, unless `enforce_connectivity=false`. With `channels` the last axis is colour. Values are taken as they are: scale
/// them to 0..1 first. Numbers begin with `start_label` (1). The volume must fit: 24 bytes a pixel and 8 per sample.
///
/// # Errors
/// If there are not one to three axes, or numbers are out of range.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let channels = params.flag("channels")?.unwrap_or(false);
    let ndim = input.spec().ndim().saturating_sub(usize::from(channels));
    if !(1..=3).contains(&ndim) {
        let given = format!("{ndim} axes");
        return Err(Error::argument("slic", given, "one to three axes, and channels"));
    }
    let compactness = params.number("compactness")?.unwrap_or(10.0);
    if compactness.is_nan() || compactness <= 0.0 {
        return Err(Error::argument("slic: compactness", compactness, "a positive number"));
    }
    let spacing = params.numbers("spacing")?.unwrap_or_else(|| vec![1.0; ndim]);
    if spacing.len() != ndim {
        let given = format!("{} values", spacing.len());
        return Err(Error::argument("slic: spacing", given, format!("{ndim}, one per axis")));
    }
    let factors = [
        params.number("min_size_factor")?.unwrap_or(0.5),
        params.number("max_size_factor")?.unwrap_or(3.0),
    ];
    let joins = params.flag("enforce_connectivity")?.unwrap_or(true);
    let op = Slic {
        n_segments: params.count("n_segments")?.unwrap_or(100).max(1) as usize,
        compactness,
        max_num_iter: params.count("max_num_iter")?.unwrap_or(10) as usize,
        spacing,
        slic_zero: params.flag("slic_zero")?.unwrap_or(false),
        start_label: params.count("start_label")?.unwrap_or(1).min(1),
        sizes: joins.then_some(factors),
        channels,
    };
    Node::sweep(Arc::new(op), cast(input, Dtype::Float64)?)
}

impl Slic {
    /// Pixels per axis, three of them, and samples of a pixel.
    fn shape(&self, input: &ImageSpec) -> ([usize; 3], usize) {
        let ndim = self.spacing.len();
        let mut shape = [1; 3];
        shape[3 - ndim..].copy_from_slice(&input.shape[..ndim]);
        (shape, if self.channels { input.shape[ndim] } else { 1 })
    }

    fn spacing(&self) -> [f64; 3] {
        let mut spacing = [1.0; 3];
        spacing[3 - self.spacing.len()..].copy_from_slice(&self.spacing);
        spacing
    }

    fn n_pixels(&self, input: &ImageSpec) -> usize {
        self.shape(input).0.iter().product()
    }
}

impl SweepOp for Slic {
    fn name(&self) -> &'static str {
        "slic"
    }

    fn params(&self) -> serde_json::Value {
        let [least, most] = self.sizes.unwrap_or([0.5, 3.0]);
        serde_json::json!({
            "n_segments": self.n_segments, "compactness": self.compactness, "max_num_iter": self.max_num_iter,
            "spacing": self.spacing, "slic_zero": self.slic_zero, "start_label": self.start_label,
            "enforce_connectivity": self.sizes.is_some(), "min_size_factor": least, "max_size_factor": most,
            "channels": self.channels,
        })
    }

    fn output(&self, input: &ImageSpec) -> Result<ImageSpec> {
        if self.channels {
            return Ok(crate::operation::arrays::without_last_axis("slic", input)?
                .with_dtype(Dtype::Int64));
        }
        Ok(input.with_dtype(Dtype::Int64))
    }

    fn n_words(&self, input: &ImageSpec) -> usize {
        input.len() + 3 * self.n_pixels(input)
    }

    fn scratch_bytes(&self, input: &ImageSpec) -> u64 {
        let (_, n_channels) = self.shape(input);
        // A grid has at most a few more centres than asked for along each axis.
        let centres = (4 * self.n_segments + 64).min(self.n_pixels(input).max(1));
        (centres * 8 * (5 + n_channels)) as u64 + (64 << 10)
    }

    /// The pixels of a piece lie far apart.
    fn jumps(&self) -> bool {
        true
    }

    fn sweep_ns(&self, _input: &ImageSpec) -> f64 {
        110.0 * self.max_num_iter as f64
    }

    fn load(&self, words: &mut [u64], block: &Block, input: &ImageSpec) -> Result<()> {
        let ratio = 1.0 / self.compactness;
        let whole = input.region();
        let samples = block.typed::<f64>()?;
        let width = block.region().row_len();
        let mut at = 0;
        block.region().for_each_row(|point| {
            let to = words[whole.offset_of(point)..].iter_mut();
            let pairs = to.zip(&samples[at..at + width]);
            pairs.for_each(|(w, s)| *w = (s * ratio).to_bits());
            at += width;
        });
        Ok(())
    }

    fn words_of(&self, _region: &Region, input: &ImageSpec) -> Range<usize> {
        0..self.n_words(input)
    }

    fn sweep(&self, words: &mut Words, input: &ImageSpec, context: &RunContext) -> Result<()> {
        let _scratch = context.budget.reserve("slic", self.scratch_bytes(input))?;
        let (shape, n_channels) = self.shape(input);
        let n = self.n_pixels(input);
        if n == 0 {
            return Ok(());
        }
        let (image, rest) = words.words_mut().split_at_mut(input.len());
        let (labels, rest) = rest.split_at_mut(n);
        let (nearest, queue) = rest.split_at_mut(n);
        let mut centres =
            Centres::on_grid(shape, n_channels, self.n_segments, self.spacing(), self.slic_zero);
        let go_on = || !context.cancel.is_cancelled();
        let n_rows = shape[0] * shape[1];
        let per_task = ((1 << 14) / shape[2]).max(1);
        {
            let (image, labels, nearest) = (shared(image), shared(labels), shared(nearest));
            context.progress.begin("superpixels", self.max_num_iter as u64);
            for _ in 0..self.max_num_iter {
                context.workers.for_each(n_rows.div_ceil(per_task), &|task| {
                    if go_on() {
                        let rows = task * per_task..((task + 1) * per_task).min(n_rows);
                        centres.assign(image, labels, nearest, rows);
                    }
                });
                context.cancel.check()?;
                centres.renew(image, labels, &go_on);
                context.progress.advance(1, 8 * n as u64);
            }
        }
        context.cancel.check()?;
        if let Some([least, most]) = self.sizes {
            let usual = n as f64 / centres.len() as f64;
            let sizes = ((least * usual) as usize, (most * usual) as usize);
            joined(labels, nearest, queue, shape, sizes, &go_on);
            labels.copy_from_slice(nearest);
        }
        context.cancel.check()
    }

    fn read(&self, words: &[u64], out: &mut Block, input: &ImageSpec) -> Result<()> {
        let whole = Region::whole(&input.shape[..self.spacing.len()]);
        let labels = &words[input.len()..];
        let region = out.region().clone();
        let width = region.row_len();
        let less = 1 - self.start_label as i64;
        let mut at = 0;
        dispatch!(out.dtype(), T => {
            let samples = out.typed_mut::<T>()?;
            region.for_each_row(|point| {
                let to = samples[at..at + width].iter_mut();
                to.zip(&labels[whole.offset_of(point)..]).for_each(|(t, w)| *t = (*w as i64 - less) as T);
                at += width;
            });
        });
        Ok(())
    }
}
