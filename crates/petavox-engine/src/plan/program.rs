//! What one block of a stage does: which region of every node it needs, in which order, and how much memory that takes.
//!
//! The plan's projection and the execution both come from here, so that they cannot disagree.

use super::node::{Kind, Node};
use super::pieces::joined;
use crate::contract::{BlockOp, Need};
use petavox_core::{ImageSpec, Region, Source};
use std::collections::HashMap;
use std::sync::Arc;

/// How a node gets its samples inside a stage.
#[derive(Clone)]
pub(crate) enum Step {
    /// Read from a source (a file, or the result of an earlier stage).
    Read(Arc<dyn Source>),
    /// Computed from earlier steps.
    Run {
        /// The operation, bound to the values it needs.
        op: Arc<dyn BlockOp>,
        /// Indexes of the steps it takes.
        inputs: Vec<usize>,
    },
}

impl Step {
    /// What is read, if it reads.
    fn source(&self) -> Option<&dyn Source> {
        match self {
            Step::Read(source) => Some(source.as_ref()),
            Step::Run { .. } => None,
        }
    }
}

/// One step and what comes out of it.
#[derive(Clone)]
pub(crate) struct Line {
    pub(crate) step: Step,
    pub(crate) spec: ImageSpec,
    /// The operation's name; `open` for images that are read.
    pub(crate) name: &'static str,
    /// The node's.
    pub(crate) id: u64,
}

/// The fused chain of a stage: steps in order, the last uses of each known, roots that are handed to consumers.
#[derive(Clone)]
pub(crate) struct Program {
    pub(crate) lines: Vec<Line>,
    pub(crate) roots: Vec<usize>,
    /// Per line: the lines that are not needed after it.
    pub(crate) released: Vec<Vec<usize>>,
}

/// The regions of one block.
pub(crate) struct Regions {
    /// Per line: the regions of its output that are made, all inside the image; none if nothing is needed.
    pub(crate) made: Vec<Vec<Region>>,
    /// Per line and region: what its operation asks for.
    pub(crate) asks: Vec<Vec<Vec<Ask>>>,
}

/// What an operation asks of one of its inputs.
pub(crate) struct Ask {
    /// The line that makes it.
    pub(crate) line: usize,
    /// Which of that line's regions holds its samples; `None` if it has no samples inside the image.
    pub(crate) piece: Option<usize>,
    pub(crate) need: Need,
}

impl Program {
    /// Fuses everything between `roots` and what is already there: sources, and nodes that `available` can read.
    pub(crate) fn fuse(
        roots: &[Arc<Node>],
        available: &dyn Fn(&Node) -> Option<Arc<dyn Source>>,
        bound: &dyn Fn(&Node) -> Option<Arc<dyn BlockOp>>,
    ) -> Program {
        let mut lines = Vec::new();
        let mut index = HashMap::new();
        let roots =
            roots.iter().map(|r| add(r, available, bound, &mut lines, &mut index)).collect();
        let mut program = Program { lines, roots, released: Vec::new() };
        program.released = program.released();
        program
    }

    /// Asks the chain backwards what it needs to make `target` at every root.
    pub(crate) fn regions(&self, target: &Region) -> Regions {
        let n = self.lines.len();
        let mut wanted: Vec<Vec<Region>> = vec![Vec::new(); n];
        let mut made: Vec<Vec<Region>> = vec![Vec::new(); n];
        let mut asks: Vec<Vec<Vec<Ask>>> = Vec::with_capacity(n);
        asks.resize_with(n, Vec::new);
        for &root in &self.roots {
            wanted[root].push(target.clone());
        }
        for i in (0..n).rev() {
            if wanted[i].is_empty() {
                continue;
            }
            let line = &self.lines[i];
            made[i] = joined(std::mem::take(&mut wanted[i]), line.step.source());
            let Step::Run { op, inputs } = &line.step else { continue };
            let specs: Vec<&ImageSpec> = inputs.iter().map(|&k| &self.lines[k].spec).collect();
            for region in &made[i] {
                let mut all = Vec::new();
                for (input, need) in op.parts(&specs, region) {
                    let line = inputs[input];
                    let inside = inside_of(&need, &self.lines[line].spec.shape);
                    if !inside.is_empty() {
                        wanted[line].push(inside);
                    }
                    all.push(Ask { line, piece: None, need });
                }
                asks[i].push(all);
            }
        }
        for ask in asks.iter_mut().flatten().flatten() {
            let inside = inside_of(&ask.need, &self.lines[ask.line].spec.shape);
            if !inside.is_empty() {
                ask.piece = made[ask.line].iter().position(|m| m.contains(&inside));
            }
        }
        Regions { made, asks }
    }

    /// The line after which each line's block is not needed any more (roots are needed to the end).
    pub(crate) fn last_uses(&self) -> Vec<usize> {
        let mut last: Vec<usize> = (0..self.lines.len()).collect();
        for (i, line) in self.lines.iter().enumerate() {
            if let Step::Run { inputs, .. } = &line.step {
                inputs.iter().for_each(|&k| last[k] = i);
            }
        }
        self.roots.iter().for_each(|&r| last[r] = self.lines.len());
        last
    }

    /// The parts that operations make as a whole, of those whose output has this shape.
    pub(crate) fn whole_parts(&self, shape: &[usize]) -> Vec<Vec<usize>> {
        let parts = self.lines.iter().filter_map(|line| match &line.step {
            Step::Run { op, inputs } if line.spec.shape == shape => {
                let specs: Vec<&ImageSpec> = inputs.iter().map(|&k| &self.lines[k].spec).collect();
                op.whole_parts(&specs)
            }
            _ => None,
        });
        parts.collect()
    }

