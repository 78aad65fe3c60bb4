//! A plan's operations as a Graphviz graph.

use super::document::Document;
use std::fmt::Write;

/// The operations in Graphviz' language; dashed arrows carry values.
pub fn dot(document: &Document) -> String {
    let mut out = String::from(
        "digraph plan {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];\n",
    );
    // What is kept for later passes has a double frame.
    let kept: Vec<&str> =
        document.stages.iter().flat_map(|s| &s.keeps).map(|k| k.node.as_str()).collect();
    for node in &document.nodes {
        let shape: Vec<String> = node.spec.shape.iter().map(usize::to_string).collect();
        let label = format!("{}\\n{} {}", node.op, shape.join("x"), node.spec.dtype);
        let _ = writeln!(
            out,
            "  \"{}\" [label=\"{label}\", tooltip={:?}{}];",
            node.id,
            node.params.to_string(),
            if kept.contains(&node.id.as_str()) { ", peripheries=2" } else { "" },
        );
        for input in &node.inputs {
            let _ = writeln!(out, "  \"{input}\" -> \"{}\";", node.id);
        }
        for value in &node.values {
            let _ = writeln!(out, "  \"{value}\" -> \"{}\" [style=dashed];", node.id);
        }
    }
    out.push_str("}\n");
    out
}
