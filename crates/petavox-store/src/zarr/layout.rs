//! How an image is cut into chunks and shards when nobody says.

use crate::CreateOptions;
use petavox_core::{Error, ImageSpec, Result};

/// From this many objects on, chunks are grouped into shards.
const MANY_OBJECTS: usize = 10_000;

/// A shard is one writer's work and is held as a block, so it stays small.
const MAX_SHARD_BYTES: usize = 32 << 20;

/// Shapes of chunk and shard of one level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) chunk: Vec<usize>,
    pub(crate) shard: Option<Vec<usize>>,
}

impl Layout {
    /// The layout of a level, the options' where they say something.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for shapes that do not fit the image or each other.
    pub(crate) fn of(spec: &ImageSpec, options: &CreateOptions) -> Result<Layout> {
        let n = spec.ndim();
        let check = |name: &str, shape: &[usize]| {
            if shape.len() == n && !shape.contains(&0) {
                return Ok(());
            }
            let expected = format!("{n} positive numbers, one per axis of {}", spec.axes);
            Err(Error::argument(name, format!("{shape:?}"), expected))
        };
        let clamp = |shape: &[usize]| -> Vec<usize> {
            shape.iter().zip(&spec.shape).map(|(&c, &s)| c.min(s.max(1))).collect()
        };
        let chunk = match &options.chunk_shape {
            Some(chunk) => {
                check("chunk_shape", chunk)?;
                clamp(chunk)
            }
            None => clamp(&default_chunk(spec)),
        };
        let bytes = chunk.iter().try_fold(spec.dtype.size(), |n, &c| n.checked_mul(c));
        if bytes.is_none_or(|b| b > i32::MAX as usize) {
            return Err(Error::argument("chunk_shape", format!("{chunk:?}"), "chunks below 2 GiB"));
        }
        let shard = match &options.shard_shape {
            Some(_) if options.zarr_format == 2 => {
                return Err(Error::argument(
                    "shard_shape",
                    "a shape",
                    "no shards with --zarr-format 2, which has none",
                ));
            }
            Some(shard) => {
                check("shard_shape", shard)?;
                Some(whole_shard(shard, &chunk, spec, options.chunk_shape.as_deref())?)
            }
            None if options.zarr_format == 2 => None,
            None => default_shard(spec, &chunk),
        };
        Ok(Layout { chunk, shard })
    }

    /// What one object holds.
    pub(crate) fn object(&self) -> &[usize] {
        self.shard.as_ref().unwrap_or(&self.chunk)
    }
}

/// A shard as asked for, never larger than it takes to hold the image, always a multiple of the chunk.
fn whole_shard(
    shard: &[usize],
    chunk: &[usize],
    spec: &ImageSpec,
    asked: Option<&[usize]>,
) -> Result<Vec<usize>> {
    // The chunk as asked for is what the shard must be a multiple of; on a small level both shrink with the image.
    let whole = asked.unwrap_or(chunk);
    if shard.iter().zip(whole).any(|(s, c)| s % c != 0) {
        let expected = format!("a multiple of the chunk shape {whole:?} on every axis");
        return Err(Error::argument("shard_shape", format!("{shard:?}"), expected));
    }
    Ok((0..shard.len())
        .map(|a| (shard[a] / whole[a]).min(spec.shape[a].max(1).div_ceil(chunk[a])) * chunk[a])
        .collect())
}

/// About 1 to 2 MiB: cuboids along space axes, one sample along those before them, all of a few interleaved channels behind.
fn default_chunk(spec: &ImageSpec) -> Vec<usize> {
    let n = spec.ndim();
    let spatial: Vec<usize> = (0..n).filter(|&a| spec.axes.is_spatial(a)).collect();
    let mut chunk = vec![1; n];
    let Some(&last) = spatial.last() else {
        chunk[n - 1] = (1 << 20) / spec.dtype.size();
        return chunk;
    };
    (last + 1..n).for_each(|a| chunk[a] = spec.shape[a].min(16));
    let depth = if spatial.len() > 2 { spec.shape[spatial[spatial.len() - 3]] } else { 1 };
    let sides: [usize; 3] = match (spatial.len(), depth, spec.dtype.size()) {
        (1, ..) => [1, 1, (1 << 20) / spec.dtype.size()],
        (2, ..) | (_, 1, _) => [1, 512, 512],
        (_, 2..=16, _) => [16, 256, 256],
        (.., 1) => [128, 128, 128],
        (.., 2) => [64, 128, 128],
        _ => [64, 64, 64],
    };
    for (&a, &side) in spatial.iter().rev().zip(sides.iter().rev()) {
        chunk[a] = side;
    }
    chunk
}

