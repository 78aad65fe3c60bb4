//! Folders and globs of slices: one file per position along a new first axis, in natural order.

mod names;

use crate::limits::Limits;
use crate::memory::check_request;
use crate::npy::NpySource;
use crate::picture::PictureSource;
use crate::tiff::TiffImage;
use crate::{Info, OpenOptions, Opened, TiffSource};
use petavox_core::{
    Axes, Block, ChunkGrid, Error, ImageSpec, MAX_NDIM, Region, Result, Source, Spacing,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What opening a slice takes besides reading it: its directory and tables.
const OPEN_BYTES: u64 = 1 << 20;

/// Opens a folder or glob for `open`.
pub(crate) fn open(path: &Path, options: &OpenOptions) -> Result<Opened> {
    let source = SliceSource::open_with(path, &options.limits, options.first_slice_only)?;
    let mut info = Info::of(
        &path.display().to_string(),
        source.kind.describe(),
        source.spec(),
        source.grid().chunk(),
    );
    info.codecs = source.codecs.clone();
    info.stored_bytes = Some(source.stored_bytes);
    info.warnings = source.warnings.clone();
    Ok(Opened { source: Arc::new(source), info })
}

/// The kinds of files that can be slices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Tiff,
    Picture,
    Npy,
}

impl Kind {
    fn of(path: &Path) -> Option<Kind> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        match ending.as_str() {
            "tif" | "tiff" => Some(Kind::Tiff),
            "png" | "jpg" | "jpeg" => Some(Kind::Picture),
            "npy" => Some(Kind::Npy),
            _ => None,
        }
    }

    fn describe(self) -> &'static str {
        match self {
            Kind::Tiff => "TIFF slices",
            Kind::Picture => "picture slices",
            Kind::Npy => "npy slices",
        }
    }
}

/// An opened slice.
enum Slice {
    Tiff(Arc<TiffSource>),
    Picture(PictureSource),
    Npy(NpySource),
}

impl Slice {
    fn open(path: &Path, kind: Kind, limits: &Limits) -> Result<Slice> {
        Ok(match kind {
            Kind::Tiff => Slice::Tiff(TiffImage::open_alone(path, limits)?.levels()[0].clone()),
            Kind::Picture => Slice::Picture(PictureSource::open(path, limits)?),
            Kind::Npy => Slice::Npy(NpySource::open(path, limits)?),
        })
    }

    fn source(&self) -> &dyn Source {
        match self {
            Slice::Tiff(s) => &**s,
            Slice::Picture(s) => s,
            Slice::Npy(s) => s,
        }
    }

    fn read_into(&self, region: &Region, out: &mut [u8]) -> Result<()> {
        match self {
            Slice::Tiff(s) => s.read_into(region, out),
            Slice::Picture(s) => s.read_into(region, out),
            Slice::Npy(s) => s.read_into(region, out),
        }
    }
}

/// A stack of files that agree in shape and dtype, along a new first axis: `z`, or `t` for files that are volumes.
///
/// One file at a time is open per read, so that the number of open files does not grow with the stack.
#[derive(Debug)]
pub struct SliceSource {
    paths: Vec<PathBuf>,
    kind: Kind,
    limits: Limits,
    spec: ImageSpec,
    grid: ChunkGrid,
    reads_below_chunk: bool,
    scratch_bytes: u64,
    stored_bytes: u64,
    codecs: Vec<String>,
    warnings: Vec<String>,
    pattern: PathBuf,
}

impl SliceSource {
    /// Finds the slices of a folder or a glob such as `slices/*.tif`, puts them in natural order (`slice2` before
    /// `slice10`) and checks the header of every one.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there are none, [`Error::InvalidArgument`] if they do not agree, naming the file and both
    /// shapes and dtypes; whatever is wrong with a file.
    pub fn open(pattern: &Path, limits: &Limits) -> Result<SliceSource> {
        SliceSource::open_with(pattern, limits, false)
    }

    /// [`SliceSource::open`], looking at the first slice only if that is wanted: the others are checked when they are read.
    ///
    /// # Errors
    /// As [`SliceSource::open`].
    pub fn open_with(pattern: &Path, limits: &Limits, first_only: bool) -> Result<SliceSource> {
        let (paths, kind) = find(pattern)?;
        let mut warnings = names::gaps(&paths);
        let mut first: Option<Slice> = None;
        let (mut plain, mut scratch_bytes, mut stored_bytes) = (true, 0, 0);
        for path in &paths {
            stored_bytes += std::fs::metadata(path).map_or(0, |m| m.len());
            if first_only && first.is_some() {
                continue;
            }
            let slice = Slice::open(path, kind, limits)?;
            let source = slice.source();
            plain &= source.reads_below_chunk();
            scratch_bytes = source.scratch_bytes(&source.spec().region()).max(scratch_bytes);
            match &first {
                None => first = Some(slice),
                Some(f) => agree(f.source().spec(), source.spec(), &paths[0], path)?,
            }
        }
        let first = first.ok_or_else(|| Error::internal("SliceSource::open", "no slices"))?;
        let spec = stacked(first.source().spec(), paths.len(), pattern)?;
        if spec.spacing.unit.is_some() && spec.axes.is_spatial(0) {
            warnings.push(format!(
                "the files do not say how far apart they are along {}; 1 is assumed, give the spacing to correct it",
                spec.axes.as_str().split_at(1).0
            ));
        }
        if first_only {
            // The others may compress less well.
            scratch_bytes *= 2;
        }
        let chunk = [&[1], first.source().grid().chunk()].concat();
        Ok(SliceSource {
            grid: ChunkGrid::new(&spec.shape, &chunk),
            codecs: match &first {
                Slice::Tiff(t) => t.codec_names(),
                _ => vec![],
            },
            paths,
            kind,
            limits: limits.clone(),
            spec,
            reads_below_chunk: plain,
            scratch_bytes: scratch_bytes + OPEN_BYTES,
            stored_bytes,
            warnings,
            pattern: pattern.to_owned(),
        })
    }

