//! What a run may use, as Python gives it.

use crate::errors::exception;
use crate::threads::crew;
use petavox::{Codec, RunOptions, SaveOptions, available_memory, resident_bytes};
use pyo3::prelude::*;
use std::path::PathBuf;

/// Memory, threads, scratch folder, and who is told of progress.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Settings {
    /// Limit on the process' resident memory, in bytes.
    memory: Option<u64>,
    threads: Option<usize>,
    scratch: Option<PathBuf>,
    /// Samples that a block has at most along an axis.
    block_edge: Option<usize>,
    /// Called with (stage, blocks, done, bytes, seconds) now and then, and with None at the end.
    pub(crate) progress: Option<Py<PyAny>>,
}

impl Settings {
    pub(crate) fn run_options(&self) -> RunOptions {
        // What the process holds already (the interpreter, arrays) is part of the limit.
        let held = resident_bytes().unwrap_or(0);
        RunOptions {
            memory_bytes: Some(self.memory.unwrap_or_else(|| held + available_memory() / 2)),
            base_bytes: Some(held),
            n_threads: self.threads,
            crew: crew(),
            scratch: self.scratch.clone(),
            block_edge: self.block_edge,
            ..RunOptions::default()
        }
    }
}

/// How a file is written, as Python gives it.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct FileOptions {
    chunk_shape: Option<Vec<usize>>,
    shard_shape: Option<Vec<usize>>,
    codec: Option<String>,
    levels: Option<usize>,
    zarr_format: u8,
    overwrite: bool,
    resume: bool,
    labels: bool,
}

impl FileOptions {
    pub(crate) fn save_options(self) -> PyResult<SaveOptions> {
        let codec =
            self.codec.map_or(Ok(Codec::Default), |text| Codec::parse(&text)).map_err(exception)?;
        Ok(SaveOptions {
            chunk_shape: self.chunk_shape,
            shard_shape: self.shard_shape,
            codec,
            n_levels: self.levels,
            zarr_format: self.zarr_format,
            overwrite: self.overwrite,
            resume: self.resume,
            is_labels: self.labels,
            ..SaveOptions::default()
        })
    }
}
