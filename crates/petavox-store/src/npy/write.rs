//! Writing `.npy`: each sample has its place, so blocks go there directly.
//!
//! A journal of checksums per chunk stands beside the file while it is written, by which an interrupted run is resumed.

use super::NpySource;
use crate::atomic::Staging;
use crate::limits::Limits;
use crate::memory::check_aligned;
use crate::raw::{RawArray, RawFile, for_each_point, write_all_at};
use crate::{CreateOptions, ImageWriter};
use petavox_core::{Block, ChunkGrid, Dtype, Error, ImageSpec, Region, Result, Sink, Source};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Chunks are about this large unless told otherwise.
const CHUNK_BYTES: usize = 1 << 20;
/// Bytes of a line of the journal: chunk, checksum of its samples, checksum of the line.
const RECORD: usize = 16;

struct Shared {
    staging: Staging,
    image: PathBuf,
    file: File,
    base: u64,
    spec: ImageSpec,
    grid: ChunkGrid,
    journal: Mutex<File>,
    /// Checksum per chunk that was written, and whether this process knows it to be there.
    chunks: Mutex<Vec<Option<(u32, bool)>>>,
}

struct NpyWriter {
    shared: Arc<Shared>,
}

struct NpySink(Arc<Shared>);

/// The header of version 1, or 2 where it is too long for that, padded so that samples are aligned.
pub fn header(spec: &ImageSpec) -> Vec<u8> {
    let order = if cfg!(target_endian = "little") { '<' } else { '>' };
    let kind = match spec.dtype {
        Dtype::Bool => "|b1".to_owned(),
        d => {
            let letter = if d.is_float() {
                'f'
            } else if d.is_signed() {
                'i'
            } else {
                'u'
            };
            let order = if d.size() == 1 { '|' } else { order };
            format!("{order}{letter}{}", d.size())
        }
    };
    let sizes: Vec<String> = spec.shape.iter().map(usize::to_string).collect();
    let comma = if sizes.len() == 1 { "," } else { "" };
    let mut text = format!(
        "{{'descr': '{kind}', 'fortran_order': False, 'shape': ({}{comma}), }}",
        sizes.join(", ")
    );
    while (10 + text.len() + 1) % 64 != 0 {
        text.push(' ');
    }
    text.push('\n');
    [b"\x93NUMPY\x01\x00", &(text.len() as u16).to_le_bytes()[..], text.as_bytes()].concat()
}

/// Starts a `.npy` for the table of formats.
pub(crate) fn create(
    path: &Path,
    spec: &ImageSpec,
    options: &CreateOptions,
) -> Result<Arc<dyn ImageWriter>> {
    if options.n_levels.is_some_and(|n| n > 1) {
        let expected = "1: an npy file holds one array";
        return Err(Error::argument("levels", options.n_levels.unwrap_or(1), expected));
    }
    let grid = match &options.chunk_shape {
        Some(chunk) if chunk.len() == spec.ndim() && !chunk.contains(&0) => {
            ChunkGrid::new(&spec.shape, chunk)
        }
        Some(chunk) => {
            let expected = format!("{} numbers from 1 on", spec.ndim());
            return Err(Error::argument("chunk_shape", format!("{chunk:?}"), expected));
        }
        None => ChunkGrid::new(&spec.shape, &default_chunk(spec)),
    };
    let staging =
        Staging::begin(path, options.fingerprint(spec), options.overwrite, options.resume)?;
    let folder = staging.path().to_owned();
    std::fs::create_dir_all(&folder).map_err(|e| Error::io(&folder, "create", e))?;
    let open = |path: &Path| {
        let mut how = File::options();
        how.create(true).truncate(false).read(true).write(true);
        how.open(path).map_err(|e| Error::io(path, "create", e))
    };
    let image = folder.join("image.npy");
    let file = open(&image)?;
    let journal_path = folder.join("journal");
    let mut journal = open(&journal_path)?;
    let chunks =
        resume(&mut journal, grid.len()).map_err(|e| Error::io(&journal_path, "read", e))?;
    let head = header(spec);
    let io = |e| Error::io(path, "write", e);
    file.set_len(head.len() as u64 + spec.bytes()).map_err(io)?;
    write_all_at(&file, &head, 0).map_err(io)?;
    let shared = Shared {
        staging,
        image,
        file,
        base: head.len() as u64,
        spec: spec.clone(),
        grid,
        journal: Mutex::new(journal),
        chunks: Mutex::new(chunks),
    };
    Ok(Arc::new(NpyWriter { shared: Arc::new(shared) }))
}

/// Whole rows, planes ... up to about a megabyte.
fn default_chunk(spec: &ImageSpec) -> Vec<usize> {
    let mut bytes = spec.dtype.size();
    let mut chunk = vec![1; spec.ndim()];
    for a in (0..spec.ndim()).rev() {
        chunk[a] = (CHUNK_BYTES / bytes.max(1)).clamp(1, spec.shape[a].max(1));
        bytes *= chunk[a];
    }
    chunk
}

