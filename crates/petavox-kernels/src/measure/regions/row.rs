//! What is known of a label at last.

use super::hull;
use super::intensity::Intensity;
use super::outline::Outline;
use serde::{Deserialize, Serialize};

/// One label's row. What was not wanted is empty.
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
    /// Sums of products of two deviations from the centre: the upper triangle, row by row.
    pub seconds: Vec<f64>,
    /// Of each image under the label.
    pub intensities: Vec<Intensity>,
    /// Moments about the box's first sample, in samples: of the mask, if wanted, then of each image, if wanted.
    pub moments: Vec<Vec<f64>>,
    /// The convex hull.
    pub convex: Option<Convex>,
    /// Neighbourhoods along the border.
    pub outline: Option<Outline>,
}

/// What is known of a convex hull.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Convex {
    /// Samples in the hull of the region's samples, each taken with the points half a sample away along every axis.
    pub area: u64,
    /// Corners of the hull of the points half way between samples in it and samples beside it, in half samples.
    pub corners: Vec<[i32; 3]>,
}

impl Convex {
    pub(super) fn of(ends: &[[i32; 3]], ndim: usize) -> Convex {
        let (area, corners) = hull::filled(ends, ndim);
        Convex { area, corners }
    }

    /// The largest distance between two of the corners, with this spacing of samples.
    pub fn diameter(&self, spacing: &[f64]) -> f64 {
        let n = spacing.len().min(3);
        let mut most = 0f64;
        for (i, p) in self.corners.iter().enumerate() {
            for q in &self.corners[..i] {
                let square = (3 - n..3)
                    .map(|a| {
                        let d = f64::from(p[a] - q[a]) / 2.0 * spacing[a + n - 3];
                        d * d
                    })
                    .sum();
                most = most.max(square);
            }
        }
        most.sqrt()
    }
}
