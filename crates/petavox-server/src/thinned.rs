//! A coarse look at an image that is too large for more: few samples of it, each standing for many.

use petavox::{Block, ChunkGrid, Error, ImageSpec, Region, Result, Source};
use std::sync::Arc;

/// Parts of a stored image that are decoded along each axis for a picture of [`SIDE`] samples.
const PARTS: usize = 32;
const SIDE: usize = 256;

/// An image in which every sample is the one in the middle of its cell, and cells are as many as can be read quickly.
pub(crate) struct Thinned {
    inner: Arc<dyn Source>,
    spec: ImageSpec,
    grid: ChunkGrid,
    /// Samples of the inner image from one of this to the next.
    step: Vec<usize>,
    /// Samples of this image that show the same one.
    same: Vec<usize>,
}

impl Thinned {
    /// `inner` at the size of a level; nothing if so many of its samples can be read that none has to stand for others.
    pub(crate) fn of(inner: &Arc<dyn Source>, level: &ImageSpec) -> Option<Thinned> {
        let full = inner.spec();
        let step: Vec<usize> = (0..full.ndim())
            .map(|a| (level.spacing.values[a] / full.spacing.values[a]).round().max(1.0) as usize)
            .collect();
        let chunk = inner.grid().chunk();
        let same: Vec<usize> = (0..full.ndim())
            .map(|a| {
                let seen = (SIDE * step[a]).min(full.shape[a]);
                let parts = seen.div_ceil(chunk[a].max(1)).min(SIDE);
                // An axis that has all its samples keeps them.
                if full.axes.is_spatial(a) && step[a] > 1 { parts.div_ceil(PARTS) } else { 1 }
            })
            .collect();
        if inner.reads_below_chunk() || same.iter().all(|s| *s == 1) {
            return None;
        }
        let grid = ChunkGrid::new(&level.shape, &vec![SIDE; full.ndim()]);
        Some(Thinned { inner: inner.clone(), spec: level.clone(), grid, step, same })
    }

    /// The inner image's sample that a sample of this one shows, along one axis.
    fn shown(&self, axis: usize, at: i64) -> i64 {
        let same = self.same[axis] as i64;
        let middle = at / same * same + same / 2;
        let inside = middle * self.step[axis] as i64 + self.step[axis] as i64 / 2;
        inside.min(self.inner.spec().shape[axis] as i64 - 1)
    }
}

impl Source for Thinned {
    fn spec(&self) -> &ImageSpec {
        &self.spec
    }

    fn grid(&self) -> &ChunkGrid {
        &self.grid
    }

    fn reads_below_chunk(&self) -> bool {
        true
    }

    fn scratch_bytes(&self, _region: &Region) -> u64 {
        self.inner.scratch_bytes(&Region::new(vec![0; self.spec.ndim()], vec![1; self.spec.ndim()]))
    }

    fn read(&self, out: &mut Block) -> Result<()> {
        let n = self.spec.ndim();
        if n == 0 || out.dtype() != self.spec.dtype || !self.spec.region().contains(out.region()) {
            let expected = format!("a part of {}", self.spec.region());
            return Err(Error::argument("region", out.region(), expected));
        }
        let region = out.region().clone();
        let size = self.spec.dtype.size();
        let mut point = Block::zeros(Region::new(vec![0; n], vec![1; n]), self.spec.dtype)?;
        let mut rows: Vec<Vec<i64>> = vec![];
        let mut failed = Ok(());
        // Rows that show the same row of the image are copied.
        let mut at = 0;
        let row_bytes = region.row_len() * size;
        let mut places = vec![];
        region.for_each_row(|p| {
            if failed.is_err() {
                return;
            }
            let start: Vec<i64> = (0..n).map(|a| self.shown(a, p[a])).collect();
            match rows.iter().position(|r| r[..n - 1] == start[..n - 1]) {
                Some(known) => places.push((at, Some(known * row_bytes))),
                None => {
                    rows.push(start.clone());
                    places.push((at, None));
                    // The first of such rows is where the copies come from.
                    failed = self.row(
                        &start[..n - 1],
                        p[n - 1],
                        &mut point,
                        &mut out.bytes_mut()[at..at + row_bytes],
                    );
                }
            }
            at += row_bytes;
        });
        failed?;
        let firsts: Vec<usize> = places.iter().filter(|p| p.1.is_none()).map(|p| p.0).collect();
        for (at, known) in places {
            if let Some(known) = known
                && let Some(&from) = firsts.get(known / row_bytes.max(1))
            {
                out.bytes_mut().copy_within(from..from + row_bytes, at);
            }
        }
        Ok(())
    }

    fn locator(&self) -> Option<String> {
        None
    }
}

impl Thinned {
    /// One row; `outer` are the inner image's coordinates along the axes before the last.
    fn row(&self, outer: &[i64], first: i64, point: &mut Block, row: &mut [u8]) -> Result<()> {
        let last = outer.len();
        let size = self.spec.dtype.size();
        let mut shown = None;
        for (i, sample) in row.chunks_exact_mut(size).enumerate() {
            let x = self.shown(last, first + i as i64);
            if shown != Some(x) {
                let mut start = outer.to_vec();
                start.push(x);
                let dtype = point.dtype();
                let mut there = Block::zeros(Region::new(start, vec![1; last + 1]), dtype)?;
                self.inner.read(&mut there)?;
                *point = there;
                shown = Some(x);
            }
            sample.copy_from_slice(point.bytes());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use petavox::{Image, Kind, RunOptions, SaveOptions, pyramid};

    #[test]
    fn samples_are_the_images_and_few_chunks_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("image.zarr");
        let samples: Vec<u16> =
            (0..8 * 512 * 512u32).map(|i| (i / 512 % 512 + i % 512) as u16).collect();
        let save = SaveOptions {
            chunk_shape: Some(vec![4, 8, 8]),
            n_levels: Some(1),
            ..SaveOptions::default()
        };
        let image = Image::from_vec(&[8, 512, 512], samples).unwrap();
        image.save(&path, &save, &RunOptions::default()).unwrap();
        let opened = Image::open(&path.to_string_lossy()).unwrap();
        let Kind::Source(source) = opened.node().kind() else { panic!("a file is a source") };
        let level = &pyramid::levels(opened.spec(), Some(3))[2];
        let thinned = Thinned::of(source, level).unwrap();
        let region = Region::new([1, 3, 5], [1, 100, 90]);
        let mut block = Block::zeros(region.clone(), level.dtype).unwrap();
        thinned.read(&mut block).unwrap();
        let all = block.typed::<u16>().unwrap();
        region.for_each_row(|p| {
            for x in p[2]..95 {
                let found = i64::from(all[region.offset_of(&[p[0], p[1], x])]);
                assert_eq!(found, thinned.shown(1, p[1]) + thinned.shown(2, x));
                // Near to where it stands.
                assert!((found - 4 * (p[1] + x)).abs() <= 4 * 8 + 4, "{found} at {p:?} {x}");
            }
        });
        let fine = &pyramid::levels(opened.spec(), Some(1))[0];
        assert!(Thinned::of(source, fine).is_none());
    }
}
