//! `fuse`: the tiles of a layout as one lazy image.

mod forecast;
mod mirrored;
mod operation;
mod parts;

use super::balance::gains;
use super::correct::{Correction, estimated, read_plane, reciprocal};
use super::layout::Layout;
use super::pieces::Pieces;
use super::place::Between;
use super::tiles::{Given, Placed, TileOptions, Tiles};
use crate::Params;
use operation::Fuse;
use petavox_core::{Dtype, Error, ImageSpec, Result};
use petavox_engine::Node;
use petavox_kernels::blend::Blend;
use petavox_store::Channel;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;

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
