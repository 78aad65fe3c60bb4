//! Writing TIFF: tiles are placed as they come, in any order; directories follow when the image is complete.
//!
//! Work in progress is a folder beside the final name with the image and a journal of its tiles, by which an interrupted
//! run is resumed: a tile counts only if its bytes still have the checksum in the journal.
//!
//! Compressed tiles lie in the file in the order in which they came. Runs with another number of threads, and runs that were
//! resumed, therefore give files whose samples, tiles and directories are the same but whose offsets are not: compare the
//! samples, not the files. Without compression every tile has a place of its own, and the files are the same too.
//! Sorting the tiles at the end would read and write the whole image once more.

use super::directory::{Directory, Value, fraction, header, sample_format};
use super::encode::{encode, scheme};
use super::page::{Layout, Page};
use super::source::{Plane, SetFile, TiffSource};
use super::words::{self, Outer};
use crate::atomic::Staging;
use crate::memory::check_aligned;
use crate::raw::{RawFile, copy_box, write_all_at};
use crate::{Codec, CreateOptions, ImageWriter, pyramid};
use petavox_core::{Block, ChunkGrid, Dtype, Error, ImageSpec, Region, Result, Sink, Source};
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Tiles are square with this side unless told otherwise.
const TILE: usize = 256;
/// Tiles begin behind the larger of the two headers.
const DATA_START: u64 = 16;
/// Bytes of a line of the journal.
const RECORD: usize = 40;
/// Above this bound on the file's size the links are 64 bits wide.
const CLASSIC_BYTES: u64 = 3 << 30;

/// Where a tile is, and the checksum of its bytes.
#[derive(Clone, Copy, Debug, Default)]
struct TileAt {
    offset: u64,
    len: u64,
    crc: u32,
    /// Written by this process, or read back and found whole.
    trusted: bool,
}

/// One level while it is written.
struct Level {
    layout: Arc<Layout>,
    grid: ChunkGrid,
    /// Where the first tile goes if tiles are not compressed and so have places of their own.
    base: u64,
    tiles: Mutex<Vec<TileAt>>,
}

struct Shared {
    staging: Staging,
    file: File,
    image: PathBuf,
    journal: Mutex<File>,
    end: AtomicU64,
    codec: Codec,
    big: bool,
    specs: Vec<ImageSpec>,
    levels: Vec<Level>,
    outer: Outer,
    description: String,
}

/// A TIFF that is being written.
pub(crate) struct TiffWriter {
    shared: Arc<Shared>,
}

/// Starts a TIFF for the table of formats.
pub(crate) fn create(
    path: &Path,
    spec: &ImageSpec,
    options: &CreateOptions,
) -> Result<Arc<dyn ImageWriter>> {
    let is_ome = path.file_name().is_some_and(|n| {
        let name = n.to_string_lossy().to_lowercase();
        name.ends_with(".ome.tif") || name.ends_with(".ome.tiff")
    });
    let outer = outer_of(spec)?;
    let description = if is_ome {
        words::ome_xml(spec, &outer, &options.channels)?
    } else {
        words::plain(spec, &outer)
    };
    let n_levels = if is_ome { options.n_levels } else { Some(options.n_levels.unwrap_or(1)) };
    let specs = levels(spec, n_levels, &outer);
    let (tile_h, tile_w) = tile_shape(spec, &outer, options.chunk_shape.as_deref())?;
    let mut base = DATA_START;
    let mut parts = Vec::with_capacity(specs.len());
    for level in &specs {
        let layout = Arc::new(layout_of(level, &outer, &options.codec, tile_h, tile_w)?);
        let mut chunk = vec![1; outer.shape.len()];
        chunk.extend([tile_h, tile_w]);
        chunk.extend((outer.samples > 1).then_some(outer.samples));
        let grid = ChunkGrid::new(&level.shape, &chunk);
        let n = grid.len();
        let tiles = Mutex::new(vec![TileAt::default(); n]);
        parts.push(Level { layout: layout.clone(), grid, base, tiles });
        base += n as u64 * (layout.row_bytes() * tile_h) as u64;
    }
    // No codec grows a tile by more than a sixteenth and a few bytes; directories take some too.
    let n_tiles: u64 = parts.iter().map(|l| l.grid.len() as u64).sum();
    let n_pages = outer.shape.iter().product::<usize>() as u64 * parts.len() as u64;
    let bound = base + base / 16 + n_tiles * 80 + n_pages * 512 + description.len() as u64;
    let staging =
        Staging::begin(path, options.fingerprint(spec), options.overwrite, options.resume)?;
    let folder = staging.path().to_owned();
    std::fs::create_dir_all(&folder).map_err(|e| Error::io(&folder, "create", e))?;
    let image = folder.join("image");
    let open = |path: &Path| {
        let mut how = File::options();
        how.create(true).truncate(false).read(true).write(true);
        how.open(path).map_err(|e| Error::io(path, "create", e))
    };
    let (file, journal_path) = (open(&image)?, folder.join("journal"));
    let mut journal = open(&journal_path)?;
    let end = resume(&mut journal, &journal_path, &parts)?;
    let data_end = if options.codec == Codec::None { base } else { end };
    let shared = Arc::new(Shared {
        staging,
        file,
        image,
        journal: Mutex::new(journal),
        end: AtomicU64::new(data_end),
        codec: options.codec.clone(),
        big: bound > CLASSIC_BYTES,
        specs,
        levels: parts,
        outer,
        description,
    });
    Ok(Arc::new(TiffWriter { shared }))
}

