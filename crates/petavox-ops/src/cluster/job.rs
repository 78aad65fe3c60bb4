//! What the machines of a shared computation agree on, and what they tell each other.

use super::Piece;
use crate::skeleton::SkeletonOptions;
use petavox_store::CreateOptions;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What is to come out of a shared computation.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wants {
    /// A level of a Zarr whose writer the starter holds: level 0 is the image, each other is made from the one before.
    Level {
        /// The Zarr's final path.
        path: PathBuf,
        /// How it is written; the same as the starter's.
        options: CreateOptions,
        /// Which level.
        level: usize,
    },
    /// The samples, in the hands of whoever ran the tasks.
    Samples {
        /// Blocks are unions of chunks of this shape.
        chunk: Vec<usize>,
    },
    /// The samples, chunk by chunk: the blocks of the last stage are exactly these chunks.
    Chunks {
        /// Their shape.
        chunk: Vec<usize>,
    },
    /// What skeleton analysis needs of the image: its mask, as a Zarr in the job's folder, and its projection.
    Skeleton(SkeletonOptions),
}

/// What all machines know of a shared computation, beside the lazy image.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    /// Petavox' version: others might plan differently.
    pub version: String,
    /// What is to come out.
    pub wants: Wants,
    /// Memory of one task, beside what its process takes anyway.
    pub memory_bytes: u64,
    /// Threads of one task.
    pub n_threads: usize,
    /// Tasks into which a stage is cut at least, if there is work for so many.
    pub n_tasks: usize,
    /// A folder that all machines see under this path, for what lies between stages.
    pub folder: PathBuf,
}

impl Job {
    /// A job of this version, with one thread per task.
    pub fn new(wants: Wants, memory_bytes: u64, n_tasks: usize, folder: PathBuf) -> Job {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Job { version, wants, memory_bytes, n_threads: 1, n_tasks: n_tasks.max(1), folder }
    }
}

/// A stage, as a scheduler sees it.
#[derive(Clone, Debug, Serialize)]
pub struct StageInfo {
    /// What it does.
    pub title: String,
    /// The operations fused into it, in order.
    pub operations: Vec<String>,
    /// Its blocks.
    pub n_blocks: usize,
    /// Blocks that follow one another and share decoded chunks: cutting between them costs decoding.
    pub row: usize,
    /// Bytes of the samples of one block.
    pub block_bytes: u64,
    /// A rough forecast for all blocks.
    pub cpu_secs: f64,
    /// What becomes of its blocks.
    pub outputs: Vec<OutputInfo>,
}

/// What becomes of the blocks of one output of a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputInfo {
    /// They are written, or handed over.
    Written,
    /// Their parts are merged and finished to a value.
    Value,
    /// Their parts are merged; that is all that is wanted.
    Volume,
    /// Their parts are merged, and one process sweeps over them.
    JoinedSweep,
    /// They are stored, and one process sweeps over what is stored.
    StoredSweep,
}

/// What a task leaves.
#[derive(Debug, Default)]
pub struct Made {
    /// Per output of the stage: the bytes of the merged part; empty where blocks were written.
    pub parts: Vec<Vec<u8>>,
    /// The samples that were made, if samples are what is wanted.
    pub pieces: Vec<Piece>,
}