/// The chunks that an interrupted run wrote; a torn last line is cut off.
fn resume(journal: &mut File, n: usize) -> std::io::Result<Vec<Option<(u32, bool)>>> {
    let mut chunks = vec![None; n];
    let mut bytes = Vec::new();
    journal.read_to_end(&mut bytes)?;
    let mut n_whole = 0;
    for record in bytes.as_chunks::<RECORD>().0 {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = *record;
        if crc32c::crc32c(&record[..12]) != u32::from_le_bytes([m, n, o, p]) {
            break;
        }
        n_whole += 1;
        let number = u64::from_le_bytes([a, b, c, d, e, f, g, h]) as usize;
        if let Some(at) = chunks.get_mut(number) {
            *at = Some((u32::from_le_bytes([i, j, k, l]), false));
        }
    }
    journal.set_len((n_whole * RECORD) as u64)?;
    journal.seek(SeekFrom::End(0))?;
    Ok(chunks)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    fn error(&self, e: std::io::Error) -> Error {
        Error::io(self.staging.target(), "write", e)
    }

    /// Writes the part of a block that is in `region`, run by run, and gives the checksum of the samples in order.
    fn write_part(&self, block: &Block, region: &Region) -> Result<u32> {
        let size = self.spec.dtype.size();
        let whole = self.spec.region();
        // Trailing axes that are whole in file, block and region are one run.
        let n = region.ndim();
        let mut first = n.saturating_sub(1);
        while first > 0
            && region.shape()[first] == self.spec.shape[first]
            && region.shape()[first] == block.shape()[first]
        {
            first -= 1;
        }
        let run = region.shape()[first..].iter().product::<usize>() * size;
        let mut heads = region.shape().to_vec();
        heads[first..].fill(1);
        let (mut crc, mut result) = (0, Ok(()));
        for_each_point(&Region::new(region.start(), heads), |p| {
            if result.is_err() {
                return;
            }
            let from = block.region().offset_of(p) * size;
            let samples = &block.bytes()[from..from + run];
            crc = crc32c::crc32c_append(crc, samples);
            let at = self.base + (whole.offset_of(p) * size) as u64;
            result = write_all_at(&self.file, samples, at).map_err(|e| self.error(e));
        });
        result.map(|()| crc)
    }
}

impl Sink for NpySink {
    fn spec(&self) -> &ImageSpec {
        &self.0.spec
    }

    fn grid(&self) -> &ChunkGrid {
        &self.0.grid
    }

    fn scratch_bytes(&self, _region: &Region) -> u64 {
        let chunk: usize = self.0.grid.chunk().iter().product();
        // Only `holds` reads a chunk back.
        (chunk * self.0.spec.dtype.size()) as u64 + RawArray::SCRATCH_BYTES
    }

    fn write(&self, block: &Block) -> Result<()> {
        let shared = &self.0;
        check_aligned(&shared.spec, &shared.grid, block.region(), block.dtype())?;
        for number in shared.grid.meeting(block.region()) {
            let crc = shared.write_part(block, &shared.grid.region(number))?;
            let mut record = (number as u64).to_le_bytes().to_vec();
            record.extend(crc.to_le_bytes());
            record.extend(crc32c::crc32c(&record).to_le_bytes());
            lock(&shared.journal).write_all(&record).map_err(|e| shared.error(e))?;
            lock(&shared.chunks)[number] = Some((crc, true));
        }
        Ok(())
    }

    fn holds(&self, region: &Region) -> Result<bool> {
        let shared = &self.0;
        let file = RawFile::open(&shared.image)?;
        for number in shared.grid.meeting(region) {
            let Some((crc, trusted)) = lock(&shared.chunks)[number] else { return Ok(false) };
            if trusted {
                continue;
            }
            let chunk = shared.grid.region(number);
            let size = shared.spec.dtype.size();
            let mut samples = vec![0; chunk.len() * size];
            let whole = shared.spec.region();
            RawArray { file: &file, base: shared.base, region: &whole, size, swapped: false }
                .read(&mut samples, &chunk, || format!("samples {chunk}"))?;
            if crc32c::crc32c(&samples) != crc {
                return Ok(false);
            }
            lock(&shared.chunks)[number] = Some((crc, true));
        }
        Ok(true)
    }

    fn finish(&self) -> Result<()> {
        self.0.file.sync_data().map_err(|e| self.0.error(e))
    }

    fn abandon(&self) {
        self.0.staging.abandon();
    }
}

impl ImageWriter for NpyWriter {
    fn levels(&self) -> &[ImageSpec] {
        std::slice::from_ref(&self.shared.spec)
    }

    fn sink(&self, level: usize) -> Result<Arc<dyn Sink>> {
        check_level(level)?;
        Ok(Arc::new(NpySink(self.shared.clone())))
    }

    fn source(&self, level: usize) -> Result<Arc<dyn Source>> {
        check_level(level)?;
        let source = NpySource::open(&self.shared.image, &Limits::default())?;
        Ok(Arc::new(source.described(self.shared.spec.clone())))
    }

    fn finish(&self) -> Result<()> {
        let shared = &self.shared;
        if let Some(i) = lock(&shared.chunks).iter().position(Option::is_none) {
            let problem = format!("chunk {} was never written", shared.grid.region(i));
            return Err(Error::internal("finishing an npy file", problem));
        }
        shared.file.sync_all().map_err(|e| shared.error(e))?;
        // The file takes the place of the folder it was made in, and from there goes to its final name.
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

fn check_level(level: usize) -> Result<()> {
    if level == 0 { Ok(()) } else { Err(Error::argument("level", level, "0")) }
}
