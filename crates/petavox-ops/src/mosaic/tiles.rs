//! The tiles of a layout, opened and placed in the mosaic's grid.

use super::layout::{Layout, Tile};
use super::masks::{Mask, mask_of};
use super::orient::{View, viewed};
use super::place::{Affine, Between, Place, place};
use petavox_core::{Axes, ChunkGrid, Dtype, Error, ImageSpec, Region, Result, Source};
use petavox_store::OpenOptions;
use rstar::{AABB, RTree, RTreeObject};
use std::sync::Arc;

/// What a piece of a tile has at least: decoding less at a time does not pay.
pub(super) const PIECE_BYTES: usize = 256 << 10;

/// How tiles are taken.
#[derive(Clone, Debug, Default)]
pub struct TileOptions {
    /// Leave out tiles that are missing or cannot be read, and say so.
    pub skip_missing: bool,
    /// Colours that lie side by side become a first axis.
    pub channels_first: bool,
    /// How files are opened.
    pub open: OpenOptions,
}

/// Images that stand for a layout's tiles, in their order, instead of the files it names.
#[derive(Clone, Default)]
pub struct Given {
    /// The tiles.
    pub tiles: Vec<Arc<dyn Source>>,
    /// Their masks; none at all, or one for each tile that has one.
    pub masks: Vec<Option<Arc<dyn Source>>>,
}

/// From where a tile's samples come.
#[derive(Clone)]
pub(super) enum Origin {
    File(String),
    Held(Arc<dyn Source>),
}

impl Origin {
    /// The image as it lies under the stage. What is held was turned already.
    pub(super) fn open(&self, view: View, options: &OpenOptions) -> Result<Arc<dyn Source>> {
        match self {
            Origin::File(path) => viewed(petavox_store::open(path, options)?, view),
            Origin::Held(source) => Ok(source.clone()),
        }
    }
}

/// One tile in its place.
pub(super) struct Placed {
    /// What it is called in messages.
    pub(super) name: String,
    pub(super) origin: Origin,
    /// In the axes of the mosaic.
    pub(super) shape: Vec<usize>,
    /// The tile has no first axis of the mosaic's: it is a channel of it.
    pub(super) is_channel: bool,
    /// Its number in the layout.
    pub(super) index: usize,
    /// Its first sample as it was told, per space axis, in samples of the mosaic.
    pub(super) at: Vec<f64>,
    pub(super) channel: Option<usize>,
    pub(super) cycle: usize,
    /// Gain and offset as they were told.
    pub(super) gain: Option<(f64, f64)>,
    pub(super) view: View,
    /// Its colours lay side by side and were made planes.
    pub(super) was_color: bool,
    /// Which samples do not count.
    pub(super) mask: Option<Mask>,
    pub(super) place: Place,
    pub(super) covers: Region,
    /// The pieces in which it is read, in the axes of the mosaic.
    pub(super) grid: ChunkGrid,
    /// What decoding a piece takes beside it.
    pub(super) decode_bytes: u64,
}

/// The tiles of a layout in the grid of a mosaic.
pub struct Tiles {
    pub(super) placed: Vec<Placed>,
    pub(super) spec: ImageSpec,
    /// The mosaic's space axes.
    pub(super) spatial: Vec<usize>,
    pub(super) is_nearest: bool,
    pub(super) open: OpenOptions,
    tree: RTree<Leaf>,
    /// What was left out, and why.
    pub notes: Vec<String>,
}

struct Leaf {
    number: usize,
    low: [f64; 3],
    high: [f64; 3],
}

impl RTreeObject for Leaf {
    type Envelope = AABB<[f64; 3]>;

    fn envelope(&self) -> AABB<[f64; 3]> {
        AABB::from_corners(self.low, self.high)
    }
}

/// A tile that was looked at.
struct Seen {
    index: usize,
    told: Tile,
    origin: Origin,
    mask: Option<Mask>,
    view: View,
    was_color: bool,
    spec: ImageSpec,
    grid: ChunkGrid,
    decode_bytes: u64,
}

