//! `area_opening` and its kin: bright or dark regions that are too small go, whatever their form; equal to scikit-image's.

use super::reconstruction::{bundled, symmetric};
use crate::Params;
use crate::operation::arrays::without_first_axis;
use crate::operation::morphology::structure::Structure;
use petavox_core::{Block, Dtype, ImageSpec, Region, Result, dispatch};
use petavox_engine::{Node, RunContext, SweepOp, Words};
use petavox_kernels::morphology::attribute::{
    Attribute, AttributeScratch, SORT_BYTES, open_by_attribute,
};
use petavox_kernels::pointwise::order::Ordered;
use std::ops::Range;
use std::sync::Arc;

struct AttributeOpening {
    name: &'static str,
    attribute: Attribute,
    least: f64,
    /// Dark regions instead of bright ones.
    closes: bool,
    structure: Structure,
    dtype: Dtype,
}

/// Bright regions (`area_opening`, `diameter_opening`) or dark ones (`area_closing`, `diameter_closing`) with an area below
/// `area_threshold` (64 by default), or a diameter below `diameter_threshold` (8): they take the level at which they are large enough.
/// Neighbours are those of `connectivity` (1 by default), `size` or `structure`. Takes 24 bytes a sample, and 8 more per axis for diameters:
/// samples are joined in the order of their values, from anywhere to anywhere, so that this has to fit into the memory budget.
///
/// # Errors
/// If the neighbourhood is not its own mirror image.
pub fn build(inputs: &[Arc<Node>], params: &mut Params) -> Result<Arc<Node>> {
    let (name, attribute, closes) = match params.op() {
        "area_closing" => ("area_closing", Attribute::Area, true),
        "diameter_opening" => ("diameter_opening", Attribute::Diameter, false),
        "diameter_closing" => ("diameter_closing", Attribute::Diameter, true),
        _ => ("area_opening", Attribute::Area, false),
    };
    let least = match attribute {
        Attribute::Area => params.number("area_threshold")?.unwrap_or(64.0),
        Attribute::Diameter => params.number("diameter_threshold")?.unwrap_or(8.0),
    };
    let (input, dtypes, ndim) = bundled(inputs, params)?;
    let dtype = super::reconstruction::expect(params, &dtypes, 1)?;
    let structure = Structure::take(params, ndim)?;
    symmetric(params, &structure)?;
    let op = AttributeOpening { name, attribute, least, closes, structure, dtype };
    Node::sweep(Arc::new(op), input)
}

impl AttributeOpening {
    fn n_samples(input: &ImageSpec) -> usize {
        input.shape[1..].iter().product()
    }

    /// The key that stands for regions that are nowhere large enough: 0, after scikit-image's turning upside down for closings.
    fn nothing(&self) -> u64 {
        let key = dispatch!(self.dtype, T => {
            let turned = match (self.closes, self.dtype.is_float(), self.dtype.is_signed()) {
                (false, ..) => 0.0,
                (true, true, _) => 1.0,
                (true, false, true) => -1.0,
                (true, false, false) => return self.turned(u64::MAX),
            };
            <T as petavox_core::Element>::from_f64(turned).key()
        });
        self.turned(key)
    }

    /// Keys upside down for closings.
    fn turned(&self, key: u64) -> u64 {
        if !self.closes {
            return key;
        }
        match self.dtype {
            // Masks have keys 0 and 1.
            Dtype::Bool => 1 - key.min(1),
            _ => !key & (u64::MAX >> (64 - 8 * self.dtype.size())),
        }
    }
}

impl SweepOp for AttributeOpening {
    fn name(&self) -> &'static str {
        self.name
    }

    fn params(&self) -> serde_json::Value {
        let threshold = match self.attribute {
            Attribute::Area => "area_threshold",
            Attribute::Diameter => "diameter_threshold",
        };
        let params = serde_json::json!({ "bundled": [self.dtype], threshold: self.least });
        self.structure.describe(params)
    }

    fn output(&self, input: &ImageSpec) -> Result<ImageSpec> {
        Ok(without_first_axis(self.name, input)?.with_dtype(self.dtype))
    }

    fn n_words(&self, input: &ImageSpec) -> usize {
        let boxes = if self.attribute == Attribute::Diameter { input.ndim() - 1 } else { 0 };
        (3 + boxes) * Self::n_samples(input)
    }

    fn jumps(&self) -> bool {
        true
    }

    fn scratch_bytes(&self, _input: &ImageSpec) -> u64 {
        SORT_BYTES + (64 << 10)
    }

    fn sweep_ns(&self, _input: &ImageSpec) -> f64 {
        280.0
    }

    fn load(&self, words: &mut [u64], block: &Block, input: &ImageSpec) -> Result<()> {
        let whole = Region::whole(&input.shape[1..]);
        let keys = block.typed::<u64>()?;
        if block.region().ndim() == 1 {
            words.iter_mut().zip(keys).for_each(|(w, k)| *w = self.turned(*k));
            return Ok(());
        }
        let width = block.region().row_len();
        let mut at = 0;
        block.region().for_each_row(|point| {
            let first = whole.offset_of(&point[1..]);
            let to = words[first..].iter_mut().zip(&keys[at..at + width]);
            to.for_each(|(w, k)| *w = self.turned(*k));
            at += width;
        });
        Ok(())
    }

    fn words_of(&self, region: &Region, input: &ImageSpec) -> Range<usize> {
        // Loads have a first axis more than reads.
        let spec = input.shape.len();
        let skip = usize::from(region.ndim() == spec);
        if region.ndim() <= skip {
            return 0..1;
        }
        let plane: usize = input.shape[2..].iter().product();
        region.start()[skip] as usize * plane..region.end(skip) as usize * plane
    }

    fn sweep(&self, words: &mut Words, input: &ImageSpec, context: &RunContext) -> Result<()> {
        let _scratch = context.budget.reserve(self.name, self.scratch_bytes(input))?;
        let n = Self::n_samples(input);
        let (keys, rest) = words.words_mut().split_at_mut(n);
        let (order, rest) = rest.split_at_mut(n);
        let (parents, boxes) = rest.split_at_mut(n);
        open_by_attribute(
            keys,
            self.dtype.size(),
            AttributeScratch { order, parents, boxes },
            &input.shape[1..],
            &self.structure.offsets(true),
            (self.attribute, self.least),
            self.nothing(),
            &|| !context.cancel.is_cancelled(),
        );
        context.cancel.check()
    }

    fn read(&self, words: &[u64], out: &mut Block, input: &ImageSpec) -> Result<()> {
        let whole = Region::whole(&input.shape[1..]);
        let region = out.region().clone();
        let width = region.row_len();
        let mut at = 0;
        dispatch!(out.dtype(), T => {
            let samples = out.typed_mut::<T>()?;
            region.for_each_row(|point| {
                let from = &words[whole.offset_of(point)..];
                let to = samples[at..at + width].iter_mut().zip(from);
                to.for_each(|(t, w)| *t = T::from_key(self.turned(*w)));
                at += width;
            });
        });
        Ok(())
    }
}
