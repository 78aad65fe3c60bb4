//! Which part of the output asks for which line of a program: the parts of a concatenation are made for some blocks only.

use super::program::{Program, Regions};
use petavox_core::{ChunkGrid, Region};

/// Lines that are not asked for everywhere are looked for one by one, up to so many of them.
const MOST_SEARCHED: usize = 64;

/// For every line of a program: the box of the output that asks for it, and all that is asked of it.
pub(super) struct Reach {
    /// `None`: everywhere.
    parts: Vec<Option<Region>>,
    whole: Vec<Vec<Region>>,
}

impl Reach {
    /// Asks `program` with an output of `shape`, which has samples.
    pub(super) fn new(program: &Program, shape: &[usize]) -> Reach {
        let n = shape.len();
        let everything = Region::whole(shape);
        let whole = program.regions(&everything).made;
        let single = |at: &dyn Fn(usize) -> usize| {
            let start: Vec<i64> = shape.iter().map(|&s| at(s) as i64).collect();
            program.regions(&Region::new(start, vec![1; n]))
        };
        let points = [single(&|_| 0), single(&|s| s / 2), single(&|s| s - 1)];
        let searched: Vec<usize> = (0..program.lines.len())
            .filter(|&i| asked(&whole[i]) && !points.iter().all(|p| asked(&p.made[i])))
            .collect();
        let mut parts = vec![None; program.lines.len()];
        if searched.len() <= MOST_SEARCHED {
            for i in searched {
                parts[i] = Some(part(program, &everything, i));
            }
        }
        Reach { parts, whole }
    }

    /// All that is asked of a line, whatever the blocks.
    pub(super) fn whole(&self, line: usize) -> Option<&[Region]> {
        Some(&self.whole[line][..]).filter(|r| !r.is_empty())
    }

    /// The first and last index per axis of the blocks that ask for a line.
    fn blocks(&self, line: usize, grid: &ChunkGrid) -> (Vec<usize>, Vec<usize>) {
        match &self.parts[line] {
            None => (
                vec![0; grid.counts().len()],
                grid.counts().iter().map(|c| c.saturating_sub(1)).collect(),
            ),
            Some(part) => {
                let chunk = grid.chunk();
                let first = part.start().iter().zip(chunk).map(|(s, c)| *s as usize / c).collect();
                let last =
                    (0..chunk.len()).map(|a| (part.end(a) as usize - 1) / chunk[a]).collect();
                (first, last)
            }
        }
    }

    /// The index of a block that stands for all that ask for a line, and the number of these along every axis.
    pub(super) fn home(&self, line: usize, grid: &ChunkGrid) -> (Vec<usize>, Vec<f64>) {
        let (first, last) = self.blocks(line, grid);
        let counts = first.iter().zip(&last).map(|(f, l)| (l - f + 1) as f64).collect();
        (first.iter().zip(&last).map(|(f, l)| (f + l) / 2).collect(), counts)
    }

    /// Blocks at which lines begin and end to be asked for: where a task may take more than elsewhere.
    pub(super) fn corners(&self, grid: &ChunkGrid) -> Vec<Vec<usize>> {
        let mut out = Vec::new();
        for line in (0..self.parts.len()).filter(|&i| self.parts[i].is_some()) {
            let (first, last) = self.blocks(line, grid);
            out.extend([first, last]);
        }
        out.sort();
        out.dedup();
        out
    }
}

/// True if there are samples to be made.
fn asked(made: &[Region]) -> bool {
    !made.is_empty()
}

/// The box of the output that asks for `line`, by bisection along every axis; something does.
fn part(program: &Program, everything: &Region, line: usize) -> Region {
    let shape = everything.shape();
    let touches = |regions: Regions| asked(&regions.made[line]);
    let slab = |axis: usize, from: usize, to: usize| {
        let (mut start, mut extent) = (everything.start().to_vec(), shape.to_vec());
        start[axis] = from as i64;
        extent[axis] = to - from;
        program.regions(&Region::new(start, extent))
    };
    let (mut start, mut extent) = (Vec::new(), Vec::new());
    for (axis, &len) in shape.iter().enumerate() {
        let (mut lo, mut hi) = (0, len);
        while hi - lo > 1 {
            let middle = (lo + hi) / 2;
            if touches(slab(axis, lo, middle)) { hi = middle } else { lo = middle }
        }
        let first = lo;
        let (mut lo, mut hi) = (first, len);
        while hi - lo > 1 {
            let middle = (lo + hi) / 2;
            if touches(slab(axis, middle, hi)) { lo = middle } else { hi = middle }
        }
        start.push(first as i64);
        extent.push(hi - first);
    }
    Region::new(start, extent)
}
