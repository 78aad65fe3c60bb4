//! Parts of a block, one after another: every tile that meets one is added to it.

use super::operation::Fuse;
use crate::mosaic::place::Place;
use crate::mosaic::tiles::Placed;
use petavox_core::{Block, Buffer, CancelToken, Dtype, Error, Region, Result};
use petavox_kernels::blend::{Ramp, Strip, Weights, add_shifted, add_warped, put};
use petavox_kernels::interpolate::Interpolant;

/// Samples of a strip: its sums stay in the processor's own memory.
const STRIP: usize = 1 << 15;
/// Edge of the parts in which turned tiles are added.
const EDGE: usize = 128;

/// Memory for the parts of tiles, used again from one to the next.
#[derive(Default)]
pub(super) struct Memory(Option<Buffer>);

impl Memory {
    pub(super) fn block(&mut self, region: Region, dtype: Dtype) -> Result<Block> {
        let len = region.len() * dtype.size();
        match self.0.take().filter(|b| b.capacity() >= len) {
            Some(buffer) => Block::over(region, dtype, buffer),
            None => Block::zeros(region, dtype),
        }
    }

    pub(super) fn take_back(&mut self, block: Block) {
        self.0 = Some(block.into_buffer());
    }
}

impl Fuse {
    /// The extents of the parts of `target` that are made one after another.
    pub(super) fn part(&self, target: &Region) -> Vec<usize> {
        let n = target.ndim();
        let mut extent = vec![1; n];
        let mut left = STRIP;
        for a in (0..n).rev() {
            let most = if self.warped && self.tiles.spatial.contains(&a) { EDGE } else { left };
            extent[a] = target.shape()[a].min(most).min(left).max(1);
            left /= extent[a];
            if left == 0 {
                break;
            }
        }
        extent
    }

    fn ramps(&self, tile: &Placed) -> Result<&[Ramp]> {
        let found = self.ramps.iter().find(|(shape, _)| *shape == tile.shape);
        found.map(|(_, r)| &r[..]).ok_or_else(|| Error::internal("fuse", "a tile without weights"))
    }

    /// The part of the tile that is needed, in memory that is used again; see [`Pieces::read`](crate::mosaic::pieces::Pieces::read).
    pub(super) fn read(
        &self,
        number: usize,
        needs: Region,
        home: Option<&Region>,
        memory: &mut Memory,
    ) -> Result<Block> {
        let mut block = memory.block(needs, self.pieces.dtype())?;
        self.pieces.read(number, &mut block, home)?;
        Ok(block)
    }

    pub(super) fn put_all(
        &self,
        output: &mut Block,
        memory: &mut Memory,
        cancel: &CancelToken,
    ) -> Result<()> {
        output.bytes_mut().fill(0);
        let target = output.region().clone();
        let found = self.tiles.meeting(&target);
        // Of several tiles the first one wins by being put last.
        for &number in found.iter().rev() {
            cancel.check()?;
            let tile = &self.tiles.placed[number];
            let Some(common) = tile.covers.intersect(&target) else { continue };
            let needs = tile.place.needs(&common, &tile.shape);
            let home = needs.clone();
            let block = self.read(number, needs, Some(&home), memory)?;
            let block = block.moved_to(common.start());
            put(&block, self.blend, output)?;
            memory.take_back(block);
        }
        Ok(())
    }

    /// What the samples of a part of a tile count: by its mask, and by what it has to show.
    pub(super) fn weigh(
        &self,
        number: usize,
        needs: &Region,
        home: Option<&Region>,
        memory: &mut [Memory; 2],
    ) -> Result<[Option<Block>; 2]> {
        let [mask, content] = memory;
        let mask = match self.tiles.placed[number].mask {
            None => None,
            Some(_) => {
                let mut block = mask.block(needs.clone(), Dtype::Float32)?;
                self.pieces.read_mask(number, &mut block, home)?;
                Some(block)
            }
        };
        let content = match &self.contents {
            None => None,
            Some(contents) => {
                let mut block = content.block(needs.clone(), Dtype::Float32)?;
                contents.of(number)?.weights(&mut block)?;
                Some(block)
            }
        };
        Ok([mask, content])
    }

    pub(super) fn strip(
        &self,
        found: &[usize],
        strip: &mut Strip<'_>,
        target: &Region,
        memory: &mut Memory,
        weighing: &mut [Memory; 2],
        cancel: &CancelToken,
    ) -> Result<()> {
        for &number in found {
            let tile = &self.tiles.placed[number];
            let Some(common) = tile.covers.intersect(target) else { continue };
            let ramps = self.ramps(tile)?;
            let needs = tile.place.needs(&common, &tile.shape);
            if needs.is_empty() {
                continue;
            }
            // Of what is read twice, by two parts, the first one of a tile that is only moved has it for its own.
            let home = matches!(tile.place, Place::Moved(_))
                .then(|| Region::new(needs.start(), common.shape()));
            let home = home.as_ref();
            let blocks = self.weigh(number, &needs, home, weighing)?;
            let weights = Weights { mask: blocks[0].as_ref(), content: blocks[1].as_ref() };
            match &tile.place {
                Place::Moved(shift) => {
                    let block = self.read(number, needs, home, memory)?;
                    add_shifted(&block, weights, shift, ramps, &common, strip)?;
                    memory.take_back(block);
                }
                Place::Warped { warp, by, .. } => {
                    let back: Vec<i64> = by.iter().map(|b| -b).collect();
                    let at = common.translate(&back);
                    let smooth = matches!(warp.interpolant, Interpolant::Spline(3));
                    let filter = self.spline.as_ref().filter(|_| smooth);
                    let block = match filter {
                        None => self.read(number, needs, home, memory)?,
                        Some(f) => self.coefficients(number, tile, &needs, f, memory, cancel)?,
                    };
                    let shape = &tile.shape;
                    add_warped(&block, weights, warp, ramps, shape, &at, by, strip, cancel)?;
                    if filter.is_none() {
                        memory.take_back(block);
                    }
                }
            }
            for (block, memory) in blocks.into_iter().zip(weighing.iter_mut()) {
                block.into_iter().for_each(|b| memory.take_back(b));
            }
        }
        Ok(())
    }
}
