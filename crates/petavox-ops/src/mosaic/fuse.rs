//! `fuse`: the tiles of a layout as one lazy image.

use super::balance::gains;
use super::contents::Contents;
use super::correct::{Correction, estimated, read_plane, reciprocal};
use super::layout::Layout;
use super::pieces::{Pieces, pinned_bytes, working_set};
use super::place::{Between, Place};
use super::tiles::{Given, Placed, TileOptions, Tiles};
use crate::Params;
use petavox_core::{
    Block, Boundary, Buffer, CancelToken, Dtype, Error, ImageSpec, MAX_NDIM, Region, Result,
};
use petavox_engine::{BlockCall, BlockOp, Need, Node};
use petavox_kernels::blend::{Blend, Ramp, Strip, Weights, add_shifted, add_warped, put};
use petavox_kernels::interpolate::{Interpolant, SplineFilter, spline_filter};
use petavox_store::Channel;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::any::Any;
use std::sync::Arc;

/// Samples of a strip: its sums stay in the processor's own memory.
const STRIP: usize = 1 << 15;
/// Edge of the parts in which turned tiles are added.
const EDGE: usize = 128;

/// How tiles become a mosaic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FuseOptions {
    /// What becomes of samples that several tiles show: `linear`, `content`, `mean`, `max` or `first`.
    pub blend: String,
    /// How values between samples are made: `linear`, `nearest` (tiles at whole samples) or `cubic`.
    pub interpolation: String,
    /// Leave out tiles that are missing or cannot be read, and say so.
    pub skip_missing: bool,
    /// An image of even light, by which tiles are divided; `auto`: as the tiles themselves tell.
    pub flatfield: Option<String>,
    /// An image without light, which is subtracted from tiles.
    pub darkfield: Option<String>,
    /// Give every tile a gain so that overlapping ones are equally bright.
    pub balance: bool,
    /// Colours that lie side by side in the tiles (yxc) become a first axis (cyx), as OME-Zarr has them.
    pub channels_first: bool,
}

impl Default for FuseOptions {
    fn default() -> FuseOptions {
        FuseOptions {
            blend: "linear".into(),
            interpolation: "linear".into(),
            skip_missing: false,
            flatfield: None,
            darkfield: None,
            balance: false,
            channels_first: false,
        }
    }
}

/// A mosaic: its lazy image, and what is known of its tiles.
#[derive(Clone)]
pub struct Mosaic {
    /// The image.
    pub node: Arc<Node>,
    /// The tiles in their places.
    pub tiles: Arc<Tiles>,
    /// What was read of them so far.
    pub pieces: Arc<Pieces>,
}

impl Mosaic {
    /// Red, green and blue, if the tiles were colour images and `image`, which was made of the mosaic, has them as planes; nothing otherwise.
    pub fn colors(&self, image: &ImageSpec) -> Vec<Channel> {
        let planar = self.tiles.placed.iter().all(|t| t.was_color);
        let is_before = |a: &usize| a + 1 < image.axes.ndim();
        let n = image.axes.position('c').filter(is_before).map(|a| image.shape[a]);
        if !planar || n != Some(3) || self.tiles.is_empty() {
            return Vec::new();
        }
        let most = match image.dtype {
            Dtype::UInt8 => Some(255.0),
            Dtype::UInt16 => Some(65535.0),
            _ => None,
        };
        let color = |(name, color): (&str, &str)| Channel {
            name: Some(name.into()),
            color: Some(color.into()),
            window: most.map(|m| (0.0, m)),
        };
        [("Red", "FF0000"), ("Green", "00FF00"), ("Blue", "0000FF")]
            .into_iter()
            .map(color)
            .collect()
    }
}

