//! `integral_image`: sums of everything up to each sample.

use crate::Params;
use petavox_core::{Block, Dtype, ImageSpec, Region, Result, dispatch, strides};
use petavox_engine::{Node, RunContext, SweepOp, Words};
use std::ops::Range;
use std::sync::Arc;

struct IntegralImage {
    dtype: Dtype,
}

/// The sum of all samples that come before a sample along every axis, and of itself: `int64` or `uint64` for integers, which wrap, and
/// `float64` for floats, summed along the first axis first. `dtype` asks for another of these, or for `float32`.
///
/// # Errors
/// For other dtypes.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let own = input.spec().dtype;
    let usual = match own {
        d if d.is_float() => Dtype::Float64,
        d if d.is_signed() || d == Dtype::Bool => Dtype::Int64,
        _ => Dtype::UInt64,
    };
    let dtype = params.text("dtype")?.map(|name| Dtype::parse(&name)).transpose()?.unwrap_or(usual);
    if !matches!(dtype, Dtype::Int64 | Dtype::UInt64 | Dtype::Float32 | Dtype::Float64) {
        let accepted = "int64, uint64, float32, float64";
        return Err(petavox_core::Error::dtype("integral_image: dtype", dtype, accepted));
    }
    let input = crate::operation::arrays::astype::cast(input, dtype)?;
    Node::sweep(Arc::new(IntegralImage { dtype }), input)
}

/// One sample more, in words.
trait Sum {
    fn sum(a: u64, b: u64) -> u64;
}

struct Integer;
struct Single;
struct Double;

impl Sum for Integer {
    fn sum(a: u64, b: u64) -> u64 {
        a.wrapping_add(b)
    }
}
impl Sum for Single {
    fn sum(a: u64, b: u64) -> u64 {
        u64::from((f32::from_bits(a as u32) + f32::from_bits(b as u32)).to_bits())
    }
}
impl Sum for Double {
    fn sum(a: u64, b: u64) -> u64 {
        (f64::from_bits(a) + f64::from_bits(b)).to_bits()
    }
}

/// Sums along the axes in order; whoever calls is told after each plane, and may stop.
fn add_up<S: Sum>(words: &mut Words, shape: &[usize], context: &RunContext) -> Result<()> {
    let plane: usize = shape[1..].iter().product();
    let steps = strides(shape);
    for z in 1..shape[0] {
        context.cancel.check()?;
        let (before, own) = words.words_mut().split_at_mut(z * plane);
        let pairs = own[..plane].iter_mut().zip(&before[(z - 1) * plane..]);
        pairs.for_each(|(own, before)| *own = S::sum(*before, *own));
        words.release((z - 1) * plane..z * plane);
    }
    for z in 0..shape[0] {
        context.cancel.check()?;
        let own = &mut words.words_mut()[z * plane..(z + 1) * plane];
        for axis in 1..shape.len() {
            let (step, len) = (steps[axis], shape[axis]);
            for lines in own.chunks_exact_mut((step * len).max(1)) {
                for i in step..lines.len() {
                    lines[i] = S::sum(lines[i - step], lines[i]);
                }
            }
        }
        words.release(z * plane..(z + 1) * plane);
    }
    Ok(())
}

impl SweepOp for IntegralImage {
    fn name(&self) -> &'static str {
        "integral_image"
    }

    fn params(&self) -> serde_json::Value {
        serde_json::json!({ "dtype": self.dtype })
    }

    fn output(&self, input: &ImageSpec) -> Result<ImageSpec> {
        Ok(input.with_dtype(self.dtype))
    }

    fn n_words(&self, input: &ImageSpec) -> usize {
        input.len()
    }

    fn scratch_bytes(&self, input: &ImageSpec) -> u64 {
        // Two planes that may be resident beside the window.
        16 * input.shape.iter().skip(1).product::<usize>() as u64
    }

    fn load(&self, words: &mut [u64], block: &Block, input: &ImageSpec) -> Result<()> {
        let whole = input.region();
        let width = block.region().row_len();
        let mut at = 0;
        dispatch!(block.dtype(), T => {
            let samples = block.typed::<T>()?;
            block.region().for_each_row(|point| {
                let there = whole.offset_of(point);
                let to = words[there..there + width].iter_mut().zip(&samples[at..at + width]);
                to.for_each(|(w, s)| *w = word_of(bytemuck::bytes_of(s)));
                at += width;
            });
        });
        Ok(())
    }

    fn words_of(&self, region: &Region, input: &ImageSpec) -> Range<usize> {
        if region.ndim() == 0 {
            return 0..1;
        }
        let plane: usize = input.shape[1..].iter().product();
        region.start()[0] as usize * plane..region.end(0) as usize * plane
    }

    fn sweep(&self, words: &mut Words, input: &ImageSpec, context: &RunContext) -> Result<()> {
        if input.ndim() == 0 || input.is_empty() {
            return Ok(());
        }
        let _scratch = context.budget.reserve("integral_image", self.scratch_bytes(input))?;
        match self.dtype {
            Dtype::Float64 => add_up::<Double>(words, &input.shape, context),
            Dtype::Float32 => add_up::<Single>(words, &input.shape, context),
            _ => add_up::<Integer>(words, &input.shape, context),
        }
    }

    fn read(&self, words: &[u64], out: &mut Block, input: &ImageSpec) -> Result<()> {
        let whole = input.region();
        let region = out.region().clone();
        let width = region.row_len();
        let size = out.dtype().size();
        let bytes = out.bytes_mut();
        let mut at = 0;
        region.for_each_row(|point| {
            let there = whole.offset_of(point);
            for word in &words[there..there + width] {
                bytes[at..at + size].copy_from_slice(&word.to_ne_bytes()[..size]);
                at += size;
            }
        });
        Ok(())
    }
}

/// A sample's bytes in the low end of a word, which comes first on the machines there are.
fn word_of(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    u64::from_ne_bytes(word)
}
