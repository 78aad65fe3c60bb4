//! GraphML: tips and junctions as nodes, branches as edges, for networkx, igraph, Gephi, Cytoscape.

use super::{nodes_of, xyz};
use crate::skeleton::SkeletonGraph;
use petavox_core::{Column, Error, Result, Table};
use std::io::{BufWriter, Write};
use std::path::Path;

/// Writes the graph as GraphML: a node per tip and junction with its position (`x`, `y`, `z` in the spacing's unit), its
/// `degree` and `skeleton_id`, and an edge per branch with all columns of `table`, which has one row per branch. Node
/// ids are `n` and the table's node id. Branches with the same ends are parallel edges, cycles edges from a node to
/// itself. Voxels without a neighbour are left out.
///
/// # Errors
/// [`Error::InvalidArgument`] if the table has not one row per branch; [`Error::Io`] naming `path`, which is only the
/// name that errors carry.
pub fn graphml(
    graph: &SkeletonGraph<'_>,
    table: &Table,
    out: &mut dyn Write,
    path: &Path,
) -> Result<()> {
    if table.n_rows() != graph.n_branches() {
        let expected = format!("{}, one per branch", graph.n_branches());
        return Err(Error::argument("table", format!("{} rows", table.n_rows()), expected));
    }
    let mut out = BufWriter::new(out);
    write_all(graph, table, &mut out)
        .and_then(|()| out.flush())
        .map_err(|e| Error::io(path, "write", e))
}

fn write_all(graph: &SkeletonGraph<'_>, table: &Table, out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(out, r#"<graphml xmlns="http://graphml.graphdrawing.org/xmlns">"#)?;
    let node_keys = [
        ("x", "double"),
        ("y", "double"),
        ("z", "double"),
        ("degree", "long"),
        ("skeleton_id", "long"),
    ];
    for (name, kind) in node_keys {
        writeln!(
            out,
            r#"  <key id="node_{name}" for="node" attr.name="{name}" attr.type="{kind}"/>"#
        )?;
    }
    for (n, (name, column)) in table.columns().iter().enumerate() {
        let kind = match column {
            Column::Int(_) => "long",
            Column::Float(_) => "double",
            Column::Bool(_) => "boolean",
            Column::Text(_) => "string",
        };
        let name = escaped(name);
        writeln!(
            out,
            r#"  <key id="edge_{n}" for="edge" attr.name="{name}" attr.type="{kind}"/>"#
        )?;
    }
    writeln!(out, r#"  <graph id="skeleton" edgedefault="undirected">"#)?;
    let nodes = nodes_of(graph);
    let mut degrees = vec![0; nodes.len()];
    let mut skeletons = vec![0; nodes.len()];
    let mut ends = Vec::with_capacity(graph.n_branches());
    for branch in 0..graph.n_branches() {
        let path = graph.path(branch);
        let both = [path[0], path[path.len() - 1]];
        for voxel in both {
            let node = nodes.partition_point(|&v| v < voxel);
            degrees[node] += 1;
            skeletons[node] = graph.skeleton_ids()[branch];
        }
        ends.push(both.map(|voxel| graph.node_id(voxel)));
    }
    for ((&voxel, degree), skeleton) in nodes.iter().zip(degrees).zip(skeletons) {
        let [x, y, z] = xyz(graph, voxel);
        write!(out, r#"    <node id="n{}">"#, graph.node_id(voxel))?;
        for (name, value) in [("x", x), ("y", y), ("z", z)] {
            write!(out, r#"<data key="node_{name}">{value}</data>"#)?;
        }
        write!(out, r#"<data key="node_degree">{degree}</data>"#)?;
        writeln!(out, r#"<data key="node_skeleton_id">{skeleton}</data></node>"#)?;
    }
    for (branch, [src, dst]) in ends.into_iter().enumerate() {
        write!(out, r#"    <edge id="e{branch}" source="n{src}" target="n{dst}">"#)?;
        for (n, (_, column)) in table.columns().iter().enumerate() {
            let value = match column {
                Column::Int(v) => v[branch].to_string(),
                Column::Float(v) => number(v[branch]),
                Column::Bool(v) => v[branch].to_string(),
                Column::Text(v) => escaped(&v[branch]),
            };
            write!(out, r#"<data key="edge_{n}">{value}</data>"#)?;
        }
        writeln!(out, "</edge>")?;
    }
    writeln!(out, "  </graph>\n</graphml>")
}

/// A number as XML Schema's double spells it.
fn number(value: f64) -> String {
    match value {
        v if v.is_nan() => "NaN".into(),
        f64::INFINITY => "INF".into(),
        f64::NEG_INFINITY => "-INF".into(),
        v => v.to_string(),
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // XML 1.0 has no place for other control characters, not even escaped.
            c if c.is_control() && !matches!(c, '\t' | '\n' | '\r') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
