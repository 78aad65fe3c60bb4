//! Optimiser pass: operations that can be computed in two ways, by blocks of their inputs or by a fold that makes one pass over
//! the input, are priced both ways; the cheaper is planned.

use super::grid::{GridQuery, Taking, choose};
use super::node::{Kind, Node};
use super::program::Program;
use super::stage::Target;
use crate::contract::{BlockOp, FoldOp};
use petavox_core::Result;
use std::collections::HashMap;
use std::sync::Arc;

/// Time to show a sample of a fold's value, in nanoseconds.
const SHOW_NS: f64 = 5.0;

/// A pass decodes everything once, whatever the output's grid; columns may turn out to need more, and more memory, when they are
/// cut to what is written. A pass is taken unless it is this much dearer.
const MUCH_DEARER: f64 = 1.5;

/// The targets with the cheaper ways, and what was chosen.
pub(super) fn chosen(
    targets: &[Target],
    room: u64,
    n_threads: usize,
) -> Result<(Vec<Target>, Vec<String>)> {
    let mut ways = Ways { made: HashMap::new(), choices: Vec::new(), room, n_threads };
    let mut out = Vec::new();
    for target in targets {
        out.push(Target { node: ways.remake(&target.node)?, sink: target.sink.clone() });
    }
    Ok((out, ways.choices))
}

struct Ways {
    made: HashMap<u64, Arc<Node>>,
    choices: Vec<String>,
    room: u64,
    n_threads: usize,
}

/// What a way costs: seconds, or, where it does not fit, the least memory it needs.
struct Cost {
    secs: Result<f64, u64>,
    read_bytes: u64,
}

impl Ways {
    fn remake(&mut self, node: &Arc<Node>) -> Result<Arc<Node>> {
        if let Some(made) = self.made.get(&node.id()) {
            return Ok(made.clone());
        }
        let mut remake_all = |nodes: &[Arc<Node>]| -> Result<Vec<Arc<Node>>> {
            nodes.iter().map(|n| self.remake(n)).collect()
        };
        let (inputs, values) = (remake_all(node.inputs())?, remake_all(node.values())?);
        let same =
            |a: &[Arc<Node>], b: &[Arc<Node>]| a.iter().zip(b).all(|(a, b)| Arc::ptr_eq(a, b));
        let plain = if same(&inputs, node.inputs()) && same(&values, node.values()) {
            node.clone()
        } else {
            Node::another_way(node, node.kind().clone(), inputs.clone(), values)
        };
        let made = match (node.kind(), &inputs[..]) {
            (Kind::Block(op), [input]) => match op.by_pass() {
                Some((fold, image)) => self.cheaper(plain, input, fold, image)?,
                None => plain,
            },
            _ => plain,
        };
        self.made.insert(node.id(), made.clone());
        Ok(made)
    }

    fn cheaper(
        &mut self,
        plain: Arc<Node>,
        input: &Arc<Node>,
        fold: Arc<dyn FoldOp>,
        image: Arc<dyn BlockOp>,
    ) -> Result<Arc<Node>> {
        let blocks = self.cost(&plain, None);
        let pass = self.cost(input, Some(fold.as_ref()));
        let show_secs = SHOW_NS * 1e-9 * plain.spec().len() as f64;
        let takes_pass = match (&pass.secs, &blocks.secs) {
            (Ok(pass), Ok(blocks)) => pass + show_secs < *blocks * MUCH_DEARER,
            (Ok(_), Err(_)) => true,
            (Err(_), Ok(_)) => false,
            (Err(pass), Err(blocks)) => pass < blocks,
        };
        let told = |cost: &Cost| match cost.secs {
            Ok(secs) => format!("about {secs:.1} s, decoding {}", mib(cost.read_bytes)),
            Err(least) => format!("does not fit, it needs {}", mib(least)),
        };
        let (pass_told, blocks_told) = (told(&pass), told(&blocks));
        self.choices.push(if takes_pass {
            format!(
                "{} in one pass ({pass_told}), not by whole columns ({blocks_told})",
                plain.name()
            )
        } else {
            format!(
                "{} by whole columns ({blocks_told}), not in one pass ({pass_told})",
                plain.name()
            )
        });
        if !takes_pass {
            return Ok(plain);
        }
        let value = Node::fold(fold, input.clone(), vec![])?;
        Ok(Node::another_way(&plain, Kind::Block(image), vec![], vec![value]))
    }

    /// The cost of a stage that makes `root` and hands it to a fold, if there is one.
    fn cost(&self, root: &Arc<Node>, fold: Option<&dyn FoldOp>) -> Cost {
        let program = Program::fuse(std::slice::from_ref(root), &|_| None, &|_| None);
        let spec = root.spec();
        let state_bytes = fold.map_or(0, |f| f.state_bytes(spec));
        let consumer_cost_ns = match fold {
            Some(f) => f.cost_ns(),
            None => spec.dtype.size() as f64 * 2.0,
        };
        let query = GridQuery {
            program: &program,
            shape: &spec.shape,
            must: &[],
            sinks: &[],
            room: self.room.saturating_sub(state_bytes),
            n_threads: self.n_threads,
            n_processes: 1,
            edge: None,
            consumer_cost_ns,
            consumer: &|region| {
                fold.map_or(Taking::default(), |f| Taking {
                    bytes: f.map_bytes(spec, region),
                    serial_ns: f.merge_ns(spec, region),
                })
            },
            in_order: fold.is_some_and(|f| !f.any_order()),
            exact: false,
        };
        match choose(&query) {
            Ok(choice) => Cost {
                secs: Ok(choice.secs),
                read_bytes: choice.reads.iter().map(|r| r.bytes).sum(),
            },
            Err(least) => Cost { secs: Err(state_bytes + least), read_bytes: 0 },
        }
    }
}

fn mib(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}
