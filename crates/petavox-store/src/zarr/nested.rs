//! An image that is written into a Zarr that is there already, such as the labels `x.zarr/labels/cells`.

use super::meta::read_json;
use super::node;
use crate::Limits;
use crate::atomic::write_whole;
use petavox_core::{Error, Result};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// The surroundings of a nested output.
pub(crate) struct Nested {
    /// The format of the Zarr around it, which its members share.
    pub(crate) zarr_format: u8,
    /// The group `labels`, if the output is one of its members.
    pub(crate) labels: Option<PathBuf>,
    name: String,
}

/// True if the path leads into something that is named like a Zarr.
pub(crate) fn is_nested(path: &Path) -> bool {
    let endings = super::FORMAT.endings;
    path.ancestors().skip(1).filter_map(Path::file_name).any(|name| {
        let name = name.to_string_lossy().to_lowercase();
        endings.iter().any(|e| name.ends_with(e))
    })
}

/// What an output lies in; `None` if it stands by itself.
///
/// # Errors
/// [`Error::NotFound`] if the path leads into a Zarr that is not there.
pub(crate) fn around(path: &Path) -> Result<Option<Nested>> {
    if !is_nested(path) {
        return Ok(None);
    }
    let absolute = std::path::absolute(path).map_err(|e| Error::io(path, "look at", e))?;
    let name = absolute.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let parent = absolute.parent().unwrap_or(&absolute).to_path_buf();
    let is_labels = parent.file_name().is_some_and(|n| n == "labels");
    let outer = if is_labels { parent.parent().unwrap_or(&parent) } else { &parent };
    if !node::is_node(outer) {
        let hint = "an image is written into a Zarr only where one is there already".to_owned();
        return Err(Error::NotFound { path: outer.into(), hint: Some(hint) });
    }
    let zarr_format = if outer.join("zarr.json").is_file() { 3 } else { 2 };
    Ok(Some(Nested { zarr_format, labels: is_labels.then_some(parent), name }))
}

impl Nested {
    /// Adds the finished output to the list of labels.
    ///
    /// # Errors
    /// Whatever the file system says, or [`Error::Corrupt`] for a list that is none.
    pub(crate) fn register(&self) -> Result<()> {
        let Some(dir) = &self.labels else { return Ok(()) };
        let limits = Limits::default();
        if self.zarr_format == 2 {
            let group = dir.join(".zgroup");
            if !group.is_file() {
                write_json(&group, &json!({"zarr_format": 2}))?;
            }
            let path = dir.join(".zattrs");
            let mut attributes = read_json(&path, &limits)?.unwrap_or_default();
            self.add_name(&mut attributes);
            return write_json(&path, &Value::Object(attributes));
        }
        let path = dir.join("zarr.json");
        let mut doc = match read_json(&path, &limits)? {
            Some(doc) => Value::Object(doc),
            None => super::document::group_v3(Map::new()),
        };
        let is_map = |v: &Value| v.is_object();
        if !doc.get("attributes").is_some_and(is_map) {
            doc["attributes"] = json!({});
        }
        if !doc["attributes"].get("ome").is_some_and(is_map) {
            doc["attributes"]["ome"] = json!({"version": "0.5"});
        }
        if let Some(ome) = doc["attributes"]["ome"].as_object_mut() {
            self.add_name(ome);
        }
        write_json(&path, &doc)
    }

    fn add_name(&self, attributes: &mut Map<String, Value>) {
        let name = Value::String(self.name.clone());
        match attributes.get_mut("labels") {
            Some(Value::Array(list)) if list.contains(&name) => {}
            Some(Value::Array(list)) => list.push(name),
            _ => {
                attributes.insert("labels".into(), Value::Array(vec![name]));
            }
        }
    }
}

fn write_json(path: &Path, value: &Value) -> Result<()> {
    let text = serde_json::to_vec_pretty(value).map_err(|e| Error::internal("metadata", e))?;
    write_whole(path, &text)
}
