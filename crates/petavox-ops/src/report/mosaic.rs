//! The report of how a mosaic was stitched.

mod doubt;

use std::fmt::Write as _;

use super::facts::RunFacts;
use super::histogram::histogram;
use super::markup::{escape, shorten};
use super::numbers::{count, number};
use super::page::{page, run_facts, tiles};
use super::stats::summary;
use crate::mosaic::Stitched;

const WIDTH: f64 = 1000.0;
/// Rows of a table at most; the rest is in positions.json.
const ROWS: usize = 60;

/// The page about one stitching.
pub fn mosaic_report(title: &str, stitched: &Stitched, run: &RunFacts) -> String {
    let used: Vec<f64> =
        stitched.pairs.iter().filter(|p| p.state == "used").filter_map(|p| p.residual).collect();
    let n_tiles = stitched.layout.tiles.len();
    let residuals = summary(&used);
    let mut body = tiles(&[
        ("tiles", count(n_tiles as u64), ""),
        ("registered", count((n_tiles - stitched.unregistered.len().min(n_tiles)) as u64), ""),
        ("unconfirmed", count(stitched.unconfirmed.len() as u64), ""),
        (
            "pairs that agree",
            format!("{} of {}", count(used.len() as u64), count(stitched.pairs.len() as u64)),
            "",
        ),
        (
            "usual residual",
            number(if used.is_empty() { f64::NAN } else { residuals.median() }),
            "samples",
        ),
    ]);
    if !stitched.warnings.is_empty() || !stitched.layout.notes.is_empty() {
        body.push_str("<h2>To be looked at</h2>\n<ul>");
        for text in stitched.warnings.iter().chain(&stitched.layout.notes) {
            let _ = write!(body, "<li>{}</li>", escape(text));
        }
        body.push_str("</ul>\n");
    }
    body.push_str("<h2>Tiles and pairs</h2>\n");
    body.push_str(&graph(stitched));
    body.push_str(&legend());
    body.push_str(&doubt::tables(stitched));
    if !used.is_empty() {
        body.push_str("<h2>Residuals</h2>\n<p class=\"note-text\">How far each pair that agrees is from where its tiles lie in the end.</p>\n");
        body.push_str(&histogram("residual (samples)", &residuals, "pairs"));
    }
    let mut wrong: Vec<_> = stitched
        .pairs
        .iter()
        .filter(|p| p.state == "contradicted" || p.state == "doubtful")
        .collect();
    if !wrong.is_empty() {
        wrong.sort_by(|a, b| b.residual.unwrap_or(0.0).total_cmp(&a.residual.unwrap_or(0.0)));
        body.push_str("<h2>Pairs that the others contradict</h2>\n<div class=\"scroll\"><table><thead><tr><th>pair</th><th>residual (samples)</th><th>score</th><th class=\"word\">state</th></tr></thead><tbody>");
        for pair in wrong.iter().take(ROWS) {
            let path = |t: usize| stitched.layout.tiles.get(t).map_or("", |t| name(&t.path));
            let _ = write!(
                body,
                "<tr><th scope=\"row\">{} – {}</th><td>{}</td><td>{:.2}</td><td class=\"word\">{}</td></tr>",
                escape(&shorten(path(pair.first), 30)),
                escape(&shorten(path(pair.second), 30)),
                number(pair.residual.unwrap_or(f64::NAN)),
                pair.score,
                pair.state
            );
        }
        body.push_str("</tbody></table></div>\n");
        more(&mut body, wrong.len());
    }
    models(&mut body, stitched);
    body.push_str("<h2>How it was found</h2>\n");
    let scatter: Vec<String> = stitched.stage.scatter.iter().map(|s| number(*s)).collect();
    let facts = [
        ("smoothing to find pairs", format!("{} samples", stitched.finding_sigma)),
        ("smoothing to measure shifts", format!("{} samples", stitched.measuring_sigma)),
        (
            "strength that is needed",
            format!(
                "{:.1} (chance is {:.1})",
                stitched.strength_limit, stitched.strength_by_chance
            ),
        ),
        ("tiles lie from the stage's model by", format!("{} samples", scatter.join(", "))),
    ];
    let facts: Vec<(String, String)> = facts.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
    body.push_str(&run_facts(run, &facts));
    let lead =
        "Where the tiles of a mosaic lie, found from what they share, and how well that is known.";
    page("Mosaic", title, lead, &body, Some(run))
}

