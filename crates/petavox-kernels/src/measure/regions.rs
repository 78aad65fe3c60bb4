//! Statistics of labelled regions, all labels in one pass.

use super::ExactSum;
use crate::pointwise::Scalar;
use crate::sample::{Integer, dispatch_integers};
use petavox_core::{Block, Element, Error, Region, Result, dispatch};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// What is known of every label (but 0) in the blocks seen so far. Everything is exact until it is read, so order and cuts do not
/// matter.
///
/// ```
/// use petavox_core::{Block, Region};
/// use petavox_kernels::measure::RegionTable;
/// let labels = Block::from_vec(Region::new([0, 10], [2, 3]), vec![0u8, 7, 7, 2, 2, 7])?;
/// let rows = RegionTable::of_block(&labels, None)?.rows();
/// assert_eq!(rows[1].label, 7);
/// assert_eq!((rows[1].area, &rows[1].centroid[..]), (3, &[1.0 / 3.0, 35.0 / 3.0][..]));
/// assert_eq!((&rows[1].start[..], &rows[1].end[..]), (&[0, 11][..], &[2, 13][..]));
/// # Ok::<(), petavox_core::Error>(())
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RegionTable {
    parts: HashMap<u64, Part>,
}

/// One label's row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RegionRow {
    /// The label.
    pub label: u64,
    /// Number of samples.
    pub area: u64,
    /// First coordinate per axis of the box around it.
    pub start: Vec<i64>,
    /// One past the last coordinate per axis.
    pub end: Vec<i64>,
    /// Mean coordinate per axis, in samples.
    pub centroid: Vec<f64>,
    /// Of the image under the label, if one was given.
    pub intensity: Option<Intensity>,
}

