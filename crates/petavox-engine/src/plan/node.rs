//! The lazy graph: immutable nodes that share their inputs.

use crate::contract::{BlockOp, FoldOp, SweepOp};
use petavox_core::{Error, ImageSpec, Result, Source};
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// What a node does.
#[derive(Clone)]
pub enum Kind {
    /// Reads an image.
    Source(Arc<dyn Source>),
    /// Makes blocks from regions.
    Block(Arc<dyn BlockOp>),
    /// Makes one value from an image.
    Fold(Arc<dyn FoldOp>),
    /// Makes passes over a whole image.
    Sweep(Arc<dyn SweepOp>),
}

/// One step of a lazy computation. Nodes are immutable and shared; two nodes with the same `id` compute the same.
pub struct Node {
    id: u64,
    kind: Kind,
    inputs: Vec<Arc<Node>>,
    values: Vec<Arc<Node>>,
    spec: ImageSpec,
}

impl Node {
    /// An image that is read.
    pub fn source(source: Arc<dyn Source>) -> Arc<Node> {
        let spec = source.spec().clone();
        // A source without a locator is known by its address: the same object is the same image.
        let key = match source.locator() {
            Some(name) => name,
            None => format!("memory:{:p}", Arc::as_ptr(&source)),
        };
        let id = hash(&("open", key, serde_json::to_string(&spec).unwrap_or_default()));
        Arc::new(Node { id, kind: Kind::Source(source), inputs: vec![], values: vec![], spec })
    }

    /// A local operation on images; `values` are folds it takes numbers from.
    ///
    /// # Errors
    /// If the operation does not accept these inputs.
    pub fn block(
        op: Arc<dyn BlockOp>,
        inputs: Vec<Arc<Node>>,
        values: Vec<Arc<Node>>,
    ) -> Result<Arc<Node>> {
        let specs: Vec<&ImageSpec> = inputs.iter().map(|n| &n.spec).collect();
        let spec = op.output(&specs)?;
        if values.iter().any(|v| !matches!(v.kind, Kind::Fold(_))) {
            return Err(Error::internal("Node::block", "a value that is not a fold"));
        }
        let id = identify(op.name(), &op.params(), &inputs, &values);
        Ok(Arc::new(Node { id, kind: Kind::Block(op), inputs, values, spec }))
    }

    /// A global operation that makes one value.
    ///
    /// # Errors
    /// If the operation does not accept this input.
    pub fn fold(
        op: Arc<dyn FoldOp>,
        input: Arc<Node>,
        values: Vec<Arc<Node>>,
    ) -> Result<Arc<Node>> {
        op.accept(&input.spec)?;
        let inputs = vec![input];
        let id = identify(op.name(), &op.params(), &inputs, &values);
        let spec = inputs[0].spec.clone();
        Ok(Arc::new(Node { id, kind: Kind::Fold(op), inputs, values, spec }))
    }

    /// A global operation by passes.
    ///
    /// # Errors
    /// If the operation does not accept this input.
    pub fn sweep(op: Arc<dyn SweepOp>, input: Arc<Node>) -> Result<Arc<Node>> {
        let spec = op.output(&input.spec)?;
        let inputs = vec![input];
        let id = identify(op.name(), &op.params(), &inputs, &[]);
        Ok(Arc::new(Node { id, kind: Kind::Sweep(op), inputs, values: vec![], spec }))
    }

    /// The image of `of` computed another way: it keeps its id.
    pub(super) fn another_way(
        of: &Node,
        kind: Kind,
        inputs: Vec<Arc<Node>>,
        values: Vec<Arc<Node>>,
    ) -> Arc<Node> {
        Arc::new(Node { id: of.id, kind, inputs, values, spec: of.spec.clone() })
    }

    /// The hash of what the node computes.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// What the node does.
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// The images it works on.
    pub fn inputs(&self) -> &[Arc<Node>] {
        &self.inputs
    }

    /// The folds it takes numbers from.
    pub fn values(&self) -> &[Arc<Node>] {
        &self.values
    }

    /// What comes out; for a fold, what goes in.
    pub fn spec(&self) -> &ImageSpec {
        &self.spec
    }

    /// The operation's name; `open` for sources.
    pub fn name(&self) -> &'static str {
        match &self.kind {
            Kind::Source(_) => "open",
            Kind::Block(op) => op.name(),
            Kind::Fold(op) => op.name(),
            Kind::Sweep(op) => op.name(),
        }
    }

    /// The operation's parameters; the locator for sources.
    pub fn params(&self) -> serde_json::Value {
        match &self.kind {
            Kind::Source(s) => serde_json::json!({ "path": s.locator() }),
            Kind::Block(op) => op.params(),
            Kind::Fold(op) => op.params(),
            Kind::Sweep(op) => op.params(),
        }
    }
}

fn identify(
    name: &str,
    params: &serde_json::Value,
    inputs: &[Arc<Node>],
    values: &[Arc<Node>],
) -> u64 {
    let ids = |nodes: &[Arc<Node>]| nodes.iter().map(|n| n.id).collect::<Vec<_>>();
    hash(&(name, params.to_string(), ids(inputs), ids(values)))
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Node({} {} {:?})", self.name(), self.spec.dtype, self.spec.shape)
    }
}
