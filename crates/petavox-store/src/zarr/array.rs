//! One array as a source.

use super::meta::{ArrayMeta, open_file};
use super::shard::{Index, Span, read_exact_at};
use super::zeros::{Remembered, is_zero};
use crate::limits::try_zeroed;
use crate::memory::check_request;
use crate::{Missing, MissingChunks};
use petavox_core::{Block, Buffer, ChunkGrid, Error, ImageSpec, Region, Result, Source, dispatch};
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// A Zarr array that is read chunk by chunk; a sharded one inner chunk by inner chunk.
#[derive(Debug)]
pub struct ZarrArray {
    dir: PathBuf,
    locator: String,
    meta: ArrayMeta,
    spec: ImageSpec,
    grid: ChunkGrid,
    missing: Missing,
    missing_chunks: MissingChunks,
    /// This array's number there.
    number: usize,
    /// What a chunk of zeros looked like: the same bytes are zeros again.
    zeros: Remembered,
}

/// An object that is open, with the indexes of the shards on the way to the chunk last read.
struct OpenObject {
    number: usize,
    path: PathBuf,
    file: Option<(File, u64)>,
    index: Option<Index>,
}

impl ZarrArray {
    pub(crate) fn new(
        dir: &Path,
        meta: ArrayMeta,
        spec: ImageSpec,
        missing: Missing,
        missing_chunks: &MissingChunks,
    ) -> ZarrArray {
        ZarrArray {
            dir: dir.into(),
            locator: dir.display().to_string(),
            grid: ChunkGrid::new(&meta.shape, &meta.pipeline.shape),
            meta,
            spec,
            missing,
            missing_chunks: missing_chunks.clone(),
            number: missing_chunks.join(),
            zeros: Remembered::default(),
        }
    }

    pub(crate) fn meta(&self) -> &ArrayMeta {
        &self.meta
    }

    /// The chunks that were missing, of this and all arrays opened with the same options.
    pub fn missing_chunks(&self) -> &MissingChunks {
        &self.missing_chunks
    }

    /// The grid of objects: chunks, or shards.
    pub(crate) fn object_grid(&self) -> ChunkGrid {
        ChunkGrid::new(&self.meta.shape, &self.meta.object_shape)
    }

    /// The file of an object.
    pub(crate) fn object_path(&self, index: &[usize]) -> PathBuf {
        self.dir.join(self.meta.keys.of(index))
    }

    fn open_object(&self, number: usize, index: &[usize]) -> Result<OpenObject> {
        let path = self.object_path(index);
        let file = match open_file(&path) {
            Ok(Some(file)) => {
                let len = file.metadata().map_err(|e| Error::io(&path, "look at", e))?.len();
                Some((file, len))
            }
            Ok(None) => {
                return Err(Error::corrupt(&path, None, "a chunk is a file, this is not one"));
            }
            Err(e) if super::is_absent(&e) => None,
            Err(e) => return Err(Error::io(&path, "open", e)),
        };
        Ok(OpenObject { number, path, file, index: None })
    }

    /// Reads one chunk's encoded bytes; `None` if it is missing.
    fn encoded(&self, open: &mut OpenObject, region: &Region) -> Result<Option<Vec<u8>>> {
        let Some((file, len)) = open.file.as_mut() else { return Ok(None) };
        let part = || Some(format!("chunk {region}"));
        let mut span = Span { offset: 0, len: *len };
        for (depth, layer) in self.meta.layers.iter().enumerate() {
            // Where the chunk lies in this shard, in units of what the shard is cut into.
            let index: Vec<usize> = (0..region.ndim())
                .map(|a| region.start()[a] as usize % layer.shape[a] / layer.inner[a])
                .collect();
            // Only the outermost index is kept: nested shards are rare, and theirs differ from chunk to chunk.
            if depth > 0 || open.index.is_none() {
                open.index = Some(layer.read_index(file, &open.path, span)?);
            }
            let Some(table) = &open.index else { continue };
            let found = table.span(layer.number(&index));
            let found = found.map_err(|p| Error::corrupt(&open.path, part(), p))?;
            if self.meta.layers.len() > 1 {
                open.index = None;
            }
            match found {
                Some(s) => span = s,
                None => return Ok(None),
            }
        }
        let most = self.meta.pipeline.max_encoded();
        if span.len > most as u64 {
            let problem = format!("{} bytes, more than the {most} a chunk can have", span.len);
            return Err(Error::corrupt(&open.path, part(), problem));
        }
        let mut bytes = try_zeroed(&open.path, span.len as usize)?;
        read_exact_at(file, &open.path, span.offset, &mut bytes)?;
        Ok(Some(bytes))
    }

    /// Decodes a chunk, however hostile its bytes: a decoder that gives up in a panic is an error like any other.
    fn decode(&self, path: &Path, region: &Region, encoded: &[u8], out: &mut [u8]) -> Result<()> {
        if self.zeros.get() == Some(encoded) {
            out.fill(0);
            return Ok(());
        }
        let decoded = catch_unwind(AssertUnwindSafe(|| self.meta.pipeline.decode(encoded, out)));
        let problem = match decoded {
            Ok(Ok(())) => {
                if self.zeros.wants(encoded) && is_zero(out) {
                    self.zeros.keep(encoded);
                }
                return Ok(());
            }
            Ok(Err(problem)) => problem,
            Err(_) => "the decoder failed on these bytes".to_owned(),
        };
        Err(Error::corrupt(path, Some(format!("chunk {region}")), problem))
    }

