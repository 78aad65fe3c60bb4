//! The working volume of a flood: several values for each sample, part after part, in slabs of planes that threads read and write
//! without seeing half of each other's work, in memory or in a file.

use petavox_core::{Error, Region, Result, strides};
use petavox_engine::Words;
use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::RwLock;

/// Where the parts of a volume lie. Each begins with two words of its own and holds its samples in raster order.
#[derive(Clone)]
pub(super) struct Volume {
    /// Samples per axis, two axes at least.
    pub(super) shape: Vec<usize>,
    /// The first word and the bytes of a sample, of each part.
    parts: Vec<(usize, usize)>,
    n_words: usize,
}

impl Volume {
    /// A volume of parts whose samples have so many bytes.
    pub(super) fn new(shape: &[usize], sizes: &[usize]) -> Volume {
        let mut shape = shape.to_vec();
        while shape.len() < 2 {
            shape.insert(0, 1);
        }
        let n: usize = shape.iter().product();
        let mut n_words = 0;
        let part = |size: &usize| {
            let start = n_words;
            n_words += (n * size).div_ceil(16) * 2;
            (start, *size)
        };
        let parts = sizes.iter().map(part).collect();
        Volume { shape, parts, n_words }
    }

    pub(super) fn n_words(&self) -> usize {
        self.n_words
    }

    pub(super) fn n_planes(&self) -> usize {
        self.shape[0]
    }

    pub(super) fn plane_len(&self) -> usize {
        self.shape[1..].iter().product()
    }

    pub(super) fn row_len(&self) -> usize {
        self.shape[self.shape.len() - 1]
    }

    pub(super) fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// The number of a point of as many axes as the image has.
    pub(super) fn number(&self, point: &[i64]) -> usize {
        let missing = self.shape.len() - point.len();
        let steps = strides(&self.shape);
        point.iter().zip(&steps[missing..]).map(|(x, step)| *x as usize * step).sum()
    }

    /// The words of a part.
    fn words(&self, part: usize) -> Range<usize> {
        let end = self.parts.get(part + 1).map_or(self.n_words, |p| p.0);
        self.parts[part].0..end
    }

    /// A part's samples.
    pub(super) fn part<'a, T: bytemuck::Pod>(&self, words: &'a [u64], part: usize) -> &'a [T] {
        &bytemuck::cast_slice(&words[self.words(part)])[..self.len()]
    }

    /// A part's samples, to change.
    pub(super) fn part_mut<'a, T: bytemuck::Pod>(
        &self,
        words: &'a mut [u64],
        part: usize,
    ) -> &'a mut [T] {
        let n = self.len();
        &mut bytemuck::cast_slice_mut(&mut words[self.words(part)])[..n]
    }

    /// The words of all parts, to change.
    pub(super) fn parts_mut<'a>(&self, words: &'a mut [u64]) -> Vec<&'a mut [u64]> {
        let mut rest = words;
        let mut parts = vec![];
        for k in 0..self.parts.len() {
            let (own, behind) = rest.split_at_mut(self.words(k).len());
            rest = behind;
            parts.push(own);
        }
        parts
    }

    /// The words of all parts that stand for a region of the image.
    pub(super) fn pieces(&self, region: &Region) -> Vec<Range<usize>> {
        if region.is_empty() {
            return vec![];
        }
        let last: Vec<i64> = (0..region.ndim()).map(|a| region.end(a) - 1).collect();
        let (first, end) = (self.number(region.start()), self.number(&last) + 1);
        let piece = |&(start, size): &(usize, usize)| {
            start + first * size / 8..start + (end * size).div_ceil(8)
        };
        self.parts.iter().map(piece).collect()
    }
}

