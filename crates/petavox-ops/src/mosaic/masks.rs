//! Masks of tiles: images that are 0 where a tile does not count.

use super::layout::Tile;
use super::orient::View;
use super::tiles::{Origin, TileOptions};
use petavox_core::{
    Block, Dtype, Element, Error, ImageSpec, Region, Result, Source, dispatch, strides,
};

/// The mask of a tile, whose axes are all of the tile's or its last space axes.
pub(super) struct Mask {
    pub(super) origin: Origin,
    /// Its extents, and the axis of the tile (in the axes of the mosaic, counted from the end) along which each lies.
    axes: Vec<(usize, usize)>,
    /// What decoding a piece of it takes.
    pub(super) decode_bytes: u64,
}

/// Looks at the mask of a tile.
///
/// # Errors
/// Whatever is wrong with its file; [`Error::InvalidArgument`] if it does not fit the tile.
pub(super) fn mask_of(
    origin: Origin,
    told: &Tile,
    tile: &ImageSpec,
    view: View,
    options: &TileOptions,
) -> Result<Mask> {
    let source = origin.open(view, &options.open)?;
    let spec = source.spec();
    let n = tile.ndim();
    let spatial: Vec<usize> = (0..n).filter(|&a| tile.axes.is_spatial(a)).collect();
    let along: Option<Vec<usize>> = match spec.ndim() {
        k if k == n => Some((0..n).collect()),
        k => spatial.len().checked_sub(k).map(|skipped| spatial[skipped..].to_vec()),
    };
    let fits = |axes: &Vec<usize>| {
        axes.iter().zip(&spec.shape).all(|(&a, &len)| len == tile.shape[a] || len == 1)
    };
    let Some(along) = along.filter(fits) else {
        let name = told.mask.as_deref().unwrap_or("mask");
        let given = format!("{name} of shape {:?} for {}", spec.shape, told.path);
        let expected = format!("{:?}, as the tile, or its height and width", tile.shape);
        return Err(Error::argument("mask", given, expected));
    };
    let grid = source.grid();
    // A piece of the tile may lie across the mask's own chunks.
    let chunk = (grid.chunk().iter().product::<usize>() * spec.dtype.size()) as u64;
    let whole = (spec.len() * spec.dtype.size()) as u64;
    let piece = (super::tiles::PIECE_BYTES as u64 * 8).max(chunk).min(whole);
    let decode_bytes = source.scratch_bytes(&grid.region(0)) + piece;
    let axes = along.iter().zip(&spec.shape).map(|(a, len)| (*len, n - a)).collect();
    Ok(Mask { origin, axes, decode_bytes })
}

impl Mask {
    /// A part of the tile: 1, or 0 where it does not count.
    pub(super) fn read(&self, source: &dyn Source, region: &Region) -> Result<Block> {
        let n = region.ndim();
        let own = |&(len, back): &(usize, usize)| match len {
            1 => (0, 1),
            _ => (region.start()[n - back], region.shape()[n - back]),
        };
        let part: Vec<(i64, usize)> = self.axes.iter().map(own).collect();
        let part = Region::per_axis(part.len(), |a| part[a]);
        let spec = source.spec();
        if !spec.region().contains(&part) || spec.ndim() != self.axes.len() {
            let problem =
                format!("it was another shape than {:?} when the mosaic was planned", spec.shape);
            return Err(Error::corrupt(source.locator().unwrap_or_default(), None, problem));
        }
        let mut block = Block::zeros(part.clone(), spec.dtype)?;
        source.read(&mut block)?;
        // How far neighbours along an axis of the tile lie apart in the mask; nowhere, along axes that it does not have.
        let mut steps = vec![0; n];
        for ((len, back), step) in self.axes.iter().zip(strides(part.shape())) {
            steps[n - back] = if *len == 1 { 0 } else { step };
        }
        let mut out = Block::zeros(region.clone(), Dtype::UInt8)?;
        let to = out.typed_mut::<u8>()?;
        let last = n - 1;
        dispatch!(block.dtype(), T => {
            let samples = block.typed::<T>()?;
            let mut at = 0;
            region.for_each_row(|p| {
                let first: usize = (0..last).map(|a| (p[a] - region.start()[a]) as usize * steps[a]).sum();
                for (i, to) in to[at..at + region.row_len()].iter_mut().enumerate() {
                    let v = samples[first + i * steps[last]].to_f64();
                    *to = u8::from(v != 0.0 && !v.is_nan());
                }
                at += region.row_len();
            });
        });
        Ok(out)
    }
}

/// Puts the samples of a mask into a block of float32 where both are.
pub(super) fn widen(mask: &Block, out: &mut Block) -> Result<()> {
    let Some(common) = mask.region().intersect(out.region()) else { return Ok(()) };
    let samples = mask.typed::<u8>()?;
    let (from, to_region) = (mask.region().clone(), out.region().clone());
    let to = out.typed_mut::<f32>()?;
    let row = common.row_len();
    common.for_each_row(|p| {
        let from = &samples[from.offset_of(p)..][..row];
        let to = &mut to[to_region.offset_of(p)..][..row];
        to.iter_mut().zip(from).for_each(|(t, f)| *t = f32::from(*f));
    });
    Ok(())
}
