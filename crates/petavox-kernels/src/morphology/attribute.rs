//! Openings by attribute: bright regions whose area or diameter is too small sink to the level at which it is large enough.
//!
//! Samples are visited from the brightest to the darkest, and each is joined with its neighbours that were visited before it. A region that
//! reaches the threshold stops growing: its level is its own. What is left of the others takes the level of the sample that they were
//! joined to. The result is defined by levels and regions alone, so that the order among equal samples does not show (M. Wilkinson and
//! J. Roerdink, "Fast morphological attribute operations using Tarjan's union-find algorithm", ISMM 2000).

/// What is measured of a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attribute {
    /// Its number of samples.
    Area,
    /// The greatest extent of its bounding box, in samples.
    Diameter,
}

/// A region that has reached the threshold.
const DONE: u64 = u64::MAX;
/// Set in `parents` of samples that are the last of their region; the other bits are its area.
const ROOT: u64 = 1 << 63;

/// The arrays that [`open_by_attribute`] works on, a word per sample each.
pub struct AttributeScratch<'a> {
    /// Sample numbers by value.
    pub order: &'a mut [u64],
    /// What each sample was joined to.
    pub parents: &'a mut [u64],
    /// Bounding boxes for [`Attribute::Diameter`], a word per sample and axis; else empty.
    pub boxes: &'a mut [u64],
}

/// Opens an image of keys (integers in the order of its samples, below `2^(8 * size)`) in place: every sample becomes the highest level at
/// which the region around it has `least` or more of the attribute. Keys of regions that never do become `nothing`.
///
/// `offsets` are the neighbours, which have to be their own mirror image. False if `go_on` said so.
pub fn open_by_attribute(
    keys: &mut [u64],
    size: usize,
    scratch: AttributeScratch<'_>,
    shape: &[usize],
    offsets: &[Vec<i64>],
    (attribute, least): (Attribute, f64),
    nothing: u64,
    go_on: &dyn Fn() -> bool,
) -> bool {
    let AttributeScratch { order, parents, boxes } = scratch;
    sort(keys, size, order, parents);
    if !go_on() {
        return false;
    }
    let grid = Grid::new(shape, offsets);
    parents.fill(0);
    let mut joined = Joined { keys, parents, boxes, attribute, least, ndim: shape.len() };
    let mut point = vec![0i64; shape.len()];
    for (i, &number) in order.iter().rev().enumerate() {
        if i % (1 << 16) == 0 && !go_on() {
            return false;
        }
        let p = number as usize;
        grid.point(p, &mut point);
        joined.begin(p, &point);
        for (offset, step) in &grid.neighbours {
            let inside = |a: usize| (0..shape[a] as i64).contains(&(point[a] + offset[a]));
            if (0..shape.len()).all(inside) {
                let q = (p as i64 + step) as usize;
                if joined.parents[q] != 0 && q != p {
                    joined.join(q, p);
                }
            }
        }
    }
    // The last sample of all belongs to the region that is everything.
    let Some(&last) = order.first() else { return true };
    let too_small = !joined.is_enough(last as usize);
    for (i, &number) in order.iter().enumerate() {
        if i % (1 << 16) == 0 && !go_on() {
            return false;
        }
        let p = number as usize;
        let parent = joined.parents[p];
        if parent & ROOT == 0 {
            joined.keys[p] = joined.keys[(parent - 1) as usize];
        } else if i == 0 && too_small {
            joined.keys[p] = nothing;
        }
    }
    true
}

/// A grid's neighbours as steps in raster order.
struct Grid {
    steps: Vec<usize>,
    neighbours: Vec<(Vec<i64>, i64)>,
}

impl Grid {
    fn new(shape: &[usize], offsets: &[Vec<i64>]) -> Grid {
        let steps = petavox_core::strides(shape);
        let step = |o: &Vec<i64>| o.iter().zip(&steps).map(|(x, s)| x * *s as i64).sum();
        let others = offsets.iter().filter(|o| o.iter().any(|x| *x != 0));
        let neighbours = others.map(|o| (o.clone(), step(o))).collect();
        Grid { steps, neighbours }
    }

    fn point(&self, number: usize, point: &mut [i64]) {
        let mut rest = number;
        for (x, step) in point.iter_mut().zip(&self.steps) {
            *x = (rest / step) as i64;
            rest %= step;
        }
    }
}

/// Regions as trees: a root has its area, other samples the number of what they were joined to, plus one; 0 is not visited.
struct Joined<'a> {
    keys: &'a mut [u64],
    parents: &'a mut [u64],
    boxes: &'a mut [u64],
    attribute: Attribute,
    least: f64,
    ndim: usize,
}

