//! Optimiser pass: what can only be made in whole parts (a Python function's chunks) and is asked for with a halo would be made once by
//! every neighbour. It gets a pass of its own that keeps it, where that is cheaper.

use super::compile::{PlanOptions, stages};
use super::groups::Group;
use super::keep::{Keep, Kept, WORTH_IT};
use super::later::kept_bytes;
use super::node::{Kind, Node};
use super::stage::Stage;
use petavox_core::ImageSpec;
use std::collections::HashSet;
use std::sync::Arc;

/// At most so many images get passes of their own.
const MOST: usize = 4;

/// The passes, what they keep, and their stages.
pub(super) type Passes = (Vec<Group>, Vec<Kept>, Vec<Stage>);

/// `groups` with a pass for every image that is better made by itself; `plain` are the stages without.
pub(super) fn set_apart(groups: Vec<Group>, plain: Vec<Stage>, options: &PlanOptions) -> Passes {
    let mut best: Passes = (groups, Vec::new(), plain);
    if options.keep == Keep::Never {
        return best;
    }
    // Those nearest to the sources first: what others need is there then.
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    best.0.iter().flatten().for_each(|(root, _)| collect(root, &mut seen, &mut found));
    for node in found.into_iter().take(MOST) {
        let (groups, kept, stages_so_far) = &best;
        let Some(tried) = with_pass_for(&node, groups, kept, options) else { continue };
        let secs = |stages: &[Stage]| stages.iter().map(|s| s.secs).sum::<f64>();
        let spills = |stages: &[Stage]| stages.iter().filter(|s| s.spills).count();
        let Ok(mut stages) = stages(&tried.0, &tried.1, options) else { continue };
        let saves_secs = secs(stages_so_far) - secs(&stages);
        let pays = secs(&stages) < WORTH_IT * secs(stages_so_far);
        if pays && spills(&stages) <= spills(stages_so_far) {
            let told = stages.iter_mut().flat_map(|s| &mut s.keeps);
            told.filter(|k| k.node == node.id()).for_each(|k| k.saves_secs = saves_secs);
            best = (tried.0, tried.1, stages);
        }
    }
    best
}

/// The images made in whole parts below a root, without the root itself: a consumer takes it block by block.
fn collect(node: &Arc<Node>, seen: &mut HashSet<u64>, found: &mut Vec<Arc<Node>>) {
    if matches!(node.kind(), Kind::Sweep(_)) {
        return;
    }
    for input in node.inputs() {
        if !seen.insert(input.id()) {
            continue;
        }
        collect(input, seen, found);
        let specs: Vec<&ImageSpec> = input.inputs().iter().map(|n| n.spec()).collect();
        if let Kind::Block(op) = input.kind()
            && !input.spec().is_empty()
            && op.whole_parts(&specs).is_some()
        {
            found.push(input.clone());
        }
    }
}

/// True if a pass asks for `node`, and nobody before has kept what leads to it.
fn asks(root: &Arc<Node>, node: &Node, kept: &[Kept], pass: usize) -> bool {
    if root.id() == node.id() {
        return true;
    }
    let is_there = kept.iter().any(|k| k.node.id() == root.id() && k.first < pass);
    let ends = is_there || matches!(root.kind(), Kind::Sweep(_));
    !ends && root.inputs().iter().any(|n| asks(n, node, kept, pass))
}

fn with_pass_for(
    node: &Arc<Node>,
    groups: &[Group],
    kept: &[Kept],
    options: &PlanOptions,
) -> Option<(Vec<Group>, Vec<Kept>)> {
    let uses: Vec<usize> = (0..groups.len())
        .filter(|&pass| groups[pass].iter().any(|(root, _)| asks(root, node, kept, pass)))
        .collect();
    let (first, last) = (*uses.first()?, uses.last()? + 1);
    let room = options.budget_bytes.saturating_sub(options.base_bytes);
    let in_memory = kept_bytes(node.spec()) <= room / 4;
    if !in_memory && options.keep != Keep::Anywhere {
        return None;
    }
    let mut groups = groups.to_vec();
    groups.insert(first, Group::new());
    let later = |pass: usize| if pass >= first { pass + 1 } else { pass };
    let moved = |k: &Kept| Kept { first: later(k.first), last: later(k.last), ..k.clone() };
    let mut kept: Vec<Kept> = kept.iter().map(moved).collect();
    kept.push(Kept { node: node.clone(), first, last, in_memory, saves_secs: 0.0 });
    Some((groups, kept))
}
