//! `measure`: statistics of labelled regions, under the names of skimage.measure.regionprops_table.

use petavox_core::{
    Axes, Block, Column, Dtype, Element, Error, ImageSpec, Region, Result, Table, dispatch,
};
use petavox_engine::{BlockCall, BlockOp, FoldOp, Need, Node, Part, Value, part};
use petavox_kernels::measure::{RegionRow, RegionTable};
use std::sync::Arc;

/// What can be measured, in the order of the table's columns.
pub const PROPERTIES: &[&str] = &[
    "label",
    "area",
    "bbox",
    "area_bbox",
    "extent",
    "centroid",
    "equivalent_diameter_area",
    "intensity_mean",
    "intensity_min",
    "intensity_max",
    "intensity_sum",
];

/// The regions of a label image; if an image is given, also its intensities there. The fold's value is a vector of [`RegionRow`].
/// Sums are exact, so that results are the same bits however the images are cut.
///
/// The table of all labels is held in memory, at most `max_bytes` of it.
///
/// # Errors
/// [`Error::UnsupportedDtype`] for labels that are floats, [`Error::InvalidArgument`] if the shapes differ.
pub fn measure(labels: &Arc<Node>, image: Option<&Arc<Node>>, max_bytes: u64) -> Result<Arc<Node>> {
    let Some(image) = image else {
        return Node::fold(Arc::new(Measure { image: None, max_bytes }), labels.clone(), vec![]);
    };
    let dtype = image.spec().dtype;
    // A fold has one input: labels and image travel as one, each sample in 64 bits.
    let pair = Node::block(Arc::new(Pair), vec![labels.clone(), image.clone()], vec![])?;
    Node::fold(Arc::new(Measure { image: Some(dtype), max_bytes }), pair, vec![])
}

/// The table of these properties; columns are named as skimage.measure.regionprops_table names them, and come in the order asked for.
/// Lengths and positions are in samples. `intensity_sum` is Petavox' own.
///
/// # Errors
/// [`Error::InvalidArgument`] for an unknown property, or an intensity without an image.
pub fn table(rows: &[RegionRow], properties: &[&str], ndim: usize) -> Result<Table> {
    let mut table = Table::default();
    let ints = |f: &dyn Fn(&RegionRow) -> i64| Column::Int(rows.iter().map(f).collect());
    let floats = |f: &dyn Fn(&RegionRow) -> f64| Column::Float(rows.iter().map(f).collect());
    let box_area =
        |r: &RegionRow| r.end.iter().zip(&r.start).map(|(e, s)| (e - s) as f64).product::<f64>();
    for &name in properties {
        let mut push = |column: Column| table.push(name, column);
        let intensity = |f: &dyn Fn(&petavox_kernels::measure::Intensity) -> f64| {
            floats(&|r| r.intensity.as_ref().map_or(f64::NAN, f))
        };
        match name {
            "label" => push(ints(&|r| r.label as i64))?,
            "area" => push(floats(&|r| r.area as f64))?,
            "area_bbox" => push(floats(&box_area))?,
            "extent" => push(floats(&|r| r.area as f64 / box_area(r)))?,
            "equivalent_diameter_area" => push(floats(&|r| diameter(r.area as f64, ndim)))?,
            "bbox" => {
                for a in 0..2 * ndim {
                    let of = |r: &RegionRow| if a < ndim { r.start[a] } else { r.end[a - ndim] };
                    table.push(format!("bbox-{a}"), ints(&of))?;
                }
            }
            "centroid" => {
                for a in 0..ndim {
                    table.push(format!("centroid-{a}"), floats(&|r| r.centroid[a]))?;
                }
            }
            "intensity_mean" => push(intensity(&|i| i.mean))?,
            "intensity_min" => push(intensity(&|i| i.min.to_f64()))?,
            "intensity_max" => push(intensity(&|i| i.max.to_f64()))?,
            "intensity_sum" => push(intensity(&|i| i.sum.to_f64()))?,
            _ => {
                let expected = match crate::nearest(name, PROPERTIES.iter().copied()) {
                    Some(near) => format!("a property; did you mean '{near}'?"),
                    None => format!("some of {}", PROPERTIES.join(", ")),
                };
                return Err(Error::argument("properties", format!("'{name}'"), expected));
            }
        }
    }
    Ok(table)
}

