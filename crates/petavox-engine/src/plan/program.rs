//! What one block of a stage does: which region of every node it needs, in which order, and how much memory that takes.
//!
//! The plan's projection and the execution both come from here, so that they cannot disagree.

use super::node::{Kind, Node};
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

/// One step and what comes out of it.
#[derive(Clone)]
pub(crate) struct Line {
    pub(crate) step: Step,
    pub(crate) spec: ImageSpec,
    /// The operation's name; `open` for images that are read.
    pub(crate) name: &'static str,
}

/// The fused chain of a stage: steps in order, the last uses of each known, roots that are handed to consumers.
#[derive(Clone)]
pub(crate) struct Program {
    pub(crate) lines: Vec<Line>,
    pub(crate) roots: Vec<usize>,
}

/// The regions of one block.
pub(crate) struct Regions {
    /// Per line: the region of its output that is made (inside the image), or `None` if nothing is needed.
    pub(crate) made: Vec<Option<Region>>,
    /// Per line: what its operation asks of each input.
    pub(crate) needs: Vec<Vec<Need>>,
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
        Program { lines, roots }
    }

    /// Asks the chain backwards what it needs to make `target` at every root.
    pub(crate) fn regions(&self, target: &Region) -> Regions {
        let mut made: Vec<Option<Region>> = vec![None; self.lines.len()];
        let mut needs: Vec<Vec<Need>> = vec![Vec::new(); self.lines.len()];
        for &root in &self.roots {
            made[root] = Some(target.clone());
        }
        for i in (0..self.lines.len()).rev() {
            let (Some(region), Step::Run { op, inputs }) = (made[i].clone(), &self.lines[i].step)
            else {
                continue;
            };
            // No sample needs none: an operation with a halo would ask for some.
            if region.is_empty() {
                continue;
            }
            let specs: Vec<&ImageSpec> = inputs.iter().map(|&k| &self.lines[k].spec).collect();
            needs[i] = op.needs(&specs, &region);
            for (need, &k) in needs[i].iter().zip(inputs) {
                let inside = inside_of(need, &self.lines[k].spec.shape);
                made[k] = Some(match &made[k] {
                    Some(other) => other.hull(&inside),
                    None => inside,
                });
            }
        }
        Regions { made, needs }
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

    /// The most memory that making `target` takes at one time, without what the consumers take; and what is left of it while they
    /// take the roots' blocks, one after another.
    pub(crate) fn peak_bytes(&self, target: &Region) -> (u64, u64) {
        let regions = self.regions(target);
        let last = self.last_uses();
        let bytes =
            |i: usize, region: &Region| (region.len() * self.lines[i].spec.dtype.size()) as u64;
        let mut live = vec![0u64; self.lines.len()];
        let mut peak = 0;
        for (i, line) in self.lines.iter().enumerate() {
            if let Some(region) = regions.made[i].as_ref().filter(|r| !r.is_empty()) {
                live[i] = bytes(i, region);
                let extra = match &line.step {
                    Step::Read(source) => source.scratch_bytes(region),
                    Step::Run { op, inputs } => {
                        let specs: Vec<&ImageSpec> =
                            inputs.iter().map(|&k| &self.lines[k].spec).collect();
                        let padded: u64 = regions.needs[i]
                            .iter()
                            .zip(inputs)
                            .filter(|(need, k)| regions.made[**k].as_ref() != Some(&need.region))
                            .map(|(need, k)| bytes(*k, &need.region))
                            .sum();
                        padded + op.scratch_bytes(&specs, region)
                    }
                };
                peak = peak.max(live.iter().sum::<u64>() + extra);
            }
            for k in 0..=i {
                if last[k] == i {
                    live[k] = 0;
                }
            }
        }
        // What is still there are the roots. A block that was made larger than the target, for others, is cropped.
        let roots = || self.roots.iter().copied();
        let crop = roots().filter(|&r| regions.made[r].as_ref() != Some(target));
        let crop = crop.map(|r| bytes(r, target)).max().unwrap_or(0);
        (peak, live.iter().sum::<u64>() + crop)
    }
}

/// The samples inside the image that are read to make a need.
pub(crate) fn inside_of(need: &Need, shape: &[usize]) -> Region {
    let mut start = Vec::with_capacity(shape.len());
    let mut extent = Vec::with_capacity(shape.len());
    for a in 0..shape.len() {
        let (lo, hi) = need.boundary.span(need.region.start()[a], need.region.end(a), shape[a]);
        start.push(lo as i64);
        extent.push(hi - lo);
    }
    Region::new(start, extent)
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
    lines.push(Line { step, spec: node.spec().clone(), name: node.name() });
    index.insert(node.id(), lines.len() - 1);
    lines.len() - 1
}
