//! `reshape`: the same samples, in raster order, under other axes.
//!
//! Axes fall into groups that keep their number of samples: `(6, 4, 5)` as `(2, 3, 20)` is `6` as `2, 3` and `4, 5` as `20`. A
//! block shows ranges of a group's samples, in raster order; a range is a few boxes of the group's input axes (the end of one row, whole rows,
//! the start of another), which are read apart. So a block reads what it shows, except where it shows very many ranges.

use super::index::{Item, index};
use super::view::{Named, derived};
use crate::Params;
use petavox_core::{ChunkGrid, Error, ImageSpec, Region, Result};
use petavox_engine::{BlockCall, BlockOp, Need, Node};
use petavox_kernels::gather::{Origin, Run, gather};
use serde_json::{Value as Json, json};
use std::ops::Range;
use std::sync::Arc;

/// Ranges of a group that are read apart; more are read with what lies between them.
const MOST: usize = 16;
/// More ranges than this are not even counted out while planning.
const MOST_COUNTED: usize = 4096;
const MOST_IN_ALL: usize = 128;

/// Axes of the input and of the output that hold the same samples.
#[derive(Debug)]
struct Group {
    from: Range<usize>,
    to: Range<usize>,
}

struct Reshape {
    spec: ImageSpec,
    input: Vec<usize>,
    groups: Vec<Group>,
}

/// The samples in raster order under the axes of `shape`, in which one number may be -1 for what is left (numpy.reshape). An axis that
/// stays keeps its letter, spacing and origin; others are new. If only axes of one sample come or go, it is an `index`.
///
/// # Errors
/// [`Error::InvalidArgument`] if the number of samples differs.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let spec = input.spec();
    let given = params.parsed::<Json>("shape")?.unwrap_or(Json::Null);
    let wrong = || {
        let expected =
            format!("whole numbers whose product is {}, one of them may be -1", spec.len());
        Error::argument("reshape: shape", &given, expected)
    };
    let list = match &given {
        Json::Array(all) => all.iter().map(Json::as_i64).collect::<Option<Vec<_>>>(),
        one => one.as_i64().map(|n| vec![n]),
    };
    let list = list.ok_or_else(wrong)?;
    let known =
        list.iter().filter(|n| **n >= 0).try_fold(1usize, |p, n| p.checked_mul(*n as usize));
    let known = known.ok_or_else(wrong)?;
    let left = spec.len().checked_div(known).unwrap_or(0);
    let shape: Vec<usize> =
        list.iter().map(|&n| if n == -1 { left } else { n.max(0) as usize }).collect();
    let open = list.iter().filter(|n| **n < 0).count();
    let fits = shape.iter().product::<usize>() == spec.len() && (open == 0 || known > 0);
    if open > 1 || list.iter().any(|n| *n < -1) || !fits {
        return Err(wrong());
    }
    reshape(input, &shape)
}

/// [`build`] for callers that have the shape.
///
/// # Errors
/// [`Error::InvalidArgument`] if the number of samples differs, or there are more axes than images have.
pub fn reshape(input: &Arc<Node>, shape: &[usize]) -> Result<Arc<Node>> {
    let spec = input.spec();
    if shape.iter().try_fold(1usize, |p, n| p.checked_mul(*n)) != Some(spec.len()) {
        let expected = format!("{} samples", spec.len());
        return Err(Error::argument("reshape: shape", format!("{shape:?}"), expected));
    }
    if shape == spec.shape {
        return Ok(input.clone());
    }
    if !spec.is_empty() && more_than_one(&spec.shape).eq(more_than_one(shape)) {
        return index(input, &units(&spec.shape, shape));
    }
    let groups = groups(&spec.shape, shape);
    let mut named: Vec<(Named, usize)> = shape.iter().map(|&n| (Named::New(None), n)).collect();
    for group in &groups {
        let long = |shape: &[usize], axes: &Range<usize>| {
            let mut long = axes.clone().filter(|&a| shape[a] != 1);
            long.next().filter(|_| long.next().is_none())
        };
        if let (Some(from), Some(to)) = (long(&spec.shape, &group.from), long(shape, &group.to)) {
            named[to].0 = Named::same(from);
        }
    }
    let input_shape = spec.shape.clone();
    let spec = derived("reshape", spec, &named)?;
    Node::block(Arc::new(Reshape { spec, input: input_shape, groups }), vec![input.clone()], vec![])
}

fn more_than_one(shape: &[usize]) -> impl Iterator<Item = &usize> {
    shape.iter().filter(|n| **n != 1)
}

/// The index that takes axes of one sample out and puts others in.
fn units(from: &[usize], to: &[usize]) -> Vec<Item> {
    let mut items = Vec::new();
    let mut to = to.iter().peekable();
    for &n in from {
        if n == 1 {
            // Kept if it is wanted here.
            items.push(if to.next_if(|w| **w == 1).is_some() {
                Item::whole(1)
            } else {
                Item::At(0)
            });
            continue;
        }
        while to.next_if(|w| **w == 1).is_some() {
            items.push(Item::New(None));
        }
        to.next();
        items.push(Item::whole(n));
    }
    items.extend(to.map(|_| Item::New(None)));
    items
}