/// How tiles are turned, those first that are turned most.
fn models(body: &mut String, stitched: &Stitched) {
    if stitched.models.is_empty() {
        return;
    }
    body.push_str("<h2>How tiles are turned</h2>\n<div class=\"scroll\"><table><thead><tr><th>tile</th><th class=\"word\">model</th><th>scale</th><th>rotation, degrees</th><th>shear, degrees</th><th>places measured</th><th class=\"word\">why it is simpler</th></tr></thead><tbody>");
    let mut all: Vec<_> = stitched.models.iter().collect();
    // What was not found first, then what was found to be most.
    all.sort_by(|a, b| {
        let most = |m: &crate::mosaic::TileModel| m.rotation_degrees.abs();
        b.why.is_some().cmp(&a.why.is_some()).then(most(b).total_cmp(&most(a)))
    });
    for m in all.iter().take(ROWS) {
        let _ = write!(
            body,
            "<tr><th scope=\"row\">{}</th><td class=\"word\">{}</td><td>{:.5}</td><td>{:+.4}</td><td>{:.4}</td><td>{}</td><td class=\"word\" style=\"white-space:normal\">{}</td></tr>",
            escape(&shorten(name(&m.path), 40)),
            escape(&m.model),
            m.scale,
            m.rotation_degrees,
            m.shear_degrees,
            count(m.n_matches as u64),
            escape(m.why.as_deref().unwrap_or_default())
        );
    }
    body.push_str("</tbody></table></div>\n");
    more(body, all.len());
}

/// What the colours of the drawing mean, each beside a patch of it.
fn legend() -> String {
    let kinds = [
        ("s6", "a tile, where it was found"),
        ("s5", "a tile that was not registered: it lies where the stage and its neighbours say"),
        ("s4", "a tile that was found, but nothing confirms its place"),
        ("s0", "a pair that agrees; the paler, the larger its residual"),
        ("s3", "a pair that others contradict"),
        ("s6", "dashed: a pair too weak to tell"),
    ];
    let mut out = String::from("<p class=\"legend\">");
    for (color, text) in kinds {
        let _ = write!(out, "<span><i class=\"swatch {color}\"></i>{text}</span>");
    }
    out.push_str("</p>\n");
    out
}

fn more(body: &mut String, n: usize) {
    if n > ROWS {
        let _ = writeln!(
            body,
            "<p class=\"note-text\">{} more are in the positions.</p>",
            count((n - ROWS) as u64)
        );
    }
}

