//! Opening by looking: directory or file, first bytes, then ending.

use crate::described::Described;
use crate::format::{Look, Opened};
use crate::formats::FORMATS;
use crate::{Info, OpenOptions};
use petavox_core::{Error, ImageSpec, Result, Source};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// Opens an image: a Zarr array or OME-Zarr group (or a level `x.zarr/1`, or `x.zarr/labels/cells`), a file (or a
/// level of a TIFF, `x.ome.tif/1`), a folder of slices or a glob of them.
///
/// # Errors
/// [`Error::NotFound`] with a near miss, [`Error::Unsupported`] for what is not read, [`Error::Corrupt`] for a file that is
/// not what it says.
pub fn open(path: &str, options: &OpenOptions) -> Result<Arc<dyn Source>> {
    Ok(open_with_info(path, options)?.source)
}

/// Says what is in a file without reading a sample.
///
/// # Errors
/// As [`open`].
pub fn info(path: &str, options: &OpenOptions) -> Result<Info> {
    Ok(open_with_info(path, options)?.info)
}

/// [`open`] and [`info`] in one.
///
/// # Errors
/// As [`open`].
pub fn open_with_info(path: &str, options: &OpenOptions) -> Result<Opened> {
    let mut opened = open_undescribed(path, options)?;
    let spec = described(opened.source.spec(), options)?;
    if spec != *opened.source.spec() {
        opened.info.axes = spec.axes.clone();
        opened.info.spacing = spec.spacing.values.clone();
        opened.source = Arc::new(Described { inner: opened.source, spec });
    }
    opened.info.path = path.to_owned();
    Ok(opened)
}

fn open_undescribed(path: &str, options: &OpenOptions) -> Result<Opened> {
    let file = Path::new(path);
    let meta = match std::fs::metadata(file) {
        Ok(meta) => meta,
        Err(_) if path.contains(['*', '?', '[']) => return open_slices(file, options),
        Err(e) if is_absent(&e) => {
            if let Some(opened) = open_level(file, options) {
                return opened;
            }
            return Err(Error::NotFound { path: file.into(), hint: near_miss(file) });
        }
        Err(e) => return Err(Error::io(file, "look at", e)),
    };
    let head = if meta.is_file() { read_head(file)? } else { Vec::new() };
    let look = Look { path: file, is_dir: meta.is_dir(), head: &head, name: name_of(file) };
    if let Some(format) = FORMATS.iter().find(|f| (f.matches)(&look)) {
        return (format.open)(file, options);
    }
    if meta.is_dir() {
        return open_slices(file, options);
    }
    let names: Vec<&str> = FORMATS.iter().map(|f| f.name).collect();
    let read = format!("these formats are read: {}", names.join(", "));
    Err(Error::unsupported(file, "this kind of file", read))
}

/// A level of the file above, if that is a file, the last component a number, and the format has levels inside files.
fn open_level(path: &Path, options: &OpenOptions) -> Option<Result<Opened>> {
    let file = path.parent().filter(|p| p.is_file())?;
    let level: usize = path.file_name()?.to_str()?.parse().ok()?;
    let head = match read_head(file) {
        Ok(head) => head,
        Err(e) => return Some(Err(e)),
    };
    let look = Look { path: file, is_dir: false, head: &head, name: name_of(file) };
    let format = FORMATS.iter().find(|f| (f.matches)(&look))?;
    format.open_level.map(|open| open(file, level, options))
}

/// The last component in lower case.
fn name_of(path: &Path) -> String {
    path.file_name().map(|n| n.to_string_lossy().to_lowercase()).unwrap_or_default()
}

/// A folder or a glob of slices.
fn open_slices(path: &Path, options: &OpenOptions) -> Result<Opened> {
    crate::slices::open(path, options)
}