    /// Gaps in the numbering and the like.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The slices in order.
    pub fn paths(&self) -> &[PathBuf] {
        &self.paths
    }
}

/// The files of a folder or glob in natural order; all are of one kind.
fn find(pattern: &Path) -> Result<(Vec<PathBuf>, Kind)> {
    let is_dir = pattern.is_dir();
    let mut paths: Vec<PathBuf> = if is_dir {
        let entries = std::fs::read_dir(pattern).map_err(|e| Error::io(pattern, "list", e))?;
        let listed: std::io::Result<Vec<PathBuf>> = entries.map(|e| e.map(|e| e.path())).collect();
        listed.map_err(|e| Error::io(pattern, "list", e))?
    } else {
        names::expand(pattern)?
    };
    let hidden = |p: &Path| p.file_name().is_none_or(|n| n.to_string_lossy().starts_with('.'));
    paths.retain(|p| !hidden(p) && Kind::of(p).is_some() && p.is_file());
    paths.sort_by(|a, b| names::natural(&a.to_string_lossy(), &b.to_string_lossy()));
    let mut kinds: Vec<Kind> = paths.iter().filter_map(|p| Kind::of(p)).collect();
    kinds.sort();
    kinds.dedup();
    match kinds[..] {
        [kind] => Ok((paths, kind)),
        [] => Err(Error::NotFound {
            path: pattern.into(),
            hint: Some("slices are .tif, .tiff, .png, .jpg, .jpeg or .npy files".into()),
        }),
        _ => {
            let given =
                format!("{} files of different kinds in {}", paths.len(), pattern.display());
            let expected =
                "slices of one kind; pick them with a quoted glob such as \"folder/*.tif\"";
            Err(Error::argument("slices", given, expected))
        }
    }
}

fn agree(first: &ImageSpec, spec: &ImageSpec, first_path: &Path, path: &Path) -> Result<()> {
    if first.shape == spec.shape && first.dtype == spec.dtype {
        return Ok(());
    }
    let given = format!("{} of shape {:?} and dtype {}", path.display(), spec.shape, spec.dtype);
    let expected = format!(
        "all slices like {}, of shape {:?} and dtype {}",
        first_path.display(),
        first.shape,
        first.dtype
    );
    Err(Error::argument("slices", given, expected))
}

/// The slices' spec with one more axis in front.
fn stacked(slice: &ImageSpec, n: usize, path: &Path) -> Result<ImageSpec> {
    if slice.ndim() == MAX_NDIM {
        let feature = format!("a stack of files of {MAX_NDIM} axes");
        return Err(Error::unsupported(path, feature, "1 to 8 axes are read"));
    }
    let letter = "ztwvu".chars().find(|l| slice.axes.position(*l).is_none()).unwrap_or('q');
    let axes = Axes::parse(&format!("{letter}{}", slice.axes))?;
    let values = [&[1.0], &slice.spacing.values[..]].concat();
    let spacing = Spacing::new(values, slice.spacing.unit.clone())?;
    let spec = ImageSpec::new([&[n], &slice.shape[..]].concat(), slice.dtype)?.with_axes(axes)?;
    Ok(ImageSpec { spacing, ..spec })
}

impl Source for SliceSource {
    fn spec(&self) -> &ImageSpec {
        &self.spec
    }

    fn grid(&self) -> &ChunkGrid {
        &self.grid
    }

    fn reads_below_chunk(&self) -> bool {
        self.reads_below_chunk
    }

    fn scratch_bytes(&self, _region: &Region) -> u64 {
        self.scratch_bytes
    }

    fn read(&self, out: &mut Block) -> Result<()> {
        check_request(&self.spec, out.region(), out.dtype())?;
        let region = out.region().clone();
        let inside = Region::new(&region.start()[1..], &region.shape()[1..]);
        let bytes = inside.len() * self.spec.dtype.size();
        if region.is_empty() {
            return Ok(());
        }
        let numbers = region.start()[0] as usize..region.end(0) as usize;
        for (number, part) in numbers.zip(out.bytes_mut().chunks_exact_mut(bytes)) {
            let path = &self.paths[number];
            let slice = Slice::open(path, self.kind, &self.limits)?;
            let spec = slice.source().spec();
            if spec.shape != self.spec.shape[1..] || spec.dtype != self.spec.dtype {
                let problem = format!(
                    "a slice of shape {:?} and dtype {} in a stack of shape {:?} and dtype {}",
                    spec.shape,
                    spec.dtype,
                    &self.spec.shape[1..],
                    self.spec.dtype
                );
                return Err(Error::corrupt(path, None, problem));
            }
            if slice.source().scratch_bytes(&spec.region()) + OPEN_BYTES > self.scratch_bytes {
                let problem = "its strips or tiles are much larger than those of the first slice, \
                     and the memory for them was not planned";
                return Err(Error::corrupt(path, None, problem));
            }
            slice.read_into(&inside, part)?;
        }
        Ok(())
    }

    fn locator(&self) -> Option<String> {
        Some(self.pattern.display().to_string())
    }
}

#[cfg(test)]
mod tests;
