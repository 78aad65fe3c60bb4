//! Tiles whose places are not known for certain: which, why, and by how much they may be off.

use super::name;
use crate::mosaic::{Stitched, Unregistered};
use crate::report::markup::{escape, shorten};
use crate::report::numbers::number;
use std::fmt::Write as _;

/// The tables of tiles that were not registered and of those that nothing confirms. All of them, however many: a tile that is silently
/// elsewhere is the worst that can happen.
pub(super) fn tables(stitched: &Stitched) -> String {
    let mut out = String::new();
    if !stitched.unregistered.is_empty() {
        out.push_str("<h2>Tiles that could not be registered</h2>\n");
        let head = ["tile", "number"];
        table(&mut out, &head, &stitched.unregistered, &|_| vec![]);
    }
    if !stitched.unconfirmed.is_empty() {
        out.push_str(
            "<h2>Tiles whose places nothing confirms</h2>\n<p class=\"note-text\">They lie where the pairs that were believed say. If those \
             are wrong, a tile is off by as much as a pair says that contradicts them, or by as much as the tile was moved from where the \
             layout has it, if that was right.</p>\n",
        );
        let head = ["tile", "number", "contradicted by (samples)", "moved by (samples)"];
        table(&mut out, &head, &stitched.unconfirmed, &|tile| {
            let moved = stitched.moved.get(tile.tile);
            let moved = moved.map(|m| m.iter().map(|v| v * v).sum::<f64>().sqrt());
            vec![contradicted(stitched, tile.tile), moved]
        });
    }
    out
}

/// How far the pairs of a tile that were not believed would have it elsewhere, at most.
fn contradicted(stitched: &Stitched, tile: usize) -> Option<f64> {
    let of_it = |p: &&crate::mosaic::PairFound| {
        (p.first == tile || p.second == tile)
            && (p.state == "contradicted" || p.state == "doubtful")
    };
    stitched.pairs.iter().filter(of_it).filter_map(|p| p.residual).reduce(f64::max)
}

fn table(
    out: &mut String,
    head: &[&str],
    tiles: &[Unregistered],
    numbers: &dyn Fn(&Unregistered) -> Vec<Option<f64>>,
) {
    out.push_str("<div class=\"scroll\"><table><thead><tr>");
    head.iter().for_each(|h| out.push_str(&format!("<th>{h}</th>")));
    out.push_str("<th class=\"word\">why</th></tr></thead><tbody>");
    for tile in tiles {
        let short = escape(&shorten(name(&tile.path), 40));
        let _ = write!(out, "<tr><th scope=\"row\">{short}</th><td>{}</td>", tile.tile);
        for value in numbers(tile) {
            let text = value.map_or("–".to_owned(), number);
            let _ = write!(out, "<td>{text}</td>");
        }
        let why = escape(&tile.why);
        let _ = write!(out, "<td class=\"word\" style=\"white-space:normal\">{why}</td></tr>");
    }
    out.push_str("</tbody></table></div>\n");
}
