//! Violin plots as SVG.

use std::fmt::Write as _;

use super::density::density;
use super::markup::{escape, shorten};
use super::numbers::{count, number};
use super::scale::Scale;
use super::stats::Summary;

/// Samples with at most so many values show each of them as a point.
const MAX_POINTS: usize = 150;
const PLOT_HEIGHT: f64 = 250.0;
const LEFT: f64 = 58.0;
const TOP: f64 = 10.0;

/// One violin.
pub(super) struct Group<'a> {
    /// Its name below the axis; may be empty.
    pub(super) name: &'a str,
    pub(super) summary: &'a Summary,
    /// Which of the page's colours.
    pub(super) color: usize,
}

/// Violins side by side on one axis. Each is drawn equally wide at its widest place; a white bar goes from the first to the
/// third quartile, a line marks the median.
pub(super) fn violins(axis_title: &str, groups: &[Group<'_>]) -> String {
    // As wide as a page allows, and not so narrow that names do not fit.
    let slot =
        if groups.len() == 1 { 190.0 } else { (780.0 / groups.len() as f64).clamp(96.0, 170.0) };
    let named = groups.iter().any(|g| !g.name.is_empty());
    let plot_width = slot * groups.len() as f64;
    let (width, height) =
        (LEFT + plot_width + 8.0, TOP + PLOT_HEIGHT + if named { 42.0 } else { 26.0 });
    let summaries: Vec<&Summary> = groups.iter().map(|g| g.summary).collect();
    let scale = Scale::of(&summaries);
    let y = |place: f64| TOP + PLOT_HEIGHT * (1.0 - place);

    let mut svg = frame(axis_title, groups, width, height, &scale, &y);
    for (i, group) in groups.iter().enumerate() {
        let center = LEFT + slot * (i as f64 + 0.5);
        let half = slot.min(150.0) * 0.42;
        let _ = write!(svg, "<g class=\"s{}\">", group.color % 7);
        body(&mut svg, group.summary, &scale, center, half, &y);
        svg.push_str("</g>");
        let below = TOP + PLOT_HEIGHT;
        if !group.name.is_empty() {
            let _ = write!(
                svg,
                "<text class=\"name\" x=\"{center:.1}\" y=\"{:.1}\">{}<title>{}</title></text>",
                below + 18.0,
                escape(&shorten(group.name, (slot / 7.0) as usize)),
                escape(group.name)
            );
        }
        let line = if group.name.is_empty() { 18.0 } else { 34.0 };
        let _ = write!(
            svg,
            "<text class=\"n\" x=\"{center:.1}\" y=\"{:.1}\">n = {}</text>",
            below + line,
            count(group.summary.n as u64)
        );
    }
    svg.push_str("</svg>");
    svg
}

fn frame(
    axis_title: &str,
    groups: &[Group<'_>],
    width: f64,
    height: f64,
    scale: &Scale,
    y: &impl Fn(f64) -> f64,
) -> String {
    let medians: Vec<String> = groups
        .iter()
        .map(|g| format!("{} median {}", g.name, number(g.summary.median())).trim().to_string())
        .collect();
    let label = escape(&format!("Violin plot of {axis_title}: {}", medians.join(", ")));
    let mut svg = format!(
        "<svg class=\"plot\" viewBox=\"0 0 {width:.0} {height:.0}\" style=\"max-width:{:.0}px;min-width:{:.0}px\" \
         role=\"img\" aria-label=\"{label}\">",
        width * if groups.len() == 1 { 1.3 } else { 1.1 },
        width * if groups.len() > 3 { 0.75 } else { 0.5 }
    );
    for (x, text) in scale.ticks(5) {
        let at = y(scale.place(x));
        let _ = write!(
            svg,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>\
             <text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\">{text}</text>",
            width - 8.0,
            LEFT - 7.0,
            at + 4.0
        );
    }
    let suffix = if scale.is_log { ", log scale" } else { "" };
    let middle = y(0.5);
    let _ = write!(
        svg,
        "<text class=\"axis\" transform=\"translate(13 {middle:.1}) rotate(-90)\">{}{suffix}</text>",
        escape(axis_title)
    );
    svg
}

fn body(
    svg: &mut String,
    s: &Summary,
    scale: &Scale,
    center: f64,
    half: f64,
    y: &impl Fn(f64) -> f64,
) {
    if s.n == 0 {
        let _ =
            write!(svg, "<text class=\"n\" x=\"{center:.1}\" y=\"{:.1}\">no values</text>", y(0.5));
        return;
    }
    let warped: Vec<f64> = s.sorted.iter().map(|x| scale.warp(*x)).collect();
    let shape = density(&warped);
    let half_at = |w: f64| match &shape {
        Some(d) => half * d.at(w) / d.peak(),
        None => half * 0.3,
    };
    if let Some(d) = &shape {
        let edge = |side: f64, (w, h): (&f64, &f64)| {
            format!("{:.1},{:.1}", center + side * half * h / d.peak(), y(scale.place_warped(*w)))
        };
        let right = d.places.iter().zip(&d.heights).map(|p| edge(1.0, p));
        let left = d.places.iter().zip(&d.heights).rev().map(|p| edge(-1.0, p));
        let points: Vec<String> = right.chain(left).collect();
        let _ = write!(svg, "<polygon class=\"violin\" points=\"{}\"/>", points.join(" "));
    }
    if s.n <= MAX_POINTS {
        for (i, w) in warped.iter().enumerate() {
            // Spread by the golden ratio: even, and the same each time.
            let aside = ((i as f64 + 0.5) * 0.618_033_988_75).fract() * 2.0 - 1.0;
            let _ = write!(
                svg,
                "<circle class=\"point\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"2\"/>",
                center + aside * half_at(*w) * 0.85,
                y(scale.place_warped(*w))
            );
        }
    }
    let at = |x: f64| y(scale.place(x));
    let [_, q1, median, q3, _] = s.quartiles.map(at);
    if s.n >= 5 {
        let _ = write!(
            svg,
            "<rect class=\"box\" x=\"{:.1}\" y=\"{q3:.1}\" width=\"9\" height=\"{:.1}\" rx=\"2\"/>",
            center - 4.5,
            (q1 - q3).max(1.0)
        );
    }
    let _ = write!(
        svg,
        "<line class=\"median\" x1=\"{:.1}\" x2=\"{:.1}\" y1=\"{median:.1}\" y2=\"{median:.1}\"/>",
        center - 11.0,
        center + 11.0
    );
    let _ = write!(
        svg,
        "<title>median {}, quartiles {} and {}</title>",
        number(s.median()),
        number(s.quartiles[1]),
        number(s.quartiles[3])
    );
}