impl Joined<'_> {
    fn begin(&mut self, p: usize, point: &[i64]) {
        self.parents[p] = ROOT | 1;
        if self.attribute == Attribute::Diameter {
            for (b, x) in self.boxes[p * self.ndim..].iter_mut().zip(point) {
                *b = (*x as u64) << 32 | *x as u64;
            }
        }
    }

    fn is_enough(&self, root: usize) -> bool {
        let word = self.parents[root];
        if word == DONE {
            return true;
        }
        let size = match self.attribute {
            Attribute::Area => (word & !ROOT) as f64,
            Attribute::Diameter => {
                let boxes = &self.boxes[root * self.ndim..(root + 1) * self.ndim];
                let extent = |b: &u64| (b & 0xffff_ffff) - (b >> 32) + 1;
                boxes.iter().map(extent).max().unwrap_or(0) as f64
            }
        };
        size >= self.least
    }

    /// The root of a sample; those on the way are joined to it directly.
    fn root(&mut self, q: usize) -> usize {
        let mut root = q;
        while self.parents[root] & ROOT == 0 {
            root = (self.parents[root] - 1) as usize;
        }
        let mut at = q;
        while at != root {
            let next = (self.parents[at] - 1) as usize;
            self.parents[at] = root as u64 + 1;
            at = next;
        }
        root
    }

    fn join(&mut self, q: usize, p: usize) {
        let root = self.root(q);
        if root == p {
            return;
        }
        if self.keys[root] != self.keys[p] && self.is_enough(root) {
            self.parents[p] = DONE;
            return;
        }
        let (a, b) = (self.parents[root], self.parents[p]);
        self.parents[p] = if a == DONE || b == DONE { DONE } else { b + (a & !ROOT) };
        if self.attribute == Attribute::Diameter {
            for axis in 0..self.ndim {
                let (a, b) =
                    (self.boxes[root * self.ndim + axis], self.boxes[p * self.ndim + axis]);
                let low = (a >> 32).min(b >> 32);
                let high = (a & 0xffff_ffff).max(b & 0xffff_ffff);
                self.boxes[p * self.ndim + axis] = low << 32 | high;
            }
        }
        self.parents[root] = p as u64 + 1;
    }
}

/// Numbers of samples by rising keys, by 16 bits at a time; equal ones stay in raster order.
fn sort(keys: &[u64], size: usize, order: &mut [u64], other: &mut [u64]) {
    order.iter_mut().enumerate().for_each(|(i, o)| *o = i as u64);
    let mut counts = vec![0usize; 1 << 16];
    for shift in (0..8 * size).step_by(16) {
        counts.fill(0);
        keys.iter().for_each(|k| counts[(k >> shift & 0xffff) as usize] += 1);
        if counts.contains(&keys.len()) {
            continue;
        }
        let mut sum = 0;
        for count in &mut counts {
            sum += std::mem::replace(count, sum);
        }
        for number in order.iter() {
            let slot = &mut counts[(keys[*number as usize] >> shift & 0xffff) as usize];
            other[*slot] = *number;
            *slot += 1;
        }
        order.copy_from_slice(other);
    }
}

/// Bytes that sorting takes beside the arrays.
pub const SORT_BYTES: u64 = 8 << 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(keys: &[u64], shape: &[usize], attribute: Attribute, least: f64) -> Vec<u64> {
        let n = keys.len();
        let mut keys = keys.to_vec();
        let (mut order, mut parents) = (vec![0; n], vec![0; n]);
        let mut boxes = vec![0; n * shape.len()];
        let scratch =
            AttributeScratch { order: &mut order, parents: &mut parents, boxes: &mut boxes };
        let faces: Vec<Vec<i64>> = (0..shape.len())
            .flat_map(|a| {
                [-1, 1].map(|d| {
                    let mut o = vec![0; shape.len()];
                    o[a] = d;
                    o
                })
            })
            .collect();
        let rule = (attribute, least);
        assert!(open_by_attribute(&mut keys, 8, scratch, shape, &faces, rule, 0, &|| true));
        keys
    }

    #[test]
    fn peaks_sink_until_they_are_wide_enough() {
        let keys = [1, 5, 9, 5, 1, 7, 7, 7, 0, 1 << 40];
        assert_eq!(opened(&keys, &[10], Attribute::Area, 3.0), [1, 5, 5, 5, 1, 7, 7, 7, 0, 0]);
        assert_eq!(opened(&keys, &[10], Attribute::Diameter, 3.0), [1, 5, 5, 5, 1, 7, 7, 7, 0, 0]);
    }

    #[test]
    fn an_image_that_is_too_small_becomes_nothing() {
        assert_eq!(opened(&[3, 4, 4, 9], &[2, 2], Attribute::Area, 5.0), [0; 4]);
    }
}
