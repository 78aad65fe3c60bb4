//! Starting an output by its ending.

use crate::CreateOptions;
use crate::format::{Format, ImageWriter};
use crate::formats::FORMATS;
use petavox_core::{Error, ImageSpec, Result};
use std::path::Path;
use std::sync::Arc;

/// Starts an output; its ending picks the format.
///
/// The same samples and options give the same files byte for byte, whatever the order in which blocks are written, with one
/// exception: in a compressed TIFF the tiles lie in the order in which they came.
///
/// # Errors
/// [`Error::Exists`] if it is there and `overwrite` is false, [`Error::InvalidArgument`] for an ending or options that no
/// format takes, [`Error::Io`] if another process is writing the same output.
pub fn create(
    path: &Path,
    spec: &ImageSpec,
    options: &CreateOptions,
) -> Result<Arc<dyn ImageWriter>> {
    let name = path.file_name().map(|n| n.to_string_lossy().to_lowercase()).unwrap_or_default();
    let longest =
        |f: &Format| f.endings.iter().filter(|e| name.ends_with(**e)).map(|e| e.len()).max();
    let best = FORMATS
        .iter()
        .filter(|f| f.create.is_some())
        .filter_map(|f| Some((longest(f)?, f)))
        .max_by_key(|(length, _)| *length)
        .map(|(_, f)| f);
    if spec.ndim() == 0 && best.is_none_or(|f| f.name != "npy") {
        let expected = "a name that ends in .npy: other formats hold no image without axes";
        return Err(Error::argument("output", path.display(), expected));
    }
    let best = best.and_then(|f| f.create);
    // A path into a Zarr (`x.zarr/labels/cells`) needs no ending.
    let nested = crate::zarr::is_nested(path).then_some(crate::zarr::FORMAT.create).flatten();
    let is_nested = nested.is_some();
    let Some(start) = nested.or(best) else {
        let endings: Vec<&str> = FORMATS
            .iter()
            .filter(|f| f.create.is_some())
            .flat_map(|f| f.endings.iter().copied())
            .collect();
        let expected = format!("a name that ends in {}", endings.join(", "));
        return Err(Error::argument("output", path.display(), expected));
    };
    if path.symlink_metadata().is_ok() && !options.overwrite {
        return Err(Error::Exists { path: path.into() });
    }
    if let Some(parent) = path.parent()
        && !is_nested
        && !parent.as_os_str().is_empty()
        && !parent.is_dir()
    {
        std::fs::create_dir_all(parent).map_err(|e| Error::io(parent, "create", e))?;
    }
    start(path, spec, options)
}

/// Joins an output that another process started with [`create`] and the same arguments, to write some of its objects. Its sinks take what
/// the starter's would; finishing is left to the starter.
///
/// # Errors
/// [`Error::InvalidArgument`] unless the output is a Zarr, the only format whose objects can have several writers;
/// [`Error::NotFound`] if nobody has started it, or this process does not see the folder it lies in.
pub fn join(
    path: &Path,
    spec: &ImageSpec,
    options: &CreateOptions,
) -> Result<Arc<dyn ImageWriter>> {
    let name = path.file_name().map(|n| n.to_string_lossy().to_lowercase()).unwrap_or_default();
    let is_zarr = crate::zarr::FORMAT.endings.iter().any(|e| name.ends_with(e));
    if is_zarr || crate::zarr::is_nested(path) {
        return crate::zarr::join(path, spec, options);
    }
    let expected = "a Zarr (a name that ends in .zarr): several machines write it together";
    Err(Error::argument("output", path.display(), expected))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ending_nobody_writes_is_refused_with_those_that_are() {
        let spec = ImageSpec::new([2, 2], petavox_core::Dtype::UInt8).unwrap();
        let err = create(Path::new("x.docx"), &spec, &CreateOptions::default());
        assert!(matches!(err, Err(Error::InvalidArgument { .. })));
    }
}
