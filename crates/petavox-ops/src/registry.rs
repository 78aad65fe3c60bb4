//! The table of operations: one line each. The command line, the façade and other surfaces find them here by name.

use crate::operation as op;
use crate::params::{Params, nearest};
use petavox_core::{Error, Result};
use petavox_engine::Node;
use serde_json::Map;
use std::sync::Arc;

type BuildOne = fn(&Arc<Node>, &mut Params) -> Result<Arc<Node>>;
type BuildMany = fn(&[Arc<Node>], &mut Params) -> Result<Arc<Node>>;

/// How an operation is bound to images.
#[derive(Clone, Copy)]
pub enum Build {
    /// To one image.
    One(BuildOne),
    /// To one image or several, in order; it checks their number itself.
    Many(BuildMany),
}

/// An operation from images to an image, as its users see it.
pub struct Operation {
    /// Its one name.
    pub name: &'static str,
    /// What it does, and whose numbers it gives.
    pub summary: &'static str,
    /// A step that shows its parameters.
    pub example: &'static str,
    /// Binds it to images.
    pub build: Build,
}

impl Build {
    /// Binds the operation that `params` are for to `inputs`, and refuses parameters that it does not have.
    ///
    /// # Errors
    /// If it does not accept the inputs, their number or the parameters.
    pub fn bind(self, inputs: &[Arc<Node>], mut params: Params) -> Result<Arc<Node>> {
        let node = match (self, inputs) {
            (Build::One(build), [input]) => build(input, &mut params)?,
            (Build::One(_), _) => {
                let given = format!("{} images", inputs.len());
                return Err(Error::argument(params.op(), given, "one image"));
            }
            (Build::Many(build), _) => build(inputs, &mut params)?,
        };
        params.finish()?;
        Ok(node)
    }
}

macro_rules! operations {
    ($($name:literal, $kind:ident $build:path, $example:literal, $summary:literal;)*) => {
        /// Every operation, by name.
        pub const OPERATIONS: &[Operation] = &[$(Operation {
            name: $name,
            summary: $summary,
            example: $example,
            build: Build::$kind($build),
        },)*];
    };
}

