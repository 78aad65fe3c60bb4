//! What stitching will take, before it is done.

use super::edges::{edges, movers};
use super::measure::Bench;
use super::{StitchOptions, accept, reach};
use crate::mosaic::layout::Layout;
use crate::mosaic::pieces::Pieces;
use crate::mosaic::place::Between;
use crate::mosaic::tiles::{Given, TileOptions, Tiles};
use petavox_core::Result;
use petavox_engine::RunContext;
use petavox_engine::explain::{Document, ReadDoc, StageDoc};
use std::sync::Arc;

/// Time to compare a sample of a pair, in all passes together, in nanoseconds.
const COMPARE_NS: f64 = 120.0;
/// Times that an overlap is looked at: to find the shift, and to measure it.
const PASSES: u64 = 2;

/// The plan of comparing the tiles of a layout; `fusing` is the plan of what comes after, for tiles that lie where the layout says. Only
/// headers are read.
///
/// # Errors
/// As [`stitch()`](super::stitch()), but for what only samples can tell.
pub fn plan_stitch(
    layout: &Layout,
    given: Option<&Given>,
    options: &StitchOptions,
    fusing: Option<Document>,
    context: &RunContext,
) -> Result<Document> {
    accept(layout, options)?;
    let how = TileOptions { skip_missing: options.skip_missing, ..TileOptions::default() };
    let tiles = Arc::new(Tiles::open(layout, given, &how, Between::Nearest)?);
    let reach = reach(&tiles, options)?;
    let groups = movers(&tiles, options.align_channel);
    let edges = edges(&tiles, &groups, &reach);
    let mut samples = 0;
    for edge in &edges {
        let shape = |m: usize| &tiles.placed[groups[m].looked_at].shape;
        let (a, b) = (shape(edge.first), shape(edge.second));
        let along = |(k, &axis): (usize, &usize)| {
            let (d, far) = (edge.nominal[k], reach[k] as f64);
            let end = (a[axis] as f64).min(d + b[axis] as f64 + far);
            (end - (d - far).max(0.0)).max(1.0) as u64
        };
        samples += 2 * tiles.spatial.iter().enumerate().map(along).product::<u64>();
    }
    let colors = tiles.spec.axes.position('c').filter(|&c| c + 1 == tiles.spec.ndim());
    let size = tiles.spec.dtype.size() * colors.map_or(1, |c| tiles.spec.shape[c]);
    let bytes = samples * size as u64;
    let name = format!("the overlaps of {} tiles", tiles.len());
    let kept = Arc::new(Pieces::new(tiles.clone()));
    let bench = Bench::new(tiles, kept, options.align_channel, reach, context)?;
    let plan = context.plan_options();
    let title = format!("compare {} pairs of tiles, solve for the places", edges.len());
    let compare = StageDoc {
        n_blocks: edges.len() as u64,
        n_workers: plan.n_threads,
        reads: vec![ReadDoc { name, bytes: PASSES * bytes }],
        cpu_secs: samples as f64 * COMPARE_NS * 1e-9,
        ..StageDoc::own(&title, bench.bytes(), false)
    };
    let mut document = fusing.unwrap_or(Document {
        budget_bytes: plan.budget_bytes,
        peak_bytes: plan.base_bytes,
        nodes: vec![],
        stages: vec![],
        choices: vec![],
    });
    if !document.stages.is_empty() {
        let note = "fusing is planned for the places that the layout says; those that are found will lie near";
        document.choices.push(note.into());
    }
    document.push(compare, plan.base_bytes);
    document.stages.rotate_right(1);
    Ok(document)
}
