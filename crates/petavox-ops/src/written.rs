//! Lazy images as text: a plan that was written down becomes a lazy image again, in this process or another.

use crate::family::Build;
use crate::operation as op;
use crate::params::Params;
use crate::registry::operations;
use petavox_core::{Error, Result, Source};
use petavox_engine::Node;
use petavox_engine::explain::{NodeDoc, nodes_of};
use std::collections::HashMap;
use std::sync::Arc;

/// Operations that users do not type, but that plans may hold.
const INTERNAL: &[(&str, Build)] = &[
    ("bundle", Build::Many(op::internal::bundle::build)),
    ("describe", Build::One(op::internal::describe::build)),
    ("fuse", Build::Many(crate::mosaic::build)),
    ("mask", Build::One(|input, _| op::internal::bits::pack(input))),
    ("max_projection", Build::One(|input, _| op::internal::max_projection::max_projection(input))),
];

/// Who finds what a plan only names.
pub trait Resolver {
    /// Opens a source by its locator.
    ///
    /// # Errors
    /// If there is nothing of that name.
    fn open(&self, locator: &str) -> Result<Arc<dyn Source>>;

    /// Builds an operation that the registry does not have, such as a function of another language; `None` if it is unknown here too.
    ///
    /// # Errors
    /// If the operation does not accept its inputs.
    fn build(&self, _doc: &NodeDoc, _inputs: &[Arc<Node>]) -> Result<Option<Arc<Node>>> {
        Ok(None)
    }
}

impl<F: Fn(&str) -> Result<Arc<dyn Source>>> Resolver for F {
    fn open(&self, locator: &str) -> Result<Arc<dyn Source>> {
        self(locator)
    }
}

/// The operations behind a lazy image, inputs first, ready to be serialised. Its size grows with the operations, never with the
/// image.
pub fn write_plan(image: &Arc<Node>) -> Vec<NodeDoc> {
    nodes_of(std::slice::from_ref(image))
}

/// The lazy image that [`write_plan`] was given; `resolver` opens its sources by name. It computes the same: its id is the same as long as
/// the sources still look as they did.
///
/// # Errors
/// [`Error::InvalidArgument`] if the plan names an operation that there is not, or a source without a name (an image in memory); whatever
/// `resolver` says.
pub fn read_plan(nodes: &[NodeDoc], resolver: &dyn Resolver) -> Result<Arc<Node>> {
    let Some(root) = nodes.last() else {
        return Err(Error::argument("plan", "no operations", "at least a source"));
    };
    let by_id: HashMap<&str, &NodeDoc> = nodes.iter().map(|n| (n.id.as_str(), n)).collect();
    // Every node is made once, inputs before it: a damaged plan that names itself ends here, not in a loop.
    let mut made: HashMap<&str, Arc<Node>> = HashMap::new();
    for doc in nodes {
        // What takes values only is made from the image that the first of them was folded from.
        let names = match (&doc.inputs[..], doc.values.first()) {
            ([], Some(value)) => by_id.get(value.as_str()).map_or(&doc.inputs, |v| &v.inputs),
            _ => &doc.inputs,
        };
        let inputs: Option<Vec<Arc<Node>>> =
            names.iter().map(|i| made.get(i.as_str()).cloned()).collect();
        let inputs = inputs.ok_or_else(|| {
            let expected = "every operation after its inputs";
            Error::argument("plan", format!("{} before its input", doc.op), expected)
        })?;
        // Folds are made again by the operations that take their values.
        let is_value = by_id.values().any(|n| n.values.contains(&doc.id));
        if !is_value {
            made.insert(&doc.id, node(doc, &inputs, resolver)?);
        }
    }
    made.remove(root.id.as_str())
        .ok_or_else(|| Error::argument("plan", "a value at its end", "an image"))
}

fn node(doc: &NodeDoc, inputs: &[Arc<Node>], resolver: &dyn Resolver) -> Result<Arc<Node>> {
    if doc.op == "open" {
        let Some(path) = doc.params.get("path").and_then(|p| p.as_str()) else {
            let expected = "sources that can be opened by name; images in memory cannot travel";
            return Err(Error::argument("plan", "a source without a path", expected));
        };
        let source = Node::source(resolver.open(path)?);
        let (found, known) = (source.spec(), &doc.spec);
        if (&found.shape, found.dtype) != (&known.shape, known.dtype) {
            let given = format!("{path}, which is {} {:?} now", found.dtype, found.shape);
            let expected =
                format!("{} {:?}, as when the plan was written", known.dtype, known.shape);
            return Err(Error::argument("plan", given, expected));
        }
        // Axes or spacing may have been told when the file was opened.
        return if found == known {
            Ok(source)
        } else {
            op::internal::describe::describe(&source, known.clone())
        };
    }
    let known = operations().find(|o| o.name == doc.op).map(|o| o.build);
    let internal = || INTERNAL.iter().find(|(name, _)| *name == doc.op).map(|(_, build)| *build);
    if let Some(build) = known.or_else(internal) {
        let given = doc.params.as_object().cloned().unwrap_or_default();
        return build.bind(inputs, Params::new(&doc.op, given));
    }
    resolver.build(doc, inputs)?.ok_or_else(|| {
        Error::argument("plan", format!("operation '{}'", doc.op), "an operation of this version")
    })
}
