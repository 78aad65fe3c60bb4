//! Connected components, block by block.
//!
//! Four pieces make scipy.ndimage's `label` of an image that is never in memory: [`label_block`] numbers the components of one block,
//! [`touching`] finds which numbers of two neighbouring blocks belong together, [`Components`] joins what it is told and numbers the
//! results by the raster order of their first sample, and [`relabel`] writes the final numbers. Sizes come along, so that small objects
//! and small holes are removed by the same pieces ([`ComponentTable::small`]).
//!
//! ```
//! use petavox_core::{Block, Buffer, Dtype, Region};
//! use petavox_kernels::label::{Components, Of, label_block, label_block_scratch_bytes, touching};
//! let mut all = Components::default();
//! let mut labelled = vec![];
//! for (start, samples) in [(0, vec![1u8, 0, 1, 1]), (4, vec![1, 1, 0, 1])] {
//!     let mask = Block::from_vec(Region::new([start], [4]), samples)?.viewed_as(Dtype::Bool)?;
//!     let mut labels = Block::zeros(mask.region().clone(), Dtype::UInt32)?;
//!     let mut scratch = Buffer::zeroed(label_block_scratch_bytes(&[4]))?;
//!     let found = label_block(&mask, Of::Foreground, 1, &mut labels, scratch.bytes_mut())?;
//!     let base = all.add_block(labels.region(), &[8], &found);
//!     labelled.push((labels, base));
//! }
//! let (a, b) = (&labelled[0], &labelled[1]);
//! touching(&a.0, &b.0, 1, &mut |x, y| all.join((a.1, x), (b.1, y)))?;
//! let table = all.finish();
//! assert_eq!(table.sizes(), [1, 4, 1]);
//! assert_eq!(table.lookup(b.1, 2), [0, 2, 3]);
//! # Ok::<(), petavox_core::Error>(())
//! ```

mod block;
mod relabel;
mod table;
mod touching;
mod union_find;

pub use block::{Component, Of, label_block, label_block_scratch_bytes};
pub use relabel::relabel;
pub use table::{ComponentTable, Components};
pub use touching::touching;
pub use union_find::UnionFind;

#[cfg(test)]
mod tests;