/// A part of a volume, in slabs.
enum Place<'a> {
    Memory(Vec<RwLock<&'a mut [u8]>>),
    File { file: &'a File, start: u64, locks: Vec<RwLock<()>> },
}

/// A volume's parts in slabs of planes.
pub(super) struct Slabs<'a> {
    /// Planes of a slab; the last may have fewer.
    pub(super) planes: usize,
    pub(super) n_planes: usize,
    plane_len: usize,
    parts: Vec<(usize, Place<'a>)>,
}

impl<'a> Slabs<'a> {
    pub(super) fn new(volume: &Volume, words: &'a mut Words, planes: usize) -> Slabs<'a> {
        let (n_planes, plane_len) = (volume.n_planes(), volume.plane_len());
        let n_slabs = n_planes.div_ceil(planes);
        let in_file = !words.fits_memory() && words.file().is_some();
        let parts = if in_file {
            let words: &Words = words;
            let place = |&(start, size): &(usize, usize)| {
                let locks = (0..n_slabs).map(|_| RwLock::new(())).collect();
                words
                    .file()
                    .map(|file| (size, Place::File { file, start: 8 * start as u64, locks }))
            };
            volume.parts.iter().filter_map(place).collect()
        } else {
            let mut parts = vec![];
            for (own, &(_, size)) in
                volume.parts_mut(words.words_mut()).into_iter().zip(&volume.parts)
            {
                let slab = (planes * plane_len * size).max(1);
                let own = &mut bytemuck::cast_slice_mut(own)[..volume.len() * size];
                parts.push((size, Place::Memory(own.chunks_mut(slab).map(RwLock::new).collect())));
            }
            parts
        };
        Slabs { planes, n_planes, plane_len, parts }
    }

    pub(super) fn n_slabs(&self) -> usize {
        self.n_planes.div_ceil(self.planes)
    }

    pub(super) fn plane_len(&self) -> usize {
        self.plane_len
    }

    /// The planes of a slab.
    pub(super) fn slab(&self, slab: usize) -> Range<usize> {
        slab * self.planes..((slab + 1) * self.planes).min(self.n_planes)
    }

    /// Reads planes of a part.
    pub(super) fn read<T: bytemuck::Pod>(
        &self,
        part: usize,
        planes: Range<usize>,
        to: &mut [T],
    ) -> Result<()> {
        let (size, place) = &self.parts[part];
        let plane = self.plane_len * size;
        let to: &mut [u8] = bytemuck::cast_slice_mut(to);
        let mut at = planes.start;
        while at < planes.end {
            let slab = at / self.planes;
            let end = planes.end.min((slab + 1) * self.planes);
            let to = &mut to[(at - planes.start) * plane..(end - planes.start) * plane];
            match place {
                Place::Memory(slabs) => {
                    let from = slabs[slab].read().map_err(|_| locked())?;
                    let skip = (at - slab * self.planes) * plane;
                    to.copy_from_slice(&from[skip..skip + to.len()]);
                }
                Place::File { file, start, locks } => {
                    let _lock = locks[slab].read().map_err(|_| locked())?;
                    file.read_exact_at(to, start + (at * plane) as u64)
                        .map_err(|e| Error::io("scratch", "read the working volume", e))?;
                }
            }
            at = end;
        }
        Ok(())
    }

    /// Writes planes of a part, which are of one slab.
    pub(super) fn write<T: bytemuck::Pod>(
        &self,
        part: usize,
        planes: Range<usize>,
        from: &[T],
    ) -> Result<()> {
        let (size, place) = &self.parts[part];
        let plane = self.plane_len * size;
        let slab = planes.start / self.planes;
        let from: &[u8] = bytemuck::cast_slice(from);
        match place {
            Place::Memory(slabs) => {
                let mut to = slabs[slab].write().map_err(|_| locked())?;
                let skip = (planes.start - slab * self.planes) * plane;
                to[skip..skip + from.len()].copy_from_slice(from);
            }
            Place::File { file, start, locks } => {
                let _lock = locks[slab].write().map_err(|_| locked())?;
                file.write_all_at(from, start + (planes.start * plane) as u64)
                    .map_err(|e| Error::io("scratch", "write the working volume", e))?;
            }
        }
        Ok(())
    }
}

fn locked() -> Error {
    Error::internal("flooding", "a thread ended while it held a slab")
}
