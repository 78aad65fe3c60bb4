//! What is known of one label so far.

use super::cell::Basic;
use super::hull;
use super::intensity::ImagePart;
use super::moments::{self, CellMoments};
use super::outline::Outline;
use super::row::{Convex, RegionRow};
use petavox_core::Region;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Part {
    area: u64,
    start: Box<[i64]>,
    end: Box<[i64]>,
    sums: Box<[i128]>,
    /// Sums of products of two coordinates: the upper triangle, row by row.
    seconds: Box<[i128]>,
    pub(super) images: Vec<ImagePart>,
    pub(super) moments: Vec<CellMoments>,
    /// Ends of runs, the last three coordinates.
    pub(super) hull: Vec<[i32; 3]>,
    pub(super) outline: Option<Box<Outline>>,
}

impl Part {
    pub(super) fn new(basic: &Basic, region: &Region) -> Part {
        let n = region.ndim();
        let at = |a: usize, x: u32| region.start()[a] + i64::from(x);
        Part {
            area: basic.count,
            start: (0..n).map(|a| at(a, basic.lo[a])).collect(),
            end: (0..n).map(|a| at(a, basic.hi[a])).collect(),
            sums: (0..n)
                .map(|a| {
                    i128::from(basic.sums[a])
                        + i128::from(region.start()[a]) * i128::from(basic.count)
                })
                .collect(),
            seconds: Box::default(),
            images: vec![],
            moments: vec![],
            hull: vec![],
            outline: None,
        }
    }

    /// A label that is only seen beside a cell: its samples are another cell's.
    pub(super) fn outside(ndim: usize) -> Part {
        Part {
            area: 0,
            start: vec![i64::MAX; ndim].into(),
            end: vec![i64::MIN; ndim].into(),
            sums: vec![0; ndim].into(),
            seconds: Box::default(),
            images: vec![],
            moments: vec![],
            hull: vec![],
            outline: None,
        }
    }

    /// Adds sums of products of coordinates that are relative to a cell whose sums are this part's.
    pub(super) fn add_seconds(&mut self, local: &[u64], region: &Region) {
        let n = region.ndim();
        let start: Vec<i128> = region.start().iter().map(|s| i128::from(*s)).collect();
        let area = i128::from(self.area);
        let mut k = 0;
        let mut seconds = Vec::with_capacity(local.len());
        for a in 0..n {
            for b in a..n {
                // (x + s)(y + t) = xy + s y + t x + s t, and sums here are those of x + s.
                let (x, y) = (self.sums[a] - start[a] * area, self.sums[b] - start[b] * area);
                seconds.push(
                    i128::from(local[k]) + start[a] * y + start[b] * x + start[a] * start[b] * area,
                );
                k += 1;
            }
        }
        self.seconds = seconds.into();
    }

    pub(super) fn prune_hull(&mut self, ndim: usize, above: usize) {
        if self.hull.len() > above {
            hull::prune(&mut self.hull, ndim);
        }
    }

    pub(super) fn merge(&mut self, other: Part) {
        self.area += other.area;
        for a in 0..self.sums.len() {
            self.start[a] = self.start[a].min(other.start[a]);
            self.end[a] = self.end[a].max(other.end[a]);
            self.sums[a] += other.sums[a];
        }
        if self.seconds.is_empty() {
            self.seconds = other.seconds;
        } else {
            self.seconds.iter_mut().zip(&other.seconds).for_each(|(a, b)| *a += b);
        }
        if self.images.is_empty() {
            self.images = other.images;
        } else {
            self.images.iter_mut().zip(other.images).for_each(|(a, b)| a.merge(b));
        }
        self.moments.extend(other.moments);
        let before = self.hull.len();
        self.hull.extend(other.hull);
        if before > 0 {
            self.prune_hull(self.sums.len(), 256);
        }
        match (&mut self.outline, other.outline) {
            (Some(mine), Some(theirs)) => mine.merge(&theirs),
            (mine @ None, theirs) => *mine = theirs,
            (Some(_), None) => {}
        }
    }

    /// About the memory of a part that only counts.
    pub(super) fn fixed_bytes(&self) -> usize {
        160 + self.sums.len() * 32
            + self.seconds.len() * 16
            + self.images.len() * 224
            + self.outline.as_ref().map_or(0, |_| size_of::<Outline>())
    }

    /// What grows with the region.
    pub(super) fn grown_bytes(&self) -> usize {
        let moments: usize = self
            .moments
            .iter()
            .map(|m| {
                96 + 16 * m.origin.len() + m.sets.iter().map(|s| 24 + 8 * s.len()).sum::<usize>()
            })
            .sum();
        moments
            + 12 * self.hull.capacity()
            + self.images.iter().map(ImagePart::grown_bytes).sum::<usize>()
    }

    pub(super) fn row(mut self, label: u64) -> RegionRow {
        let n = self.sums.len();
        let area = self.area as f64;
        let start: Vec<i64> = self.start.to_vec();
        let origin: Vec<f64> = start.iter().map(|s| *s as f64).collect();
        let n_sets = self.moments.first().map_or(0, |m| m.sets.len());
        let moments = (0..n_sets)
            .map(|k| {
                let len = self.moments[0].sets[k].len();
                let powers = if len == 4usize.pow(n as u32) { 4 } else { 2 };
                moments::joined(&mut self.moments, k, powers, &origin)
            })
            .collect();
        let convex = if self.hull.is_empty() { None } else { Some(Convex::of(&self.hull, n)) };
        RegionRow {
            label,
            area: self.area,
            centroid: self.sums.iter().map(|s| *s as f64 / area).collect(),
            seconds: self.central_seconds(),
            end: self.end.to_vec(),
            start,
            intensities: self.images.into_iter().map(ImagePart::intensity).collect(),
            moments,
            convex,
            outline: self.outline.map(|o| *o),
        }
    }

    /// Sums of products of two deviations from the centre; the differences are taken exactly.
    fn central_seconds(&self) -> Vec<f64> {
        if self.seconds.is_empty() {
            return vec![];
        }
        let n = self.sums.len();
        let area = i128::from(self.area);
        // About the corner of the box, so that products fit.
        let start: Vec<i128> = self.start.iter().map(|s| i128::from(*s)).collect();
        let sums: Vec<i128> = (0..n).map(|a| self.sums[a] - start[a] * area).collect();
        let mut k = 0;
        let mut found = vec![];
        for a in 0..n {
            for b in a..n {
                let about = self.seconds[k] - start[a] * self.sums[b] - start[b] * self.sums[a]
                    + start[a] * start[b] * area;
                found.push((about * area - sums[a] * sums[b]) as f64 / area as f64);
                k += 1;
            }
        }
        found
    }
}
