//! Which samples are neighbours.

use crate::filter::for_each_index;
use petavox_core::{Error, Result};
use serde::{Deserialize, Serialize};

/// A neighbourhood of up to three samples along every axis, the same from both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Neighbours {
    ndim: usize,
    /// By offset -1, 0, 1 along every axis, the last axis fastest.
    marks: Vec<bool>,
}

/// A row before a row, and where along it neighbours are.
pub(super) struct Before {
    /// Offsets of all axes but the last.
    pub(super) offset: Vec<i64>,
    /// Offsets along the last axis at which there are neighbours.
    pub(super) along: Vec<i64>,
}

impl Neighbours {
    /// Those along up to `connectivity` axes at once.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if it is not 1 to the number of axes.
    pub fn within(connectivity: usize, ndim: usize) -> Result<Neighbours> {
        if !(1..=ndim).contains(&connectivity) {
            let expected = format!("1 to {ndim}, the number of axes");
            return Err(Error::argument("connectivity", connectivity, expected));
        }
        let mut marks = vec![];
        for_each_index(&vec![3; ndim], &mut |index| {
            marks.push(index.iter().filter(|i| **i != 1).count() <= connectivity);
        });
        Ok(Neighbours { ndim, marks })
    }

    /// Those that are marked in a structure of three samples along every axis, in C order.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if it is of another size, or not the same from both sides.
    pub fn structure(marks: Vec<bool>, ndim: usize) -> Result<Neighbours> {
        if marks.len() != 3usize.pow(ndim as u32) {
            let expected = format!("{}, 3 along each of {ndim} axes", 3usize.pow(ndim as u32));
            return Err(Error::argument("structure", format!("{} samples", marks.len()), expected));
        }
        if !marks.iter().eq(marks.iter().rev()) {
            let expected = "the same from both sides: symmetric about its centre";
            return Err(Error::argument("structure", "one that is not", expected));
        }
        Ok(Neighbours { ndim, marks })
    }

    /// Number of axes.
    pub fn ndim(&self) -> usize {
        self.ndim
    }

    /// The structure, in C order.
    pub fn marks(&self) -> &[bool] {
        &self.marks
    }

    /// True if all samples around a sample are its neighbours.
    pub(super) fn is_full(&self) -> bool {
        self.marks.iter().all(|m| *m)
    }

    /// True if samples side by side along the last axis are neighbours.
    pub(super) fn in_rows(&self) -> bool {
        self.marks[self.marks.len() / 2 + 1]
    }

    /// The rows before a row that have neighbours of its samples.
    pub(super) fn before(&self) -> Vec<Before> {
        let n_outer = self.ndim - 1;
        let mut found = vec![];
        let mut k = 0;
        for_each_index(&vec![3; n_outer], &mut |index| {
            let offset: Vec<i64> = index.iter().map(|i| *i as i64 - 1).collect();
            let earlier = offset.iter().find(|o| **o != 0).is_some_and(|o| *o < 0);
            let along: Vec<i64> =
                (0..3).filter(|x| self.marks[3 * k + x]).map(|x| x as i64 - 1).collect();
            if earlier && !along.is_empty() {
                found.push(Before { offset, along });
            }
            k += 1;
        });
        found
    }

    /// The offsets of all neighbours.
    pub(super) fn offsets(&self) -> Vec<Vec<i64>> {
        let mut found = vec![];
        let mut k = 0;
        for_each_index(&vec![3; self.ndim], &mut |index| {
            if self.marks[k] && index.iter().any(|i| *i != 1) {
                found.push(index.iter().map(|i| *i as i64 - 1).collect());
            }
            k += 1;
        });
        found
    }
}
