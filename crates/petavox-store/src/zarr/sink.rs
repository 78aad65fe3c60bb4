//! One array as a sink: each object is written whole, under a temporary name, by one call.

use super::array::ZarrArray;
use super::meta::ShardLayer;
use super::zeros::{Remembered, is_zero_within};
use crate::atomic::{Barrier, write_with};
use crate::memory::check_aligned;
use petavox_core::{Block, Buffer, ChunkGrid, Error, ImageSpec, Region, Result, Sink, Source};
use std::borrow::Cow;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Writes the objects of one array. Every chunk inside the image is written, also one of zeros, so that a chunk that is missing
/// later has been lost.
pub(crate) struct ZarrSink {
    array: ZarrArray,
    objects: ChunkGrid,
    dir: PathBuf,
    /// Set where the array's own metadata are written last, by the writer.
    keep_dir: bool,
    /// A chunk of zeros as it is encoded: masks and labels are mostly such chunks.
    zeros: Remembered,
    /// From before the first chunk was written.
    barrier: Barrier,
}

impl ZarrSink {
    pub(crate) fn new(array: ZarrArray, dir: &Path, keep_dir: bool) -> ZarrSink {
        let objects = array.object_grid();
        let (zeros, barrier) = (Remembered::default(), Barrier::before(dir));
        ZarrSink { array, objects, dir: dir.into(), keep_dir, zeros, barrier }
    }

    /// The encoded bytes of the chunk that begins where `region` does, padded with zeros where the image ends. `spare` is memory that
    /// the chunks of a block use one after another.
    fn encode(
        &self,
        region: &Region,
        block: &Block,
        spare: &mut Option<Buffer>,
    ) -> Result<Cow<'_, [u8]>> {
        let pipeline = &self.array.meta().pipeline;
        let wrong = |problem| Error::internal("the Zarr encoder", problem);
        let is_zero = is_zero_within(region, block);
        if let Some(known) = self.zeros.get().filter(|_| is_zero) {
            return Ok(Cow::Borrowed(known));
        }
        let encoded = if region == block.region() && region.shape() == pipeline.shape {
            pipeline.encode(block.bytes())
        } else {
            let whole = Region::new(region.start(), &pipeline.shape);
            let buffer = match spare.take() {
                Some(buffer) => buffer,
                None => Buffer::zeroed(pipeline.len())?,
            };
            let mut chunk = Block::over(whole, block.dtype(), buffer)?;
            if is_zero || region.shape() != pipeline.shape {
                chunk.bytes_mut().fill(0);
            }
            if !is_zero {
                chunk.copy_from(block)?;
            }
            let encoded = pipeline.encode(chunk.bytes());
            *spare = Some(chunk.into_buffer());
            encoded
        };
        let encoded = encoded.map_err(wrong)?;
        if is_zero {
            self.zeros.keep(&encoded);
        }
        Ok(Cow::Owned(encoded))
    }

    /// Writes a file, making its folder on the way if need be.
    fn write_file(
        &self,
        path: &Path,
        mut fill: impl FnMut(&mut std::fs::File) -> std::io::Result<()>,
    ) -> Result<()> {
        match write_with(path, &mut fill) {
            // Another thread may have made the folder since: only trying again tells.
            // Where the whole output is gone, its starter has given up.
            Err(Error::Io { source, .. })
                if source.kind() == std::io::ErrorKind::NotFound && self.dir.is_dir() =>
            {
                let parent = path.parent().unwrap_or(path);
                std::fs::create_dir_all(parent).map_err(|e| Error::io(parent, "create", e))?;
                write_with(path, fill)
            }
            other => other,
        }
    }

    fn write_chunk(
        &self,
        path: &Path,
        region: &Region,
        block: &Block,
        spare: &mut Option<Buffer>,
    ) -> Result<()> {
        let encoded = self.encode(region, block, spare)?;
        self.write_file(path, |file| file.write_all(&encoded))
    }

    /// Streams the inner chunks into the file, so that one of them is in memory at a time, and the index after them.
    fn write_shard(
        &self,
        path: &Path,
        region: &Region,
        block: &Block,
        layer: &ShardLayer,
        spare: &mut Option<Buffer>,
    ) -> Result<()> {
        let inner = self.array.grid();
        self.write_file(path, |file| {
            let mut index = vec![0xff; 16 * layer.n_inner()];
            let mut at = 0u64;
            for number in inner.meeting(region) {
                let part = inner.region(number);
                let encoded = self.encode(&part, block, spare).map_err(std::io::Error::other)?;
                file.write_all(&encoded)?;
                let local: Vec<usize> = (0..part.ndim())
                    .map(|a| (part.start()[a] - region.start()[a]) as usize / layer.inner[a])
                    .collect();
                let entry = 16 * layer.number(&local);
                index[entry..entry + 8].copy_from_slice(&at.to_le_bytes());
                index[entry + 8..entry + 16].copy_from_slice(&(encoded.len() as u64).to_le_bytes());
                at += encoded.len() as u64;
            }
            let sum = crc32c::crc32c(&index);
            index.extend(sum.to_le_bytes());
            file.write_all(&index)
        })
    }
}

impl Sink for ZarrSink {
    fn spec(&self) -> &ImageSpec {
        self.array.spec()
    }

    fn grid(&self) -> &ChunkGrid {
        &self.objects
    }

    fn scratch_bytes(&self, _region: &Region) -> u64 {
        let meta = self.array.meta();
        let index: u64 = meta.layers.iter().map(|l| l.index_len() as u64).sum();
        // One chunk at a time: padded, what lies between its codecs, and encoded.
        meta.pipeline.len() as u64 + meta.pipeline.encode_scratch_bytes() + 2 * index + (64 << 10)
    }

    fn write(&self, block: &Block) -> Result<()> {
        check_aligned(self.spec(), &self.objects, block.region(), block.dtype())?;
        let mut spare = None;
        for number in self.objects.meeting(block.region()) {
            let region = self.objects.region(number);
            let path = self.array.object_path(&self.objects.index(number));
            match &self.array.meta().layers[..] {
                [] => self.write_chunk(&path, &region, block, &mut spare)?,
                [layer] => self.write_shard(&path, &region, block, layer, &mut spare)?,
                _ => {
                    return Err(Error::internal("ZarrSink::write", "nested shards are never made"));
                }
            }
        }
        Ok(())
    }

    fn holds(&self, region: &Region) -> Result<bool> {
        self.array.holds(region)
    }

    fn finish(&self) -> Result<()> {
        if self.dir.is_dir() { self.barrier.sync_tree(&self.dir) } else { Ok(()) }
    }

    fn abandon(&self) {
        if !self.keep_dir {
            // Nothing can be done about a file that refuses to go.
            let _ = std::fs::remove_dir_all(&self.dir);
        }
    }
}
