//! One level of a TIFF image as a lazy source.

use super::decode::decode;
use super::page::Page;
use crate::memory::check_request;
use crate::raw::{RawArray, RawFile, copy_box, try_for_each_point};
use petavox_core::{Block, ChunkGrid, Error, ImageSpec, Region, Result, Source};
use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

/// Files of a set that stay open; the others are opened for every read.
pub(crate) const MAX_OPEN_FILES: usize = 32;

/// A file of the set that an image is spread over.
#[derive(Clone, Debug)]
pub(crate) enum SetFile {
    /// Kept open.
    Open(Arc<RawFile>),
    /// Opened when it is read.
    Closed(PathBuf),
}

impl SetFile {
    fn get(&self) -> Result<Cow<'_, Arc<RawFile>>> {
        match self {
            SetFile::Open(file) => Ok(Cow::Borrowed(file)),
            SetFile::Closed(path) => Ok(Cow::Owned(Arc::new(RawFile::open(path)?))),
        }
    }
}

/// One plane of an image: a page of one of its files.
#[derive(Clone, Debug)]
pub(crate) struct Plane {
    /// Number of the file.
    pub(crate) file: u32,
    /// The page.
    pub(crate) page: Page,
}

/// One level of a TIFF image: planes along the outer axes, each cut into strips or tiles.
///
/// Uncompressed samples are fetched one by one from the file; compressed strips and tiles are decoded one at a time.
pub struct TiffSource {
    spec: ImageSpec,
    grid: ChunkGrid,
    files: Vec<SetFile>,
    /// In the raster order of the outer axes.
    planes: Vec<Plane>,
    plain: bool,
    scratch_bytes: u64,
    locator: Option<String>,
}

impl std::fmt::Debug for TiffSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TiffSource").field("spec", &self.spec).finish_non_exhaustive()
    }
}

impl TiffSource {
    /// Puts planes of one layout together; the outer axes of `spec` count them.
    pub(crate) fn new(
        spec: ImageSpec,
        files: Vec<SetFile>,
        planes: Vec<Plane>,
        locator: Option<String>,
    ) -> Result<TiffSource> {
        let first = planes
            .first()
            .map(|p| p.page.layout.clone())
            .ok_or_else(|| Error::internal("TiffSource::new", "an image without planes"))?;
        let inner = if first.samples > 1 { 3 } else { 2 };
        let n_outer: usize = spec.shape[..spec.ndim() - inner].iter().product();
        if n_outer != planes.len() {
            let problem = format!("{} planes for {n_outer}", planes.len());
            return Err(Error::internal("TiffSource::new", problem));
        }
        let mut chunk = vec![1; spec.ndim() - inner];
        let (h, w) = (first.chunk_height, first.chunk_width);
        match (first.samples, first.separate) {
            (1, _) => chunk.extend([h, w]),
            (_, true) => chunk.extend([1, h, w]),
            (n, false) => chunk.extend([h, w, n]),
        }
        Ok(TiffSource {
            grid: ChunkGrid::new(&spec.shape, &chunk),
            plain: planes.iter().all(|p| p.page.layout.is_plain()),
            scratch_bytes: planes.iter().map(|p| p.page.layout.scratch_bytes()).max().unwrap_or(0),
            spec,
            files,
            planes,
            locator,
        })
    }

    /// Reads a region into contiguous memory.
    ///
    /// # Errors
    /// [`Error::Corrupt`] that names the page and the strip or tile.
    pub(crate) fn read_into(&self, region: &Region, out: &mut [u8]) -> Result<()> {
        let layout = &self.planes[0].page.layout;
        let n_outer = self.spec.ndim() - if layout.samples > 1 { 3 } else { 2 };
        let inside = Region::new(&region.start()[n_outer..], &region.shape()[n_outer..]);
        let plane_bytes = inside.len() * self.spec.dtype.size();
        if plane_bytes == 0 {
            return Ok(());
        }
        let outer = Region::new(&region.start()[..n_outer], &region.shape()[..n_outer]);
        let whole = Region::whole(&self.spec.shape[..n_outer]);
        let mut parts = out.chunks_exact_mut(plane_bytes);
        let mut read = |point: &[i64]| -> Result<()> {
            let Some(part) = parts.next() else {
                return Err(Error::internal("TiffSource::read", "the block is too small"));
            };
            let plane = &self.planes[whole.offset_of(point)];
            let file = self.files[plane.file as usize].get()?;
            read_page(&plane.page, &file, &inside, part)
        };
        if n_outer == 0 { read(&[]) } else { try_for_each_point(&outer, read) }
    }