/// The smallest groups of adjacent axes that hold the same number of samples; none for images without samples.
fn groups(from: &[usize], to: &[usize]) -> Vec<Group> {
    let (mut i, mut j) = (0, 0);
    let mut groups: Vec<Group> = Vec::new();
    while (i < from.len() || j < to.len()) && !from.contains(&0) {
        let (a, b) = (i, j);
        let (mut n, mut m) = (1, 1);
        if i < from.len() && j < to.len() {
            (n, m) = (from[i], to[j]);
            (i, j) = (i + 1, j + 1);
        }
        while n != m && i <= from.len() && j <= to.len() {
            if n < m {
                n *= from.get(i).copied().unwrap_or(1);
                i += 1;
            } else {
                m *= to.get(j).copied().unwrap_or(1);
                j += 1;
            }
        }
        // Axes of one sample at the end belong to the last group.
        if i >= from.len() || j >= to.len() {
            (i, j) = (from.len(), to.len());
        }
        groups.push(Group { from: a..i, to: b..j });
    }
    groups
}

impl Group {
    /// The ranges of samples, in raster order of the group, that a block shows: their length, their number, and where they start.
    fn ranges(&self, shape: &[usize], target: &Region) -> Ranges {
        let (mut len, mut stride, mut base) = (1, 1, 0);
        let mut outer: Vec<(usize, usize)> = Vec::new();
        let mut whole = true;
        for a in self.to.clone().rev() {
            base += target.start()[a] as usize * stride;
            if whole {
                len *= target.shape()[a];
            } else {
                outer.push((target.shape()[a], stride));
            }
            whole &= target.shape()[a] == shape[a];
            stride *= shape[a];
        }
        outer.reverse();
        Ranges { base, len, outer }
    }

    /// The samples `range` of the group as boxes of its input axes that are ranges themselves.
    fn boxes(&self, shape: &[usize], range: Range<usize>) -> Vec<Range<usize>> {
        let mut out = Vec::new();
        let mut at = range.start;
        while at < range.end {
            // The largest stretch of whole rows of some axis that begins here and ends in the range.
            let (mut row, mut best) = (1, at + 1);
            for a in self.from.clone().rev() {
                if !at.is_multiple_of(row) || at + row > range.end {
                    break;
                }
                let end = at / row / shape[a] * shape[a] + shape[a];
                best = (range.end / row).min(end) * row;
                row *= shape[a];
            }
            out.push(at..best);
            at = best;
        }
        out
    }

    /// The smallest box that is a range and holds this one.
    fn hull(&self, shape: &[usize], range: &Range<usize>) -> Range<usize> {
        let mut row: usize = shape[self.from.clone()].iter().product();
        for a in self.from.clone() {
            row /= shape[a];
            let (first, last) = (range.start / row, (range.end - 1) / row);
            if first != last {
                return first * row..(last + 1) * row;
            }
        }
        range.clone()
    }

    /// The part of a region of the input, along this group's axes, that is the box `range`.
    fn place(
        &self,
        shape: &[usize],
        range: &Range<usize>,
        start: &mut [i64],
        extent: &mut [usize],
    ) {
        let (mut first, mut last) = (range.start, range.end - 1);
        for a in self.from.clone().rev() {
            let (lo, hi) = (first % shape[a], last % shape[a]);
            (start[a], extent[a]) = (lo as i64, hi + 1 - lo);
            first /= shape[a];
            last /= shape[a];
        }
    }
}

/// Ranges of equal length at regular distances.
struct Ranges {
    base: usize,
    len: usize,
    outer: Vec<(usize, usize)>,
}

impl Ranges {
    fn count(&self) -> usize {
        self.outer.iter().map(|(n, _)| n).product()
    }

    fn starts(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.count()).map(|number| {
            let mut rest = number;
            self.outer.iter().rev().fold(self.base, |at, (n, stride)| {
                let k = rest % n;
                rest /= n;
                at + k * stride
            })
        })
    }

    /// What is read: the ranges, or some of them together with what lies between.
    fn read(&self) -> Vec<Range<usize>> {
        let last = self.outer.iter().fold(self.base, |at, (n, s)| at + (n - 1) * s) + self.len;
        if self.count() > MOST_COUNTED {
            return std::iter::once(self.base..last).collect();
        }
        let starts: Vec<usize> = self.starts().collect();
        let together = starts.len().div_ceil(MOST);
        let hull = |s: &[usize]| match (s.first(), s.last()) {
            (Some(a), Some(b)) => *a..b + self.len,
            _ => 0..0,
        };
        starts.chunks(together.max(1)).map(hull).collect()
    }
}

