//! TIFF, BigTIFF and OME-TIFF.
//!
//! The directory is read once; strips and tiles are then fetched by position, from any number of threads.
//! Pages that agree become an axis, SubIFDs and reduced pages become levels of a pyramid.

mod companion;
mod decode;
mod describe;
mod directory;
mod encode;
mod ifd;
mod jpeg;
mod ome;
mod opening;
mod own;
mod page;
mod series;
mod source;
mod words;
mod write;

pub use companion::{CompanionImage, companion_images};
pub use series::TiffImage;
pub use source::TiffSource;

/// TIFF in the table of formats.
pub(crate) const FORMAT: crate::format::Format = crate::format::Format {
    name: "TIFF",
    endings: &[".tif", ".tiff", ".ome.tif", ".ome.tiff"],
    matches: |look| {
        matches!(look.head, [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..])
    },
    open: opening::open,
    open_level: Some(opening::open_level),
    create: Some(write::create),
};

#[cfg(test)]
mod tests;