    /// Reads the part of one chunk that `out` wants.
    fn read_chunk(&self, open: &mut OpenObject, region: &Region, out: &mut Block) -> Result<()> {
        let pipeline = &self.meta.pipeline;
        let Some(encoded) = self.encoded(open, region)? else {
            if self.missing == Missing::Error {
                let problem = "missing; it may be read as the fill value with --missing fill";
                return Err(Error::corrupt(&open.path, Some(format!("chunk {region}")), problem));
            }
            let index: Vec<usize> = (0..region.ndim())
                .map(|a| region.start()[a] as usize / self.grid.chunk()[a])
                .collect();
            self.missing_chunks.add(self.number, self.grid.number(&index));
            fill(out, region, &self.meta.fill);
            return Ok(());
        };
        let is_whole = region == out.region() && region.shape() == pipeline.shape;
        if is_whole && pipeline.order.is_none() {
            return self.decode(&open.path, region, &encoded, out.bytes_mut());
        }
        let mut buffer = Buffer::zeroed(pipeline.len())?;
        self.decode(&open.path, region, &encoded, buffer.bytes_mut())?;
        drop(encoded);
        copy_strided(buffer.bytes(), &pipeline.strides(), region, out);
        Ok(())
    }

    /// True if every object of the region is there and all its chunks decode.
    pub(crate) fn holds(&self, region: &Region) -> Result<bool> {
        let objects = self.object_grid();
        let Some(inside) = region.intersect(&self.spec.region()) else { return Ok(true) };
        let mut chunk = Buffer::zeroed(self.meta.pipeline.len())?;
        for number in objects.meeting(&inside) {
            let mut open = self.open_object(number, &objects.index(number))?;
            for k in self.grid.meeting(&objects.region(number)) {
                let part = self.grid.region(k);
                let whole = match self.encoded(&mut open, &part) {
                    Ok(Some(bytes)) => self.decode(&open.path, &part, &bytes, chunk.bytes_mut()),
                    Ok(None) => return Ok(false),
                    Err(e) => Err(e),
                };
                match whole {
                    Ok(()) => {}
                    Err(Error::Corrupt { .. }) => return Ok(false),
                    Err(e) => return Err(e),
                }
            }
        }
        Ok(true)
    }
}

impl Source for ZarrArray {
    fn spec(&self) -> &ImageSpec {
        &self.spec
    }

    fn grid(&self) -> &ChunkGrid {
        &self.grid
    }

    fn scratch_bytes(&self, _region: &Region) -> u64 {
        let pipeline = &self.meta.pipeline;
        let indexes: u64 = self.meta.layers.iter().map(|l| l.index_len() as u64).sum();
        // One chunk at a time: as it is stored, what lies between its codecs, and decoded.
        pipeline.scratch_bytes() + pipeline.len() as u64 + indexes + (16 << 10)
    }

    fn read(&self, out: &mut Block) -> Result<()> {
        check_request(&self.spec, out.region(), out.dtype())?;
        if out.region().is_empty() {
            return Ok(());
        }
        let objects = self.object_grid();
        let mut open: Option<OpenObject> = None;
        for number in self.chunks_by_object(&objects, out.region()) {
            let region = self.grid.region(number);
            let at: Vec<usize> = (0..region.ndim())
                .map(|a| region.start()[a] as usize / objects.chunk()[a])
                .collect();
            let object = objects.number(&at);
            let mut current = match open.take() {
                Some(o) if o.number == object => o,
                _ => self.open_object(object, &at)?,
            };
            self.read_chunk(&mut current, &region, out)?;
            open = Some(current);
        }
        Ok(())
    }

    fn locator(&self) -> Option<String> {
        Some(self.locator.clone())
    }
}

impl ZarrArray {
    /// The chunks that meet a region, those of one shard together.
    fn chunks_by_object(&self, objects: &ChunkGrid, region: &Region) -> Vec<usize> {
        if self.meta.layers.is_empty() {
            return self.grid.meeting(region);
        }
        let mut numbers = vec![];
        for object in objects.meeting(region) {
            if let Some(part) = objects.region(object).intersect(region) {
                numbers.extend(self.grid.meeting(&part));
            }
        }
        numbers
    }
}

/// Sets the samples of `out` that lie in `region` to one value, given as bytes.
fn fill(out: &mut Block, region: &Region, value: &[u8]) {
    let Some(common) = out.region().intersect(region) else { return };
    let whole = out.region().clone();
    let run = common.shape()[common.ndim() - 1] * value.len();
    let bytes = out.bytes_mut();
    let is_zero = value.iter().all(|&b| b == 0);
    common.for_each_row(|p| {
        let at = whole.offset_of(p) * value.len();
        let row = &mut bytes[at..at + run];
        if is_zero {
            row.fill(0);
        } else {
            row.chunks_exact_mut(value.len()).for_each(|s| s.copy_from_slice(value));
        }
    });
}

/// Copies the samples that a chunk and a block share; the chunk's axes have these strides, in samples.
fn copy_strided(chunk: &[u8], strides: &[usize], region: &Region, out: &mut Block) {
    let Some(common) = out.region().intersect(region) else { return };
    let whole = out.region().clone();
    let last = common.ndim() - 1;
    let n = common.shape()[last];
    dispatch!(out.dtype(), T => {
        let from: &[T] = bytemuck::cast_slice(chunk);
        let to: &mut [T] = bytemuck::cast_slice_mut(out.bytes_mut());
        common.for_each_row(|p| {
            let at = whole.offset_of(p);
            let start: usize = p.iter().zip(region.start()).zip(strides)
                .map(|((c, s), stride)| (c - s) as usize * stride).sum();
            let row = &mut to[at..at + n];
            if strides[last] == 1 {
                row.copy_from_slice(&from[start..start + n]);
            } else {
                let samples = from[start..].iter().step_by(strides[last]);
                row.iter_mut().zip(samples).for_each(|(o, s)| *o = *s);
            }
        });
    });
}
