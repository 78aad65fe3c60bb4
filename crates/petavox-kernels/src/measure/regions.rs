//! Statistics of labelled regions, all labels in one pass, cell by cell of a grid that depends on the image alone.
//!
//! What is counted is exact. What is summed as doubles is summed in the order of the samples inside a cell, and the sums of cells
//! are kept apart or added exactly, so that results do not depend on how cells come together.

mod cell;
mod hull;
mod index;
mod intensity;
mod moments;
mod outline;
mod pairs;
mod part;
mod row;

pub use cell::{CellView, Plane};
pub use intensity::Intensity;
pub use moments::{central_moments, raw_moments};
pub use outline::{crofton_perimeter, euler_number, perimeter};
pub use pairs::{Pairs, Points, add_pairs, add_points};
pub use row::{Convex, RegionRow};

use part::Part;
use petavox_core::{Block, Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::hash::BuildHasherDefault;

/// What is gathered of each label besides its size, its box and its centre.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Wants {
    /// Second moments of the samples' places.
    pub seconds: bool,
    /// Moments of the mask: their powers per axis (4 for powers 0 to 3), 0 for none.
    pub powers: usize,
    /// Moments of the images: their powers per axis, 0 for none.
    pub weighted_powers: usize,
    /// Smallest and largest samples, where they are first, and sums.
    pub intensity: bool,
    /// Sums of squares.
    pub squares: bool,
    /// All values, for the median.
    pub values: bool,
    /// The convex hull.
    pub hull: bool,
    /// Counts of the neighbourhoods of corners, for Euler numbers and Crofton's perimeter; takes a halo of 1.
    pub corners: bool,
    /// Counts of kinds of border samples, for the perimeter of 2-D regions; takes a halo of 2.
    pub outline: bool,
    /// The edges of a histogram's bins, rising.
    pub edges: Vec<f64>,
}

impl Wants {
    /// Samples around a cell that must be seen.
    pub fn halo(&self) -> usize {
        if self.outline { 2 } else { usize::from(self.corners) }
    }
}

/// What is known of every label (but 0) in the cells seen so far; order does not matter.
///
/// ```
/// use petavox_core::{Block, Region};
/// use petavox_kernels::measure::{RegionTable, Wants};
/// let labels = Block::from_vec(Region::new([0, 10], [2, 3]), vec![0u8, 7, 7, 2, 2, 7])?;
/// let rows = RegionTable::of_block(&labels, &[], &Wants::default())?.rows();
/// assert_eq!(rows[1].label, 7);
/// assert_eq!((rows[1].area, &rows[1].centroid[..]), (3, &[1.0 / 3.0, 35.0 / 3.0][..]));
/// assert_eq!((&rows[1].start[..], &rows[1].end[..]), (&[0, 11][..], &[2, 13][..]));
/// # Ok::<(), petavox_core::Error>(())
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RegionTable {
    parts: HashMap<u64, Part, BuildHasherDefault<index::Spread>>,
    /// At least the bytes of what grows with regions: what joining gives back is not taken off.
    grown: usize,
}

impl RegionTable {
    /// Looks at a block of labels (any integer dtype or `bool`) and at images in the same region (any dtype), as one cell. What
    /// takes a halo finds background around the block.
    ///
    /// # Errors
    /// [`Error::UnsupportedDtype`] for labels that are floats; [`Error::InvalidArgument`] for a negative label; [`Error::Internal`] if
    /// the regions differ.
    pub fn of_block(labels: &Block, images: &[&Block], wants: &Wants) -> Result<RegionTable> {
        if images.iter().any(|i| i.region() != labels.region()) {
            return Err(Error::internal("RegionTable", "labels and image of two regions"));
        }
        let mut table = RegionTable::default();
        let padded;
        let halo = wants.halo();
        let mut view = CellView::of_block(labels, images)?;
        if halo > 0 {
            let around = labels
                .region()
                .grow(&vec![halo; labels.region().ndim()], &vec![halo; labels.region().ndim()]);
            let mut larger = Block::zeros(around, labels.dtype())?;
            larger.copy_from(labels)?;
            padded = larger;
            view = view.with_halo(&padded, halo);
        }
        table.add_cell(&view, wants)?;
        Ok(table)
    }

    /// Looks at one cell.
    ///
    /// # Errors
    /// As [`RegionTable::of_block`].
    pub fn add_cell(&mut self, view: &CellView<'_>, wants: &Wants) -> Result<()> {
        for (label, part) in cell::look(view, wants)? {
            self.add_part(label, part);
        }
        Ok(())
    }

    fn add_part(&mut self, label: u64, part: Part) {
        self.grown += part.grown_bytes();
        match self.parts.entry(label) {
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(part);
            }
            std::collections::hash_map::Entry::Occupied(mut mine) => mine.get_mut().merge(part),
        }
    }

    /// Both parts together.
    pub fn merge(mut self, mut other: RegionTable) -> RegionTable {
        if self.parts.len() < other.parts.len() {
            std::mem::swap(&mut self, &mut other);
        }
        self.parts.reserve(other.parts.len());
        for (label, part) in other.parts {
            self.add_part(label, part);
        }
        self
    }

    /// True if it takes more than so many bytes, about.
    pub fn exceeds(&mut self, max_bytes: u64) -> bool {
        // Counted anew only when it might: there may be many parts.
        if (self.grown + self.fixed_bytes()) as u64 > max_bytes {
            self.grown = self.parts.values().map(Part::grown_bytes).sum();
        }
        (self.grown + self.fixed_bytes()) as u64 > max_bytes
    }

    fn fixed_bytes(&self) -> usize {
        self.parts.values().next().map_or(0, Part::fixed_bytes) * self.parts.capacity()
    }

    /// Number of labels.
    pub fn len(&self) -> usize {
        self.parts.len()
    }

    /// True if there is no label.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// About how much memory the table takes, in bytes.
    pub fn bytes(&self) -> usize {
        self.parts.values().map(Part::grown_bytes).sum::<usize>() + self.fixed_bytes()
    }

    /// The rows in the order of the labels.
    pub fn rows(self) -> Vec<RegionRow> {
        let mut rows: Vec<RegionRow> =
            self.parts.into_iter().map(|(label, part)| part.row(label)).collect();
        rows.sort_unstable_by_key(|row| row.label);
        rows
    }
}

#[cfg(test)]
mod tests;