/// The tiles of a layout (or those that are given in their place) as one image. Nothing but headers is read yet.
///
/// # Errors
/// [`Error::InvalidArgument`] for options that there are not and tiles that do not fit each other; whatever is wrong with a tile.
pub fn fuse(layout: &Layout, given: Option<&Given>, options: &FuseOptions) -> Result<Mosaic> {
    let between = Between::parse(&options.interpolation)?;
    let blend = parse_blend(&options.blend)?;
    let how = TileOptions {
        skip_missing: options.skip_missing,
        channels_first: options.channels_first,
        ..TileOptions::default()
    };
    let tiles = Arc::new(Tiles::open(layout, given, &how, between)?);
    let mut pieces = Pieces::new(tiles.clone());
    let correction = correction(&tiles, &pieces, options)?;
    pieces.correct(correction);
    let pieces = Arc::new(pieces);
    let params = json!({ "layout": layout, "options": options });
    let op = Fuse::new(tiles.clone(), pieces.clone(), blend, between, params)?;
    let node = Node::block(Arc::new(op), vec![], vec![])?;
    Ok(Mosaic { node, tiles, pieces })
}

/// [`fuse()`] from a written plan.
///
/// # Errors
/// As [`fuse()`].
pub(crate) fn build(_inputs: &[Arc<Node>], params: &mut Params) -> Result<Arc<Node>> {
    let layout = params.parsed::<Layout>("layout")?.unwrap_or_default();
    let options = params.parsed::<FuseOptions>("options")?.unwrap_or_default();
    Ok(fuse(&layout, None, &options)?.node)
}

/// What is undone before tiles are added. What the tiles themselves tell is read now.
fn correction(tiles: &Tiles, pieces: &Pieces, options: &FuseOptions) -> Result<Correction> {
    let plane = tiles.plane();
    let Some(first) = tiles.placed.first() else { return Ok(Correction::default()) };
    let shape = [first.shape[plane[0]], first.shape[plane[1]]];
    let view = first.view;
    let mut correction = Correction { shape, ..Correction::default() };
    if options.flatfield.is_some() || options.darkfield.is_some() {
        let other = tiles.placed.iter().find(|t| [t.shape[plane[0]], t.shape[plane[1]]] != shape);
        if let Some(other) = other {
            let given = format!("{} of shape {:?}", other.name, other.shape);
            return Err(Error::argument("flatfield", given, "tiles of one shape"));
        }
        if let Some(other) = tiles.placed.iter().find(|t| t.view != view) {
            let given = format!("{} in another orientation than {}", other.name, first.name);
            return Err(Error::argument("flatfield", given, "tiles of one orientation"));
        }
    }
    if let Some(path) = &options.darkfield {
        correction.dark = Some(read_plane("darkfield", path, shape, view, &tiles.open)?);
    }
    if let Some(path) = &options.flatfield {
        let dark = correction.dark.as_deref();
        let flat = match path.as_str() {
            "auto" => estimated(tiles, pieces, shape, plane, dark)?,
            path => {
                let mut flat = read_plane("flatfield", path, shape, view, &tiles.open)?;
                if let Some(dark) = dark {
                    flat.iter_mut().zip(dark).for_each(|(f, d)| *f -= d);
                }
                flat
            }
        };
        correction.by = Some(reciprocal(&flat, "flatfield")?);
    }
    if tiles.placed.iter().any(|t| t.gain.is_some()) {
        let told = |t: &Placed| t.gain.map_or((1.0, 0.0), |(g, o)| (g as f32, o as f32));
        correction.gains = Some(tiles.placed.iter().map(told).collect());
    }
    if options.balance {
        let more = gains(tiles, pieces, &correction, plane)?;
        let before = correction.gains.take().unwrap_or_else(|| vec![(1.0, 0.0); more.len()]);
        let both = before.iter().zip(&more).map(|((g, o), (m, _))| (g * m, o * m));
        correction.gains = Some(both.collect());
    }
    Ok(correction)
}

fn parse_blend(name: &str) -> Result<Blend> {
    Ok(match name {
        "max" => Blend::Max,
        "mean" => Blend::Mean,
        "first" => Blend::First,
        "linear" => Blend::Linear,
        "content" => Blend::Content,
        _ => {
            return Err(Error::argument("blend", name, "one of linear, content, mean, max, first"));
        }
    })
}