/// The diameter of a circle or ball of this area, as scikit-image defines it.
fn diameter(area: f64, ndim: usize) -> f64 {
    match ndim {
        2 => (4.0 * area / std::f64::consts::PI).sqrt(),
        3 => (6.0 * area / std::f64::consts::PI).cbrt(),
        n => (2.0 * n as f64 * area / std::f64::consts::PI).powf(1.0 / n as f64),
    }
}

struct Measure {
    /// The dtype of the image that comes with the labels.
    image: Option<Dtype>,
    max_bytes: u64,
}

impl FoldOp for Measure {
    petavox_engine::travels!(part: RegionTable, value: Vec<RegionRow>);

    fn name(&self) -> &'static str {
        "measure"
    }

    fn params(&self) -> serde_json::Value {
        serde_json::json!({ "image": self.image })
    }

    fn accept(&self, input: &ImageSpec) -> Result<()> {
        if input.dtype.is_float() {
            return Err(Error::dtype("measure (labels)", input.dtype, "bool and integers"));
        }
        Ok(())
    }

    fn state_bytes(&self, input: &ImageSpec) -> u64 {
        // No more labels than samples, and some hundred bytes for each.
        (input.len() as u64 * 512).min(self.max_bytes)
    }

    fn cell(&self, input: &ImageSpec) -> Option<Vec<usize>> {
        // Labels and image in one block.
        self.image.map(|_| (0..input.ndim()).map(|a| if a == 0 { 2 } else { 1 }).collect())
    }

    fn cost_ns(&self) -> f64 {
        2.0
    }

    fn map(&self, block: &Block, _input: &ImageSpec) -> Result<Part> {
        let Some(dtype) = self.image else {
            return Ok(Box::new(RegionTable::of_block(block, None)?));
        };
        let region = Region::new(&block.region().start()[1..], &block.region().shape()[1..]);
        let (labels, image) = block.typed::<u64>()?.split_at(region.len());
        let labels = Block::from_vec(region.clone(), labels.to_vec())?;
        let image = Block::from_vec(region, image.to_vec())?.viewed_as(carrier(dtype))?;
        Ok(Box::new(RegionTable::of_block(&labels, Some(&image))?))
    }

    fn merge(&self, left: Part, right: Part) -> Result<Part> {
        let merged = part::<RegionTable>(left)?.merge(part::<RegionTable>(right)?);
        if merged.bytes() as u64 > self.max_bytes {
            return Err(Error::Budget {
                what: format!("the table of {} labels so far", merged.len()),
                needed: 4 * merged.bytes() as u64,
                budget: self.max_bytes,
            });
        }
        Ok(Box::new(merged))
    }

    fn finish(&self, merged: Option<Part>, _input: &ImageSpec) -> Result<Value> {
        let rows = merged.map(part::<RegionTable>).transpose()?.unwrap_or_default().rows();
        let json = serde_json::json!({ "n_labels": rows.len() });
        Ok(Value::new(rows, json))
    }
}

/// The 64-bit dtype that carries the samples of another without loss.
fn carrier(dtype: Dtype) -> Dtype {
    match dtype {
        d if d.is_float() => Dtype::Float64,
        d if d.is_signed() => Dtype::Int64,
        _ => Dtype::UInt64,
    }
}

/// Labels and image along a new first axis, as 64-bit patterns.
struct Pair;

