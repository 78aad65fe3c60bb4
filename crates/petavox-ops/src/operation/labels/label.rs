//! `label`, `count_components`, `remove_small_objects`, `remove_small_holes`: what is done with connected components once they are
//! known.

use super::components::{Labelling, cell_bytes, cell_grid, components};
use crate::Params;
use petavox_core::{Dtype, Element, Error, ImageSpec, Region, Result, dispatch};
use petavox_engine::{BlockCall, BlockOp, Need, Node, Value};
use petavox_kernels::label::{Neighbours, Of, label_block};
use std::sync::Arc;

/// What becomes of the components.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Task {
    /// Their numbers are written.
    Label(Dtype),
    /// How many there are.
    Count,
    /// Those of at most this many samples are removed.
    RemoveObjects(u64),
    /// Background components of at most this many samples are filled.
    FillHoles(u64),
}

/// What is labelled.
#[derive(Clone, Copy, Debug, PartialEq)]
enum What {
    /// What is not 0.
    Mask,
    /// Equal values, but for this one.
    Values(Option<i64>),
}

struct OnComponents {
    task: Task,
    what: What,
    of: Of,
    neighbours: Neighbours,
    labelling: Option<Value>,
}

/// Numbers the components of a mask 1, 2, ... in the raster order of their first samples, as scipy.ndimage.label does;
/// `int32`, or `dtype`. `connectivity` is 1 (faces, scipy's default) to the number of axes; or a `structure` says which of the samples
/// around a sample are its neighbours, 3 along every axis. With `values=true`, samples are of one component only if they are equal, as
/// in skimage.measure.label: `background` is the value that is left out, 0 by default, `none` for none.
///
/// # Errors
/// If the connectivity is out of range, or the structure not symmetric.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let dtype = params.text("dtype")?.map_or(Ok(Dtype::Int32), |name| Dtype::parse(&name))?;
    build_task(input, params, Task::Label(dtype))
}

/// The number of components, as an image without axes; parameters as for [`build`].
///
/// # Errors
/// As [`build`].
pub fn build_count(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    build_task(input, params, Task::Count)
}

fn build_task(input: &Arc<Node>, params: &mut Params, task: Task) -> Result<Arc<Node>> {
    let neighbours = neighbours(params, input.spec().ndim())?;
    let background = params.text("background")?;
    if !params.flag("values")?.unwrap_or(false) {
        return on_components(&crate::operation::as_mask(input)?, task, What::Mask, neighbours);
    }
    let background =
        match background.as_deref() {
            None => Some(0),
            Some("none") => None,
            Some(number) => Some(number.parse().map_err(|_| {
                Error::argument("label: background", number, "an integer, or none")
            })?),
        };
    on_components(input, task, What::Values(background), neighbours)
}

fn neighbours(params: &mut Params, ndim: usize) -> Result<Neighbours> {
    let connectivity = params.count("connectivity")?;
    match (connectivity, params.numbers("structure")?) {
        (Some(_), Some(_)) => {
            Err(Error::argument(params.op(), "both connectivity and structure", "one of them"))
        }
        (_, Some(marks)) => Neighbours::structure(marks.iter().map(|m| *m != 0.0).collect(), ndim),
        (connectivity, None) => Neighbours::within(connectivity.unwrap_or(1) as usize, ndim),
    }
}

/// [`build`] of a mask, for callers that have the values.
///
/// # Errors
/// As [`build`].
pub fn label(mask: &Arc<Node>, connectivity: usize) -> Result<Arc<Node>> {
    let neighbours = Neighbours::within(connectivity, mask.spec().ndim())?;
    on_components(mask, Task::Label(Dtype::Int32), What::Mask, neighbours)
}

/// Removes components of fewer than `min_size` samples (scikit-image's older argument), or of at most `max_size` (its
/// newer); `min_size=64` by default.
///
/// # Errors
/// If the image is not a mask or both sizes are given.
pub fn build_remove_small_objects(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let max_size = max_size(params, "min_size")?;
    let connectivity = params.count("connectivity")?.unwrap_or(1) as usize;
    remove_small_objects(input, max_size, connectivity)
}

/// Removes components of at most `max_size` samples.
///
/// # Errors
/// If the image is not a mask or the connectivity is out of range.
pub fn remove_small_objects(
    mask: &Arc<Node>,
    max_size: u64,
    connectivity: usize,
) -> Result<Arc<Node>> {
    crate::operation::needs_mask("remove_small_objects", mask.spec())?;
    let neighbours = Neighbours::within(connectivity, mask.spec().ndim())?;
    on_components(mask, Task::RemoveObjects(max_size), What::Mask, neighbours)
}

/// Fills background components of fewer than `area_threshold` samples (scikit-image's older argument), or of at most
/// `max_size` (its newer); `area_threshold=64` by default. As in scikit-image, background that touches the border counts.
///
/// # Errors
/// If the image is not a mask or both sizes are given.
pub fn build_remove_small_holes(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    crate::operation::needs_mask("remove_small_holes", input.spec())?;
    let max_size = max_size(params, "area_threshold")?;
    let neighbours = neighbours(params, input.spec().ndim())?;
    on_components(input, Task::FillHoles(max_size), What::Mask, neighbours)
}

fn max_size(params: &mut Params, older: &str) -> Result<u64> {
    match (params.count(older)?, params.count("max_size")?) {
        (Some(_), Some(_)) => {
            Err(Error::argument(params.op(), format!("both {older} and max_size"), "one of them"))
        }
        (Some(least), None) => Ok(least.saturating_sub(1)),
        (None, most) => Ok(most.unwrap_or(63)),
    }
}

