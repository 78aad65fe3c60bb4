//! Values measured over an image or its labels.

pub mod histogram;
pub mod measure;
