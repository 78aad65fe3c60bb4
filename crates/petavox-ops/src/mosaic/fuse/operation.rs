//! The operation `fuse`: what it says to the planner, and a block of the mosaic.

use super::forecast::Boxes;
use super::parts::Memory;
use crate::mosaic::contents::Contents;
use crate::mosaic::pieces::{Pieces, pinned_bytes};
use crate::mosaic::place::{Between, Place};
use crate::mosaic::tiles::{Placed, Tiles};
use petavox_core::{Boundary, ChunkGrid, ImageSpec, MAX_NDIM, Region, Result};
use petavox_engine::{BlockCall, BlockOp, Need, Reading, Walk};
use petavox_kernels::blend::{Blend, Ramp, Strip};
use petavox_kernels::interpolate::SplineFilter;
use std::any::Any;
use std::sync::Arc;

/// Samples around those that a cubic spline is evaluated at, from which its coefficients are made.
const AROUND: i64 = 100;

/// See [`fuse()`](super::fuse).
pub(super) struct Fuse {
    pub(super) tiles: Arc<Tiles>,
    pub(super) pieces: Arc<Pieces>,
    pub(super) blend: Blend,
    /// Weights of the samples per axis, for every shape that tiles have.
    pub(super) ramps: Vec<(Vec<usize>, Vec<Ramp>)>,
    /// Tiles are put as they are, in their own dtype.
    pub(super) plain: bool,
    pub(super) warped: bool,
    masked: bool,
    pub(super) contents: Option<Contents>,
    pub(super) spline: Option<SplineFilter>,
    params: serde_json::Value,
    boxes: Boxes,
}

impl Fuse {
    pub(super) fn new(
        tiles: Arc<Tiles>,
        pieces: Arc<Pieces>,
        blend: Blend,
        between: Between,
        params: serde_json::Value,
    ) -> Result<Fuse> {
        let whole = |t: &Placed| matches!(&t.place, Place::Moved(s) if s.fraction.iter().all(|f| *f == 0.0));
        let dtype = tiles.spec.dtype;
        let from_zero = !dtype.is_signed();
        let masked = tiles.placed.iter().any(|t| t.mask.is_some());
        let plain = pieces.dtype() == dtype
            && !masked
            && tiles.placed.iter().all(whole)
            && (blend == Blend::First || blend == Blend::Max && from_zero);
        let mut ramps: Vec<(Vec<usize>, Vec<Ramp>)> = Vec::new();
        for tile in &tiles.placed {
            if !ramps.iter().any(|(shape, _)| *shape == tile.shape) {
                let fades = matches!(blend, Blend::Linear | Blend::Content);
                let ramp = |a: usize| match fades && tiles.spatial.contains(&a) {
                    true => Ramp::cosine(tile.shape[a], tiles.is_nearest),
                    false => Ramp::flat(tile.shape[a], tiles.is_nearest),
                };
                let all = (0..tile.shape.len()).map(ramp).collect();
                ramps.push((tile.shape.clone(), all));
            }
        }
        let spline = match between {
            Between::Cubic => SplineFilter::new(3, tiles.spatial.clone(), Boundary::Mirror).ok(),
            _ => None,
        };
        let contents = match blend {
            Blend::Content => Some(Contents::new(tiles.clone(), pieces.clone())?),
            _ => None,
        };
        Ok(Fuse {
            warped: tiles.placed.iter().any(|t| matches!(t.place, Place::Warped { .. })),
            boxes: Boxes::new(
                &tiles,
                contents.is_some(),
                if spline.is_some() { AROUND } else { 2 },
            ),
            masked,
            contents,
            tiles,
            pieces,
            blend,
            ramps,
            plain,
            spline,
            params,
        })
    }
}