/// Splits a spec into planes and pages.
fn outer_of(spec: &ImageSpec) -> Result<Outer> {
    let n = spec.ndim();
    let last = spec.axes.as_str().as_bytes().last().copied();
    let chunky = n >= 3 && last == Some(b'c') && matches!(spec.shape[n - 1], 2..=4);
    let page = if chunky { 3 } else { 2 };
    if n < page {
        let expected = "at least two axes; .npy and .zarr take any number";
        return Err(Error::argument("axes of a TIFF", &spec.axes, expected));
    }
    if spec.is_empty() || spec.shape[n - page..].iter().any(|&s| s > 1 << 30) {
        let given = format!("{:?}", spec.shape);
        return Err(Error::argument(
            "shape of a TIFF",
            given,
            "pages of 1 to 2^30 rows and columns",
        ));
    }
    Ok(Outer {
        shape: spec.shape[..n - page].to_vec(),
        letters: spec.axes.as_str()[..n - page].to_owned(),
        samples: if chunky { spec.shape[n - 1] } else { 1 },
    })
}

/// Levels that shrink inside the page only, since each page carries its own.
fn levels(spec: &ImageSpec, n_levels: Option<usize>, outer: &Outer) -> Vec<ImageSpec> {
    let n = outer.shape.len();
    let page = ImageSpec {
        shape: spec.shape[n..n + 2].to_vec(),
        dtype: spec.dtype,
        axes: petavox_core::Axes::default_for(2),
        spacing: petavox_core::Spacing {
            values: spec.spacing.values[n..n + 2].to_vec(),
            unit: None,
        },
        origin: spec.origin[n..n + 2].to_vec(),
    };
    let widen = |small: ImageSpec| {
        let mut level = spec.clone();
        level.shape[n..n + 2].copy_from_slice(&small.shape);
        level.spacing.values[n..n + 2].copy_from_slice(&small.spacing.values);
        level.origin[n..n + 2].copy_from_slice(&small.origin);
        level
    };
    pyramid::levels(&page, n_levels).into_iter().map(widen).collect()
}

/// Height and width of tiles: multiples of 16, as the format wants them.
fn tile_shape(spec: &ImageSpec, outer: &Outer, chunk: Option<&[usize]>) -> Result<(usize, usize)> {
    let n = outer.shape.len();
    let fit = |a: usize, wanted: usize| wanted.min(spec.shape[a].next_multiple_of(16));
    let Some(chunk) = chunk else { return Ok((fit(n, TILE), fit(n + 1, TILE))) };
    let expected = format!("1 for the first {n} axes, then a multiple of 16 for rows and columns");
    let ok = chunk.len() == spec.ndim()
        && chunk[..n].iter().all(|&c| c == 1)
        && chunk[n..n + 2]
            .iter()
            .zip(&spec.shape[n..])
            .all(|(c, s)| *c > 0 && (c % 16 == 0 || c >= s));
    if !ok {
        return Err(Error::argument("chunk_shape of a TIFF", format!("{chunk:?}"), expected));
    }
    Ok((fit(n, chunk[n].next_multiple_of(16)), fit(n + 1, chunk[n + 1].next_multiple_of(16))))
}