impl Reshape {
    /// Per group, the boxes that are read, as ranges of the group.
    fn reads(&self, target: &Region) -> Vec<Vec<Range<usize>>> {
        let read = |g: &Group| g.ranges(&self.spec.shape, target).read();
        let ranges: Vec<Vec<Range<usize>>> = self.groups.iter().map(read).collect();
        let boxes = |(g, r): (&Group, &Vec<Range<usize>>)| -> Vec<Range<usize>> {
            r.iter().flat_map(|r| g.boxes(&self.input, r.clone())).collect()
        };
        let mut reads: Vec<Vec<Range<usize>>> =
            self.groups.iter().zip(&ranges).map(boxes).collect();
        for g in (0..reads.len()).rev() {
            if reads.iter().map(Vec::len).product::<usize>() <= MOST_IN_ALL {
                break;
            }
            if let (Some(first), Some(last)) = (ranges[g].first(), ranges[g].last()) {
                reads[g] = vec![self.groups[g].hull(&self.input, &(first.start..last.end))];
            }
        }
        reads
    }

    /// The boxes of all groups, one of each at a time.
    fn combinations(&self, target: &Region) -> Vec<Vec<Range<usize>>> {
        let reads = self.reads(target);
        let counts: Vec<usize> = reads.iter().map(Vec::len).collect();
        let all = ChunkGrid::new(&counts, &vec![1; counts.len()]);
        let pick = |number: usize| {
            all.index(number).iter().zip(&reads).map(|(i, r)| r[*i].clone()).collect()
        };
        (0..all.len()).map(pick).collect()
    }
}

impl BlockOp for Reshape {
    fn name(&self) -> &'static str {
        "reshape"
    }

    fn params(&self) -> Json {
        json!({ "shape": self.spec.shape })
    }

    fn output(&self, _inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        Ok(self.spec.clone())
    }

    fn needs(&self, inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        let parts = self.parts(inputs, target).into_iter().map(|(_, need)| need.region);
        let nothing = Region::new(vec![0; self.input.len()], vec![0; self.input.len()]);
        vec![Need::inside(parts.fold(nothing, |hull, r| hull.hull(&r)))]
    }

    fn parts(&self, _inputs: &[&ImageSpec], target: &Region) -> Vec<(usize, Need)> {
        if self.spec.is_empty() || target.is_empty() {
            return vec![];
        }
        let region = |boxes: Vec<Range<usize>>| {
            let (mut start, mut shape) = (vec![0; self.input.len()], vec![1; self.input.len()]);
            for (group, range) in self.groups.iter().zip(&boxes) {
                group.place(&self.input, range, &mut start, &mut shape);
            }
            (0, Need::inside(Region::new(start, shape)))
        };
        self.combinations(target).into_iter().map(region).collect()
    }

    fn scratch_bytes(&self, _inputs: &[&ImageSpec], target: &Region) -> u64 {
        let runs = |g: &Group| 2 * g.ranges(&self.spec.shape, target).count() + 1;
        (self.groups.iter().map(runs).sum::<usize>() * 2 * size_of::<Run>()) as u64
    }

    fn cost_ns(&self) -> f64 {
        0.3
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        let target = call.output.region().clone();
        if target.is_empty() || self.spec.is_empty() {
            return Ok(());
        }
        let ranges: Vec<Ranges> =
            self.groups.iter().map(|g| g.ranges(&self.spec.shape, &target)).collect();
        for (boxes, input) in self.combinations(&target).into_iter().zip(call.inputs) {
            // A group is one axis: its samples stand in raster order in the block and in the box.
            let mut stride = 1;
            let mut axes: Vec<Vec<Run>> = Vec::new();
            for (ranges, held) in ranges.iter().zip(&boxes).rev() {
                axes.push(runs(ranges, held, stride));
                stride *= held.len();
            }
            axes.reverse();
            gather(input, call.output, &axes.iter().map(Vec::as_slice).collect::<Vec<_>>())?;
        }
        Ok(())
    }
}

/// The samples of `ranges` that the box `held` has, `stride` apart in the input.
fn runs(ranges: &Ranges, held: &Range<usize>, stride: usize) -> Vec<Run> {
    let mut out: Vec<Run> = Vec::new();
    let keep = |out: &mut Vec<Run>, len: usize| match out.last_mut() {
        Some(Run { len: n, origin: Origin::Kept }) => *n += len,
        _ if len > 0 => out.push(Run { len, origin: Origin::Kept }),
        _ => {}
    };
    for start in ranges.starts() {
        let end = start + ranges.len;
        let (a, b) = (start.max(held.start), end.min(held.end));
        if a >= b {
            keep(&mut out, ranges.len);
            continue;
        }
        keep(&mut out, a - start);
        let origin = Origin::Input { place: (a - held.start) * stride, step: stride as isize };
        out.push(Run { len: b - a, origin });
        keep(&mut out, end - b);
    }
    out
}

#[cfg(test)]
mod tests;