/// Shards that are as small as it takes to have few objects.
fn default_shard(spec: &ImageSpec, chunk: &[usize]) -> Option<Vec<usize>> {
    let counts: Vec<usize> = spec.shape.iter().zip(chunk).map(|(s, c)| s.div_ceil(*c)).collect();
    let mut shard = chunk.to_vec();
    loop {
        let objects = spec
            .shape
            .iter()
            .zip(&shard)
            .fold(1usize, |n, (s, c)| n.saturating_mul(s.div_ceil(*c)));
        let bytes: usize = shard.iter().product::<usize>() * spec.dtype.size();
        if objects <= MANY_OBJECTS || bytes * 2 > MAX_SHARD_BYTES {
            break;
        }
        // The axis along which the shard holds fewest chunks grows, the last one first, where there are chunks left.
        let axis = (0..shard.len())
            .rev()
            .filter(|&a| spec.axes.is_spatial(a) && shard[a] / chunk[a] < counts[a])
            .min_by_key(|&a| shard[a] / chunk[a])?;
        shard[axis] *= 2;
    }
    (shard != chunk).then_some(shard)
}

#[cfg(test)]
mod tests {
    use super::*;
    use petavox_core::{Axes, Dtype};

    fn layout(shape: &[usize], dtype: Dtype, options: &CreateOptions) -> Result<Layout> {
        Layout::of(&ImageSpec::new(shape, dtype).unwrap(), options)
    }

    #[test]
    fn chunks_are_about_a_mebibyte_whatever_the_dtype() {
        let chunk =
            |shape: &[usize], dtype| layout(shape, dtype, &CreateOptions::default()).unwrap().chunk;
        assert_eq!(chunk(&[1000, 1000, 1000], Dtype::UInt8), [128, 128, 128]);
        assert_eq!(chunk(&[1000, 1000, 1000], Dtype::Float32), [64, 64, 64]);
        assert_eq!(chunk(&[3, 5, 9000, 9000], Dtype::UInt16), [1, 5, 256, 256]);
        assert_eq!(chunk(&[100, 90], Dtype::UInt8), [100, 90]);
        assert_eq!(chunk(&[1 << 24], Dtype::Float64), [1 << 17]);
        let rgb = ImageSpec::new([2000, 2000, 3], Dtype::UInt8).unwrap();
        let rgb = rgb.with_axes(Axes::parse("yxc").unwrap()).unwrap();
        assert_eq!(Layout::of(&rgb, &CreateOptions::default()).unwrap().chunk, [512, 512, 3]);
    }

    #[test]
    fn shards_come_with_many_chunks_and_stay_small() {
        let l = layout(&[2048, 2048, 2048], Dtype::UInt8, &CreateOptions::default()).unwrap();
        assert_eq!(l.shard, None);
        let l = layout(&[8192, 8192, 8192], Dtype::Float32, &CreateOptions::default()).unwrap();
        let shard = l.shard.unwrap();
        assert!(shard.iter().product::<usize>() * 4 <= MAX_SHARD_BYTES);
        assert!(shard.iter().zip(&l.chunk).all(|(s, c)| s % c == 0));
    }

    #[test]
    fn shards_that_are_no_multiple_are_refused() {
        let options = |chunk: &[usize], shard: &[usize]| CreateOptions {
            chunk_shape: Some(chunk.to_vec()),
            shard_shape: Some(shard.to_vec()),
            ..CreateOptions::default()
        };
        assert!(layout(&[100, 100], Dtype::UInt8, &options(&[10, 10], &[20, 25])).is_err());
        assert!(layout(&[100, 100], Dtype::UInt8, &options(&[10], &[20])).is_err());
        let small = layout(&[25, 7], Dtype::UInt8, &options(&[10, 10], &[40, 40])).unwrap();
        assert_eq!((small.chunk, small.shard), (vec![10, 7], Some(vec![30, 7])));
    }
}
