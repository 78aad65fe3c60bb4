//! Verbs of Petavox: pure functions over contiguous blocks.
//!
//! Nothing here starts threads, reads files, looks at clocks or takes locks; scratch memory comes from the caller, and every
//! kernel says how much it needs. Blocks come in erased of their type; each kernel has one door that picks the typed code.
//!
//! A local kernel reads an input block that covers its target region grown by a halo. What lies outside the image was made by
//! the engine according to the [`petavox_core::Boundary`].

pub mod bits;
pub mod blend;
pub mod contour;
pub mod distance;
pub mod exposure;
pub mod feature;
pub mod filter;
pub mod fourier;
pub mod gather;
pub mod interpolate;
pub mod label;
pub mod measure;
pub mod morphology;
pub mod pointwise;
pub mod rank;
pub mod register;
pub mod resample;
pub mod restore;
pub mod skeleton;
pub mod surface;
pub mod threshold;
pub mod window;

#[cfg(test)]
mod golden;
mod sample;
mod wide;
