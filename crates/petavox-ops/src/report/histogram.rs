//! A histogram as SVG.

use std::fmt::Write as _;

use super::markup::escape;
use super::numbers::{count, number};
use super::scale::Scale;
use super::stats::Summary;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 62.0;
const BOTTOM: f64 = 46.0;
const TOP: f64 = 10.0;

/// Counts of values in equal steps along the axis. The step follows Freedman and Diaconis: 2 IQR n^(-1/3), between 5 and 60
/// bins.
pub(super) fn histogram(axis_title: &str, s: &Summary, what: &str) -> String {
    let scale = Scale::of(&[s]);
    let low = scale.warp(s.quartiles[0]);
    let span = scale.warp(s.quartiles[4]) - low;
    let iqr = scale.warp(s.quartiles[3]) - scale.warp(s.quartiles[1]);
    let step = 2.0 * iqr / (s.n as f64).cbrt();
    let n_bins =
        if step > 0.0 && span > 0.0 { (span / step).ceil().clamp(5.0, 60.0) as usize } else { 5 };
    let span = if span > 0.0 { span } else { 1.0 };
    let mut counts = vec![0_u64; n_bins];
    for x in &s.sorted {
        let bin = ((scale.warp(*x) - low) / span * n_bins as f64) as usize;
        counts[bin.min(n_bins - 1)] += 1;
    }
    let most = counts.iter().copied().max().unwrap_or(0);
    let up = Scale::counts(most as f64);
    let x = |place: f64| LEFT + (WIDTH - LEFT - 8.0) * place;
    let y = |n: f64| TOP + (HEIGHT - TOP - BOTTOM) * (1.0 - up.place(n));

    let label = escape(&format!("Histogram of {axis_title} of {} {what}", count(s.n as u64)));
    let mut svg = format!(
        "<svg class=\"plot\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" style=\"min-width:480px;max-width:860px\" role=\"img\" aria-label=\"{label}\">"
    );
    // Counts are whole: ticks between them would say nothing.
    for (n, text) in up.ticks(4).into_iter().filter(|(n, _)| n.fract() == 0.0) {
        let at = y(n);
        let _ = write!(
            svg,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>\
             <text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\">{text}</text>",
            WIDTH - 8.0,
            LEFT - 7.0,
            at + 4.0
        );
    }
    svg.push_str("<g class=\"s0\">");
    for (i, n) in counts.iter().enumerate().filter(|(_, n)| **n > 0) {
        let edge = |i: usize| x(scale.place_warped(low + span * i as f64 / n_bins as f64));
        let _ = write!(
            svg,
            "<rect class=\"bar\" x=\"{:.2}\" y=\"{:.1}\" width=\"{:.2}\" height=\"{:.1}\"><title>{} {what}</title></rect>",
            edge(i) + 0.4,
            y(*n as f64),
            (edge(i + 1) - edge(i) - 0.8).max(0.4),
            y(0.0) - y(*n as f64),
            count(*n)
        );
    }
    svg.push_str("</g>");
    let floor = y(0.0);
    for (value, text) in scale.ticks(8) {
        let at = x(scale.place(value));
        let _ = write!(
            svg,
            "<line class=\"grid\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{floor:.1}\" y2=\"{:.1}\"/>\
             <text class=\"n\" x=\"{at:.1}\" y=\"{:.1}\">{text}</text>",
            floor + 5.0,
            floor + 19.0
        );
    }
    let median = x(scale.place(s.median()));
    let _ = write!(
        svg,
        "<line class=\"marker\" x1=\"{median:.1}\" x2=\"{median:.1}\" y1=\"{TOP}\" y2=\"{floor:.1}\"/>\
         <text class=\"note\" x=\"{:.1}\" y=\"{:.1}\">median {}</text>",
        median + 6.0,
        TOP + 12.0,
        number(s.median())
    );
    let suffix = if scale.is_log { ", log scale" } else { "" };
    let _ = write!(
        svg,
        "<text class=\"axis\" x=\"{:.1}\" y=\"{:.1}\">{}{suffix}</text>\
         <text class=\"axis\" transform=\"translate(13 {:.1}) rotate(-90)\">{what}</text></svg>",
        x(0.5),
        HEIGHT - 6.0,
        escape(axis_title),
        (TOP + floor) / 2.0
    );
    svg
}
