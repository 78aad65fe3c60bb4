//! `label`, `remove_small_objects`, `remove_small_holes`: what is done with connected components once they are known.

use super::components::{Labelling, cell_bytes, cell_grid, components, label_cell};
use crate::Params;
use petavox_core::{Block, Buffer, Dtype, Error, ImageSpec, Region, Result};
use petavox_engine::{BlockCall, BlockOp, Need, Node, Value};
use petavox_kernels::label::{Of, label_block_scratch_bytes, relabel};
use std::sync::Arc;

/// What becomes of the components.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Task {
    /// Their numbers are written.
    Label,
    /// Those of at most this many samples are removed.
    RemoveObjects(u64),
    /// Background components of at most this many samples are filled.
    FillHoles(u64),
}

struct OnComponents {
    task: Task,
    connectivity: usize,
    labelling: Option<Value>,
}

/// Numbers the components of a mask 1, 2, ... in the raster order of their first samples, as scipy.ndimage.label does;
/// `int32`. `connectivity` is 1 (faces, scipy's default) to the number of axes.
///
/// # Errors
/// If the connectivity is out of range.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let connectivity = params.count("connectivity")?.unwrap_or(1) as usize;
    label(&crate::operation::as_mask(input)?, connectivity)
}

/// [`build`] for callers that have the values.
///
/// # Errors
/// As [`build`].
pub fn label(mask: &Arc<Node>, connectivity: usize) -> Result<Arc<Node>> {
    on_components(mask, Task::Label, connectivity)
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
    on_components(mask, Task::RemoveObjects(max_size), connectivity)
}

/// Fills background components of fewer than `area_threshold` samples (scikit-image's older argument), or of at most
/// `max_size` (its newer); `area_threshold=64` by default. As in scikit-image, background that touches the border counts.
///
/// # Errors
/// If the image is not a mask or both sizes are given.
pub fn build_remove_small_holes(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    crate::operation::needs_mask("remove_small_holes", input.spec())?;
    let max_size = max_size(params, "area_threshold")?;
    let connectivity = params.count("connectivity")?.unwrap_or(1) as usize;
    on_components(input, Task::FillHoles(max_size), connectivity)
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

fn on_components(mask: &Arc<Node>, task: Task, connectivity: usize) -> Result<Arc<Node>> {
    let of = task.of();
    let fold = components(mask, of, connectivity)?;
    let op = OnComponents { task, connectivity, labelling: None };
    Node::block(Arc::new(op), vec![mask.clone()], vec![fold])
}

impl Task {
    fn of(self) -> Of {
        if matches!(self, Task::FillHoles(_)) { Of::Background } else { Of::Foreground }
    }
}

impl BlockOp for OnComponents {
    fn name(&self) -> &'static str {
        match self.task {
            Task::Label => "label",
            Task::RemoveObjects(_) => "remove_small_objects",
            Task::FillHoles(_) => "remove_small_holes",
        }
    }

    fn params(&self) -> serde_json::Value {
        match self.task {
            Task::Label => serde_json::json!({ "connectivity": self.connectivity }),
            Task::RemoveObjects(n) | Task::FillHoles(n) => {
                serde_json::json!({ "max_size": n, "connectivity": self.connectivity })
            }
        }
    }

    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        crate::operation::needs_mask(self.name(), inputs[0])?;
        let dtype = if self.task == Task::Label { Dtype::Int32 } else { Dtype::Bool };
        Ok(inputs[0].with_dtype(dtype))
    }

    /// Whole cells: labels inside a cell are only known for the whole of it.
    fn needs(&self, inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        let shape = &inputs[0].shape;
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
        // A cell's labels and scratch, its new samples, and a look-up table of its components.
        let cell: usize = cell_grid(&inputs[0].shape).chunk().iter().product();
        (cell_bytes(&inputs[0].shape) + 8 * cell) as u64
    }

    fn cost_ns(&self) -> f64 {
        2.5
    }

    fn bind(&self, values: &[Value]) -> Result<Option<Arc<dyn BlockOp>>> {
        Ok(Some(Arc::new(OnComponents { labelling: values.first().cloned(), ..*self })))
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        let value =
            self.labelling.as_ref().ok_or_else(|| Error::internal(self.name(), "not bound"))?;
        let labelling = value.get::<Labelling>()?;
        let mask = call.inputs[0];
        let target = call.output.region().clone();
        let dtype = call.output.dtype();
        let mut scratch = Buffer::zeroed(label_block_scratch_bytes(labelling.grid.chunk()))?;
        for number in labelling.grid.meeting(&target) {
            let cell = labelling.grid.region(number);
            let (labels, found) =
                label_cell(mask, cell.clone(), self.task.of(), self.connectivity, &mut scratch)?;
            let (base, n_labels) = labelling.cells[number];
            if n_labels != found.len() {
                return Err(Error::internal(self.name(), "the image changed between two passes"));
            }
            let table = &labelling.table;
            let lookup = match self.task {
                Task::Label => table.lookup(base, n_labels),
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
            let mut out = Block::zeros(cell, dtype)?;
            relabel(&labels, &lookup, &mut out)?;
            call.output.copy_from(&out)?;
        }
        Ok(())
    }
}
