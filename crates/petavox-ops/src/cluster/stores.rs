//! Images between the stages of a shared computation: Zarrs in a folder that all machines see.

use petavox_core::{ImageSpec, Result};
use petavox_store::{CreateOptions, ImageWriter, create, join};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Chunks of more bytes are cut: an object is read and written whole.
const LARGEST_CHUNK: usize = 64 << 20;

/// One image that some processes write and others read, while the computation runs.
pub(super) struct Store {
    path: PathBuf,
    spec: ImageSpec,
    options: CreateOptions,
}

impl Store {
    /// The store `name`; blocks that are written are unions of chunks of `chunk`, if that is given.
    pub(super) fn new(
        folder: &Path,
        name: &str,
        spec: &ImageSpec,
        chunk: Option<&[usize]>,
    ) -> Store {
        let chunk_shape = chunk.map(|c| divided(c, LARGEST_CHUNK / spec.dtype.size()));
        Store {
            path: folder.join(format!("{name}.zarr")),
            spec: spec.clone(),
            options: CreateOptions {
                // A shard would be one object of several blocks: no.
                shard_shape: chunk_shape.clone(),
                chunk_shape,
                n_levels: Some(1),
                overwrite: true,
                ..CreateOptions::default()
            },
        }
    }

    /// Makes it ready to be written. What was there is kept: another attempt writes the same bytes.
    pub(super) fn start(&self) -> Result<()> {
        let options = CreateOptions { resume: true, ..self.options.clone() };
        // The lock is not kept: the folder belongs to this computation alone.
        create(&self.path, &self.spec, &options).map(drop)
    }

    /// To write blocks, or to read what was written.
    pub(super) fn join(&self) -> Result<Arc<dyn ImageWriter>> {
        join(&self.path, &self.spec, &self.options)
    }
}

/// The shape of at most `samples` that divides `chunk` along every axis.
fn divided(chunk: &[usize], samples: usize) -> Vec<usize> {
    let mut chunk: Vec<usize> = chunk.iter().map(|c| (*c).max(1)).collect();
    for a in 0..chunk.len() {
        let others: usize = chunk.iter().product::<usize>() / chunk[a];
        let most = (samples / others).max(1);
        if chunk[a] > most {
            chunk[a] = (1..=most).rev().find(|d| chunk[a].is_multiple_of(*d)).unwrap_or(1);
        }
    }
    chunk
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_chunks_are_cut_into_whole_parts() {
        assert_eq!(divided(&[12, 10, 10], 1200), [12, 10, 10]);
        assert_eq!(divided(&[12, 10, 10], 1199), [6, 10, 10]);
        assert_eq!(divided(&[7, 10, 10], 300), [1, 10, 10]);
        assert_eq!(divided(&[7, 100], 30), [1, 25]);
    }
}
