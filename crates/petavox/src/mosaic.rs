//! Mosaics as [`Image`]s.

use crate::Image;
use petavox_core::{Error, Result};
use petavox_engine::explain::Document;
use petavox_engine::{RunContext, RunOptions};
pub use petavox_ops::mosaic::{
    FuseOptions, Given, GridOrder, Layout, LayoutOptions, Mosaic, Orientation, OrientationSeen,
    StitchOptions, Stitched, Tile, Tiles, holds_layout, open_layout,
};
pub use petavox_ops::report::{RunFacts, orientation_verdict};
use std::path::Path;

/// The tiles of a layout as one lazy image, that can be filtered, looked at and saved like any other; only headers are read yet. `given`
/// images stand for the layout's files.
///
/// ```
/// use petavox::mosaic::{FuseOptions, Layout, Tile, fuse};
/// use petavox::{Image, RunOptions, SaveOptions};
/// let folder = tempfile::tempdir().expect("a folder for temporary files");
/// let mut layout = Layout::default();
/// for (k, x) in [0.0, 6.0].into_iter().enumerate() {
///     let path = folder.path().join(format!("{k}.npy"));
///     let tile = Image::from_vec(&[4, 8], vec![k as u8 + 1; 32])?;
///     tile.save(&path, &SaveOptions::default(), &RunOptions::default())?;
///     let path = path.to_string_lossy().into_owned();
///     layout.tiles.push(Tile { path, position: Some(vec![0.0, x]), ..Tile::default() });
/// }
/// let options = FuseOptions { blend: "max".into(), ..FuseOptions::default() };
/// let (image, _) = fuse(&layout, None, &options)?;
/// assert_eq!(image.spec().shape, [4, 14]);
/// let row = image.compute(&RunOptions::default())?;
/// assert_eq!(row.typed::<u8>()?[..14], [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2]);
/// # Ok::<(), petavox::Error>(())
/// ```
///
/// # Errors
/// [`InvalidArgument`](petavox_core::Error::InvalidArgument) for options that there are not and tiles that do not fit each other;
/// whatever is wrong with a tile, naming it.
pub fn fuse(
    layout: &Layout,
    given: Option<&Given>,
    options: &FuseOptions,
) -> Result<(Image, Mosaic)> {
    let mosaic = petavox_ops::mosaic::fuse(layout, given, options)?;
    Ok((Image::from_node(mosaic.node.clone()), mosaic))
}

/// Finds where the tiles of a layout lie from what they share. What is found is a layout again, with what is known of every pair.
///
/// # Errors
/// [`InvalidArgument`](petavox_core::Error::InvalidArgument) for layouts with affines and options that make no sense;
/// [`Budget`](petavox_core::Error::Budget) if the memory is too little to compare two tiles; whatever is wrong with a tile.
pub fn stitch(
    layout: &Layout,
    given: Option<&Given>,
    options: &StitchOptions,
    run: &RunOptions,
) -> Result<Stitched> {
    petavox_ops::mosaic::stitch(layout, given, options, &RunContext::new(run)?)
}

/// The plan of [`stitch()`], and of fusing the tiles afterwards if its plan is given. Only headers are read.
///
/// # Errors
/// As [`stitch()`], but for what only samples can tell.
pub fn plan_stitch(
    layout: &Layout,
    given: Option<&Given>,
    options: &StitchOptions,
    fusing: Option<Document>,
    run: &RunOptions,
) -> Result<Document> {
    petavox_ops::mosaic::plan_stitch(layout, given, options, fusing, &RunContext::new(run)?)
}

/// Writes positions as JSON, which is a layout that `fuse` reads; paths are written relative to the file where they lie below it.
///
/// # Errors
/// Whatever the system says, naming the file.
pub fn write_positions(stitched: &Stitched, path: &Path) -> Result<()> {
    let folder = std::path::absolute(path).ok().and_then(|p| p.parent().map(Path::to_path_buf));
    let relative = |tile: &str| -> String {
        let full = std::path::absolute(tile).unwrap_or_else(|_| tile.into());
        let inside = folder.as_ref().and_then(|f| full.strip_prefix(f).ok());
        inside.unwrap_or(&full).to_string_lossy().into_owned()
    };
    let mut written = stitched.clone();
    for tile in &mut written.layout.tiles {
        tile.path = relative(&tile.path);
        tile.mask = tile.mask.as_deref().map(relative);
    }
    let text = serde_json::to_string_pretty(&written)
        .map_err(|e| Error::internal("write_positions", e))?;
    petavox_store::atomic::write_whole(path, text.as_bytes())
}

/// Writes the page about a stitching.
///
/// # Errors
/// Whatever the system says, naming the file.
pub fn write_report(stitched: &Stitched, title: &str, run: &RunFacts, path: &Path) -> Result<()> {
    let page = petavox_ops::report::mosaic_report(title, stitched, run);
    petavox_store::atomic::write_whole(path, page.as_bytes())
}

/// The eight ways in which the camera may be mounted, those first whose overlaps agree best, each with a small picture of the mosaic; and
/// how many tiles (of the middle) were looked at.
///
/// # Errors
/// [`InvalidArgument`](petavox_core::Error::InvalidArgument) for tiles without places or axes y and x; whatever is wrong with a tile.
pub fn orientations(
    layout: &Layout,
    given: Option<&Given>,
    skip_missing: bool,
    run: &RunOptions,
) -> Result<(Vec<OrientationSeen>, usize)> {
    petavox_ops::mosaic::orientations(layout, given, skip_missing, &RunContext::new(run)?)
}

/// Writes the page on which an orientation is chosen; `command` is what the option is added to.
///
/// # Errors
/// Whatever the system says, naming the file.
pub fn write_orientations(
    seen: &[OrientationSeen],
    n_tiles: usize,
    title: &str,
    command: &str,
    path: &Path,
) -> Result<()> {
    let page = petavox_ops::report::orientation_report(title, command, n_tiles, seen)?;
    petavox_store::atomic::write_whole(path, page.as_bytes())
}

/// The source of an image that was opened and not computed.
pub fn source_of(image: &Image) -> Option<std::sync::Arc<dyn petavox_core::Source>> {
    petavox_ops::operation::internal::describe::source_of(image.node())
}
