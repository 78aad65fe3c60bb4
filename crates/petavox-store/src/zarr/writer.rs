//! A pyramid that is being written: arrays in a staging folder, metadata of the whole last.

use super::array::ZarrArray;
use super::codecs::BytesCodec;
use super::document;
use super::layout::Layout;
use super::meta::ArrayMeta;
use super::nested::{self, Nested};
use super::sink::ZarrSink;
use super::{meta_v2, meta_v3};
use crate::atomic::{Staging, write_whole};
use crate::{CreateOptions, ImageWriter, Limits, Missing, MissingChunks, pyramid};
use petavox_core::{Error, ImageSpec, Result, Sink, Source};
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file of metadata, its path below the output's folder.
struct Document {
    path: String,
    text: Vec<u8>,
}

struct ZarrWriter {
    /// Where it is written until it is complete.
    dir: PathBuf,
    /// Held by the process that started the output; those that joined have none.
    staging: Option<Staging>,
    levels: Vec<ImageSpec>,
    metas: Vec<ArrayMeta>,
    /// Where a level's array lies below the output: `0`, `1` ..., or the output itself.
    folders: Vec<String>,
    nested: Option<Nested>,
    /// Written when all else is there: they make the output a Zarr.
    last: Vec<Document>,
}

/// An output as it will be, before anything is there.
struct Design {
    options: CreateOptions,
    levels: Vec<ImageSpec>,
    metas: Vec<ArrayMeta>,
    folders: Vec<String>,
    nested: Option<Nested>,
    /// Written before any chunk, and after all of them.
    first: Vec<Document>,
    last: Vec<Document>,
    fingerprint: u32,
}

/// Starts an output.
pub(crate) fn create(
    path: &Path,
    spec: &ImageSpec,
    options: &CreateOptions,
) -> Result<Arc<dyn ImageWriter>> {
    let design = design(path, spec, options)?;
    if let Some(dir) = design.nested.as_ref().and_then(|n| n.labels.as_ref()) {
        std::fs::create_dir_all(dir).map_err(|e| Error::io(dir, "create", e))?;
    }
    let options = &design.options;
    let staging = Staging::begin(path, design.fingerprint, options.overwrite, options.resume)?;
    let first = design.first;
    let writer = ZarrWriter {
        dir: staging.path().into(),
        staging: Some(staging),
        levels: design.levels,
        metas: design.metas,
        folders: design.folders,
        nested: design.nested,
        last: design.last,
    };
    for folder in &writer.folders {
        let dir = writer.dir(folder);
        std::fs::create_dir_all(&dir).map_err(|e| Error::io(&dir, "create", e))?;
    }
    first.iter().try_for_each(|d| writer.write_document(d))?;
    Ok(Arc::new(writer))
}

/// Joins an output that another process has started.
pub(crate) fn join(
    path: &Path,
    spec: &ImageSpec,
    options: &CreateOptions,
) -> Result<Arc<dyn ImageWriter>> {
    let design = design(path, spec, options)?;
    let dir = Staging::path_of(path, design.fingerprint)?;
    if !dir.is_dir() {
        let hint = "the process that started this output must be at work, and its folder visible here under the same path";
        return Err(Error::NotFound { path: dir, hint: Some(hint.to_owned()) });
    }
    Ok(Arc::new(ZarrWriter {
        dir,
        staging: None,
        levels: design.levels,
        metas: design.metas,
        folders: design.folders,
        nested: None,
        last: vec![],
    }))
}

fn design(path: &Path, spec: &ImageSpec, options: &CreateOptions) -> Result<Design> {
    if !matches!(options.zarr_format, 2 | 3) {
        return Err(Error::argument("zarr_format", options.zarr_format, "2 or 3"));
    }
    let nested = nested::around(path)?;
    let mut options = options.clone();
    if let Some(nested) = &nested {
        options.zarr_format = nested.zarr_format;
        options.is_labels |= nested.labels.is_some();
    }
    let options = &options;
    let is_ome = document::is_ome(spec);
    if !is_ome && options.n_levels.is_some_and(|n| n > 1) {
        let expected = format!("1 level for axes {}; pyramids are of (t)(c)(z)yx", spec.axes);
        return Err(Error::argument("levels", options.n_levels.unwrap_or(1), expected));
    }
    let levels = if is_ome { pyramid::levels(spec, options.n_levels) } else { vec![spec.clone()] };
    let mut first = vec![];
    let mut last = vec![];
    let mut metas = vec![];
    let mut folders = vec![];
    for (k, level) in levels.iter().enumerate() {
        let folder = if is_ome { k.to_string() } else { String::new() };
        let own = if is_ome { Map::new() } else { document::own_attributes(spec) };
        let layout = Layout::of(level, options)?;
        let (meta, documents) = array(&folder, level, &layout, own, options)?;
        if is_ome {
            first.extend(documents)
        } else {
            last.extend(documents)
        }
        metas.push(meta);
        folders.push(folder);
    }
    if is_ome {
        let name = path.file_stem().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        last.extend(group(&name, &levels, options));
    }
    let all = first.iter().chain(&last);
    let fingerprint =
        all.fold(options.fingerprint(spec), |crc, d| crc32c::crc32c_append(crc, &d.text));
    let options = options.clone();
    Ok(Design { options, levels, metas, folders, nested, first, last, fingerprint })
}

