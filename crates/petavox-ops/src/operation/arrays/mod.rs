//! numpy's operations on whole axes: which samples, in which order, of which dtype.

pub mod astype;
pub mod broadcast;
pub mod index;
pub mod join;
pub mod pad;
pub mod reshape;
pub mod roll;
pub mod select;
pub mod take;
pub mod transpose;
mod view;

use crate::family::{Operation, family};
use petavox_core::{ImageSpec, Result};

/// The family's table.
pub(crate) const OPERATIONS: &[Operation] = family! {
    "astype", One astype::build, "astype:dtype=float32", "another dtype (numpy astype)";
    "broadcast_to", One broadcast::build, "broadcast_to:shape=2,8,16,16", "stretched to a shape: axes of one sample repeat, new ones come in front (numpy.broadcast_to)";
    "concatenate", Many join::build_concatenate, "concatenate:axis=0", "images one after another (numpy.concatenate)";
    "expand_dims", One index::build_expand_dims, "expand_dims:axis=0", "new axes of one sample (numpy.expand_dims)";
    "flip", One index::build_flip, "flip:axis=0", "backwards along axes (numpy.flip)";
    "index", One index::build, "index:items=1,-9..,../-2", "positions, slices and new axes, one item per axis: 3, 10..20, ../-1, new, ... (numpy indexing)";
    "pad", One pad::build, "pad:pad_width=2:mode=edge", "with a margin: constant, edge, reflect, symmetric or wrap (numpy.pad)";
    "repeat", One take::build_repeat, "repeat:repeats=2:axis=0", "every sample several times (numpy.repeat)";
    "reshape", One reshape::build, "reshape:shape=128,-1", "the samples in raster order under other axes (numpy.reshape)";
    "roll", One roll::build, "roll:shift=3,5:axis=0,1", "moved along axes, round their ends (numpy.roll)";
    "select", One select::build, "select:axis=z:index=0", "one channel, time point or plane; the axis is taken out (numpy indexing)";
    "squeeze", One index::build_squeeze, "squeeze", "without axes of one sample (numpy.squeeze)";
    "stack", Many join::build_stack, "stack:axis=0", "images along a new axis (numpy.stack)";
    "take", One take::build, "take:indices=4,0,4:axis=0", "positions along an axis, in any order (numpy.take)";
    "tile", One broadcast::build_tile, "tile:reps=2,1", "the image several times side by side (numpy.tile)";
    "transpose", One transpose::build, "transpose", "axes in another order, backwards by default (numpy.transpose)";
};

/// The spec of `n` such images along a new first axis.
pub(crate) fn with_first_axis(op: &str, spec: &ImageSpec, n: usize) -> Result<ImageSpec> {
    let mut named = vec![(view::Named::New(None), n)];
    named.extend(spec.shape.iter().enumerate().map(|(a, &n)| (view::Named::same(a), n)));
    view::derived(op, spec, &named)
}

/// The spec with another number of samples along each axis, and then `last`, axes that are new.
pub(crate) fn with_last_axes(
    op: &str,
    spec: &ImageSpec,
    shape: &[usize],
    last: &[usize],
) -> Result<ImageSpec> {
    let mut named: Vec<_> =
        shape.iter().enumerate().map(|(a, &n)| (view::Named::same(a), n)).collect();
    named.extend(last.iter().map(|&n| (view::Named::New(None), n)));
    view::derived(op, spec, &named)
}

/// The spec of one of the images along the first axis.
pub(crate) fn without_first_axis(op: &str, spec: &ImageSpec) -> Result<ImageSpec> {
    let rest = spec.shape.iter().enumerate().skip(1);
    let named: Vec<_> = rest.map(|(a, &n)| (view::Named::same(a), n)).collect();
    view::derived(op, spec, &named)
}

/// The spec of `n` such images along a new last axis.
pub(crate) fn with_last_axis(op: &str, spec: &ImageSpec, n: usize) -> Result<ImageSpec> {
    let mut named: Vec<_> =
        spec.shape.iter().enumerate().map(|(a, &n)| (view::Named::same(a), n)).collect();
    named.push((view::Named::New(None), n));
    view::derived(op, spec, &named)
}

/// The spec of one of the images along the last axis.
pub(crate) fn without_last_axis(op: &str, spec: &ImageSpec) -> Result<ImageSpec> {
    let n = spec.ndim().saturating_sub(1);
    let rest = spec.shape.iter().enumerate().take(n);
    let named: Vec<_> = rest.map(|(a, &n)| (view::Named::same(a), n)).collect();
    view::derived(op, spec, &named)
}
