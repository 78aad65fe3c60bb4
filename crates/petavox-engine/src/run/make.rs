//! Makes the blocks of one region: every line of a program in turn, each block let go when the last line that needs it has run.

use super::cache::ChunkCache;
use super::pad::{outside, pad};
use super::pool::Pool;
use crate::contract::BlockCall;
use crate::plan::{Ask, Program, Step};
use petavox_core::{Block, CancelToken, ImageSpec, Region, Result};

/// A program, and the decoded chunks that it shares with others.
pub(super) struct Maker<'a> {
    pub(super) program: &'a Program,
    pub(super) cache: &'a ChunkCache,
}

impl Maker<'_> {
    /// Makes the blocks of all roots for one region; per line, one block for each of its regions.
    pub(super) fn make(
        &self,
        region: &Region,
        pool: &mut Pool,
        cancel: &CancelToken,
    ) -> Result<Vec<Vec<Block>>> {
        let regions = self.program.regions(region);
        let released = &self.program.released;
        let mut blocks: Vec<Vec<Block>> = self.program.lines.iter().map(|_| Vec::new()).collect();
        for (i, after) in released.iter().enumerate() {
            for (piece, made) in regions.made[i].iter().enumerate() {
                let asks = regions.asks[i].get(piece).map_or(&[][..], Vec::as_slice);
                cancel.check()?;
                let block = self.line(i, made, asks, &blocks, pool, cancel)?;
                blocks[i].push(block);
            }
            for &k in after {
                blocks[k].drain(..).for_each(|b| pool.give(b.into_buffer()));
            }
        }
        Ok(blocks)
    }

    /// Makes one region of a line from the blocks of the lines before.
    fn line(
        &self,
        i: usize,
        made: &Region,
        asks: &[Ask],
        blocks: &[Vec<Block>],
        pool: &mut Pool,
        cancel: &CancelToken,
    ) -> Result<Block> {
        let line = &self.program.lines[i];
        let buffer = pool.take(made.len() * line.spec.dtype.size())?;
        let mut out = Block::over(made.clone(), line.spec.dtype, buffer)?;
        let (op, inputs) = match &line.step {
            Step::Read(source) => {
                pool.make_room(source.scratch_bytes(made));
                self.cache.read(line.id, source.as_ref(), &mut out)?;
                return Ok(out);
            }
            Step::Run { op, inputs } => (op, inputs),
        };
        let specs: Vec<&ImageSpec> = inputs.iter().map(|&k| &self.program.lines[k].spec).collect();
        let have = |ask: &Ask| ask.piece.and_then(|p| blocks[ask.line].get(p));
        let mut padded = Vec::with_capacity(asks.len());
        for ask in asks {
            let spec = &self.program.lines[ask.line].spec;
            padded.push(match have(ask) {
                Some(block) if *block.region() == ask.need.region => None,
                Some(block) => Some(pad(block, &ask.need, &spec.shape, pool)?),
                None => Some(outside(&ask.need, spec, pool)?),
            });
        }
        let given: Vec<&Block> =
            padded.iter().zip(asks).filter_map(|(p, ask)| p.as_ref().or(have(ask))).collect();
        let scratch_len = op.scratch_bytes(&specs, made) as usize;
        let mut scratch = pool.take(scratch_len)?;
        pool.make_room(op.beside_bytes(&specs, made));
        op.run(BlockCall {
            inputs: &given,
            specs: &specs,
            output: &mut out,
            scratch: &mut scratch,
            cancel,
        })?;
        pool.give(scratch);
        padded.into_iter().flatten().for_each(|b| pool.give(b.into_buffer()));
        Ok(out)
    }
}

/// The part of a block.
pub(super) fn crop(block: &Block, region: &Region, pool: &mut Pool) -> Result<Block> {
    let buffer = pool.take(region.len() * block.dtype().size())?;
    let mut out = Block::over(region.clone(), block.dtype(), buffer)?;
    out.copy_from(block)?;
    Ok(out)
}
