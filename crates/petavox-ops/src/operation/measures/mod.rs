//! Values measured over an image or its labels.

pub mod columns;
pub mod contours;
pub mod histogram;
pub mod measure;
pub mod meetings;
pub(crate) mod pack;
mod shape;
pub mod surface;
