//! Comparisons of shifted arrays as a graph that knows each result once.
//!
//! A value is an array moved by some samples along a row. Comparing two values that are both moved by one step more is the same comparison
//! moved by a step, so that what neighbouring windows have in common is found once, without being looked for.

use std::collections::HashMap;

/// What a node makes, and moved how far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Value {
    pub(super) node: u32,
    pub(super) shift: u32,
}

/// How a node is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Node {
    /// A row of the image.
    Row(u32),
    /// The lesser of two.
    Low(Value, Value),
    /// The greater of two.
    High(Value, Value),
}

/// Nodes, each after those it is made of.
#[derive(Default)]
pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    known: HashMap<Node, u32>,
}

impl Graph {
    /// The samples of a row, `shift` samples on.
    pub(super) fn row(&mut self, row: u32, shift: u32) -> Value {
        Value { node: self.node(Node::Row(row)), shift }
    }

    /// The lesser of two at every place.
    pub(super) fn low(&mut self, a: Value, b: Value) -> Value {
        self.pair(a, b, Node::Low)
    }

    /// The greater of two at every place.
    pub(super) fn high(&mut self, a: Value, b: Value) -> Value {
        self.pair(a, b, Node::High)
    }

    fn pair(&mut self, a: Value, b: Value, kind: fn(Value, Value) -> Node) -> Value {
        if a == b {
            return a;
        }
        let shift = a.shift.min(b.shift);
        let [a, b] = [a, b].map(|v| Value { shift: v.shift - shift, ..v });
        Value { node: self.node(kind(a.min(b), a.max(b))), shift }
    }

    fn node(&mut self, node: Node) -> u32 {
        let next = self.nodes.len() as u32;
        let found = *self.known.entry(node).or_insert(next);
        if found == next {
            self.nodes.push(node);
        }
        found
    }
}
