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
    "absolute", Many op::elementwise::build, "absolute", "distance from 0; the smallest integer stays (numpy)";
    "add", Many op::elementwise::build, "add:value=3", "sum; integers wrap (numpy)";
    "all", One op::reduce::build, "all:axis=0", "whether no sample is 0 (numpy)";
    "any", One op::reduce::build, "any:axis=0:keepdims=true", "whether a sample is not 0 (numpy)";
    "arccos", Many op::elementwise::build, "arccos", "inverse cosine, radians (numpy)";
    "arccosh", Many op::elementwise::build, "arccosh", "inverse hyperbolic cosine (numpy)";
    "arcsin", Many op::elementwise::build, "arcsin", "inverse sine, radians (numpy)";
    "arcsinh", Many op::elementwise::build, "arcsinh", "inverse hyperbolic sine (numpy)";
    "arctan", Many op::elementwise::build, "arctan", "inverse tangent, radians (numpy)";
    "arctan2", Many op::elementwise::build, "arctan2:value=0.5", "angle of the point (value, image), radians (numpy)";
    "arctanh", Many op::elementwise::build, "arctanh", "inverse hyperbolic tangent (numpy)";
    "argmax", One op::reduce::build, "argmax:axis=0", "where the first of the largest samples is (numpy)";
    "argmin", One op::reduce::build, "argmin:axis=0", "where the first of the smallest samples is (numpy)";
    "astype", One op::astype::build, "astype:dtype=float32", "another dtype (numpy astype)";
    "binary_closing", One op::binary_morphology::build, "binary_closing:connectivity=1:iterations=2", "close: dilate, then erode (scipy.ndimage.binary_closing)";
    "binary_dilation", One op::binary_morphology::build, "binary_dilation:connectivity=1:iterations=2", "dilate a mask (scipy.ndimage.binary_dilation)";
    "binary_erosion", One op::binary_morphology::build, "binary_erosion:connectivity=1:iterations=2", "erode a mask (scipy.ndimage.binary_erosion)";
    "binary_opening", One op::binary_morphology::build, "binary_opening:connectivity=1:iterations=2", "open: erode, then dilate (scipy.ndimage.binary_opening)";
    "bitwise_and", Many op::elementwise::build, "bitwise_and:value=15", "bits that both have (numpy)";
    "bitwise_or", Many op::elementwise::build, "bitwise_or:value=1", "bits that either has (numpy)";
    "bitwise_xor", Many op::elementwise::build, "bitwise_xor:value=1", "bits that one of both has (numpy)";
    "broadcast_to", One op::broadcast::build, "broadcast_to:shape=2,8,16,16", "stretched to a shape: axes of one sample repeat, new ones come in front (numpy.broadcast_to)";
    "cbrt", Many op::elementwise::build, "cbrt", "cube root (numpy)";
    "ceil", Many op::elementwise::build, "ceil", "next whole number at or above (numpy)";
    "clip", Many op::elementwise::build, "clip:min=0:max=255", "limited to min ... max (numpy)";
    "concatenate", Many op::join::build_concatenate, "concatenate:axis=0", "images one after another (numpy.concatenate)";
    "copysign", Many op::elementwise::build, "copysign:value=-1", "the first with the sign of the second (numpy)";
    "cos", Many op::elementwise::build, "cos", "cosine of radians (numpy)";
    "cosh", Many op::elementwise::build, "cosh", "hyperbolic cosine (numpy)";
    "count_nonzero", One op::reduce::build, "count_nonzero:axis=0", "how many samples are not 0 (numpy)";
    "degrees", Many op::elementwise::build, "degrees", "radians as degrees (numpy)";
    "distance_transform_edt", One op::distance_transform_edt::build, "distance_transform_edt:sampling=2,1,1", "exact Euclidean distance to the background (scipy.ndimage.distance_transform_edt); sampling=image takes the image's spacing";
    "divide", Many op::elementwise::build, "divide:value=3", "quotient, as a float (numpy)";
    "downscale", One op::downscale::build, "downscale:factors=1,2,2:method=mean", "fewer samples by whole factors: mean, max, min or mode";
    "equal", Many op::elementwise::build, "equal:value=3", "mask of samples equal to a value (numpy)";
    "exp", Many op::elementwise::build, "exp", "e to the power of (numpy)";
    "exp2", Many op::elementwise::build, "exp2", "2 to the power of (numpy)";
    "expand_dims", One op::index::build_expand_dims, "expand_dims:axis=0", "new axes of one sample (numpy.expand_dims)";
    "expm1", Many op::elementwise::build, "expm1", "exp(x) - 1, exact near 0 (numpy)";
    "fabs", Many op::elementwise::build, "fabs", "distance from 0, as a float (numpy)";
    "flip", One op::index::build_flip, "flip:axis=0", "backwards along axes (numpy.flip)";
    "floor", Many op::elementwise::build, "floor", "next whole number at or below (numpy)";
    "floor_divide", Many op::elementwise::build, "floor_divide:value=3", "quotient rounded down; integers by 0 are 0 (numpy)";
    "fmax", Many op::elementwise::build, "fmax:value=0", "the larger; NaN only where both are (numpy)";
    "fmin", Many op::elementwise::build, "fmin:value=255", "the smaller; NaN only where both are (numpy)";
    "fmod", Many op::elementwise::build, "fmod:value=3", "remainder with the sign of the dividend (numpy)";
    "gaussian", One op::gaussian::build, "gaussian:sigma=1,2,2:mode=reflect:truncate=4", "smooth (scipy.ndimage.gaussian_filter)";
    "greater", Many op::elementwise::build, "greater:value=0.5", "mask of samples above a value (numpy)";
    "greater_equal", Many op::elementwise::build, "greater_equal:value=0.5", "mask of samples at or above a value (numpy)";
    "hypot", Many op::elementwise::build, "hypot:value=0.5", "length of the hypotenuse (numpy)";
    "index", One op::index::build, "index:items=1,-9..,../-2", "positions, slices and new axes, one item per axis: 3, 10..20, ../-1, new, ... (numpy indexing)";
    "invert", Many op::elementwise::build, "invert", "every bit flipped; masks inverted (numpy)";
    "isfinite", Many op::elementwise::build, "isfinite", "mask of samples that are neither NaN nor infinite (numpy)";
    "isinf", Many op::elementwise::build, "isinf", "mask of infinite samples (numpy)";
    "isnan", Many op::elementwise::build, "isnan", "mask of NaN (numpy)";
    "label", One op::label::build, "label:connectivity=1", "number connected components (scipy.ndimage.label)";
    "left_shift", Many op::elementwise::build, "left_shift:value=4", "bits moved up (numpy)";
    "less", Many op::elementwise::build, "less:value=0.5", "mask of samples below a value (numpy)";
    "less_equal", Many op::elementwise::build, "less_equal:value=0.5", "mask of samples at or below a value (numpy)";
    "log", Many op::elementwise::build, "log", "natural logarithm (numpy)";
    "log10", Many op::elementwise::build, "log10", "logarithm to base 10 (numpy)";
    "log1p", Many op::elementwise::build, "log1p", "log(1 + x), exact near 0 (numpy)";
    "log2", Many op::elementwise::build, "log2", "logarithm to base 2 (numpy)";
    "logaddexp", Many op::elementwise::build, "logaddexp:value=0.5", "log(exp(a) + exp(b)) (numpy)";
    "logical_and", Many op::elementwise::build, "logical_and:value=3", "mask of samples where both are not 0 (numpy)";
    "logical_not", Many op::elementwise::build, "logical_not", "mask of samples that are 0 (numpy)";
    "logical_or", Many op::elementwise::build, "logical_or:value=3", "mask of samples where either is not 0 (numpy)";
    "logical_xor", Many op::elementwise::build, "logical_xor:value=3", "mask of samples where one of both is not 0 (numpy)";
    "max", One op::reduce::build, "max:axis=0", "the largest sample (numpy)";
    "maximum", Many op::elementwise::build, "maximum:value=0", "the larger; NaN where either is (numpy)";
    "mean", One op::reduce::build, "mean:axis=0,1:keepdims=true:dtype=float32", "the mean (numpy)";
    "min", One op::reduce::build, "min:axis=-1", "the smallest sample (numpy)";
    "minimum", Many op::elementwise::build, "minimum:value=255", "the smaller; NaN where either is (numpy)";
    "multiply", Many op::elementwise::build, "multiply:value=2", "product; integers wrap (numpy)";
    "negative", Many op::elementwise::build, "negative", "0 - x; integers wrap (numpy)";
    "not_equal", Many op::elementwise::build, "not_equal:value=0", "mask of samples other than a value (numpy)";
    "pad", One op::pad::build, "pad:pad_width=2:mode=edge", "with a margin: constant, edge, reflect, symmetric or wrap (numpy.pad)";
    "positive", Many op::elementwise::build, "positive", "the samples as they are (numpy)";
    "power", Many op::elementwise::build, "power:value=2", "the first to the power of the second; integers wrap (numpy)";
    "prod", One op::reduce::build, "prod:axis=0", "the product (numpy)";
    "ptp", One op::reduce::build, "ptp:axis=0", "the largest sample less the smallest (numpy)";
    "radians", Many op::elementwise::build, "radians", "degrees as radians (numpy)";
    "reciprocal", Many op::elementwise::build, "reciprocal", "1 / x; integers are cut (numpy)";
    "remainder", Many op::elementwise::build, "remainder:value=3", "remainder with the sign of the divisor; integers by 0 are 0 (numpy)";
    "remove_small_holes", One op::label::build_remove_small_holes, "remove_small_holes:area_threshold=64:connectivity=1", "fill small holes of a mask (skimage.morphology.remove_small_holes)";
    "remove_small_objects", One op::label::build_remove_small_objects, "remove_small_objects:min_size=64:connectivity=1", "remove small components of a mask (skimage.morphology.remove_small_objects)";
    "repeat", One op::take::build_repeat, "repeat:repeats=2:axis=0", "every sample several times (numpy.repeat)";
    "reshape", One op::reshape::build, "reshape:shape=128,-1", "the samples in raster order under other axes (numpy.reshape)";
    "right_shift", Many op::elementwise::build, "right_shift:value=4", "bits moved down (numpy)";
    "rint", Many op::elementwise::build, "rint", "nearest whole number, halves to the even one (numpy)";
    "roll", One op::roll::build, "roll:shift=3,5:axis=0,1", "moved along axes, round their ends (numpy.roll)";
    "select", One op::select::build, "select:axis=z:index=0", "one channel, time point or plane; the axis is taken out (numpy indexing)";
    "sign", Many op::elementwise::build, "sign", "-1, 0 or 1 (numpy)";
    "signbit", Many op::elementwise::build, "signbit", "mask of samples with a minus sign (numpy)";
    "sin", Many op::elementwise::build, "sin", "sine of radians (numpy)";
    "sinh", Many op::elementwise::build, "sinh", "hyperbolic sine (numpy)";
    "skeletonize", One op::skeletonize::build, "skeletonize:method=parity", "thin a mask to its skeleton; parity keeps the topology, lee and zhang are skimage.morphology.skeletonize's";
    "sqrt", Many op::elementwise::build, "sqrt", "square root (numpy)";
    "square", Many op::elementwise::build, "square", "x times x; integers wrap (numpy)";
    "squeeze", One op::index::build_squeeze, "squeeze", "without axes of one sample (numpy.squeeze)";
    "stack", Many op::join::build_stack, "stack:axis=0", "images along a new axis (numpy.stack)";
    "std", One op::reduce::build, "std:axis=0:ddof=1", "the standard deviation (numpy)";
    "subtract", Many op::elementwise::build, "subtract:value=3", "difference; integers wrap (numpy)";
    "sum", One op::reduce::build, "sum:axis=0:keepdims=false:dtype=float64", "the sum (numpy)";
    "take", One op::take::build, "take:indices=4,0,4:axis=0", "positions along an axis, in any order (numpy.take)";
    "tan", Many op::elementwise::build, "tan", "tangent of radians (numpy)";
    "tanh", Many op::elementwise::build, "tanh", "hyperbolic tangent (numpy)";
    "threshold", One op::threshold::build, "threshold:method=otsu", "mask of samples above a value, given or found by otsu, li, yen, triangle, isodata (skimage.filters.threshold_*)";
    "threshold_value", One op::threshold_value::build, "threshold_value:method=otsu", "the threshold that otsu, li, yen, triangle or isodata finds, as an image of one sample (skimage.filters.threshold_*)";
    "tile", One op::broadcast::build_tile, "tile:reps=2,1", "the image several times side by side (numpy.tile)";
    "transpose", One op::transpose::build, "transpose", "axes in another order, backwards by default (numpy.transpose)";
    "trunc", Many op::elementwise::build, "trunc", "fraction cut off (numpy)";
    "var", One op::reduce::build, "var:axis=0:ddof=0", "the variance (numpy)";
    "where", Many op::elementwise::build, "where:x=1:y=0", "x where the image is not 0, else y (numpy)";
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
            None => "an operation; `petavox help operations` lists them".to_owned(),
        };
        Error::argument("operation", format!("'{name}'"), expected)
    })
}