fn text(path: &str, value: &Value) -> Result<Document> {
    let text = serde_json::to_vec_pretty(value);
    let text = text.map_err(|e| Error::internal("metadata", e))?;
    Ok(Document { path: path.trim_start_matches('/').to_owned(), text })
}

/// The metadata of one array, as they will be read and as they are written.
fn array(
    folder: &str,
    spec: &ImageSpec,
    layout: &Layout,
    attributes: Map<String, Value>,
    options: &CreateOptions,
) -> Result<(ArrayMeta, Vec<Document>)> {
    let limits = Limits::default();
    let whole = |value: &Value| value.as_object().cloned().unwrap_or_default();
    if options.zarr_format == 3 {
        let value = document::array_v3(spec, layout, &options.codec, attributes)?;
        let meta = meta_v3::parse(&whole(&value), Path::new("zarr.json"), &limits)?;
        return Ok((meta, vec![text(&format!("{folder}/zarr.json"), &value)?]));
    }
    let value = document::array_v2(spec, layout, &options.codec)?;
    let mut meta =
        meta_v2::parse(&whole(&value), attributes.clone(), Path::new(".zarray"), &limits)?;
    for codec in &mut meta.pipeline.codecs {
        if let BytesCodec::Zstd { checksum, .. } = codec {
            *checksum = true;
        }
    }
    let mut documents = vec![text(&format!("{folder}/.zarray"), &value)?];
    if !attributes.is_empty() {
        documents.push(text(&format!("{folder}/.zattrs"), &Value::Object(attributes))?);
    }
    Ok((meta, documents))
}

/// The metadata of the pyramid.
fn group(name: &str, levels: &[ImageSpec], options: &CreateOptions) -> Vec<Document> {
    let ome = document::ome(name, levels, options);
    let documents = if options.zarr_format == 3 {
        let attributes = Map::from_iter([("ome".to_owned(), Value::Object(ome))]);
        vec![text("zarr.json", &document::group_v3(attributes))]
    } else {
        let group = serde_json::json!({"zarr_format": 2});
        vec![text(".zattrs", &Value::Object(ome)), text(".zgroup", &group)]
    };
    documents.into_iter().flatten().collect()
}

impl ZarrWriter {
    fn dir(&self, folder: &str) -> PathBuf {
        if folder.is_empty() { self.dir.clone() } else { self.dir.join(folder) }
    }

    fn write_document(&self, document: &Document) -> Result<()> {
        write_whole(&self.dir.join(&document.path), &document.text)
    }

    fn array(&self, level: usize) -> Result<ZarrArray> {
        let Some(spec) = self.levels.get(level) else {
            let expected = format!("a level below {}", self.levels.len());
            return Err(Error::argument("level", level, expected));
        };
        let dir = self.dir(&self.folders[level]);
        Ok(ZarrArray::new(
            &dir,
            self.metas[level].clone(),
            spec.clone(),
            Missing::Error,
            &MissingChunks::default(),
        ))
    }
}

impl ImageWriter for ZarrWriter {
    fn levels(&self) -> &[ImageSpec] {
        &self.levels
    }

    fn sink(&self, level: usize) -> Result<Arc<dyn Sink>> {
        let array = self.array(level)?;
        let folder = &self.folders[level];
        Ok(Arc::new(ZarrSink::new(array, &self.dir(folder), folder.is_empty())))
    }

    fn source(&self, level: usize) -> Result<Arc<dyn Source>> {
        Ok(Arc::new(self.array(level)?))
    }

    fn finish(&self) -> Result<()> {
        let Some(staging) = &self.staging else {
            return Err(Error::internal("ZarrWriter::finish", "the output is another process'"));
        };
        self.last.iter().try_for_each(|d| self.write_document(d))?;
        staging.commit()?;
        self.nested.as_ref().map_or(Ok(()), Nested::register)
    }

    fn abandon(&self) {
        let Some(staging) = &self.staging else { return };
        staging.abandon();
        if let Some(dir) = self.nested.as_ref().and_then(|n| n.labels.as_ref()) {
            // Goes only where it is empty: nothing was ever written into it.
            let _ = std::fs::remove_dir(dir);
        }
    }
}