fn on_components(
    image: &Arc<Node>,
    task: Task,
    what: What,
    neighbours: Neighbours,
) -> Result<Arc<Node>> {
    let of = match (what, task) {
        (What::Values(background), _) => {
            Of::Values(background.and_then(|b| bits(b, image.spec().dtype)))
        }
        (What::Mask, Task::FillHoles(_)) => Of::Background,
        (What::Mask, _) => Of::Foreground,
    };
    let fold = components(image, of, &neighbours)?;
    let op = OnComponents { task, what, of, neighbours, labelling: None };
    Node::block(Arc::new(op), vec![image.clone()], vec![fold])
}

/// The bits of a sample of this value; none if the dtype does not have it.
fn bits(value: i64, dtype: Dtype) -> Option<u64> {
    let there = dispatch!(dtype, T => T::from_f64(value as f64).to_f64() == value as f64);
    there.then(|| value as u64 & u64::MAX >> (64 - 8 * dtype.size()))
}

impl BlockOp for OnComponents {
    fn name(&self) -> &'static str {
        match self.task {
            Task::Label(_) => "label",
            Task::Count => "count_components",
            Task::RemoveObjects(_) => "remove_small_objects",
            Task::FillHoles(_) => "remove_small_holes",
        }
    }

    fn params(&self) -> serde_json::Value {
        let n = self.neighbours.ndim();
        let mut params = serde_json::Map::new();
        match (1..=n).find(|c| Neighbours::within(*c, n).is_ok_and(|n| n == self.neighbours)) {
            Some(connectivity) => params.insert("connectivity".into(), connectivity.into()),
            None => {
                let marks: Vec<u8> = self.neighbours.marks().iter().map(|m| u8::from(*m)).collect();
                params.insert("structure".into(), marks.into())
            }
        };
        match self.task {
            Task::Label(dtype) if dtype != Dtype::Int32 => {
                params.insert("dtype".into(), dtype.name().into());
            }
            Task::RemoveObjects(n) | Task::FillHoles(n) => {
                params.insert("max_size".into(), n.into());
            }
            _ => {}
        }
        if let What::Values(background) = self.what {
            params.insert("values".into(), true.into());
            let background = background.map_or("none".to_owned(), |b| b.to_string());
            params.insert("background".into(), background.into());
        }
        params.into()
    }

    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        if self.what == What::Mask {
            crate::operation::needs_mask(self.name(), inputs[0])?;
        }
        match self.task {
            Task::Label(dtype) => Ok(inputs[0].with_dtype(dtype)),
            Task::Count => ImageSpec::new([], Dtype::Int64),
            _ => Ok(inputs[0].with_dtype(Dtype::Bool)),
        }
    }

    /// Whole cells: labels inside a cell are only known for the whole of it.
    fn needs(&self, inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        let shape = &inputs[0].shape;
        if self.task == Task::Count {
            return vec![Need::inside(Region::new(vec![0; shape.len()], vec![0; shape.len()]))];
        }
        let cell = cell_grid(shape).chunk().to_vec();
        let mut start = Vec::new();
        let mut extent = Vec::new();
        for a in 0..shape.len() {
            let lo = target.start()[a].max(0) as usize / cell[a] * cell[a];
            let hi = ((target.end(a).max(0) as usize).div_ceil(cell[a]) * cell[a]).min(shape[a]);
            start.push(lo as i64);
            extent.push(hi.saturating_sub(lo));
        }
        vec![Need::inside(Region::new(start, extent))]
    }

    fn scratch_bytes(&self, inputs: &[&ImageSpec], _target: &Region) -> u64 {
        // A cell's runs, and two look-up tables of its components.
        let cell: usize = cell_grid(&inputs[0].shape).chunk().iter().product();
        (cell_bytes(&inputs[0].shape) + 4 * cell) as u64
    }

    fn cost_ns(&self) -> f64 {
        2.5
    }

    fn bind(&self, values: &[Value]) -> Result<Option<Arc<dyn BlockOp>>> {
        Ok(Some(Arc::new(OnComponents {
            labelling: values.first().cloned(),
            neighbours: self.neighbours.clone(),
            ..*self
        })))
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        let value =
            self.labelling.as_ref().ok_or_else(|| Error::internal(self.name(), "not bound"))?;
        let labelling = value.get::<Labelling>()?;
        let target = call.output.region().clone();
        if self.task == Task::Count {
            call.output.typed_mut::<i64>()?.fill(labelling.table.sizes().len() as i64);
            return Ok(());
        }
        for number in labelling.grid.meeting(&target) {
            call.cancel.check()?;
            let cell = labelling.grid.region(number);
            let runs = label_block(call.inputs[0], &cell, self.of, &self.neighbours)?;
            let (base, n_labels) = labelling.cells[number];
            if n_labels != runs.components().len() {
                return Err(Error::internal(self.name(), "the image changed between two passes"));
            }
            let table = &labelling.table;
            let lookup = match self.task {
                Task::Label(_) | Task::Count => table.lookup(base, n_labels),
                // Samples outside components stay as they are: false for objects, true (filled already) for holes.
                Task::RemoveObjects(n) => {
                    let mut keep = table.small(base, n_labels, n);
                    keep.iter_mut().skip(1).for_each(|k| *k = 1 - *k);
                    keep
                }
                Task::FillHoles(n) => {
                    let mut fill = table.small(base, n_labels, n);
                    fill[0] = 1;
                    fill
                }
            };
            runs.write(&lookup, call.output)?;
        }
        Ok(())
    }
}