impl Tiles {
    /// Opens the tiles of a layout, or those that are given instead, and places them.
    ///
    /// # Errors
    /// Whatever is wrong with a tile, naming it; [`Error::InvalidArgument`] for tiles that do not fit each other or have no place.
    pub(super) fn open(
        layout: &Layout,
        given: Option<&Given>,
        options: &TileOptions,
        between: Between,
    ) -> Result<Tiles> {
        let mut notes = layout.notes.clone();
        let mut seen: Vec<Seen> = Vec::new();
        for (i, told) in layout.tiles.iter().enumerate() {
            let view = View { orientation: told.orientation, is_planar: options.channels_first };
            let origin = match given.and_then(|g| g.tiles.get(i)) {
                Some(source) => Origin::Held(viewed(source.clone(), view)?),
                None => Origin::File(told.path.clone()),
            };
            let mask = match given.and_then(|g| g.masks.get(i)).and_then(Option::as_ref) {
                Some(source) => Some(Origin::Held(viewed(source.clone(), view)?)),
                None => told.mask.clone().map(Origin::File),
            };
            match look(i, told, origin, mask, view, options, seen.first()) {
                Ok(tile) => seen.push(tile),
                Err(e) if options.skip_missing => notes.push(format!("left out: {e}")),
                Err(e) => return Err(e),
            }
        }
        let Some(first) = seen.first() else {
            let why = notes.first().map_or(String::new(), |n| format!(" ({n})"));
            return Err(Error::argument("tiles", format!("none that can be read{why}"), "a tile"));
        };
        let (axes, dtype) = (first.spec.axes.clone(), first.spec.dtype);
        let is_channel =
            seen.iter().any(|s| s.told.channel.is_some()) && axes.position('c').is_none();
        let axes = if is_channel { Axes::parse(&format!("c{axes}"))? } else { axes };
        let spatial: Vec<usize> = (0..axes.ndim()).filter(|&a| axes.is_spatial(a)).collect();
        if spatial.is_empty()
            || spatial.last().copied() != spatial.first().map(|f| f + spatial.len() - 1)
        {
            return Err(Error::argument(
                "tiles",
                format!("axes {axes}"),
                "space axes side by side",
            ));
        }
        let maps = maps(&seen, spatial.len())?;
        let spacing = spacing_of(&seen[0].told, spatial.len())?;
        let origin = origin_of(&seen, &maps, &spatial, is_channel, &spacing);
        let mut placed = Vec::new();
        for (seen, map) in seen.into_iter().zip(maps) {
            // In samples of the mosaic.
            let forward = Affine {
                matrix: map
                    .matrix
                    .iter()
                    .zip(&spacing)
                    .map(|(row, s)| row.iter().map(|v| v / s).collect())
                    .collect(),
                offset: (0..spatial.len())
                    .map(|k| (map.offset[k] - origin[k]) / spacing[k])
                    .collect(),
            };
            let with_channel =
                |v: &[usize]| if is_channel { [&[1], v].concat() } else { v.to_vec() };
            let shape = with_channel(&seen.spec.shape);
            let mut fixed = vec![0; shape.len()];
            if is_channel {
                fixed[0] = seen.told.channel.unwrap_or(0) as i64;
            }
            let place = place(&forward, &spatial, &fixed, &shape, between)?;
            placed.push(Placed {
                name: name_of(&seen.origin, placed.len()),
                covers: place.covers(&shape),
                place,
                index: seen.index,
                at: forward.offset.clone(),
                channel: seen.told.channel,
                cycle: seen.told.cycle.unwrap_or(0),
                gain: (seen.told.gain.is_some() || seen.told.offset.is_some())
                    .then(|| (seen.told.gain.unwrap_or(1.0), seen.told.offset.unwrap_or(0.0))),
                grid: ChunkGrid::new(&shape, &with_channel(seen.grid.chunk())),
                decode_bytes: seen.decode_bytes,
                was_color: seen.was_color,
                view: seen.view,
                mask: seen.mask,
                origin: seen.origin,

                is_channel,
                shape,
            });
        }
        let spec =
            mosaic_spec(&placed, dtype, axes, &spatial, &spacing, &origin, layout.unit.clone())?;
        Ok(Tiles {
            tree: tree(&placed, &spatial),
            placed,
            spec,
            spatial,
            is_nearest: between == Between::Nearest,
            open: options.open.clone(),
            notes,
        })
    }

    /// The mosaic.
    pub fn spec(&self) -> &ImageSpec {
        &self.spec
    }

    /// The axes along which images of the camera lie: the last two of space.
    pub(super) fn plane(&self) -> [usize; 2] {
        match self.spatial[..] {
            [.., y, x] => [y, x],
            [x] => [x, x],
            [] => [0, 0],
        }
    }

    /// Number of tiles.
    pub fn len(&self) -> usize {
        self.placed.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.placed.is_empty()
    }

    /// Bytes of all tiles' samples.
    pub fn bytes(&self) -> u64 {
        let samples = |t: &Placed| t.shape.iter().map(|&s| s as u64).product::<u64>();
        self.placed.iter().map(samples).sum::<u64>() * self.spec.dtype.size() as u64
    }

