//! How much a tile has to show, place by place: the variance of its samples in cells that lie at fixed places of the tile.
//!
//! Cells are summed over whole tiles in one order, and what lies between their centres is interpolated from them, so that a weight depends
//! on the tile only, never on the part of the mosaic that is made.

use petavox_core::{Block, Element, Error, Region, Result, dispatch, strides};

/// A cell has at most so many samples along an edge; small tiles have smaller ones.
const MOST: usize = 32;
const LEAST: usize = 4;
/// What a flat place counts, against the mean of its tile.
const FLOOR: f64 = 1e-4;

/// Sums over the cells of one tile, while its samples are added.
pub struct ContentSums {
    cells: Cells,
    first: Option<f64>,
    /// Number, sum and sum of squares, from the first sample on.
    sums: Vec<[f64; 3]>,
}

/// Weights of one tile.
pub struct Content {
    cells: Cells,
    values: Vec<f32>,
}

/// Where cells lie.
struct Cells {
    /// The axes y and x.
    plane: [usize; 2],
    edge: Vec<usize>,
    counts: Vec<usize>,
}

impl Cells {
    fn new(shape: &[usize], plane: [usize; 2]) -> Cells {
        let least = shape[plane[0]].min(shape[plane[1]]);
        let square = (least / 16).clamp(LEAST, MOST);
        let edge: Vec<usize> = (0..shape.len())
            .map(|a| match a {
                a if plane.contains(&a) => square,
                // Colours are weighed as one.
                a if a > plane[1] => shape[a].max(1),
                _ => 1,
            })
            .collect();
        let counts = shape.iter().zip(&edge).map(|(n, e)| n.div_ceil(*e).max(1)).collect();
        Cells { plane, edge, counts }
    }
}

impl ContentSums {
    /// Nothing yet, of a tile of `shape`; `plane` are its axes y and x.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for tiles without them.
    pub fn new(shape: &[usize], plane: [usize; 2]) -> Result<ContentSums> {
        if plane[0] >= plane[1] || plane[1] >= shape.len() {
            return Err(Error::argument("blend", "content", "tiles with axes y and x"));
        }
        let cells = Cells::new(shape, plane);
        let n = cells.counts.iter().product();
        Ok(ContentSums { cells, first: None, sums: vec![[0.0; 3]; n] })
    }

    /// Bytes of the weights of a tile.
    pub fn bytes(shape: &[usize], plane: [usize; 2]) -> u64 {
        4 * Cells::new(shape, plane).counts.iter().product::<usize>() as u64
    }

    /// Adds a part of the tile. Parts have to come in the same order every time.
    ///
    /// # Errors
    /// None but internal ones.
    pub fn add(&mut self, block: &Block) -> Result<()> {
        dispatch!(block.dtype(), T => self.rows::<T>(block.typed::<T>()?, block.region()));
        Ok(())
    }

    fn rows<T: Element>(&mut self, samples: &[T], region: &Region) {
        // Squares of what all samples have in common would drown what they differ by.
        let common =
            match self.first.or_else(|| samples.iter().map(|s| s.to_f64()).find(|v| v.is_finite()))
            {
                Some(common) => common,
                None => return,
            };
        self.first = Some(common);
        let steps = strides(&self.cells.counts);
        let last = region.ndim() - 1;
        let edge = self.cells.edge[last];
        let row = region.row_len();
        let mut at = 0;
        region.for_each_row(|p| {
            let cell: usize =
                (0..last).map(|a| p[a] as usize / self.cells.edge[a] * steps[a]).sum();
            let mut i = 0;
            while i < row {
                let x = p[last] as usize + i;
                let end = (i + edge - x % edge).min(row);
                let sums = &mut self.sums[cell + x / edge];
                for s in &samples[at + i..at + end] {
                    let v = s.to_f64() - common;
                    if v.is_finite() {
                        sums[0] += 1.0;
                        sums[1] += v;
                        sums[2] += v * v;
                    }
                }
                i = end;
            }
            at += row;
        });
    }

    /// The weights.
    pub fn finish(self) -> Content {
        let ContentSums { cells, sums, .. } = self;
        let variance = |[n, s, q]: &[f64; 3]| {
            if *n > 0.0 { (q / n - (s / n) * (s / n)).max(0.0) } else { 0.0 }
        };
        let mut values: Vec<f64> = sums.iter().map(variance).collect();
        let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
        // A cell that is cut by an edge says little by itself.
        for axis in cells.plane {
            smooth(&mut values, &cells.counts, axis);
        }
        let floor = FLOOR * mean + 1e-30;
        Content { cells, values: values.iter().map(|v| (v + floor) as f32).collect() }
    }
}

/// A quarter of either neighbour and half of each value; those at the ends are their own neighbours.
fn smooth(values: &mut [f64], counts: &[usize], axis: usize) {
    let step: usize = counts[axis + 1..].iter().product();
    let n = counts[axis];
    let mut line = vec![0.0; n];
    for first in (0..values.len()).filter(|i| (i / step).is_multiple_of(n)) {
        (0..n).for_each(|k| line[k] = values[first + k * step]);
        for k in 0..n {
            let (low, high) = (line[k.saturating_sub(1)], line[(k + 1).min(n - 1)]);
            values[first + k * step] = 0.25 * low + 0.5 * line[k] + 0.25 * high;
        }
    }
}

impl Content {
    /// Bytes that it takes.
    pub fn len_bytes(&self) -> u64 {
        4 * self.values.len() as u64
    }

    /// Fills a part of the tile (of float32) with the weights of its samples.
    ///
    /// # Errors
    /// [`Error::Internal`] for a block of another dtype.
    pub fn weights(&self, out: &mut Block) -> Result<()> {
        let region = out.region().clone();
        let [y, x] = self.cells.plane;
        if region.ndim() != self.cells.edge.len() {
            return Err(Error::internal("Content::weights", format!("{region}")));
        }
        let steps = strides(&self.cells.counts);
        // The cells around a sample, and how near the second one is.
        let near = |i: i64, a: usize| {
            let c = (i as f64 + 0.5) / self.cells.edge[a] as f64 - 0.5;
            let c = c.clamp(0.0, self.cells.counts[a] as f64 - 1.0);
            let low = c as usize;
            (low, (low + 1).min(self.cells.counts[a] - 1), (c - low as f64) as f32)
        };
        let columns: Vec<(usize, usize, f32)> =
            (region.start()[x]..region.end(x)).map(|i| near(i, x)).collect();
        let inner: usize = region.shape()[x + 1..].iter().product();
        let mut outer = region.shape()[..=x].to_vec();
        outer[x] = 1;
        let outer = Region::new(&region.start()[..=x], outer);
        let to = out.typed_mut::<f32>()?;
        let mut at = 0;
        outer.for_each_row(|p| {
            let lead: usize = (0..x)
                .filter(|a| *a != y)
                .map(|a| p[a] as usize / self.cells.edge[a] * steps[a])
                .sum();
            let (above, below, fy) = near(p[y], y);
            let (above, below) = (lead + above * steps[y], lead + below * steps[y]);
            for &(left, right, fx) in &columns {
                let (left, right) = (left * steps[x], right * steps[x]);
                let upper =
                    self.values[above + left] * (1.0 - fx) + self.values[above + right] * fx;
                let lower =
                    self.values[below + left] * (1.0 - fx) + self.values[below + right] * fx;
                to[at..at + inner].fill(upper * (1.0 - fy) + lower * fy);
                at += inner;
            }
        });
        Ok(())
    }
}