fn described(spec: &ImageSpec, options: &OpenOptions) -> Result<ImageSpec> {
    let mut spec = spec.clone();
    if let Some(axes) = &options.axes {
        spec = spec.with_axes(axes.clone())?;
    }
    if let Some(values) = &options.spacing {
        let unit = spec.spacing.unit.clone();
        spec = spec.with_spacing(values, unit)?;
    }
    Ok(spec)
}

fn is_absent(e: &std::io::Error) -> bool {
    use std::io::ErrorKind::{NotADirectory, NotFound};
    matches!(e.kind(), NotFound | NotADirectory)
}

fn read_head(path: &Path) -> Result<Vec<u8>> {
    let file = std::fs::File::open(path).map_err(|e| Error::io(path, "open", e))?;
    let mut head = Vec::with_capacity(512);
    file.take(512).read_to_end(&mut head).map_err(|e| Error::io(path, "read", e))?;
    Ok(head)
}

/// Names what is there instead, when one component of a path is misspelt.
pub(crate) fn near_miss(path: &Path) -> Option<String> {
    let absolute = std::path::absolute(path).ok()?;
    let parent = absolute.ancestors().skip(1).find(|p| p.is_dir())?;
    let wanted = absolute.strip_prefix(parent).ok()?.components().next()?;
    let wanted = wanted.as_os_str().to_string_lossy().into_owned();
    let shown = |name: &str| match path.parent() {
        Some(p) if !p.as_os_str().is_empty() && p.is_dir() => p.join(name).display().to_string(),
        Some(p) if p.as_os_str().is_empty() => name.to_owned(),
        _ => parent.join(name).display().to_string(),
    };
    let mut best: Option<(usize, String)> = None;
    // A folder of very many files is not searched to its end only to word an error.
    for entry in std::fs::read_dir(parent).ok()?.flatten().take(10_000) {
        let name = entry.file_name().to_string_lossy().into_owned();
        let distance = edit_distance(&wanted.to_lowercase(), &name.to_lowercase());
        let allowed = (wanted.chars().count() / 3).clamp(1, 4);
        let key = (distance, name);
        if key.0 <= allowed && best.as_ref().is_none_or(|b| key < *b) {
            best = Some(key);
        }
    }
    if let Some((_, name)) = best {
        return Some(format!("did you mean {}?", shown(&name)));
    }
    let direct = absolute.parent() == Some(parent);
    (!direct).then(|| format!("there is no {wanted} in {}", parent.display()))
}

/// Levenshtein's distance, with a swap of neighbours as one step.
fn edit_distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<usize>>()];
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let same = usize::from(a[i - 1] != b[j - 1]);
            row[j] = (rows[i - 1][j] + 1).min(row[j - 1] + 1).min(rows[i - 1][j - 1] + same);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(rows[i - 2][j - 2] + 1);
            }
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_path_is_answered_with_the_nearest_name() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("vessels.zarr")).unwrap();
        let hint = |name: &str| near_miss(&dir.path().join(name));
        assert!(hint("vesels.zarr").unwrap().contains("vessels.zarr"));
        assert!(hint("vessels.zar/labels").unwrap().contains("vessels.zarr"));
        assert_eq!(hint("neurons.tif"), None);
        assert!(hint("no/such/file").unwrap().starts_with("there is no no in"));
        let err =
            open(&dir.path().join("vesels.zarr").display().to_string(), &OpenOptions::default());
        assert!(matches!(err, Err(Error::NotFound { hint: Some(_), .. })));
    }

    #[test]
    fn distances_count_edits_and_swaps() {
        assert_eq!(edit_distance("abc", "abc"), 0);
        assert_eq!(edit_distance("abc", "acb"), 1);
        assert_eq!(edit_distance("", "abc"), 3);
        assert_eq!(edit_distance("kitten", "sitting"), 3);
    }

    #[test]
    fn an_unknown_file_lists_what_is_read() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), b"nothing known").unwrap();
        let err = open(&file.path().display().to_string(), &OpenOptions::default());
        assert!(matches!(err, Err(Error::Unsupported { .. })));
    }
}