    /// The tiles that meet a region of the mosaic, in the layout's order.
    pub(super) fn meeting(&self, region: &Region) -> Vec<usize> {
        let (low, high) = corners(region, &self.spatial);
        let mut found: Vec<usize> = self
            .tree
            .locate_in_envelope_intersecting(&AABB::from_corners(low, high))
            .map(|leaf| leaf.number)
            .filter(|&i| self.placed[i].covers.intersect(region).is_some())
            .collect();
        found.sort_unstable();
        found
    }

    /// The part of the mosaic that each tile covers, first sample and extent per space axis, for drawings.
    pub fn outlines(&self) -> Vec<(String, Region)> {
        self.placed.iter().map(|t| (t.name.clone(), t.covers.clone())).collect()
    }
}

fn name_of(origin: &Origin, number: usize) -> String {
    match origin {
        Origin::File(path) => path.clone(),
        Origin::Held(_) => format!("tile {number}"),
    }
}

fn look(
    index: usize,
    told: &Tile,
    origin: Origin,
    mask: Option<Origin>,
    view: View,
    options: &TileOptions,
    first: Option<&Seen>,
) -> Result<Seen> {
    let source = origin.open(View { is_planar: false, ..view }, &options.open)?;
    let axes = &source.spec().axes;
    let was_color = view.is_planar && axes.position('c').is_some_and(|a| a + 1 == axes.ndim());
    let source = viewed(source, View { orientation: None, ..view })?;
    let spec = source.spec().clone();
    let name = told.path.clone();
    if let Some(first) = first {
        let (has, wants) = ((spec.dtype, &spec.axes), (first.spec.dtype, &first.spec.axes));
        if has != wants {
            let given = format!("{name}: {} with axes {}", has.0, has.1);
            let expected = format!("{} with axes {}, as the first tile", wants.0, wants.1);
            return Err(Error::argument("tiles", given, expected));
        }
    }
    if spec.is_empty() {
        return Err(Error::argument("tiles", format!("{name}: no samples"), "tiles with samples"));
    }
    let grid = ChunkGrid::new(&spec.shape, &piece_of(source.as_ref(), &spec));
    let decode_bytes = source.scratch_bytes(&grid.region(0));
    let mask = mask.map(|m| mask_of(m, told, &spec, view, options)).transpose()?;
    Ok(Seen { index, told: told.clone(), origin, mask, view, was_color, grid, decode_bytes, spec })
}

/// The shape of the pieces in which a tile is read: whole chunks of its own, several where they are small.
fn piece_of(source: &dyn Source, spec: &ImageSpec) -> Vec<usize> {
    let mut piece = match source.reads_below_chunk() {
        true => vec![1; spec.ndim()],
        false => source.grid().chunk().to_vec(),
    };
    for a in (0..spec.ndim()).rev() {
        let bytes = piece.iter().product::<usize>() * spec.dtype.size();
        let times = PIECE_BYTES.div_ceil(bytes.max(1)).max(1);
        piece[a] = (piece[a] * times).min(spec.shape[a]).max(1);
    }
    piece
}

fn spacing_of(tile: &Tile, n: usize) -> Result<Vec<f64>> {
    let given = tile.spacing.clone().unwrap_or_else(|| vec![1.0]);
    let full = match given.len() {
        1 => vec![given[0]; n],
        k if k >= n => given[k - n..].to_vec(),
        _ => Vec::new(),
    };
    if full.is_empty() || full.iter().any(|s| !(s.is_finite() && *s > 0.0)) {
        let expected = format!("1 or {n} positive numbers");
        return Err(Error::argument(
            format!("{}: spacing", tile.path),
            format!("{given:?}"),
            expected,
        ));
    }
    Ok(full)
}

