//! `equalize_adapthist`: contrast equalised by the histograms of regions, which one pass gathers and a second applies.

use crate::Params;
use petavox_core::{Block, Dtype, Error, ImageSpec, Region, Result};
use petavox_engine::{BlockCall, BlockOp, FoldOp, Need, Node, Part, Value, part};
use petavox_kernels::exposure::{
    AdaptHist, N_GREY, adapt_histogram, adapt_histogram_bytes, count_regions, grey_maps,
};
use std::collections::BTreeMap;
use std::sync::Arc;

struct Apply {
    how: AdaptHist,
    maps: Option<Arc<Vec<u16>>>,
}

/// Grey levels (`uint16`, below 16384) equalised by the histograms (`nbins` bins) of regions of `kernel_size` samples (an eighth
/// of each axis by default), none of whose bins holds more than the part `clip_limit` of a region; 0 for no limit. With `range` (two
/// numbers) the image are 16-bit samples (or 8-bit ones, which count 257-fold) that are first spread from there over the grey levels.
///
/// # Errors
/// For other dtypes, regions or bins of no size, regions that are far larger than the image, or more bins than grey levels.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let spec = input.spec();
    let range = match params.numbers("range")?.as_deref() {
        None => None,
        Some([low, high]) if low <= high && low.is_finite() && high.is_finite() => {
            Some((*low, *high))
        }
        Some(other) => {
            let expected = "two numbers, the second no smaller than the first";
            return Err(Error::argument(
                "equalize_adapthist: range",
                format!("{other:?}"),
                expected,
            ));
        }
    };
    let fits = spec.dtype == Dtype::UInt16 || (spec.dtype == Dtype::UInt8 && range.is_some());
    if !fits || spec.ndim() == 0 {
        let expected = "uint16 (or uint8 with a range) with an axis or more";
        return Err(Error::dtype("equalize_adapthist", spec.dtype, expected));
    }
    let eighth = || spec.shape.iter().map(|s| (s / 8).max(1) as f64).collect();
    let size = match params.numbers("kernel_size")? {
        Some(one) if one.len() == 1 => vec![one[0]; spec.ndim()],
        Some(several) => several,
        None => eighth(),
    };
    if size.len() != spec.ndim() || !size.iter().all(|k| *k >= 1.0 && k.fract() == 0.0) {
        let expected = format!("1 or {} whole numbers, 1 or more", spec.ndim());
        return Err(Error::argument(
            "equalize_adapthist: kernel_size",
            format!("{size:?}"),
            expected,
        ));
    }
    // Regions that reach far beyond the image are filled up with its mirror images.
    let most = (64.0 * spec.len() as f64).max(f64::from(1 << 24));
    if size.iter().product::<f64>() > most {
        let expected = format!("regions of at most {most:.0} samples for this image");
        let name = "equalize_adapthist: kernel_size";
        return Err(Error::argument(name, format!("{size:?}"), expected));
    }
    let n_bins = params.count("nbins")?.unwrap_or(256) as usize;
    if !(1..=N_GREY).contains(&n_bins) {
        return Err(Error::argument("equalize_adapthist: nbins", n_bins, format!("1 to {N_GREY}")));
    }
    let clip_limit = params.number("clip_limit")?.unwrap_or(0.01);
    let kernel_size = size.iter().map(|k| *k as usize).collect();
    let how = AdaptHist { shape: spec.shape.clone(), kernel_size, n_bins, clip_limit, range };
    let fold = Node::fold(Arc::new(RegionFold { how: how.clone() }), input.clone(), vec![])?;
    Node::block(Arc::new(Apply { how, maps: None }), vec![input.clone()], vec![fold])
}

fn params_of(how: &AdaptHist) -> serde_json::Value {
    let mut params = serde_json::json!({ "kernel_size": how.kernel_size, "nbins": how.n_bins, "clip_limit": how.clip_limit });
    if let Some((low, high)) = how.range {
        params["range"] = serde_json::json!([low, high]);
    }
    params
}

impl BlockOp for Apply {
    fn name(&self) -> &'static str {
        "equalize_adapthist"
    }

    fn params(&self) -> serde_json::Value {
        params_of(&self.how)
    }

    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        Ok(inputs[0].with_dtype(Dtype::UInt16))
    }

    fn beside_bytes(&self, _inputs: &[&ImageSpec], target: &Region) -> u64 {
        adapt_histogram_bytes(&self.how, target.row_len())
    }

    fn needs(&self, _inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        vec![Need::inside(target.clone())]
    }

    fn cost_ns(&self) -> f64 {
        3.0
    }

    fn bind(&self, values: &[Value]) -> Result<Option<Arc<dyn BlockOp>>> {
        let value =
            values.first().ok_or_else(|| Error::internal("equalize_adapthist", "no value"))?;
        let maps = Some(Arc::new(value.get::<Vec<u16>>()?.clone()));
        Ok(Some(Arc::new(Apply { how: self.how.clone(), maps })))
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        let maps =
            self.maps.as_ref().ok_or_else(|| Error::internal("equalize_adapthist", "not bound"))?;
        adapt_histogram(call.inputs[0], &self.how, maps, call.output)
    }
}

struct RegionFold {
    how: AdaptHist,
}

impl FoldOp for RegionFold {
    petavox_engine::travels!(part: BTreeMap<u32, Vec<u32>>, value: Vec<u16>);

    fn name(&self) -> &'static str {
        "region histograms"
    }

    fn params(&self) -> serde_json::Value {
        params_of(&self.how)
    }

    fn accept(&self, _input: &ImageSpec) -> Result<()> {
        Ok(())
    }

    fn state_bytes(&self, _input: &ImageSpec) -> u64 {
        // Counts, the maps made of them twice, and the parts of blocks in work, which hold the regions that they meet.
        let n: usize = self.how.n_regions().iter().product();
        (n * self.how.n_bins) as u64 * (2 * 4 + 2 * 2) + (n as u64) * 64
    }

    fn map_bytes(&self, _input: &ImageSpec, region: &Region) -> u64 {
        adapt_histogram_bytes(&self.how, region.row_len())
    }

    fn cost_ns(&self) -> f64 {
        2.0
    }

    fn map(&self, block: &Block, _input: &ImageSpec) -> Result<Part> {
        let mut counts = BTreeMap::new();
        count_regions(block, &self.how, &mut counts)?;
        Ok(Box::new(counts))
    }

    fn merge(&self, left: Part, right: Part) -> Result<Part> {
        type Counts = BTreeMap<u32, Vec<u32>>;
        let (mut left, right) = (part::<Counts>(left)?, part::<Counts>(right)?);
        for (region, counts) in right {
            match left.get_mut(&region) {
                Some(sum) => sum.iter_mut().zip(counts).for_each(|(l, r)| *l += r),
                None => {
                    left.insert(region, counts);
                }
            }
        }
        Ok(Box::new(left))
    }

    fn finish(&self, merged: Option<Part>, _input: &ImageSpec) -> Result<Value> {
        let counts = merged.map(part::<BTreeMap<u32, Vec<u32>>>).transpose()?.unwrap_or_default();
        Ok(Value::new(grey_maps(&self.how, &counts), serde_json::Value::Null))
    }
}