impl BlockOp for Fuse {
    fn name(&self) -> &'static str {
        "fuse"
    }

    fn params(&self) -> serde_json::Value {
        self.params.clone()
    }

    fn output(&self, _inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        Ok(self.tiles.spec.clone())
    }

    fn needs(&self, _inputs: &[&ImageSpec], _target: &Region) -> Vec<Need> {
        vec![]
    }

    fn scratch_bytes(&self, _inputs: &[&ImageSpec], target: &Region) -> u64 {
        if self.plain {
            return 0;
        }
        Strip::scratch_bytes(self.part(target).iter().product())
    }

    fn beside_bytes(&self, _inputs: &[&ImageSpec], target: &Region) -> u64 {
        let dtype = self.pieces.dtype();
        let size = dtype.size() as u64;
        if self.plain {
            return target.len() as u64 * size + pinned_bytes(&self.tiles, dtype, target.shape());
        }
        let part = self.part(target);
        let mut reach: Vec<usize> = part.iter().map(|e| e + 1).collect();
        let mut more = 0;
        if self.warped {
            // A turned part lies in a box of its diagonal; values, weights, and what a spline needs around it.
            let diagonal =
                (part.iter().map(|e| (e * e) as f64).sum::<f64>().sqrt() * 2.0) as usize + 4;
            let around = if self.spline.is_some() { 2 * 36 + 64 } else { 0 };
            self.tiles.spatial.iter().for_each(|&a| reach[a] = diagonal + around);
            let samples: usize = reach.iter().product();
            more = 8 * part.iter().product::<usize>() as u64 * 3;
            if self.spline.is_some() {
                more += 8 * 4 * samples as u64;
            }
        }
        let samples: usize = reach.iter().product();
        let weights = 4 * (u64::from(self.masked) + u64::from(self.contents.is_some()));
        if self.warped && weights > 0 {
            more += 16 * part.iter().product::<usize>() as u64;
        }
        samples as u64 * (size + weights)
            + 2 * 8 * reach.last().copied().unwrap_or(1) as u64
            + more
            + pinned_bytes(&self.tiles, dtype, &reach)
    }

    fn reading(&self, walk: &Walk<'_>) -> Option<Reading> {
        // Weights are kept in any case.
        let weights = self.contents.as_ref().map_or(0, |c| c.most_bytes);
        let room = walk.room.saturating_sub(weights);
        let size = (self.pieces.dtype().size() + usize::from(self.masked)) as u64;
        let asked = self.boxes.asked(walk, room as f64 / size as f64);
        let kept = (asked.kept * size as f64) as u64;
        // Where there is memory to spare pieces wait longer, so that workers may lie further apart.
        let ample = if asked.is_once { (2 * kept + (8 << 20)).min(room / 3) } else { 0 };
        let all = self.tiles.bytes() / self.tiles.spec.dtype.size() as u64 * size;
        let decoded_bytes = (asked.decoded * self.tiles.spec.dtype.size() as f64) as u64;
        let held_bytes = (kept.max(ample).min(all) + weights).min(walk.room);
        Some(Reading { decoded_bytes, held_bytes })
    }

    fn hold(&self, bytes: u64) -> Option<Box<dyn Any + Send>> {
        let weights = self.contents.as_ref().map_or(0, |c| c.most_bytes);
        Some(self.pieces.hold(bytes.saturating_sub(weights)))
    }

    fn reads(&self) -> Option<(String, u64)> {
        Some((format!("{} tiles", self.tiles.len()), self.tiles.bytes()))
    }

    fn cost_ns(&self) -> f64 {
        match (self.plain, self.warped) {
            (true, _) => 1.0,
            (_, true) => 30.0,
            _ if self.contents.is_some() => 12.0,
            _ => 6.0,
        }
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        let target = call.output.region().clone();
        if target.ndim() > MAX_NDIM || target.is_empty() {
            return Ok(());
        }
        let mut memory = Memory::default();
        let mut weighing = <[Memory; 2]>::default();
        if self.plain {
            return self.put_all(call.output, &mut memory, call.cancel);
        }
        let found = self.tiles.meeting(&target);
        let part = self.part(&target);
        let grid = ChunkGrid::new(target.shape(), &part);
        for k in 0..grid.len() {
            call.cancel.check()?;
            let region = grid.region(k).translate(target.start());
            let mut strip = Strip::new(region.clone(), self.blend, call.scratch.bytes_mut())?;
            self.strip(&found, &mut strip, &region, &mut memory, &mut weighing, call.cancel)?;
            strip.finish(call.output)?;
        }
        Ok(())
    }
}