/// From a tile's samples to physical places, per tile.
fn maps(seen: &[Seen], n: usize) -> Result<Vec<Affine>> {
    let depth =
        |s: &Seen| s.told.position.as_ref().and_then(|p| p.len().checked_sub(n)).unwrap_or(0);
    let mut above: Option<Vec<f64>> = None;
    let mut out = Vec::new();
    for tile in seen {
        let told = &tile.told;
        let spacing = spacing_of(told, n)?;
        let (mut matrix, offset) = match (&told.affine, &told.position) {
            (Some(rows), None) => affine_of(told, rows, n)?,
            (None, Some(position)) => {
                let (more, own) = position.split_at(depth(tile));
                let more = more.to_vec();
                if own.len() != n || own.iter().any(|p| !p.is_finite()) {
                    let expected = format!("{n} numbers, one per space axis");
                    return Err(Error::argument(
                        format!("{}: position", told.path),
                        format!("{position:?}"),
                        expected,
                    ));
                }
                if above.get_or_insert_with(|| more.clone()) != &more {
                    let expected = "one plane: tiles with a z axis, or the same z everywhere";
                    return Err(Error::argument(
                        format!("{}: position", told.path),
                        format!("{position:?}"),
                        expected,
                    ));
                }
                let moved = Affine::moved(own.to_vec());
                (moved.matrix, moved.offset)
            }
            _ => {
                let expected = "a position or an affine, one of them";
                let given = if told.affine.is_some() { "both" } else { "neither" };
                return Err(Error::argument(told.path.clone(), given, expected));
            }
        };
        for row in &mut matrix {
            row.iter_mut().zip(&spacing).for_each(|(v, s)| *v *= s);
        }
        out.push(Affine { matrix, offset });
    }
    Ok(out)
}

fn affine_of(told: &Tile, rows: &[Vec<f64>], n: usize) -> Result<(Vec<Vec<f64>>, Vec<f64>)> {
    let homogeneous = rows.len() == n + 1
        && rows[n].iter().enumerate().all(|(k, v)| *v == if k == n { 1.0 } else { 0.0 });
    let fits = (rows.len() == n || homogeneous)
        && rows.iter().all(|r| r.len() == n + 1 && r.iter().all(|v| v.is_finite()));
    if !fits {
        let expected = format!("{n} rows of {} numbers, the last of each the offset", n + 1);
        return Err(Error::argument(
            format!("{}: affine", told.path),
            format!("{rows:?}"),
            expected,
        ));
    }
    let rows = &rows[..n];
    Ok((rows.iter().map(|r| r[..n].to_vec()).collect(), rows.iter().map(|r| r[n]).collect()))
}

/// The physical place of the mosaic's first sample: the least that a tile reaches.
fn origin_of(
    seen: &[Seen],
    maps: &[Affine],
    spatial: &[usize],
    is_channel: bool,
    spacing: &[f64],
) -> Vec<f64> {
    let n = spatial.len();
    let mut low = vec![f64::INFINITY; n];
    for (tile, map) in seen.iter().zip(maps) {
        for corner in 0..1usize << n {
            let extent =
                |k: usize| tile.spec.shape[spatial[k] - usize::from(is_channel)] as f64 - 1.0;
            let c: Vec<f64> =
                (0..n).map(|k| if corner >> k & 1 == 0 { 0.0 } else { extent(k) }).collect();
            for (l, p) in low.iter_mut().zip(map.apply(&c)) {
                *l = l.min(p);
            }
        }
    }
    // What rounding of places leaves is none.
    low.iter().zip(spacing).map(|(l, s)| if (l / s).abs() < 1e-9 { 0.0 } else { *l }).collect()
}

fn mosaic_spec(
    placed: &[Placed],
    dtype: Dtype,
    axes: Axes,
    spatial: &[usize],
    spacing: &[f64],
    origin: &[f64],
    unit: Option<String>,
) -> Result<ImageSpec> {
    let n = axes.ndim();
    let shape: Vec<usize> = (0..n)
        .map(|a| placed.iter().map(|t| t.covers.end(a).max(0) as usize).max().unwrap_or(0))
        .collect();
    let mut spec = ImageSpec::new(shape, dtype)?.with_axes(axes)?;
    for (k, &a) in spatial.iter().enumerate() {
        spec.spacing.values[a] = spacing[k];
        spec.origin[a] = origin[k];
    }
    spec.spacing.unit = unit;
    Ok(spec)
}

fn corners(region: &Region, spatial: &[usize]) -> ([f64; 3], [f64; 3]) {
    let (mut low, mut high) = ([0.0; 3], [0.0; 3]);
    for (k, &a) in spatial.iter().rev().take(3).enumerate() {
        low[k] = region.start()[a] as f64;
        high[k] = region.end(a) as f64 - 1.0;
    }
    (low, high)
}

fn tree(placed: &[Placed], spatial: &[usize]) -> RTree<Leaf> {
    let leaf = |(number, tile): (usize, &Placed)| {
        let (low, high) = corners(&tile.covers, spatial);
        Leaf { number, low, high }
    };
    RTree::bulk_load(
        placed.iter().enumerate().filter(|(_, t)| !t.covers.is_empty()).map(leaf).collect(),
    )
}
