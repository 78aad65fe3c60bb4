//! `distance_transform_bf`: distances by trying all of the background's border, equal to scipy.ndimage's, ties included.

use super::distance_transform_edt::{indices_spec, read_indices, returns_indices};
use crate::Params;
use petavox_core::{Block, Dtype, Error, ImageSpec, Region, Result, Workers, strides};
use petavox_engine::{Node, RunContext, SweepOp, Words};
use petavox_kernels::bits::{load, shared, store};
use petavox_kernels::distance::brute::{Border, Metric};
use petavox_kernels::morphology::Footprint;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

struct BruteForce {
    metric: Metric,
    sampling: Vec<f64>,
    indices: bool,
}

/// The distance of every sample other than 0 to the nearest that is 0, under `metric` euclidean (`float64`, with `sampling`), taxicab or
/// chessboard (`uint32`); with `returns=indices` that sample's coordinates. Time grows with the square of the image: the other
/// transforms give the same distances at once.
///
/// # Errors
/// If the metric is another.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let metric = params.text("metric")?.unwrap_or_else(|| "euclidean".to_owned());
    let metric = match metric.as_str() {
        "euclidean" => Metric::Euclidean,
        "taxicab" | "cityblock" | "manhattan" => Metric::Taxicab,
        "chessboard" => Metric::Chessboard,
        _ => {
            let expected = "euclidean, taxicab or chessboard";
            return Err(Error::argument("distance_transform_bf: metric", metric, expected));
        }
    };
    let sampling = params.per_axis("sampling", input.spec(), 1.0)?;
    let indices = returns_indices(params)?;
    let op = BruteForce { metric, sampling, indices };
    Node::sweep(Arc::new(op), crate::operation::as_mask(input)?)
}

/// Marks samples whose result is known: background.
const BACKGROUND: u64 = u64::MAX;

impl BruteForce {
    fn border(&self, words: &[AtomicU64], shape: &[usize]) -> Result<Border> {
        let ndim = shape.len();
        let steps = strides(shape);
        let near = Footprint::connectivity(ndim, ndim)?;
        let mut border = Border { coordinates: vec![vec![]; ndim], ..Border::default() };
        for i in 0..words.len() {
            if load(&words[i]) != BACKGROUND {
                continue;
            }
            let x = |a: usize| (i / steps[a] % shape[a]) as i64;
            let touches = near.offsets().iter().any(|o| {
                let inside = (0..ndim).all(|a| (0..shape[a] as i64).contains(&(x(a) + o[a])));
                let there = (0..ndim).map(|a| (x(a) + o[a]) * steps[a] as i64).sum::<i64>();
                inside && load(&words[there as usize]) != BACKGROUND
            });
            if touches {
                border.numbers.push(i as u64);
                (0..ndim).for_each(|a| border.coordinates[a].push(x(a) as f64));
            }
        }
        Ok(border)
    }
}

impl SweepOp for BruteForce {
    fn name(&self) -> &'static str {
        "distance_transform_bf"
    }

    fn params(&self) -> serde_json::Value {
        let metric = match self.metric {
            Metric::Euclidean => "euclidean",
            Metric::Taxicab => "taxicab",
            Metric::Chessboard => "chessboard",
        };
        let returns = if self.indices { "indices" } else { "distances" };
        serde_json::json!({ "metric": metric, "sampling": self.sampling, "returns": returns })
    }

    fn output(&self, input: &ImageSpec) -> Result<ImageSpec> {
        crate::operation::needs_mask(self.name(), input)?;
        match (self.indices, self.metric) {
            (true, _) => indices_spec(self.name(), input),
            (false, Metric::Euclidean) => Ok(input.with_dtype(Dtype::Float64)),
            (false, _) => Ok(input.with_dtype(Dtype::UInt32)),
        }
    }

    fn n_words(&self, input: &ImageSpec) -> usize {
        input.len()
    }

    fn scratch_bytes(&self, input: &ImageSpec) -> u64 {
        // Vectors that double.
        (16 * input.len() * (input.ndim() + 1) + (1 << 12)) as u64
    }

    fn sweep_ns(&self, input: &ImageSpec) -> f64 {
        0.5 * input.len() as f64
    }

    fn load(&self, words: &mut [u64], block: &Block, input: &ImageSpec) -> Result<()> {
        let samples = block.typed::<u8>()?;
        let width = block.region().row_len();
        let mut at = 0;
        block.region().for_each_row(|point| {
            let there = input.region().offset_of(point);
            let to = words[there..there + width].iter_mut();
            to.zip(&samples[at..at + width])
                .for_each(|(w, m)| *w = if *m != 0 { 0 } else { BACKGROUND });
            at += width;
        });
        Ok(())
    }

    fn words_of(&self, _region: &Region, input: &ImageSpec) -> Range<usize> {
        0..self.n_words(input)
    }

    fn sweep(&self, words: &mut Words, input: &ImageSpec, context: &RunContext) -> Result<()> {
        let _scratch = context.budget.reserve(self.name(), self.scratch_bytes(input))?;
        let words = shared(words.words_mut());
        let border = self.border(words, &input.shape)?;
        let steps = strides(&input.shape);
        let per_task = 256;
        context.workers.for_each(words.len().div_ceil(per_task), &|task| {
            let mut point = vec![0.0; input.ndim()];
            for i in task * per_task..((task + 1) * per_task).min(words.len()) {
                if context.cancel.is_cancelled() {
                    return;
                }
                let background = load(&words[i]) == BACKGROUND;
                point.iter_mut().enumerate().for_each(|(a, x)| {
                    *x = (i / steps[a] % input.shape[a]) as f64;
                });
                let (distance, number) = match background {
                    true => (0.0, i as u64),
                    false => border.nearest(self.metric, &point, &self.sampling),
                };
                store(&words[i], if self.indices { number } else { distance.to_bits() });
            }
        });
        context.cancel.check()
    }

    fn read(&self, words: &[u64], out: &mut Block, input: &ImageSpec) -> Result<()> {
        if self.indices {
            return read_indices(words, out, input);
        }
        let region = out.region().clone();
        let width = region.row_len();
        let mut there = vec![];
        region.for_each_row(|point| there.push(input.region().offset_of(point)));
        let rows = there.iter().map(|t| words[*t..t + width].iter().map(|w| f64::from_bits(*w)));
        match self.metric {
            Metric::Euclidean => {
                let to = out.typed_mut::<f64>()?;
                to.iter_mut().zip(rows.flatten()).for_each(|(t, v)| *t = v);
            }
            _ => {
                let to = out.typed_mut::<u32>()?;
                to.iter_mut().zip(rows.flatten()).for_each(|(t, v)| *t = v as u32);
            }
        }
        Ok(())
    }
}
