//! The table of formats: one line each.

use crate::format::Format;

/// All formats; the first whose `matches` says yes opens a path, the one with the longest ending creates it.
/// A glob and a folder without Zarr metadata are folders of slices and are asked for apart, in `open.rs`.
pub(crate) const FORMATS: &[Format] = &[
    crate::zarr::FORMAT,
    crate::tiff::FORMAT,
    crate::npy::FORMAT,
    crate::nifti::FORMAT,
    crate::picture::PNG,
    crate::picture::JPEG,
];
