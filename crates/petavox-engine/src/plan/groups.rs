//! Which results can come from one pass, and in which order the passes run.

use super::node::{Kind, Node};
use super::stage::{Consumer, Target};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// What one pass makes: the nodes whose blocks are made, and who takes them. All have one shape.
pub(super) type Group = Vec<(Arc<Node>, Consumer)>;

/// What can be made in one pass has the same number of passes before it, and blocks of the same shape.
type Keyed = BTreeMap<(usize, Vec<usize>), Group>;

/// The passes behind `targets`, in the order they run.
pub(super) fn groups(targets: &[Target]) -> Vec<Group> {
    let mut depths = HashMap::new();
    let mut keyed = Keyed::new();
    let mut seen = HashSet::new();
    for target in targets {
        collect(&target.node, &mut depths, &mut keyed, &mut seen);
        if let Some(sink) = &target.sink {
            let d = depth(&target.node, &mut depths);
            let d = if matches!(target.node.kind(), Kind::Sweep(_)) { d + 1 } else { d };
            let key = (d, target.node.spec().shape.clone());
            let output = (target.node.clone(), Consumer::Sink(sink.clone()));
            keyed.entry(key).or_default().push(output);
        }
    }
    keyed.into_values().collect()
}

/// The number of stages that must have run before a node's own stage.
fn depth(node: &Arc<Node>, memo: &mut HashMap<u64, usize>) -> usize {
    if let Some(&d) = memo.get(&node.id()) {
        return d;
    }
    let mut d = 0;
    for input in node.inputs() {
        let after = usize::from(matches!(input.kind(), Kind::Sweep(_)));
        d = d.max(depth(input, memo) + after);
    }
    for value in node.values() {
        d = d.max(depth(value, memo) + 1);
    }
    memo.insert(node.id(), d);
    d
}

fn collect(
    node: &Arc<Node>,
    depths: &mut HashMap<u64, usize>,
    groups: &mut Keyed,
    seen: &mut HashSet<u64>,
) {
    if !seen.insert(node.id()) {
        return;
    }
    for other in node.inputs().iter().chain(node.values()) {
        collect(other, depths, groups, seen);
    }
    let d = depth(node, depths);
    let (shape, consumer) = match node.kind() {
        Kind::Fold(_) => (node.spec().shape.clone(), Consumer::Fold(node.clone())),
        Kind::Sweep(_) => (node.inputs()[0].spec().shape.clone(), Consumer::Sweep(node.clone())),
        _ => return,
    };
    groups.entry((d, shape)).or_default().push((node.inputs()[0].clone(), consumer));
}