fn layout_of(
    spec: &ImageSpec,
    outer: &Outer,
    codec: &Codec,
    tile_h: usize,
    tile_w: usize,
) -> Result<Layout> {
    let n = outer.shape.len();
    let (compression, predictor) = scheme(codec, spec.dtype)?;
    let (format, bits) = sample_format(spec.dtype);
    let colours = outer.samples >= 3 && matches!(spec.dtype, Dtype::UInt8 | Dtype::UInt16);
    Ok(Layout {
        width: spec.shape[n + 1],
        height: spec.shape[n],
        samples: outer.samples,
        bits,
        format,
        dtype: spec.dtype,
        compression,
        predictor,
        photometric: if colours { 2 } else { 1 },
        separate: false,
        tiled: true,
        chunk_width: tile_w,
        chunk_height: tile_h,
        reversed_bits: false,
        little: true,
        jpeg_tables: None,
    })
}

/// Enters the tiles of an interrupted run and cuts a torn last line off the journal. Gives the end of the data.
fn resume(journal: &mut File, path: &Path, levels: &[Level]) -> Result<u64> {
    use std::io::{BufReader, Read, Seek, SeekFrom};
    let io = |e| Error::io(path, "read", e);
    let (mut end, mut n_whole) = (DATA_START, 0u64);
    let mut reader = BufReader::new(&*journal);
    let mut record = [0; RECORD];
    while reader.read_exact(&mut record).is_ok() {
        let number =
            |i: usize| u64::from_le_bytes(record[i * 8..i * 8 + 8].try_into().unwrap_or_default());
        let sums = number(4);
        if crc32c::crc32c(&record[..36]) != (sums >> 32) as u32 {
            break;
        }
        n_whole += 1;
        let (level, tile, offset, len) = (number(0), number(1), number(2), number(3));
        let tiles = levels.get(level as usize).map(|l| lock(&l.tiles));
        if let Some(mut tiles) = tiles
            && let Some(at) = tiles.get_mut(tile as usize)
        {
            *at = TileAt { offset, len, crc: sums as u32, trusted: false };
            end = end.max((offset + len).next_multiple_of(2));
        }
    }
    drop(reader);
    journal.set_len(n_whole * RECORD as u64).map_err(io)?;
    journal.seek(SeekFrom::End(0)).map_err(io)?;
    Ok(end)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One level of a TIFF that is being written.
struct TiffSink {
    shared: Arc<Shared>,
    level: usize,
}

impl TiffSink {
    fn level(&self) -> &Level {
        &self.shared.levels[self.level]
    }

    fn write_tile(&self, number: usize, block: &Block) -> Result<()> {
        let (shared, level) = (&self.shared, self.level());
        let layout = &level.layout;
        let n = shared.outer.shape.len();
        let inside = level.grid.region(number);
        let mut extent = inside.shape().to_vec();
        (extent[n], extent[n + 1]) = (layout.chunk_height, layout.chunk_width);
        let tile = Region::new(inside.start(), extent);
        let mut samples = vec![0; tile.len() * layout.dtype.size()];
        copy_box(block.bytes(), block.region(), &mut samples, &tile, layout.dtype.size());
        let bytes = encode(layout, &shared.codec, samples, &shared.image)?;
        let len = bytes.len() as u64;
        let offset = if shared.codec == Codec::None {
            level.base + number as u64 * len
        } else {
            shared.end.fetch_add(len.next_multiple_of(2), Ordering::Relaxed)
        };
        let io = |e| Error::io(shared.staging.target(), "write", e);
        write_all_at(&shared.file, &bytes, offset).map_err(io)?;
        let crc = crc32c::crc32c(&bytes);
        let mut record = Vec::with_capacity(RECORD);
        for number in [self.level as u64, number as u64, offset, len] {
            record.extend(number.to_le_bytes());
        }
        record.extend(crc.to_le_bytes());
        record.extend(crc32c::crc32c(&record).to_le_bytes());
        lock(&shared.journal).write_all(&record).map_err(io)?;
        lock(&level.tiles)[number] = TileAt { offset, len, crc, trusted: true };
        Ok(())
    }
}

impl Sink for TiffSink {
    fn spec(&self) -> &ImageSpec {
        &self.shared.specs[self.level]
    }

    fn grid(&self) -> &ChunkGrid {
        &self.level().grid
    }

    fn scratch_bytes(&self, _region: &Region) -> u64 {
        // The padded tile, its compressed bytes and the state of the compressor.
        let tile = (self.level().layout.row_bytes() * self.level().layout.chunk_height) as u64;
        let whole = self.level().layout.decoded_bytes() as u64;
        let codec = match self.shared.codec {
            Codec::Zstd(level) if level > 12 => 96 << 20,
            Codec::Zstd(_) => 16 << 20,
            _ => 1 << 20,
        };
        whole + 2 * tile + tile / 8 + codec
    }

    fn write(&self, block: &Block) -> Result<()> {
        let grid = &self.level().grid;
        check_aligned(self.spec(), grid, block.region(), block.dtype())?;
        if block.region().is_empty() {
            return Ok(());
        }
        grid.meeting(block.region()).into_iter().try_for_each(|n| self.write_tile(n, block))
    }

    fn holds(&self, region: &Region) -> Result<bool> {
        let level = self.level();
        let file = RawFile::open(&self.shared.image)?;
        for number in level.grid.meeting(region) {
            let at = lock(&level.tiles)[number];
            if at.len == 0 {
                return Ok(false);
            }
            if !at.trusted {
                let Ok(bytes) = file.read_vec(at.offset, at.len, || format!("tile {number}"))
                else {
                    return Ok(false);
                };
                if crc32c::crc32c(&bytes) != at.crc {
                    return Ok(false);
                }
                lock(&level.tiles)[number].trusted = true;
            }
        }
        Ok(true)
    }

    fn finish(&self) -> Result<()> {
        self.shared.file.sync_data().map_err(|e| Error::io(self.shared.staging.target(), "sync", e))
    }

    fn abandon(&self) {
        self.shared.staging.abandon();
    }
}

impl Shared {
    /// Offsets and lengths of the tiles of a plane.
    fn tiles(&self, level: usize, plane: usize) -> Result<(Vec<u64>, Vec<u64>)> {
        let part = &self.levels[level];
        let per_plane = part.layout.n_chunks();
        let tiles = lock(&part.tiles);
        let tiles = &tiles[plane * per_plane..(plane + 1) * per_plane];
        if let Some(i) = tiles.iter().position(|t| t.len == 0) {
            let what = format!("tile {i} of plane {plane} on level {level}");
            return Err(Error::internal("finishing a TIFF", format!("{what} was never written")));
        }
        Ok((tiles.iter().map(|t| t.offset).collect(), tiles.iter().map(|t| t.len).collect()))
    }

    /// One page with its levels, as bytes from `start` on, and where the next page begins.
    fn page(&self, plane: usize, start: u64, is_last: bool) -> Result<(Vec<u8>, u64)> {
        let directory = |level: usize| -> Result<Directory> {
            let (offsets, counts) = self.tiles(level, plane)?;
            let mut d = Directory::of(&self.levels[level].layout, self.big, offsets, counts);
            d.push(254, Value::Long(vec![u32::from(level > 0)]));
            if level > 0 && plane == 0 && self.description.starts_with('{') {
                // Where the full image carries its shape, its levels are looked for by theirs.
                let words = words::shaped(&self.specs[level], &self.outer, None);
                d.push(270, Value::Text(words));
            }
            Ok(d)
        };
        let mut main = directory(0)?;
        if plane == 0 {
            main.push(270, Value::Text(self.description.clone()));
            let software = concat!("Petavox ", env!("CARGO_PKG_VERSION"));
            main.push(305, Value::Text(software.into()));
        }
        self.push_resolution(&mut main);
        let mut small =
            (1..self.levels.len()).map(directory).collect::<Result<Vec<Directory>>>()?;
        if !small.is_empty() {
            main.push(330, Value::Place(vec![0; small.len()]));
        }
        // Lengths do not depend on the places, so that a first writing finds them.
        let mut at = start + main.encode(start, 0).len() as u64;
        let mut bytes = Vec::new();
        let mut places = Vec::new();
        for d in &mut small {
            places.push(at);
            let encoded = d.encode(at, 0);
            at += encoded.len() as u64;
            bytes.extend(encoded);
        }
        if !places.is_empty() {
            main.set(330, Value::Place(places));
        }
        let mut all = main.encode(start, if is_last { 0 } else { at });
        all.extend(bytes);
        Ok((all, at))
    }

    /// Pixels per centimetre, or per unit where ImageJ's description names the unit.
    fn push_resolution(&self, to: &mut Directory) {
        let spec = &self.specs[0];
        let n = self.outer.shape.len();
        let (y, x) = (spec.spacing.values[n], spec.spacing.values[n + 1]);
        let (scale, unit) = match spec.spacing.unit.as_deref() {
            _ if self.description.starts_with("ImageJ=") => (1.0, 1),
            Some("micrometer") => (1e4, 3),
            Some("nanometer") => (1e7, 3),
            Some("millimeter") => (10.0, 3),
            _ => return,
        };
        if let (Some(x), Some(y)) = (fraction(scale / x), fraction(scale / y)) {
            to.push(282, x);
            to.push(283, y);
            to.push(296, Value::Short(vec![unit]));
        }
    }

    fn write_directories(&self) -> Result<()> {
        let io = |e| Error::io(self.staging.target(), "write", e);
        let n: usize = self.outer.shape.iter().product();
        let first = self.end.load(Ordering::Relaxed).next_multiple_of(8);
        let mut at = first;
        for plane in 0..n {
            let (bytes, next) = self.page(plane, at, plane + 1 == n)?;
            write_all_at(&self.file, &bytes, at).map_err(io)?;
            at = next;
        }
        self.file.set_len(at).map_err(io)?;
        write_all_at(&self.file, &header(self.big, first), 0).map_err(io)?;
        self.file.sync_all().map_err(io)
    }
}

impl TiffWriter {
    fn check(&self, level: usize) -> Result<()> {
        let n = self.shared.levels.len();
        if level < n {
            Ok(())
        } else {
            Err(Error::argument("level", level, format!("0 to {}", n - 1)))
        }
    }
}

impl ImageWriter for TiffWriter {
    fn levels(&self) -> &[ImageSpec] {
        &self.shared.specs
    }

    fn sink(&self, level: usize) -> Result<Arc<dyn Sink>> {
        self.check(level)?;
        Ok(Arc::new(TiffSink { shared: self.shared.clone(), level }))
    }

    fn source(&self, level: usize) -> Result<Arc<dyn Source>> {
        self.check(level)?;
        let shared = &self.shared;
        let n: usize = shared.outer.shape.iter().product();
        let planes = (0..n).map(|plane| {
            let (offsets, counts) = shared.tiles(level, plane)?;
            let page = Page::placed(shared.levels[level].layout.clone(), offsets, counts, plane);
            Ok(Plane { file: 0, page })
        });
        let planes = planes.collect::<Result<Vec<Plane>>>()?;
        let files = vec![SetFile::Open(Arc::new(RawFile::open(&shared.image)?))];
        Ok(Arc::new(TiffSource::new(shared.specs[level].clone(), files, planes, None)?))
    }

    fn finish(&self) -> Result<()> {
        let shared = &self.shared;
        shared.write_directories()?;
        // The image takes the place of the folder it was made in, and from there goes to its final name.
        let folder = shared.staging.path();
        let aside = folder.with_extension("image");
        let io = |e| Error::io(shared.staging.target(), "move into place", e);
        std::fs::rename(&shared.image, &aside).map_err(io)?;
        std::fs::remove_dir_all(folder).map_err(io)?;
        std::fs::rename(&aside, folder).map_err(io)?;
        shared.staging.commit()
    }

    fn abandon(&self) {
        self.shared.staging.abandon();
    }
}
