//! From a path to an array: a level, the first level of a pyramid, or what else the path may mean.

use super::array::ZarrArray;
use super::meta::ArrayMeta;
use super::node::{self, Group, Node};
use super::ome::{self, Multiscale, Ome};
use crate::{Info, LevelInfo, OpenOptions, Opened};
use petavox_core::{Error, ImageSpec, Result, Source};
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;

/// How a group stands around the image that is opened.
struct Around<'a> {
    dir: &'a Path,
    ome: Ome,
}

pub(crate) fn open(path: &Path, options: &OpenOptions) -> Result<Opened> {
    match node::read(path, &options.limits)? {
        Some(Node::Array(meta)) => open_array(path, *meta, options),
        Some(Node::Group(group)) => open_group(path, &group, options),
        None => {
            let feature = "a folder inside Zarr without metadata of its own";
            Err(Error::unsupported(path, feature, "open the array or group above it"))
        }
    }
}

/// An array: a level of the pyramid around it, if one names it.
fn open_array(path: &Path, meta: ArrayMeta, options: &OpenOptions) -> Result<Opened> {
    let absolute = std::path::absolute(path).map_err(|e| Error::io(path, "look at", e))?;
    for dir in absolute.ancestors().skip(1).take(3) {
        // Nothing above is needed to read the array, so nothing wrong there stands in the way.
        let Ok(Some(Node::Group(group))) = node::read(dir, &options.limits) else { continue };
        let ome = ome::parse(&group.attributes);
        let relative = absolute.strip_prefix(dir).map(Path::to_path_buf).unwrap_or_default();
        let relative = relative.to_string_lossy().replace('\\', "/");
        if let Some(k) = ome.image.as_ref().and_then(|m| m.level_at(&relative)) {
            return describe(path, meta, options, Some((&Around { dir, ome }, k)));
        }
    }
    describe(path, meta, options, None)
}

fn open_group(path: &Path, group: &Group, options: &OpenOptions) -> Result<Opened> {
    let ome = ome::parse(&group.attributes);
    if let Some(image) = &ome.image {
        let first = image.levels[0].path.clone();
        let bad = |problem: String| Error::corrupt(path, Some("multiscales".into()), problem);
        let dir = node::child(path, first.trim_matches('/'))
            .ok_or_else(|| bad(format!("the path {first:?} of a level leads outside")))?;
        return match node::read(&dir, &options.limits)? {
            Some(Node::Array(meta)) => {
                describe(&dir, *meta, options, Some((&Around { dir: path, ome }, 0)))
            }
            _ => Err(bad(format!("the level {first:?} is not there"))),
        };
    }
    if ome.is_series || path.join("OME").is_dir() {
        let names = series(path, ome.series.as_deref());
        if let [only] = &names[..] {
            return open(&path.join(only), options);
        }
        return Err(choose(path, "a collection of images", &names, "images"));
    }
    if let Some(wells) = &ome.wells {
        return Err(choose(path, "a plate", wells, "wells"));
    }
    if let Some(fields) = &ome.fields {
        return Err(choose(path, "a well", fields, "fields"));
    }
    let (what, names) = match &ome.labels {
        Some(labels) => ("a group of labels", labels.clone()),
        None => ("a group without an image of its own", node::children(path)),
    };
    Err(choose(path, what, &names, "members"))
}

/// The images of a collection in bioformats2raw's layout: as `OME` lists them, else the numbered ones.
fn series(path: &Path, listed: Option<&[String]>) -> Vec<String> {
    if let Some(listed) = listed {
        return listed.to_vec();
    }
    let ome = node::read(&path.join("OME"), &crate::Limits::default());
    if let Ok(Some(Node::Group(group))) = ome
        && let Some(listed) = ome::parse(&group.attributes).series
    {
        return listed;
    }
    node::children(path).into_iter().filter(|n| n.bytes().all(|b| b.is_ascii_digit())).collect()
}

/// The error that names what to open instead.
fn choose(path: &Path, what: &str, names: &[String], kind: &str) -> Error {
    let shown: Vec<String> =
        names.iter().take(12).map(|n| path.join(n).display().to_string()).collect();
    let more = names.len().saturating_sub(shown.len());
    let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
    let expected = match &shown[..] {
        [] => "it has none that could be opened".to_owned(),
        list => format!("open one of its {kind}: {}{tail}", list.join(", ")),
    };
    Error::unsupported(path, what, expected)
}