operations! {
    "astype", One op::astype::build, "astype:dtype=float32", "another dtype (numpy astype)";
    "binary_closing", One op::binary_morphology::build, "binary_closing:connectivity=1:iterations=2", "close: dilate, then erode (scipy.ndimage.binary_closing)";
    "binary_dilation", One op::binary_morphology::build, "binary_dilation:connectivity=1:iterations=2", "dilate a mask (scipy.ndimage.binary_dilation)";
    "binary_erosion", One op::binary_morphology::build, "binary_erosion:connectivity=1:iterations=2", "erode a mask (scipy.ndimage.binary_erosion)";
    "binary_opening", One op::binary_morphology::build, "binary_opening:connectivity=1:iterations=2", "open: erode, then dilate (scipy.ndimage.binary_opening)";
    "broadcast_to", One op::broadcast::build, "broadcast_to:shape=2,8,16,16", "stretched to a shape: axes of one sample repeat, new ones come in front (numpy.broadcast_to)";
    "distance_transform_edt", One op::distance_transform_edt::build, "distance_transform_edt:sampling=2,1,1", "exact Euclidean distance to the background (scipy.ndimage.distance_transform_edt); sampling=image takes the image's spacing";
    "downscale", One op::downscale::build, "downscale:factors=1,2,2:method=mean", "fewer samples by whole factors: mean, max, min or mode";
    "equal", One op::compare::build, "equal:value=3", "mask of samples equal to a value (numpy)";
    "expand_dims", One op::index::build_expand_dims, "expand_dims:axis=0", "new axes of one sample (numpy.expand_dims)";
    "flip", One op::index::build_flip, "flip:axis=0", "backwards along axes (numpy.flip)";
    "gaussian", One op::gaussian::build, "gaussian:sigma=1,2,2:mode=reflect:truncate=4", "smooth (scipy.ndimage.gaussian_filter)";
    "greater", One op::compare::build, "greater:value=0.5", "mask of samples above a value (numpy)";
    "greater_equal", One op::compare::build, "greater_equal:value=0.5", "mask of samples at or above a value (numpy)";
    "index", One op::index::build, "index:items=1,-9..,../-2", "positions, slices and new axes, one item per axis: 3, 10..20, ../-1, new, ... (numpy indexing)";
    "label", One op::label::build, "label:connectivity=1", "number connected components (scipy.ndimage.label)";
    "less", One op::compare::build, "less:value=0.5", "mask of samples below a value (numpy)";
    "less_equal", One op::compare::build, "less_equal:value=0.5", "mask of samples at or below a value (numpy)";
    "not_equal", One op::compare::build, "not_equal:value=0", "mask of samples other than a value (numpy)";
    "pad", One op::pad::build, "pad:pad_width=2:mode=edge", "with a margin: constant, edge, reflect, symmetric or wrap (numpy.pad)";
    "remove_small_holes", One op::label::build_remove_small_holes, "remove_small_holes:area_threshold=64:connectivity=1", "fill small holes of a mask (skimage.morphology.remove_small_holes)";
    "remove_small_objects", One op::label::build_remove_small_objects, "remove_small_objects:min_size=64:connectivity=1", "remove small components of a mask (skimage.morphology.remove_small_objects)";
    "repeat", One op::take::build_repeat, "repeat:repeats=2:axis=0", "every sample several times (numpy.repeat)";
    "roll", One op::roll::build, "roll:shift=3,5:axis=0,1", "moved along axes, round their ends (numpy.roll)";
    "select", One op::select::build, "select:axis=z:index=0", "one channel, time point or plane; the axis is taken out (numpy indexing)";
    "skeletonize", One op::skeletonize::build, "skeletonize:method=parity", "thin a mask to its skeleton; parity keeps the topology, lee and zhang are skimage.morphology.skeletonize's";
    "squeeze", One op::index::build_squeeze, "squeeze", "without axes of one sample (numpy.squeeze)";
    "take", One op::take::build, "take:indices=4,0,4:axis=0", "positions along an axis, in any order (numpy.take)";
    "threshold", One op::threshold::build, "threshold:method=otsu", "mask of samples above a value, given or found by otsu, li, yen, triangle, isodata (skimage.filters.threshold_*)";
    "tile", One op::broadcast::build_tile, "tile:reps=2,1", "the image several times side by side (numpy.tile)";
    "transpose", One op::transpose::build, "transpose", "axes in another order, backwards by default (numpy.transpose)";
}

/// Applies one step, `name:key=value:...`, to an image.
///
/// # Errors
/// If there is no such operation (with the nearest name), or it does not accept the parameters or the image.
pub fn apply(input: &Arc<Node>, step: &str) -> Result<Arc<Node>> {
    let (name, params) = Params::parse_step(step)?;
    find(&name)?.build.bind(std::slice::from_ref(input), params)
}

/// Applies the operation `name` to images, with parameters by name.
///
/// # Errors
/// As [`apply`].
pub fn apply_to(
    inputs: &[Arc<Node>],
    name: &str,
    params: Map<String, serde_json::Value>,
) -> Result<Arc<Node>> {
    find(name)?.build.bind(inputs, Params::new(name, params))
}

fn find(name: &str) -> Result<&'static Operation> {
    OPERATIONS.iter().find(|o| o.name == name).ok_or_else(|| {
        let expected = match nearest(name, OPERATIONS.iter().map(|o| o.name)) {
            Some(near) => format!("an operation; did you mean '{near}'?"),
            None => format!(
                "one of {}",
                OPERATIONS.iter().map(|o| o.name).collect::<Vec<_>>().join(", ")
            ),
        };
        Error::argument("operation", format!("'{name}'"), expected)
    })
}
