//! Connected components, block by block.
//!
//! Four pieces make scipy.ndimage's `label` of an image that is never in memory: [`label_block`] numbers the components of one cell,
//! [`touching`] finds which numbers of two neighbouring cells belong together, [`Components`] joins what it is told and numbers the
//! results by the raster order of their first sample, and [`Runs::write`] writes the final numbers. Sizes come along, so that small
//! objects and small holes are removed by the same pieces ([`ComponentTable::small`]).
//!
//! ```
//! use petavox_core::{Block, Dtype, Region};
//! use petavox_kernels::label::{Components, Neighbours, Of, label_block, touching};
//! let neighbours = Neighbours::within(1, 1)?;
//! let mut all = Components::default();
//! let mut labelled = vec![];
//! for (start, samples) in [(0, vec![1u8, 0, 1, 1]), (4, vec![1, 1, 0, 1])] {
//!     let mask = Block::from_vec(Region::new([start], [4]), samples)?.viewed_as(Dtype::Bool)?;
//!     let runs = label_block(&mask, mask.region(), Of::Foreground, &neighbours)?;
//!     let base = all.add_block(runs.region(), &[8], runs.components());
//!     labelled.push((runs, base));
//! }
//! let (a, b) = (&labelled[0], &labelled[1]);
//! let ([_, last], [first, _]) = (a.0.faces(0)?, b.0.faces(0)?);
//! touching(&last, &first, &neighbours, &mut |x, y| all.join((a.1, x), (b.1, y)))?;
//! let table = all.finish();
//! assert_eq!(table.sizes(), [1, 4, 1]);
//! assert_eq!(table.lookup(b.1, 2), [0, 2, 3]);
//! # Ok::<(), petavox_core::Error>(())
//! ```

mod block;
mod expand;
mod joining;
mod map;
mod neighbours;
mod rows;
pub mod slic;
mod table;
mod touching;
mod union_find;

pub use block::{Component, Of, Runs, label_block, runs_bytes};
pub use expand::{
    expand_labels, expand_labels_line_bytes, expand_labels_scratch_bytes, expand_reach,
};
pub use map::{ValueMap, mapped_dtype};
pub use neighbours::Neighbours;
pub use table::{ComponentTable, Components};
pub use touching::touching;
pub use union_find::UnionFind;

#[cfg(test)]
mod tests;