/// Makes the source and says what is known of it.
fn describe(
    path: &Path,
    meta: ArrayMeta,
    options: &OpenOptions,
    around: Option<(&Around<'_>, usize)>,
) -> Result<Opened> {
    let mut warnings = vec![];
    let mut spec = ImageSpec::new(meta.shape.clone(), meta.dtype)?;
    let own = own_placement(&meta, &spec);
    match around.and_then(|(a, k)| Some((a.ome.image.as_ref()?, k))) {
        Some((image, k)) => spec = image.describe(k, spec, &mut warnings),
        None => {
            if let Some(axes) = ome::axes_of_names(&meta.dimension_names) {
                spec = spec.with_axes(axes).unwrap_or(spec);
            }
            spec = own.unwrap_or(spec);
        }
    }
    let array = ZarrArray::new(path, meta, spec, options.missing, &options.missing_chunks);
    let mut info = Info::of("", "", array.spec(), array.grid().chunk());
    let meta = array.meta();
    let version = around.map(|(a, _)| a.ome.version.clone().unwrap_or_else(|| "0.x".into()));
    info.format = match version {
        Some(v) => format!("OME-Zarr {v} (Zarr v{})", meta.zarr_format),
        None => format!("Zarr v{}", meta.zarr_format),
    };
    info.chunks = meta.pipeline.shape.clone();
    info.shards = (!meta.layers.is_empty()).then(|| meta.object_shape.clone());
    info.codecs = meta.codec_names();
    if let Some((around, k)) = around {
        if let Some(image) = &around.ome.image {
            info.levels = levels(around.dir, image, k, options, &mut warnings);
        }
        info.channels = around.ome.channels.clone();
        info.labels = label_names(around.dir, options);
    }
    info.warnings = warnings;
    Ok(Opened { source: Arc::new(array), info })
}

/// What Petavox itself wrote beside an array that OME-Zarr has no words for.
fn own_placement(meta: &ArrayMeta, spec: &ImageSpec) -> Option<ImageSpec> {
    let own = meta.attributes.get("petavox")?;
    let read: ImageSpec = serde_json::from_value(Value::Object(
        own.as_object()?
            .iter()
            .map(|(k, v)| (k.clone(), v.clone()))
            .chain([
                ("shape".to_owned(), serde_json::to_value(&spec.shape).ok()?),
                ("dtype".to_owned(), Value::String(spec.dtype.name().into())),
            ])
            .collect(),
    ))
    .ok()?;
    let n = spec.ndim();
    let fits = read.axes.ndim() == n && read.spacing.values.len() == n && read.origin.len() == n;
    let sane = read.spacing.values.iter().all(|v| v.is_finite() && *v > 0.0);
    (fits && sane).then_some(read)
}

fn levels(
    dir: &Path,
    image: &Multiscale,
    from: usize,
    options: &OpenOptions,
    warnings: &mut Vec<String>,
) -> Vec<LevelInfo> {
    let mut all = vec![];
    for (k, level) in image.levels.iter().enumerate().skip(from) {
        let name = level.path.trim_matches('/');
        let found = node::child(dir, name).map(|d| node::read(&d, &options.limits));
        match found {
            Some(Ok(Some(Node::Array(meta)))) => {
                let Ok(spec) = ImageSpec::new(meta.shape.clone(), meta.dtype) else { continue };
                let spec = image.describe(k, spec, &mut vec![]);
                all.push(LevelInfo {
                    path: name.into(),
                    shape: spec.shape,
                    spacing: spec.spacing.values,
                });
            }
            _ => warnings.push(format!("the level {name:?} cannot be read")),
        }
    }
    all
}

/// Names of the label images beside an image.
fn label_names(dir: &Path, options: &OpenOptions) -> Vec<String> {
    let labels = dir.join("labels");
    match node::read(&labels, &options.limits) {
        Ok(Some(Node::Group(group))) => {
            ome::parse(&group.attributes).labels.unwrap_or_else(|| node::children(&labels))
        }
        _ => node::children(&labels),
    }
}