impl BlockOp for Pair {
    fn name(&self) -> &'static str {
        "pair"
    }

    fn params(&self) -> serde_json::Value {
        serde_json::Value::Null
    }

    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        let (labels, image) = (inputs[0], inputs[1]);
        if labels.dtype.is_float() {
            return Err(Error::dtype("measure (labels)", labels.dtype, "bool and integers"));
        }
        if labels.shape != image.shape {
            let expected = format!("{:?}, the shape of the labels", labels.shape);
            return Err(Error::argument("image", format!("shape {:?}", image.shape), expected));
        }
        let shape: Vec<usize> = std::iter::once(2).chain(labels.shape.iter().copied()).collect();
        let mut spec = ImageSpec::new(shape, Dtype::UInt64)?;
        spec.axes = Axes::default_for(spec.ndim());
        Ok(spec)
    }

    fn needs(&self, _inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        let region = Region::new(&target.start()[1..], &target.shape()[1..]);
        vec![Need::inside(region.clone()), Need::inside(region)]
    }

    // One body for every dtype: for some of them the cast changes nothing.
    #[allow(clippy::unnecessary_cast)]
    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        let (first, end) = (call.output.region().start()[0], call.output.region().end(0));
        let n = call.inputs[0].region().len();
        let out = call.output.typed_mut::<u64>()?;
        for (which, out) in (first..end).zip(out.chunks_exact_mut(n.max(1))) {
            let block = call.inputs[which as usize];
            let signed = block.dtype().is_signed();
            dispatch!(block.dtype(), T => {
                let samples = block.typed::<T>()?;
                if T::DTYPE.is_float() {
                    carry(samples, out, |x: T| x.to_f64().to_bits());
                } else if signed && which == 0 {
                    // A negative label must stay one that is refused, whatever its size.
                    if samples.iter().any(|x| x.to_f64() < 0.0) {
                        return Err(Error::argument("labels", "a negative label", "labels of 0 and more"));
                    }
                    carry(samples, out, |x: T| x as u64);
                } else {
                    carry(samples, out, |x: T| x as u64);
                }
            });
        }
        Ok(())
    }
}

fn carry<T: Element>(samples: &[T], out: &mut [u64], to: impl Fn(T) -> u64) {
    out.iter_mut().zip(samples).for_each(|(o, x)| *o = to(*x));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run_pair(labels: Block, image: Block) -> Result<Block> {
        let specs = [&labels, &image].map(|b| ImageSpec::new(b.shape(), b.dtype()).unwrap());
        let spec = Pair.output(&[&specs[0], &specs[1]])?;
        let mut output = Block::zeros(spec.region(), spec.dtype)?;
        let mut scratch = petavox_core::Buffer::zeroed(0)?;
        let specs = [&specs[0], &specs[1]];
        Pair.run(BlockCall {
            inputs: &[&labels, &image],
            specs: &specs,
            output: &mut output,
            scratch: &mut scratch,
            cancel: &petavox_core::CancelToken::new(),
        })?;
        Ok(output)
    }

    #[test]
    fn intensities_of_every_dtype_travel_without_loss() {
        let region = Region::whole(&[2, 3]);
        let labels = || Block::from_vec(region.clone(), vec![0u8, 1, 1, 2, 2, 2]).unwrap();
        for &dtype in Dtype::ALL {
            let mut image = Block::zeros(region.clone(), dtype).unwrap();
            dispatch!(dtype, T => {
                image.typed_mut::<T>().unwrap().copy_from_slice(&[9, 1, 0, 1, 1, 0].map(|x| x as T));
            });
            let pair = run_pair(labels(), image).unwrap();
            let fold = Measure { image: Some(dtype), max_bytes: 1 << 20 };
            let spec = ImageSpec::new(pair.shape(), pair.dtype()).unwrap();
            let value = fold.finish(Some(fold.map(&pair, &spec).unwrap()), &spec).unwrap();
            let rows = value.get::<Vec<RegionRow>>().unwrap();
            let table = table(rows, &["label", "intensity_sum", "bbox"], 2).unwrap();
            assert_eq!(
                table.column("intensity_sum"),
                Some(&Column::Float(vec![1.0, 2.0])),
                "{dtype}"
            );
            assert_eq!(table.column("bbox-3"), Some(&Column::Int(vec![3, 3])));
        }
    }

    #[test]
    fn negative_labels_other_shapes_and_unknown_properties_are_refused() {
        let region = Region::whole(&[2]);
        let labels = Block::from_vec(region.clone(), vec![-1i8, 1]).unwrap();
        let image = Block::from_vec(region, vec![1u8, 1]).unwrap();
        assert!(run_pair(labels, image).is_err());
        let longer = Block::from_vec(Region::whole(&[3]), vec![1u8; 3]).unwrap();
        let labels = Block::from_vec(Region::whole(&[2]), vec![1u8; 2]).unwrap();
        assert!(run_pair(labels, longer).is_err());
        let message = table(&[], &["centriod"], 2).unwrap_err().to_string();
        assert!(message.contains("did you mean 'centroid'?"), "{message}");
    }

    #[test]
    fn equivalent_diameters_are_those_of_circles_and_balls() {
        let pi = std::f64::consts::PI;
        assert!((diameter(pi, 2) - 2.0).abs() < 1e-15);
        assert!((diameter(pi / 6.0, 3) - 1.0).abs() < 1e-15);
    }
}