fn name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// Outlines of the tiles and lines between pairs.
fn graph(stitched: &Stitched) -> String {
    let last_two = |v: &[f64]| {
        (v.len().checked_sub(2).map_or(0.0, |k| v[k]), v.last().copied().unwrap_or(0.0))
    };
    let boxes: Vec<(f64, f64, f64, f64)> = stitched
        .outlines
        .iter()
        .zip(&stitched.moved)
        .map(|((at, shape), moved)| {
            let ((y, x), (dy, dx)) = (last_two(at), last_two(moved));
            let shape: Vec<f64> = shape.iter().map(|n| *n as f64).collect();
            let (h, w) = last_two(&shape);
            (y + dy, x + dx, h.max(1.0), w.max(1.0))
        })
        .collect();
    let low = |f: &dyn Fn(&(f64, f64, f64, f64)) -> f64| {
        boxes.iter().map(f).fold(f64::INFINITY, f64::min)
    };
    let high = |f: &dyn Fn(&(f64, f64, f64, f64)) -> f64| {
        boxes.iter().map(f).fold(f64::NEG_INFINITY, f64::max)
    };
    let (top, left) = (low(&|b| b.0), low(&|b| b.1));
    let (height, width) = (high(&|b| b.0 + b.2) - top, high(&|b| b.1 + b.3) - left);
    if !(height.is_finite() && width.is_finite()) || boxes.is_empty() {
        return String::new();
    }
    let scale = (WIDTH - 20.0) / width.max(height / 2.0);
    let place = |y: f64, x: f64| ((y - top) * scale + 10.0, (x - left) * scale + 10.0);
    let total = height * scale + 20.0;
    let mut svg = format!(
        "<svg class=\"plot\" viewBox=\"0 0 {WIDTH} {total:.0}\" role=\"img\" aria-label=\"{} tiles and {} pairs\">",
        boxes.len(),
        stitched.pairs.len()
    );
    let mut fills = vec![("s6", 0.10); boxes.len()];
    let unconfirmed = stitched.unconfirmed.iter().map(|t| (t, ("s4", 0.35)));
    for (tile, fill) in unconfirmed.chain(stitched.unregistered.iter().map(|t| (t, ("s5", 0.30)))) {
        if let Some(was) = fills.get_mut(tile.tile) {
            *was = fill;
        }
    }
    for (t, b) in boxes.iter().enumerate() {
        let (y, x) = place(b.0, b.1);
        let (color, fill) = fills[t];
        let path = stitched.layout.tiles.get(t).map_or("", |t| &t.path);
        let _ = write!(
            svg,
            "<rect class=\"{color}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"var(--c)\" fill-opacity=\"{fill}\" stroke=\"var(--c)\" stroke-opacity=\"0.6\"><title>{}</title></rect>",
            b.3 * scale,
            b.2 * scale,
            escape(name(path))
        );
    }
    let usual = stitched.typical_residual.max(0.05);
    for pair in &stitched.pairs {
        let (Some(a), Some(b)) = (boxes.get(pair.first), boxes.get(pair.second)) else { continue };
        let middle = |b: &(f64, f64, f64, f64)| place(b.0 + b.2 / 2.0, b.1 + b.3 / 2.0);
        let ((y0, x0), (y1, x1)) = (middle(a), middle(b));
        let residual = pair.residual.unwrap_or(0.0);
        let (color, opacity, dash) = match pair.state.as_str() {
            "used" => ("s0", (1.0 - residual / (8.0 * usual)).clamp(0.25, 1.0), ""),
            "contradicted" | "doubtful" => ("s3", 1.0, ""),
            _ => ("s6", 0.7, " stroke-dasharray=\"4 4\""),
        };
        let _ = write!(
            svg,
            "<line class=\"{color}\" x1=\"{x0:.1}\" y1=\"{y0:.1}\" x2=\"{x1:.1}\" y2=\"{y1:.1}\" stroke=\"var(--c)\" stroke-width=\"2.5\" stroke-opacity=\"{opacity:.2}\"{dash}><title>{}, score {:.2}, residual {} samples</title></line>",
            pair.state,
            pair.score,
            number(residual)
        );
    }
    for (t, b) in boxes.iter().enumerate().filter(|_| boxes.len() <= 400) {
        let (y, x) = place(b.0 + b.2 / 2.0, b.1 + b.3 / 2.0);
        // Above the middle, where the lines between pairs begin.
        let _ = write!(svg, "<text class=\"n\" x=\"{x:.1}\" y=\"{:.1}\">{t}</text>", y - 8.0);
    }
    svg.push_str("</svg>\n");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped_and_every_lost_tile_is_listed() {
        let json = serde_json::json!({
            "tiles": [{"path": "a<b>.tif", "position": [0, 0]}, {"path": "dir/b.tif", "position": [0, 90]}],
            "pairs": [{"first": 0, "second": 1, "shift": [0, 90], "score": 0.5, "strength": 40.0, "residual": 0.1, "state": "used"}],
            "unregistered": [{"tile": 0, "path": "a<b>.tif", "why": "it is empty"}],
            "warnings": [], "stage": {"model": [], "scatter": [1.0, 1.0]}, "strength_limit": 10.0,
            "strength_by_chance": 6.0, "finding_sigma": 1.5, "measuring_sigma": 1.0, "typical_residual": 0.1,
        });
        let mut stitched: Stitched = serde_json::from_value(json).unwrap();
        stitched.outlines =
            vec![(vec![0.0, 0.0], vec![100, 100]), (vec![0.0, 90.0], vec![100, 100])];
        stitched.moved = vec![vec![0.0, 0.0], vec![1.0, 0.5]];
        let page = mosaic_report("scan", &stitched, &RunFacts::default());
        assert!(page.contains("a&lt;b&gt;.tif") && page.contains("it is empty"));
        assert!(!page.contains("<b>.tif"));
        assert_eq!(page.matches("<line class=\"s0\"").count(), 1);
    }

    #[test]
    fn tiles_that_nothing_confirms_have_a_table_with_how_far_they_may_be_off() {
        let json = serde_json::json!({
            "tiles": [{"path": "a.tif", "position": [0, 0]}, {"path": "b.tif", "position": [0, 90]}, {"path": "c.tif", "position": [0, 180]}],
            "pairs": [
                {"first": 0, "second": 1, "shift": [0, 90], "score": 0.5, "strength": 40.0, "residual": 0.1, "state": "used"},
                {"first": 1, "second": 2, "shift": [0, 99], "score": 0.4, "strength": 30.0, "residual": 9.25, "state": "contradicted"},
            ],
            "unregistered": [], "unconfirmed": [{"tile": 0, "path": "a.tif", "why": "it hangs on one pair"}, {"tile": 1, "path": "b.tif", "why": "two & two"}],
            "warnings": [], "stage": {"model": [], "scatter": [1.0, 1.0]}, "strength_limit": 10.0,
            "strength_by_chance": 6.0, "finding_sigma": 1.5, "measuring_sigma": 1.0, "typical_residual": 0.1,
        });
        let mut stitched: Stitched = serde_json::from_value(json).unwrap();
        stitched.outlines = vec![(vec![0.0, 0.0], vec![100, 100]); 3];
        stitched.moved = vec![vec![3.0, 4.0], vec![1.0, 0.5], vec![0.0, 0.0]];
        let page = mosaic_report("scan", &stitched, &RunFacts::default());
        let table = page.split("nothing confirms</h2>").nth(1).unwrap();
        let table = table.split("</table>").next().unwrap();
        assert!(table.contains("it hangs on one pair") && table.contains("two &amp; two"));
        assert_eq!(table.matches("<tr><th scope=\"row\">").count(), 2);
        // The first has nothing but the stage to be compared with, the second a pair that contradicts it.
        assert!(table.contains("<td>5.000</td>") && table.contains("<td>9.250</td>"), "{table}");
        assert_eq!(page.matches("<rect class=\"s4\"").count(), 2);
    }

    #[test]
    fn however_many_tiles_are_lost_each_is_listed_and_no_colour_is_named_that_is_not_drawn() {
        let n = 150;
        let tiles: Vec<_> = (0..n)
            .map(|k| serde_json::json!({"path": format!("t{k}.tif"), "position": [0, 90 * k]}))
            .collect();
        let lost: Vec<_> = (0..n)
            .map(|k| serde_json::json!({"tile": k, "path": format!("t{k}.tif"), "why": "it is empty"}))
            .collect();
        let json = serde_json::json!({
            "tiles": tiles, "pairs": [], "unregistered": lost,
            "warnings": [], "stage": {"model": [], "scatter": [1.0, 1.0]}, "strength_limit": 10.0,
            "strength_by_chance": 6.0, "finding_sigma": 1.5, "measuring_sigma": 1.0, "typical_residual": 0.1,
        });
        let stitched: Stitched = serde_json::from_value(json).unwrap();
        let page = mosaic_report("scan", &stitched, &RunFacts::default());
        assert_eq!(page.matches("it is empty").count(), n);
        let body = page.split("</style>").nth(1).unwrap().to_lowercase();
        assert!(!body.contains("red tiles") && !body.contains("orange"));
    }
}
