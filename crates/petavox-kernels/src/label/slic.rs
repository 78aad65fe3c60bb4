//! Superpixels: k-means in space and colour at once, with centres that only look around themselves (R. Achanta et al., "SLIC superpixels
//! compared to state-of-the-art superpixel methods", IEEE Trans. PAMI 34, 2012); and the joining of what comes out in pieces.
//!
//! Images are words: doubles in raster order, samples of a pixel one after another. Every pixel goes to the nearest of the centres that see
//! it, the first of several, so that pixels can be looked at in any order; means are summed in raster order.

use crate::bits::{load, store};
use std::ops::Range;
use std::sync::atomic::AtomicU64;

/// Centres on a regular grid: first and step of each axis (skimage.util.regular_grid).
pub fn regular_grid(shape: [usize; 3], n_points: usize) -> [(usize, usize); 3] {
    let mut order = [0, 1, 2];
    order.sort_by_key(|a| shape[*a]);
    let sizes = order.map(|a| shape[a] as f64);
    let total: f64 = sizes.iter().product();
    let n = n_points.max(1) as f64;
    if total <= n {
        return [(0, 1); 3];
    }
    let mut steps = [(total / n).powf(1.0 / 3.0); 3];
    if (0..3).any(|a| sizes[a] < steps[a]) {
        for axis in 0..3 {
            steps[axis] = sizes[axis];
            let rest: f64 = sizes[axis + 1..].iter().product();
            let each = (rest / n).powf(1.0 / (2 - axis).max(1) as f64);
            steps[axis + 1..].fill(each);
            if (0..3).all(|a| sizes[a] >= steps[a]) {
                break;
            }
        }
    }
    let mut grid = [(0, 1); 3];
    for (rank, axis) in order.into_iter().enumerate() {
        let step = steps[rank];
        grid[axis] = ((step / 2.0).floor() as usize, (step.round_ties_even() as usize).max(1));
    }
    grid
}

/// The centres of superpixels: three coordinates and the samples of a pixel each.
#[derive(Clone, Debug)]
pub struct Centres {
    /// Pixels per axis.
    pub shape: [usize; 3],
    /// Samples of a pixel.
    pub n_channels: usize,
    /// Centre after centre.
    pub values: Vec<f64>,
    /// Pixels that a centre sees on each side are twice this.
    pub steps: [usize; 3],
    /// What a squared distance in space counts.
    pub spatial: f64,
    /// The size of a pixel.
    pub spacing: [f64; 3],
    /// The greatest squared difference of colour, per centre, if superpixels adapt to it.
    pub colour: Option<Vec<f64>>,
}

