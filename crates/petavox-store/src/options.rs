//! How to open and how to write.

use crate::{Channel, Codec, Limits, MissingChunks};
use petavox_core::{Axes, ImageSpec};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What to do where a chunk's object is missing, which Zarr defines as fill value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missing {
    /// An error that names the chunk.
    Error,
    /// The fill value, counted.
    #[default]
    Fill,
}

/// How to open.
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    /// What a file may claim.
    pub limits: Limits,
    /// What to do with missing chunks.
    pub missing: Missing,
    /// Counts the missing chunks of all that is opened with these options or clones of them.
    pub missing_chunks: MissingChunks,
    /// Meaning of the axes, where the user knows better than the file.
    pub axes: Option<Axes>,
    /// Physical size of a sample, where the user knows better than the file: per axis, one for all, or per spatial axis.
    pub spacing: Option<Vec<f64>>,
    /// Look at the first slice of a stack only: the others are checked against it when they are read.
    pub first_slice_only: bool,
    /// Folder for what has to be unpacked before it can be read (`.nii.gz`): a file without a name that goes with the source. By
    /// default the system's folder for temporary files, which may be small or in memory.
    pub scratch: Option<PathBuf>,
}

/// How to write.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreateOptions {
    /// Shape of a chunk (strip or tile); by default about 1 MiB.
    pub chunk_shape: Option<Vec<usize>>,
    /// Shape of a shard, a multiple of the chunk per axis; by default shards come when there would be very many chunks.
    pub shard_shape: Option<Vec<usize>>,
    /// Compression.
    pub codec: Codec,
    /// Levels of the pyramid, 1 for none; by default until the largest spatial axis is at most 256.
    pub n_levels: Option<usize>,
    /// 3 (with OME-Zarr 0.5) or 2 (with 0.4).
    pub zarr_format: u8,
    /// Replace an output that is there.
    pub overwrite: bool,
    /// Continue what an interrupted run left.
    pub resume: bool,
    /// The image holds labels: levels are made by picking, and the metadata says so.
    pub is_labels: bool,
    /// What is known of the channels.
    pub channels: Vec<Channel>,
    /// A hash of the computation whose result is written: only a run with the same one may resume another's work.
    pub identity: u64,
}

impl CreateOptions {
    /// What tells this output from others under the same name, for [`Staging::begin`](crate::atomic::Staging::begin): a
    /// run that would write other bytes never continues what an interrupted one left.
    pub fn fingerprint(&self, spec: &ImageSpec) -> u32 {
        let same = CreateOptions { overwrite: false, resume: false, ..self.clone() };
        crc32c::crc32c(format!("{same:?} {spec:?}").as_bytes())
    }
}

impl Default for CreateOptions {
    fn default() -> CreateOptions {
        CreateOptions {
            chunk_shape: None,
            shard_shape: None,
            codec: Codec::Default,
            n_levels: None,
            zarr_format: 3,
            overwrite: false,
            resume: false,
            is_labels: false,
            channels: vec![],
            identity: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_tells_computations_apart_but_not_attempts() {
        let spec = ImageSpec::new([2, 2], petavox_core::Dtype::UInt8).unwrap();
        let first = CreateOptions { identity: 1, ..CreateOptions::default() };
        let again = CreateOptions { resume: true, overwrite: true, ..first.clone() };
        let other = CreateOptions { identity: 2, ..first.clone() };
        let wider = spec.with_dtype(petavox_core::Dtype::UInt16);
        assert_eq!(first.fingerprint(&spec), again.fingerprint(&spec));
        assert_ne!(first.fingerprint(&spec), other.fingerprint(&spec));
        assert_ne!(first.fingerprint(&spec), first.fingerprint(&wider));
    }
}