struct Fuse {
    tiles: Arc<Tiles>,
    pieces: Arc<Pieces>,
    blend: Blend,
    /// Weights of the samples per axis, for every shape that tiles have.
    ramps: Vec<(Vec<usize>, Vec<Ramp>)>,
    /// Tiles are put as they are, in their own dtype.
    plain: bool,
    warped: bool,
    masked: bool,
    contents: Option<Contents>,
    spline: Option<SplineFilter>,
    params: serde_json::Value,
    /// Bytes of pieces to have each decoded once, and the slowest axis.
    wanted: (u64, usize),
}

impl Fuse {
    fn new(
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
            wanted: working_set(&tiles, pieces.dtype(), contents.is_some()),
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

    /// The extents of the parts of `target` that are made one after another.
    fn part(&self, target: &Region) -> Vec<usize> {
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

    /// The part of the tile that is needed, in memory that is used again.
    fn read(
        &self,
        number: usize,
        needs: Region,
        used: usize,
        memory: &mut Memory,
    ) -> Result<Block> {
        let mut block = memory.block(needs, self.pieces.dtype())?;
        self.pieces.read(number, &mut block, used)?;
        Ok(block)
    }

    fn put_all(&self, output: &mut Block, memory: &mut Memory, cancel: &CancelToken) -> Result<()> {
        output.bytes_mut().fill(0);
        let target = output.region().clone();
        let found = self.tiles.meeting(&target);
        // Of several tiles the first one wins by being put last.
        for &number in found.iter().rev() {
            cancel.check()?;
            let tile = &self.tiles.placed[number];
            let Some(common) = tile.covers.intersect(&target) else { continue };
            let needs = tile.place.needs(&common, &tile.shape);
            let block = self.read(number, needs, common.len(), memory)?;
            let block = block.moved_to(common.start());
            put(&block, self.blend, output)?;
            memory.take_back(block);
        }
        Ok(())
    }

    /// What the samples of a part of a tile count: by its mask, and by what it has to show.
    fn weigh(
        &self,
        number: usize,
        needs: &Region,
        used: usize,
        memory: &mut [Memory; 2],
    ) -> Result<[Option<Block>; 2]> {
        let [mask, content] = memory;
        let mask = match self.tiles.placed[number].mask {
            None => None,
            Some(_) => {
                let mut block = mask.block(needs.clone(), Dtype::Float32)?;
                self.pieces.read_mask(number, &mut block, used)?;
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

    fn strip(
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
            let blocks = self.weigh(number, &needs, common.len(), weighing)?;
            let weights = Weights { mask: blocks[0].as_ref(), content: blocks[1].as_ref() };
            match &tile.place {
                Place::Moved(shift) => {
                    let block = self.read(number, needs, common.len(), memory)?;
                    add_shifted(&block, weights, shift, ramps, &common, strip)?;
                    memory.take_back(block);
                }
                Place::Warped { warp, by, .. } => {
                    let back: Vec<i64> = by.iter().map(|b| -b).collect();
                    let at = common.translate(&back);
                    let smooth = matches!(warp.interpolant, Interpolant::Spline(3));
                    let filter = self.spline.as_ref().filter(|_| smooth);
                    let block = match filter {
                        None => self.read(number, needs, common.len(), memory)?,
                        Some(f) => self.coefficients(
                            number,
                            tile,
                            &needs,
                            common.len(),
                            f,
                            memory,
                            cancel,
                        )?,
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

    /// The spline's coefficients of a part of a tile, which is mirrored at its borders.
    fn coefficients(
        &self,
        number: usize,
        tile: &Placed,
        needs: &Region,
        used: usize,
        filter: &SplineFilter,
        memory: &mut Memory,
        cancel: &CancelToken,
    ) -> Result<Block> {
        let wide = filter.input(needs, &tile.shape);
        let inside = mirrored_reach(&wide, &tile.shape);
        let block = self.read(number, inside, used, memory)?;
        let padded = mirror(&block, &wide, &tile.shape)?;
        memory.take_back(block);
        let mut out = Block::zeros(needs.clone(), Dtype::Float64)?;
        let mut scratch = Buffer::zeroed(filter.scratch_bytes(needs, &tile.shape) as usize)?;
        spline_filter(&padded, &mut out, filter, &tile.shape, scratch.bytes_mut(), cancel)?;
        Ok(out)
    }
}

/// The sample that stands at `i` of a line that is mirrored at the centres of its ends.
fn mirrored(i: i64, len: usize) -> i64 {
    let last = len as i64 - 1;
    if last <= 0 {
        return 0;
    }
    let i = i.rem_euclid(2 * last);
    i.min(2 * last - i)
}

fn mirrored_reach(wide: &Region, shape: &[usize]) -> Region {
    let (mut start, mut extent) = (Vec::new(), Vec::new());
    for a in 0..shape.len() {
        let places = (wide.start()[a]..wide.end(a)).map(|i| mirrored(i, shape[a]));
        let (lo, hi) = places.fold((i64::MAX, i64::MIN), |(l, h), i| (l.min(i), h.max(i)));
        start.push(lo.min(hi));
        extent.push((hi - lo + 1).max(0) as usize);
    }
    Region::new(start, extent)
}

fn mirror(block: &Block, wide: &Region, shape: &[usize]) -> Result<Block> {
    let mut out = Block::zeros(wide.clone(), Dtype::Float64)?;
    let from = block.region().clone();
    let last = wide.ndim() - 1;
    let columns: Vec<usize> = (wide.start()[last]..wide.end(last))
        .map(|i| (mirrored(i, shape[last]) - from.start()[last]) as usize)
        .collect();
    petavox_core::dispatch!(block.dtype(), T => {
        let samples = block.typed::<T>()?;
        let to = out.typed_mut::<f64>()?;
        let mut at = 0;
        wide.for_each_row(|p| {
            let mut point: Vec<i64> = (0..=last).map(|a| mirrored(p[a], shape[a])).collect();
            point[last] = from.start()[last];
            let row = from.offset_of(&point);
            for &c in &columns {
                to[at] = petavox_core::Element::to_f64(samples[row + c]);
                at += 1;
            }
        });
    });
    Ok(out)
}

/// Memory for the parts of tiles, used again from one to the next.
#[derive(Default)]
struct Memory(Option<Buffer>);

impl Memory {
    fn block(&mut self, region: Region, dtype: Dtype) -> Result<Block> {
        let len = region.len() * dtype.size();
        match self.0.take().filter(|b| b.capacity() >= len) {
            Some(buffer) => Block::over(region, dtype, buffer),
            None => Block::zeros(region, dtype),
        }
    }

    fn take_back(&mut self, block: Block) {
        self.0 = Some(block.into_buffer());
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

    fn held_bytes(&self, room: u64) -> u64 {
        // Pieces that are done with make room a little later than they could: a row that lies between two of them is asked for by the
        // blocks on both sides. Where there is memory to spare they wait much longer, so that workers may lie apart.
        let least = self.wanted.0 + self.wanted.0 / 4 + (4 << 20);
        let ample = (2 * self.wanted.0 + (24 << 20)).min(room / 3);
        let pieces = least.max(ample).min(self.tiles.bytes() * 4);
        let weights = self.contents.as_ref().map_or(0, |c| c.most_bytes);
        (pieces + weights).min(room)
    }

    fn hold(&self, bytes: u64) -> Option<Box<dyn Any + Send>> {
        // Weights are kept in any case.
        let weights = self.contents.as_ref().map_or(0, |c| c.most_bytes);
        Some(self.pieces.hold(bytes.saturating_sub(weights)))
    }

    fn walk(&self) -> Option<Vec<usize>> {
        let n = self.tiles.spec.ndim();
        let slowest = self.wanted.1;
        Some(std::iter::once(slowest).chain((0..n).filter(|a| *a != slowest)).collect())
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
        let grid = petavox_core::ChunkGrid::new(target.shape(), &part);
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
