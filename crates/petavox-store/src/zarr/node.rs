//! What a directory is: an array, a group, or neither.

use super::meta::{ArrayMeta, read_json};
use super::{meta_v2, meta_v3};
use crate::Limits;
use petavox_core::{Error, Result};
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

/// A directory with Zarr metadata.
#[derive(Debug)]
pub(crate) enum Node {
    Array(Box<ArrayMeta>),
    Group(Group),
}

/// A group: only its attributes are of interest.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) attributes: Map<String, Value>,
}

/// Files whose presence makes a directory a node.
const MARKS: [&str; 4] = ["zarr.json", ".zarray", ".zgroup", ".zattrs"];

/// True if the directory has Zarr metadata.
pub(crate) fn is_node(dir: &Path) -> bool {
    MARKS.iter().any(|m| dir.join(m).is_file())
}

/// True for a group or data set of N5, which resembles Zarr and is not read.
pub(crate) fn is_n5(dir: &Path) -> bool {
    // Small by nature; a longer file is not worth reading to word an error.
    let limits = Limits { metadata_bytes: 1 << 16, ..Limits::default() };
    match read_json(&dir.join("attributes.json"), &limits) {
        Ok(Some(doc)) => doc.contains_key("n5") || doc.contains_key("blockSize"),
        _ => false,
    }
}

/// True if the directory lies in a node: it is a part of one, not a folder of slices.
pub(crate) fn is_inside(dir: &Path) -> bool {
    let Ok(absolute) = std::path::absolute(dir) else { return false };
    absolute.ancestors().skip(1).take(4).any(is_node)
}

/// Reads a directory's metadata; `None` if it has none.
///
/// # Errors
/// [`Error::Corrupt`] or [`Error::Unsupported`] for metadata that cannot be used.
pub(crate) fn read(dir: &Path, limits: &Limits) -> Result<Option<Node>> {
    let path = dir.join("zarr.json");
    if let Some(doc) = read_json(&path, limits)? {
        return read_v3(&doc, &path, limits).map(Some);
    }
    let zattrs = read_json(&dir.join(".zattrs"), limits)?;
    let path = dir.join(".zarray");
    if let Some(doc) = read_json(&path, limits)? {
        let meta = meta_v2::parse(&doc, zattrs.unwrap_or_default(), &path, limits)?;
        return Ok(Some(Node::Array(Box::new(meta))));
    }
    if is_n5(dir) {
        return Err(Error::unsupported(
            dir,
            "N5",
            "Zarr v2 and v3 are read; n5 can be copied to Zarr with zarr or z5py",
        ));
    }
    if zattrs.is_none() && !dir.join(".zgroup").is_file() {
        return Ok(None);
    }
    Ok(Some(Node::Group(Group { attributes: zattrs.unwrap_or_default() })))
}

fn read_v3(doc: &Map<String, Value>, path: &Path, limits: &Limits) -> Result<Node> {
    if doc.get("zarr_format").and_then(Value::as_u64) != Some(3) {
        let feature = "a zarr.json that is not of Zarr format 3 (drafts of it differ)";
        return Err(Error::unsupported(path, feature, "Zarr v2 and the final v3 are read"));
    }
    match doc.get("node_type").and_then(Value::as_str) {
        Some("array") => Ok(Node::Array(Box::new(meta_v3::parse(doc, path, limits)?))),
        Some("group") => {
            let attributes = doc.get("attributes").and_then(Value::as_object);
            let attributes = attributes.cloned().unwrap_or_default();
            Ok(Node::Group(Group { attributes }))
        }
        _ => Err(Error::corrupt(path, Some("node_type".into()), "is array or group")),
    }
}

/// The path of a child that metadata name, if it stays inside.
pub(crate) fn child(dir: &Path, name: &str) -> Option<PathBuf> {
    let is_plain = !name.is_empty()
        && Path::new(name).components().all(|c| matches!(c, std::path::Component::Normal(_)));
    is_plain.then(|| dir.join(name))
}

/// The children of a group that are nodes, in natural order of their names; at most a thousand are looked at.
pub(crate) fn children(dir: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(dir) else { return vec![] };
    let mut names: Vec<String> = entries
        .flatten()
        .take(1000)
        .filter(|e| e.path().is_dir() && is_node(&e.path()))
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort_by_key(|n| (n.parse::<u64>().unwrap_or(u64::MAX), n.clone()));
    names
}