/// Intensities under a label; all NaN where a sample is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Intensity {
    /// Smallest sample.
    pub min: Scalar,
    /// Largest sample.
    pub max: Scalar,
    /// Sum: exact for integers, the nearest double for floats.
    pub sum: Scalar,
    /// Mean.
    pub mean: f64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Part {
    area: u64,
    start: Box<[i64]>,
    end: Box<[i64]>,
    sums: Box<[i128]>,
    image: Option<Box<ImagePart>>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum ImagePart {
    Integer { min: i128, max: i128, sum: i128 },
    Float { min: f64, max: f64, sum: ExactSum, has_nan: bool },
}

impl RegionTable {
    /// Looks at a block of labels (any integer dtype or `bool`) and, if given, at the image in the same region (any dtype).
    ///
    /// # Errors
    /// [`Error::UnsupportedDtype`] for labels that are floats; [`Error::InvalidArgument`] for a negative label; [`Error::Internal`] if
    /// the regions differ.
    pub fn of_block(labels: &Block, image: Option<&Block>) -> Result<RegionTable> {
        if image.is_some_and(|i| i.region() != labels.region()) {
            return Err(Error::internal("RegionTable", "labels and image of two regions"));
        }
        let mut table = RegionTable::default();
        dispatch_integers!(labels.dtype(), T => {
            table.add_labels::<T>(labels.typed()?, labels.region(), image)?;
        }, else return Err(Error::dtype("measure (labels)", labels.dtype(), "bool and integers")));
        Ok(table)
    }

    fn add_labels<T: Integer>(
        &mut self,
        labels: &[T],
        region: &Region,
        image: Option<&Block>,
    ) -> Result<()> {
        let row = region.shape()[region.ndim() - 1];
        let mut at = 0;
        let mut problem = Ok(());
        region.for_each_row(|point| {
            let mut x = 0;
            for run in labels[at..at + row].chunk_by(|a, b| a == b) {
                let label: i128 = run[0].into();
                if label < 0 && problem.is_ok() {
                    problem = Err(Error::argument("labels", label, "labels of 0 and more"));
                }
                if label > 0 {
                    let part = self.parts.entry(label as u64).or_insert_with(|| Part::new(point));
                    part.add_run(point, x, run.len());
                    if let Some(image) = image {
                        let add = part.add_samples(image, at + x, run.len());
                        problem = std::mem::replace(&mut problem, Ok(())).and(add);
                    }
                }
                x += run.len();
            }
            at += row;
        });
        problem
    }

    /// Both parts together.
    pub fn merge(mut self, other: RegionTable) -> RegionTable {
        for (label, part) in other.parts {
            match self.parts.entry(label) {
                std::collections::hash_map::Entry::Vacant(place) => {
                    place.insert(part);
                }
                std::collections::hash_map::Entry::Occupied(mut mine) => {
                    mine.get_mut().merge(&part)
                }
            }
        }
        self
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
        let part = |p: &Part| 128 + p.sums.len() * 32 + if p.image.is_some() { 192 } else { 0 };
        self.parts.values().next().map_or(0, part) * self.parts.capacity()
    }

    /// The rows in the order of the labels.
    pub fn rows(&self) -> Vec<RegionRow> {
        let mut rows: Vec<RegionRow> =
            self.parts.iter().map(|(label, part)| part.row(*label)).collect();
        rows.sort_unstable_by_key(|row| row.label);
        rows
    }
}

impl Part {
    fn new(point: &[i64]) -> Part {
        Part {
            area: 0,
            start: vec![i64::MAX; point.len()].into(),
            end: vec![i64::MIN; point.len()].into(),
            sums: vec![0; point.len()].into(),
            image: None,
        }
    }

    /// Adds the samples `x .. x + n` of the row that begins at `point`.
    fn add_run(&mut self, point: &[i64], x: usize, n: usize) {
        let last = point.len() - 1;
        for (a, &p) in point[..last].iter().enumerate() {
            self.start[a] = self.start[a].min(p);
            self.end[a] = self.end[a].max(p + 1);
            self.sums[a] += i128::from(p) * n as i128;
        }
        let (from, to) = (point[last] + x as i64, point[last] + (x + n) as i64);
        self.start[last] = self.start[last].min(from);
        self.end[last] = self.end[last].max(to);
        self.sums[last] += (i128::from(from) + i128::from(to) - 1) * n as i128 / 2;
        self.area += n as u64;
    }

    fn add_samples(&mut self, image: &Block, at: usize, n: usize) -> Result<()> {
        let mut found = dispatch_integers!(image.dtype(), T => {
            let (mut min, mut max, mut sum) = (T::MAX, T::MIN, 0i128);
            for &x in &image.typed::<T>()?[at..at + n] {
                (min, max) = (min.min(x), max.max(x));
                sum += i128::from(x);
            }
            ImagePart::Integer { min: min.into(), max: max.into(), sum }
        }, else dispatch!(image.dtype(), T => {
            let (mut min, mut max) = (f64::INFINITY, f64::NEG_INFINITY);
            let (mut sum, mut has_nan) = (ExactSum::default(), false);
            for &x in &image.typed::<T>()?[at..at + n] {
                let x = x.to_f64();
                (min, max) = (min.min(x), max.max(x));
                has_nan |= x.is_nan();
                sum.add(x);
            }
            ImagePart::Float { min, max, sum, has_nan }
        }));
        if let Some(mine) = self.image.take() {
            found.merge(&mine);
        }
        self.image = Some(Box::new(found));
        Ok(())
    }

    fn merge(&mut self, other: &Part) {
        self.area += other.area;
        for a in 0..self.sums.len() {
            self.start[a] = self.start[a].min(other.start[a]);
            self.end[a] = self.end[a].max(other.end[a]);
            self.sums[a] += other.sums[a];
        }
        match (&mut self.image, &other.image) {
            (Some(mine), Some(theirs)) => mine.merge(theirs),
            (None, Some(theirs)) => self.image = Some(theirs.clone()),
            (_, None) => {}
        }
    }

    fn row(&self, label: u64) -> RegionRow {
        let area = self.area as f64;
        RegionRow {
            label,
            area: self.area,
            start: self.start.to_vec(),
            end: self.end.to_vec(),
            centroid: self.sums.iter().map(|s| *s as f64 / area).collect(),
            intensity: self.image.as_ref().map(|i| i.intensity(area)),
        }
    }
}

impl ImagePart {
    fn merge(&mut self, other: &ImagePart) {
        match (self, other) {
            (
                ImagePart::Integer { min, max, sum },
                ImagePart::Integer { min: a, max: b, sum: c },
            ) => {
                (*min, *max) = ((*min).min(*a), (*max).max(*b));
                *sum += c;
            }
            (
                ImagePart::Float { min, max, sum, has_nan },
                ImagePart::Float { min: a, max: b, sum: c, has_nan: d },
            ) => {
                (*min, *max) = (min.min(*a), max.max(*b));
                sum.merge(c);
                *has_nan |= d;
            }
            // One image has one dtype.
            _ => {}
        }
    }

    fn intensity(&self, area: f64) -> Intensity {
        match self {
            ImagePart::Integer { min, max, sum } => Intensity {
                min: Scalar::Int(*min),
                max: Scalar::Int(*max),
                sum: Scalar::Int(*sum),
                mean: *sum as f64 / area,
            },
            ImagePart::Float { min, max, sum, has_nan } => {
                let or_nan = |x: f64| Scalar::Float(if *has_nan { f64::NAN } else { x });
                let value = sum.value();
                Intensity {
                    min: or_nan(*min),
                    max: or_nan(*max),
                    sum: Scalar::Float(value),
                    mean: value / area,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
