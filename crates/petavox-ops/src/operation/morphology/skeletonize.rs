//! `skeletonize`: thinning of a mask of any size.

use crate::Params;
use crate::operation::internal::bits::{layout, n_words, words_of};
use crate::thin::{ThinMethod, ThinOptions, WordStore, thin};
use petavox_core::{Block, Dtype, Error, ImageSpec, Region, Result};
use petavox_engine::{Node, RunContext, SweepOp, Words};
use std::ops::Range;
use std::sync::Arc;

/// Thins a 2-D or 3-D mask to a skeleton by the rule `method`: `parity` (default in 3-D; keeps the topology), `lee`, or
/// `zhang` (2-D, the default there).
///
/// # Errors
/// If the image has another number of axes, or the method does not suit it.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let method = params.text("method")?.map(|m| m.parse()).transpose()?;
    skeletonize(&crate::operation::as_mask(input)?, method)
}

/// [`build`] for callers that have the method.
///
/// # Errors
/// As [`build`].
pub fn skeletonize(mask: &Arc<Node>, method: Option<ThinMethod>) -> Result<Arc<Node>> {
    let method = method.unwrap_or_else(|| ThinMethod::default_for(mask.spec().ndim()));
    Node::sweep(Arc::new(Skeletonize { method }), mask.clone())
}

struct Skeletonize {
    method: ThinMethod,
}

impl WordStore for Words {
    fn words_mut(&mut self) -> &mut [u64] {
        Words::words_mut(self)
    }

    fn release(&mut self, words: Range<usize>) -> Result<()> {
        // What may be resident as a whole is not handed back between passes.
        if !self.fits_memory() {
            Words::release(self, words);
        }
        Ok(())
    }
}

/// Thins a packed mask in place, with slabs small enough for the words' window.
///
/// # Errors
/// As [`thin`].
pub(crate) fn thin_words(
    words: &mut Words,
    spec: &ImageSpec,
    method: ThinMethod,
    context: &RunContext,
) -> Result<()> {
    let layout = layout(spec)?;
    let options = match words.fits_memory() {
        true => ThinOptions::new(method),
        false => ThinOptions::within(method, &layout, words.window_bytes()),
    };
    let _scratch = context.budget.reserve("thinning", options.scratch_bytes(&layout))?;
    thin(words, &layout, &options, context.workers.as_ref(), &context.cancel)?;
    Ok(())
}

impl SweepOp for Skeletonize {
    fn name(&self) -> &'static str {
        "skeletonize"
    }

    fn params(&self) -> serde_json::Value {
        serde_json::json!({ "method": format!("{:?}", self.method).to_lowercase() })
    }

    fn output(&self, input: &ImageSpec) -> Result<ImageSpec> {
        crate::operation::needs_mask("skeletonize", input)?;
        layout(input).map_err(|_| {
            let given = format!("{} axes ({})", input.ndim(), input.axes);
            Error::argument("skeletonize", given, "a 2-D or 3-D mask")
        })?;
        if self.method == ThinMethod::Zhang && input.ndim() != 2 {
            return Err(Error::argument(
                "skeletonize: method",
                "zhang",
                "parity or lee for a 3-D mask",
            ));
        }
        Ok(input.with_dtype(Dtype::Bool))
    }

    fn n_words(&self, input: &ImageSpec) -> usize {
        n_words(input)
    }

    fn scratch_bytes(&self, input: &ImageSpec) -> u64 {
        layout(input).map_or(0, |l| ThinOptions::new(self.method).scratch_bytes(&l))
    }

    fn sweep_ns(&self, _input: &ImageSpec) -> f64 {
        25.0
    }

    fn load(&self, words: &mut [u64], block: &Block, input: &ImageSpec) -> Result<()> {
        layout(input)?.pack(words, block)
    }

    fn words_of(&self, region: &Region, input: &ImageSpec) -> Range<usize> {
        words_of(region, input)
    }

    fn sweep(&self, words: &mut Words, input: &ImageSpec, context: &RunContext) -> Result<()> {
        context.progress.begin("skeletonize", 1);
        thin_words(words, input, self.method, context)?;
        context.progress.end();
        Ok(())
    }

    fn read(&self, words: &[u64], out: &mut Block, input: &ImageSpec) -> Result<()> {
        layout(input)?.unpack(words, out)
    }
}