impl Centres {
    /// About `n` centres on a regular grid, without colour.
    pub fn on_grid(
        shape: [usize; 3],
        n_channels: usize,
        n: usize,
        spacing: [f64; 3],
        adapts: bool,
    ) -> Centres {
        let grid = regular_grid(shape, n);
        let along = |a: usize| (grid[a].0..shape[a]).step_by(grid[a].1);
        let mut values = vec![];
        for z in along(0) {
            for y in along(1) {
                for x in along(2) {
                    values.extend([z as f64, y as f64, x as f64]);
                    values.extend(std::iter::repeat_n(0.0, n_channels));
                }
            }
        }
        let count = values.len() / (3 + n_channels);
        let step = grid.iter().map(|(_, s)| *s as f32).fold(0.0, f32::max);
        Centres {
            shape,
            n_channels,
            steps: regular_grid(shape, count).map(|(_, step)| step),
            spatial: 1.0 / f64::from(step * step),
            spacing,
            colour: adapts.then(|| vec![1.0; count]),
            values,
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.values.len() / (3 + self.n_channels)
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The pixels along an axis that a centre sees.
    fn window(&self, centre: &[f64], axis: usize) -> Range<usize> {
        let (at, reach) = (centre[axis], 2.0 * self.steps[axis] as f64);
        if at.is_nan() {
            return 0..0;
        }
        (at - reach).max(0.0) as usize..(at + reach + 1.0).min(self.shape[axis] as f64) as usize
    }

    /// Gives the pixels of some rows (numbered through all planes) to the centres: `labels` are numbers from 1, `nearest` the distances.
    pub fn assign(
        &self,
        image: &[AtomicU64],
        labels: &[AtomicU64],
        nearest: &[AtomicU64],
        rows: Range<usize>,
    ) {
        let [_, height, width] = self.shape;
        let far = f64::MAX.to_bits();
        nearest[rows.start * width..rows.end * width].iter().for_each(|d| store(d, far));
        let n = self.n_channels;
        for (k, centre) in self.values.chunks_exact(3 + n).enumerate() {
            let across = self.window(centre, 2);
            let square = |axis: usize, x: usize| {
                let d = self.spacing[axis] * (centre[axis] - x as f64);
                d * d
            };
            let planes = self.window(centre, 0);
            for z in
                planes.start.max(rows.start / height)..planes.end.min(rows.end.div_ceil(height))
            {
                let dz = square(0, z);
                let (lines, first) = (self.window(centre, 1), z * height);
                let lines = lines.start.max(rows.start.saturating_sub(first))
                    ..lines.end.min(rows.end.saturating_sub(first));
                for y in lines {
                    let row = first + y;
                    let dy = square(1, y);
                    for x in across.clone() {
                        let pixel = row * width + x;
                        let mut distance = (dz + dy + square(2, x)) * self.spatial;
                        let own = image[pixel * n..(pixel + 1) * n].iter().zip(&centre[3..]);
                        let mut colour = own.fold(0.0, |s, (v, c)| {
                            let t = f64::from_bits(load(v)) - c;
                            s + t * t
                        });
                        if let Some(most) = &self.colour {
                            colour /= most[k];
                        }
                        distance += colour;
                        if f64::from_bits(load(&nearest[pixel])) > distance {
                            store(&nearest[pixel], distance.to_bits());
                            store(&labels[pixel], k as u64 + 1);
                        }
                    }
                }
            }
        }
    }

    /// Moves the centres to the means of their pixels. False if `go_on` said so.
    pub fn renew(
        &mut self,
        image: &[AtomicU64],
        labels: &[AtomicU64],
        go_on: &dyn Fn() -> bool,
    ) -> bool {
        let n = self.n_channels;
        let [_, height, width] = self.shape;
        let mut counts = vec![0u64; self.len()];
        self.values.fill(0.0);
        for (row, labels) in labels.chunks(width.max(1)).enumerate() {
            if row % 1024 == 0 && !go_on() {
                return false;
            }
            for (x, label) in labels.iter().enumerate() {
                let Some(k) = (load(label) as usize).checked_sub(1) else { continue };
                counts[k] += 1;
                let sums = &mut self.values[k * (3 + n)..(k + 1) * (3 + n)];
                sums[0] += (row / height) as f64;
                sums[1] += (row % height) as f64;
                sums[2] += x as f64;
                let pixel = &image[(row * width + x) * n..];
                sums[3..].iter_mut().zip(pixel).for_each(|(s, v)| *s += f64::from_bits(load(v)));
            }
        }
        for (centre, count) in self.values.chunks_exact_mut(3 + n).zip(counts) {
            centre.iter_mut().for_each(|v| *v /= count as f64);
        }
        let Some(most) = &mut self.colour else { return true };
        for (pixel, label) in labels.iter().enumerate() {
            let Some(k) = (load(label) as usize).checked_sub(1) else { continue };
            let own = image[pixel * n..(pixel + 1) * n].iter();
            let colour = own.zip(&self.values[k * (3 + n) + 3..]).fold(0.0, |s, (v, c)| {
                let t = f64::from_bits(load(v)) - c;
                s + t * t
            });
            most[k] = most[k].max(colour);
        }
        true
    }
}

/// Numbers the connected pieces of `labels` (0 is none) from 1 in raster order into `out`; a piece of fewer than `least` pixels goes to one
/// that it touches, and one of more than `most` is cut. `queue` has room for as many pixels as there are. False if `go_on` said so.
pub fn joined(
    labels: &[u64],
    out: &mut [u64],
    queue: &mut [u64],
    shape: [usize; 3],
    (least, most): (usize, usize),
    go_on: &dyn Fn() -> bool,
) -> bool {
    let [depth, height, width] = shape;
    let most = most.clamp(1, queue.len().max(1));
    out.fill(0);
    let mut new = 1;
    for first in 0..labels.len() {
        if first % (1 << 16) == 0 && !go_on() {
            return false;
        }
        if labels[first] == 0 || out[first] > 0 {
            continue;
        }
        let (label, mut beside) = (labels[first], new);
        out[first] = new;
        queue[0] = first as u64;
        let (mut size, mut visited) = (1, 0);
        while visited < size && size < most {
            let at = queue[visited] as usize;
            let (z, y, x) = (at / width / height, at / width % height, at % width);
            let neighbours = [
                (x + 1 < width, 1i64),
                (x > 0, -1),
                (y + 1 < height, width as i64),
                (y > 0, -(width as i64)),
                (z + 1 < depth, (width * height) as i64),
                (z > 0, -((width * height) as i64)),
            ];
            for (_, step) in neighbours.into_iter().filter(|(inside, _)| *inside) {
                let next = (at as i64 + step) as usize;
                if labels[next] == label && out[next] == 0 {
                    out[next] = new;
                    queue[size] = next as u64;
                    size += 1;
                    if size >= most {
                        break;
                    }
                } else if out[next] > 0 && out[next] != new {
                    beside = out[next];
                }
            }
            visited += 1;
        }
        if size < least {
            queue[..size].iter().for_each(|at| out[*at as usize] = beside);
        } else {
            new += 1;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grids_have_about_as_many_points_as_asked_for() {
        assert_eq!(regular_grid([1, 20, 40], 8), [(0, 1), (5, 10), (5, 10)]);
        assert_eq!(regular_grid([2, 2, 2], 9), [(0, 1); 3]);
    }

    #[test]
    fn pieces_are_numbered_and_small_ones_join_their_neighbours() {
        let labels = [1, 1, 2, 2, 2, 1, 3, 3];
        let (mut out, mut queue) = ([0; 8], [0; 8]);
        assert!(joined(&labels, &mut out, &mut queue, [1, 1, 8], (2, 8), &|| true));
        assert_eq!(out, [1, 1, 2, 2, 2, 2, 3, 3]);
    }
}
