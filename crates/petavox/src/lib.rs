//! Petavox analyses n-dimensional scientific images that are bigger than memory: it reads them lazily, works on every core,
//! stays inside the memory it was given, and gives the same answer however the image is cut into chunks.
//!
//! # A guided tour
//! An [`Image`] is lazy: opening one reads no samples, and applying operations only writes down what is to be done.
//!
//! ```
//! use petavox::Image;
//! let image = Image::from_vec(&[4, 6], (0..24u16).collect())?;
//! let mask = image.apply("gaussian:sigma=0.5")?.apply("greater:value=11")?;
//! assert_eq!(mask.spec().shape, [4, 6]);
//! assert_eq!(mask.spec().dtype, petavox::Dtype::Bool);
//! # Ok::<(), petavox::Error>(())
//! ```
//!
//! Operations are named as on the command line, with the parameters of scipy and scikit-image; [`operations`] lists them.
//! The work is done when the samples are asked for, in memory with [`Image::compute`] or into a file with [`Image::save`],
//! inside the memory that [`RunOptions`] grants:
//!
//! ```
//! use petavox::{Image, RunOptions, parse_size};
//! # let mask = Image::from_vec(&[4, 6], (0..24u16).collect())?.apply("greater:value=11")?;
//! let run = RunOptions { memory_bytes: Some(parse_size("256MiB")?), ..RunOptions::default() };
//! let block = mask.compute(&run)?;
//! assert_eq!(block.typed::<u8>()?.iter().filter(|&&x| x == 1).count(), 12);
//! # Ok::<(), petavox::Error>(())
//! ```
//!
//! [`Image::reduce`] makes a number of an image, [`Image::measure`] a table of its labelled regions, and [`skeleton()`] does the
//! whole way from a volume to a table of its branches. An image in a file is opened with [`Image::open`]:
//!
//! ```
//! use petavox::{Image, Reduction, RunOptions, SaveOptions};
//! let folder = tempfile::tempdir().expect("a folder for temporary files");
//! let path = folder.path().join("small.zarr");
//! let run = RunOptions::default();
//! Image::from_vec(&[8, 8, 8], vec![7u8; 512])?.save(&path, &SaveOptions::default(), &run)?;
//! let image = Image::open(&path.to_string_lossy())?;
//! assert_eq!(image.reduce(Reduction::Mean, &run)?.to_string(), "7");
//! # Ok::<(), petavox::Error>(())
//! ```
//!
//! A mistake is answered with what was expected:
//!
//! ```
//! # let image = petavox::Image::from_vec(&[4, 6], (0..24u16).collect())?;
//! let message = image.apply("gausian:sigma=2").unwrap_err().to_string();
//! assert!(message.contains("did you mean 'gaussian'?"));
//! # Ok::<(), petavox::Error>(())
//! ```

mod demo;
mod fold;
mod image;
pub mod mosaic;
mod save;
mod skeleton;

pub use demo::{DemoDone, demo};
pub use fold::MeasureOptions;
pub use image::{Image, open_source};
pub use save::SaveOptions;
pub use skeleton::{plan_skeleton, skeleton};

pub use petavox_core::{
    Axes, Block, Boundary, CancelToken, ChunkGrid, Column, Dtype, Element, Error, ImageSpec,
    NoProgress, Progress, Region, Result, Sink, Source, Spacing, Table, dispatch,
};
pub use petavox_engine::{
    BlockCall, BlockOp, Budget, ChunkCache, Crew, Globals, Kind, Need, Node, Reader, Reservation,
    RunContext, RunOptions, Words, available_memory, default_threads, explain, identity,
    parse_size, peak_resident_bytes, resident_bytes,
};
pub use petavox_kernels::feature::spaced;
pub use petavox_kernels::measure::Histogram;
pub use petavox_ops::cluster::{self, SharedOutput};
pub use petavox_ops::coarser;
pub use petavox_ops::operation::measures::columns::{PROPERTIES, needs_image};
pub use petavox_ops::operation::reduce::{ReduceOptions, Reduced, Reduction};
pub use petavox_ops::operation::thresholds::threshold::{Threshold, thresholds_of};
pub use petavox_ops::saving::Saved;
pub use petavox_ops::side_by_side::{Compared, compare};
pub use petavox_ops::skeleton::{Export, SkeletonDone, SkeletonJob, SkeletonOptions, Trace};
pub use petavox_ops::thin::ThinMethod;
pub use petavox_ops::{FAMILIES, Family, Operation, Resolver, nearest, operations};
pub use petavox_store::{
    Channel, Codec, CreateOptions, Info, LevelInfo, Limits, Missing, OpenOptions, npy_header,
    pyramid, table, zarr_metadata,
};
