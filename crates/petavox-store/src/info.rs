//! What is in a file, in words.

use petavox_core::{Axes, Dtype, ImageSpec};
use serde::{Deserialize, Serialize};

/// What is in a file: the answer of `petavox info --json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Info {
    /// The path as it was given.
    pub path: String,
    /// The format, such as `OME-Zarr 0.5` or `TIFF`.
    pub format: String,
    /// Samples per axis.
    pub shape: Vec<usize>,
    /// Type of a sample.
    pub dtype: Dtype,
    /// Meaning of the axes.
    pub axes: Axes,
    /// Physical size of a sample per axis.
    pub spacing: Vec<f64>,
    /// Unit of the spacing, as OME-Zarr spells it.
    pub unit: Option<String>,
    /// Physical position of the first sample's centre.
    pub origin: Vec<f64>,
    /// Shape of the parts that are decoded at once.
    pub chunks: Vec<usize>,
    /// Shape of the shards that group chunks, if there are any.
    pub shards: Option<Vec<usize>>,
    /// The pyramid, level 0 (this image) first.
    pub levels: Vec<LevelInfo>,
    /// Codecs in the order they are applied when writing.
    pub codecs: Vec<String>,
    /// Channels that the file describes.
    pub channels: Vec<Channel>,
    /// Bytes of all samples, decoded.
    pub bytes: u64,
    /// Bytes on disk, where cheap to know.
    pub stored_bytes: Option<u64>,
    /// Label images that belong to this one.
    pub labels: Vec<String>,
    /// What was odd and tolerated.
    pub warnings: Vec<String>,
}

/// One level of a pyramid.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LevelInfo {
    /// What to open for this level, relative to the image: `0`, `1` ...
    pub path: String,
    /// Samples per axis.
    pub shape: Vec<usize>,
    /// Physical size of a sample per axis.
    pub spacing: Vec<f64>,
}

/// A channel as the file describes it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Channel {
    /// Its name.
    pub name: Option<String>,
    /// Display colour as `RRGGBB`.
    pub color: Option<String>,
    /// Display range, low and high.
    pub window: Option<(f64, f64)>,
}

impl Info {
    /// The facts of an image of one level; the caller fills in what else the file says.
    pub fn of(path: &str, format: &str, spec: &ImageSpec, chunks: &[usize]) -> Info {
        let level = LevelInfo {
            path: "0".into(),
            shape: spec.shape.clone(),
            spacing: spec.spacing.values.clone(),
        };
        Info {
            path: path.to_owned(),
            format: format.to_owned(),
            shape: spec.shape.clone(),
            dtype: spec.dtype,
            axes: spec.axes.clone(),
            spacing: spec.spacing.values.clone(),
            unit: spec.spacing.unit.clone(),
            origin: spec.origin.clone(),
            chunks: chunks.to_vec(),
            shards: None,
            levels: vec![level],
            codecs: vec![],
            channels: vec![],
            bytes: spec.bytes(),
            stored_bytes: None,
            labels: vec![],
            warnings: vec![],
        }
    }
}
