//! Optimiser pass: what two or more passes need is either computed by each of them, or kept by the first. Both plans are
//! priced as a whole, and the cheaper is taken.
//!
//! Samples that are kept lie in memory, block by block as they were made, or in a raw scratch file, in the same order. They are the
//! same bits as computing again would give, so that the choice cannot be seen in a result.

use super::compile::{PlanOptions, stages};
use super::groups::Group;
use super::later::kept_bytes;
use super::node::{Kind, Node};
use super::stage::{Consumer, Stage};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// Where a plan may keep what several passes need.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// Nowhere: every pass computes what it needs.
    Never,
    /// In memory, for runs that are to be resumed: what is in memory is made again after an interruption, and is small.
    InMemory,
    /// In memory, or in a scratch file.
    #[default]
    Anywhere,
}

/// An image that a pass keeps for later ones.
#[derive(Clone)]
pub(super) struct Kept {
    pub(super) node: Arc<Node>,
    /// The pass that makes it, and the last that needs it.
    pub(super) first: usize,
    pub(super) last: usize,
    pub(super) in_memory: bool,
    /// Seconds that this is expected to save.
    pub(super) saves_secs: f64,
}

/// A plan must become this much cheaper, since prices are rough.
pub(super) const WORTH_IT: f64 = 0.9;
/// At most so many images are looked at, and so many kept.
const MOST_CANDIDATES: usize = 12;
const MOST_KEPT: usize = 4;

/// The stages of `groups`, with what is worth keeping kept; `plain` are those that keep no more than `kept`.
pub(super) fn keep_what_pays(
    groups: &[Group],
    kept: Vec<Kept>,
    plain: Vec<Stage>,
    options: &PlanOptions,
) -> Vec<Stage> {
    if options.keep == Keep::Never || groups.len() < 2 {
        return plain;
    }
    let secs = |stages: &[Stage]| stages.iter().map(|s| s.secs).sum::<f64>();
    let spills = |stages: &[Stage]| stages.iter().filter(|s| s.spills).count();
    let n_spills = spills(&plain);
    let (mut kept, mut best) = (kept, plain);
    while kept.len() < MOST_KEPT {
        let mut better: Option<(Vec<Kept>, Vec<Stage>)> = None;
        for mut candidate in candidates(groups, &kept, options) {
            let limit = secs(better.as_ref().map_or(&best, |(_, s)| s));
            candidate.saves_secs = 0.0;
            let tried = [kept.as_slice(), &[candidate]].concat();
            // What does not fit, or pushes a working volume to the disk, is not kept.
            let Ok(stages) = stages(groups, &tried, options) else { continue };
            let enough = match better {
                None => limit * WORTH_IT,
                Some(_) => limit,
            };
            if secs(&stages) < enough && spills(&stages) <= n_spills {
                better = Some((tried, stages));
            }
        }
        let Some((mut tried, mut stages)) = better else { break };
        if let Some(new) = tried.last_mut() {
            new.saves_secs = secs(&best) - secs(&stages);
            let of_node = |k: &&mut super::stage::KeptImage| k.node == new.node.id();
            if let Some(told) = stages[new.first].keeps.iter_mut().find(of_node) {
                told.saves_secs = new.saves_secs;
            }
        }
        (kept, best) = (tried, stages);
    }
    best
}

/// What is asked for by which passes.
#[derive(Default)]
struct Uses {
    /// In the order of the chains, results first.
    found: Vec<Arc<Node>>,
    passes: HashMap<u64, Vec<usize>>,
}

impl Uses {
    fn visit(&mut self, node: &Arc<Node>, pass: usize, kept: &[Kept], seen: &mut HashSet<u64>) {
        if matches!(node.kind(), Kind::Sweep(_)) || !seen.insert(node.id()) {
            return;
        }
        let passes = self.passes.entry(node.id()).or_default();
        if passes.is_empty() {
            self.found.push(node.clone());
        }
        passes.push(pass);
        if kept.iter().any(|k| k.node.id() == node.id() && k.first < pass) {
            return;
        }
        node.inputs().iter().for_each(|n| self.visit(n, pass, kept, seen));
    }
}

/// Images that could be kept beside those that are.
fn candidates(groups: &[Group], kept: &[Kept], options: &PlanOptions) -> Vec<Kept> {
    let mut uses = Uses::default();
    for (pass, group) in groups.iter().enumerate() {
        let mut seen = HashSet::new();
        group.iter().for_each(|(node, _)| uses.visit(node, pass, kept, &mut seen));
    }
    let room = options.budget_bytes.saturating_sub(options.base_bytes);
    // Bytes kept in memory, by pass.
    let mut taken = BTreeMap::<usize, u64>::new();
    for k in kept.iter().filter(|k| k.in_memory) {
        (k.first..=k.last).for_each(|p| *taken.entry(p).or_default() += kept_bytes(k.node.spec()));
    }
    let candidate = |node: &Arc<Node>| {
        let passes = &uses.passes[&node.id()];
        let (first, last) = (*passes.first()?, *passes.last()?);
        let is_new = kept.iter().all(|k| k.node.id() != node.id());
        let fits = matches!(node.kind(), Kind::Block(_)) && !node.spec().is_empty();
        if first == last || !is_new || !fits || !can_keep(&groups[first], node, options.keep) {
            return None;
        }
        let most = taken.range(first..=last).map(|(_, b)| *b).max().unwrap_or(0);
        let in_memory = most + kept_bytes(node.spec()) <= room / 2;
        (in_memory || options.keep == Keep::Anywhere).then(|| Kept {
            node: node.clone(),
            first,
            last,
            in_memory,
            saves_secs: 0.0,
        })
    };
    uses.found.iter().filter_map(candidate).take(MOST_CANDIDATES).collect()
}

/// True if the pass can keep the image besides: it walks blocks of its shape, and does not lose the blocks it has checkpointed.
fn can_keep(group: &Group, node: &Node, keep: Keep) -> bool {
    let same_shape = group.iter().all(|(n, _)| n.spec().shape == node.spec().shape);
    let sink = group.iter().any(|(_, c)| matches!(c, Consumer::Sink(_)));
    let only_loads = group.iter().all(|(_, c)| matches!(c, Consumer::Sweep(_)));
    same_shape && !sink && !(only_loads && keep == Keep::InMemory)
}