    /// Names of the codecs in use, for people.
    pub(crate) fn codec_names(&self) -> Vec<String> {
        let layout = &self.planes[0].page.layout;
        let name = match layout.compression {
            5 => "lzw",
            7 => "jpeg",
            8 | 32946 => "deflate",
            32773 => "packbits",
            50000 => "zstd",
            _ => return vec![],
        };
        let predictor = match layout.predictor {
            2 => Some("horizontal differences".to_owned()),
            3 => Some("float differences".to_owned()),
            _ => None,
        };
        predictor.into_iter().chain([name.to_owned()]).collect()
    }
}

/// Reads a box of a page: axes `yx`, `yxc` or (samples in planes of their own) `cyx`.
fn read_page(page: &Page, file: &RawFile, region: &Region, out: &mut [u8]) -> Result<()> {
    let layout = &*page.layout;
    let (_, across) = layout.counts();
    let n_down = layout.counts().0;
    let separate = layout.separate;
    let first_axis = usize::from(separate);
    let size = layout.dtype.size();
    let (y, x) = (first_axis, first_axis + 1);
    let chunk_range = |axis: usize, chunk: usize| {
        region.start()[axis] as usize / chunk..(region.end(axis) as usize).div_ceil(chunk)
    };
    let channels = if separate { region.start()[0] as usize..region.end(0) as usize } else { 0..1 };
    for channel in channels {
        for row in chunk_range(y, layout.chunk_height) {
            for col in chunk_range(x, layout.chunk_width) {
                let i = (channel * n_down + row) * across + col;
                let rows = layout.stored_rows(row);
                let at = [(row * layout.chunk_height) as i64, (col * layout.chunk_width) as i64];
                let extent = [rows, layout.chunk_width];
                let chunk_region = match (layout.samples, separate) {
                    (1, _) => Region::new(at, extent),
                    (_, true) => Region::new([channel as i64, at[0], at[1]], [1, rows, extent[1]]),
                    (n, false) => Region::new([at[0], at[1], 0], [rows, extent[1], n]),
                };
                let part = || {
                    let what = if layout.tiled { "tile" } else { "strip" };
                    format!("page {}, {what} {i}", page.number)
                };
                let corrupt = |problem: String| Error::corrupt(file.path(), Some(part()), problem);
                let (offset, len) = page.chunk(file, i)?;
                if offset == 0 || len == 0 {
                    return Err(corrupt("it is missing".into()));
                }
                if layout.is_plain() {
                    let needed = (rows.min(layout.height - row * layout.chunk_height)
                        * layout.row_bytes()) as u64;
                    if len < needed {
                        return Err(corrupt(format!("it has {len} bytes instead of {needed}")));
                    }
                    let swapped = layout.little != cfg!(target_endian = "little");
                    RawArray { file, base: offset, region: &chunk_region, size, swapped }
                        .read(out, region, part)?;
                    continue;
                }
                if len > layout.max_stored() && layout.compression != 1 {
                    return Err(corrupt(format!("{len} bytes are too many for its size")));
                }
                let stored = (layout.row_bytes() * rows) as u64;
                let len = if layout.compression == 1 { len.min(stored) } else { len };
                let data = file.read_vec(offset, len, part)?;
                let samples = decode(layout, data, rows, file.path(), &part)?;
                copy_box(&samples, &chunk_region, out, region, size);
            }
        }
    }
    Ok(())
}

impl Source for TiffSource {
    fn spec(&self) -> &ImageSpec {
        &self.spec
    }

    fn grid(&self) -> &ChunkGrid {
        &self.grid
    }

    fn reads_below_chunk(&self) -> bool {
        self.plain
    }

    fn scratch_bytes(&self, _region: &Region) -> u64 {
        self.scratch_bytes
    }

    fn read(&self, out: &mut Block) -> Result<()> {
        check_request(&self.spec, out.region(), out.dtype())?;
        let region = out.region().clone();
        self.read_into(&region, out.bytes_mut())
    }

    fn locator(&self) -> Option<String> {
        self.locator.clone()
    }
}