    /// True if an operation makes its output in whole parts.
    pub(crate) fn has_whole_parts(&self) -> bool {
        self.lines.iter().any(|line| match &line.step {
            Step::Run { op, inputs } => {
                let specs: Vec<&ImageSpec> = inputs.iter().map(|&k| &self.lines[k].spec).collect();
                op.whole_parts(&specs).is_some()
            }
            Step::Read(_) => false,
        })
    }

    /// The samples that `line` computes to make these regions: all of every part that it can only make as a whole.
    pub(crate) fn samples_of(&self, line: usize, made: &[Region]) -> f64 {
        let Step::Run { op, inputs } = &self.lines[line].step else {
            return made.iter().map(|r| r.len() as f64).sum();
        };
        let specs: Vec<&ImageSpec> = inputs.iter().map(|&k| &self.lines[k].spec).collect();
        let Some(part) = op.whole_parts(&specs) else {
            return made.iter().map(|r| op.effort(&specs, r)).sum();
        };
        let shape = &self.lines[line].spec.shape;
        let whole = |region: &Region| -> f64 {
            (0..shape.len())
                .map(|a| {
                    let lo = region.start()[a] as usize / part[a] * part[a];
                    let hi = (region.end(a) as usize).next_multiple_of(part[a]).min(shape[a]);
                    hi.saturating_sub(lo) as f64
                })
                .product()
        };
        made.iter().map(whole).sum()
    }

    /// The operations, with the specs of what comes out of them.
    pub(crate) fn operations(&self) -> impl Iterator<Item = (&Arc<dyn BlockOp>, &ImageSpec)> {
        self.lines.iter().filter_map(|line| match &line.step {
            Step::Run { op, .. } => Some((op, &line.spec)),
            Step::Read(_) => None,
        })
    }

    /// [`Program::last_uses`] the other way round: per line, the lines that are not needed after it.
    fn released(&self) -> Vec<Vec<usize>> {
        let mut out = vec![Vec::new(); self.lines.len()];
        for (line, last) in self.last_uses().into_iter().enumerate() {
            if let Some(after) = out.get_mut(last) {
                after.push(line);
            }
        }
        out
    }

    /// The most memory that making `target` takes at one time, without what the consumers take; and what is left of it while they
    /// take the roots' blocks, one after another.
    pub(crate) fn peak_bytes(&self, target: &Region) -> (u64, u64) {
        self.peak_of(target, &self.regions(target))
    }

    /// [`Program::peak_bytes`] of what is known to be asked for.
    pub(crate) fn peak_of(&self, target: &Region, regions: &Regions) -> (u64, u64) {
        let released = &self.released;
        let bytes =
            |i: usize, region: &Region| (region.len() * self.lines[i].spec.dtype.size()) as u64;
        let (mut live, mut peak) = (0, 0);
        for (i, line) in self.lines.iter().enumerate() {
            for (p, region) in regions.made[i].iter().enumerate() {
                live += bytes(i, region);
                let extra = match &line.step {
                    Step::Read(source) => source.scratch_bytes(region),
                    Step::Run { op, inputs } => {
                        let specs: Vec<&ImageSpec> =
                            inputs.iter().map(|&k| &self.lines[k].spec).collect();
                        let padded: u64 = regions.asks[i][p]
                            .iter()
                            .filter(|ask| {
                                let made = ask.piece.map(|k| &regions.made[ask.line][k]);
                                made != Some(&ask.need.region)
                            })
                            .map(|ask| bytes(ask.line, &ask.need.region))
                            .sum();
                        padded + op.scratch_bytes(&specs, region) + op.beside_bytes(&specs, region)
                    }
                };
                peak = peak.max(live + extra);
            }
            for &k in &released[i] {
                live -= regions.made[k].iter().map(|r| bytes(k, r)).sum::<u64>();
            }
        }
        // What is still there are the roots. A block that was made larger than the target, for others, is cropped.
        let roots = || self.roots.iter().copied();
        let crop = roots().filter(|&r| !regions.made[r].contains(target));
        let crop = crop.map(|r| bytes(r, target)).max().unwrap_or(0);
        (peak, live + crop)
    }
}

/// The samples inside the image that are read to make a need.
pub(crate) fn inside_of(need: &Need, shape: &[usize]) -> Region {
    Region::per_axis(shape.len(), |a| {
        let (lo, hi) = need.boundary.span(need.region.start()[a], need.region.end(a), shape[a]);
        (lo as i64, hi - lo)
    })
}

fn add(
    node: &Arc<Node>,
    available: &dyn Fn(&Node) -> Option<Arc<dyn Source>>,
    bound: &dyn Fn(&Node) -> Option<Arc<dyn BlockOp>>,
    lines: &mut Vec<Line>,
    index: &mut HashMap<u64, usize>,
) -> usize {
    if let Some(&i) = index.get(&node.id()) {
        return i;
    }
    let step = match (available(node), node.kind()) {
        (Some(source), _) => Step::Read(source),
        (None, Kind::Source(source)) => Step::Read(source.clone()),
        (None, Kind::Block(op)) => {
            let inputs =
                node.inputs().iter().map(|n| add(n, available, bound, lines, index)).collect();
            Step::Run { op: bound(node).unwrap_or_else(|| op.clone()), inputs }
        }
        // A fold stands for its input; a sweep that has not run yet is planned as if it could be read.
        (None, Kind::Fold(_)) => {
            let i = add(&node.inputs()[0], available, bound, lines, index);
            index.insert(node.id(), i);
            return i;
        }
        (None, Kind::Sweep(_)) => {
            Step::Read(Arc::new(super::later::Later::swept(node.spec().clone())))
        }
    };
    lines.push(Line { step, spec: node.spec().clone(), name: node.name(), id: node.id() });
    index.insert(node.id(), lines.len() - 1);
    lines.len() - 1
}
