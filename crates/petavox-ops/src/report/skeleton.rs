//! The report of one skeleton.

use std::fmt::Write as _;

use petavox_core::Column;

use super::branches::{Branches, TYPES, axis_title, branches, column, label, number_at, numbers};
use super::facts::{Projection, SkeletonReport};
use super::histogram::histogram;
use super::markup::{capitalised, escape};
use super::numbers::{count, number, percent, place as place_number, unit_sign};
use super::page::{meter, page, run_facts, statistics, tiles};
use super::stats::{Summary, summary};
use super::violin::{Group, violins};

/// Branches in the table of the longest.
const N_LONGEST: usize = 12;

/// The page about one skeleton. Making it takes about 60 bytes of memory per row of the table, besides the table itself.
///
/// ```
/// use petavox_core::{Column, Dtype, ImageSpec, Table};
/// use petavox_ops::report::{RunFacts, SkeletonReport, skeleton_report};
/// let table = Table::new(vec![
///     ("branch_distance".into(), Column::Float(vec![4.0, 2.5])),
///     ("branch_type".into(), Column::Int(vec![0, 3])),
/// ])?;
/// let html = skeleton_report(&SkeletonReport {
///     title: "sample <1>".into(),
///     run: RunFacts { command: "petavox skeleton in.tif -o out".into(), ..RunFacts::default() },
///     input: ImageSpec::new([16, 64, 64], Dtype::UInt8)?,
///     table: &table,
///     n_mask_voxels: None,
///     n_skeleton_voxels: None,
///     n_lone_voxels: 0,
///     notes: vec![],
///     projections: vec![],
/// });
/// assert!(html.contains("sample &lt;1&gt;"));
/// # Ok::<(), petavox_core::Error>(())
/// ```
pub fn skeleton_report(report: &SkeletonReport<'_>) -> String {
    let unit = unit_sign(report.input.spacing.unit.as_deref());
    let counts = branches(report.table);
    let mut body = String::new();
    if report.table.n_rows() == 0 {
        body.push_str(&empty(report));
        body.push_str(&pictures(&report.projections, &unit));
    } else {
        body.push_str(&headline(&counts, report, &unit));
        body.push_str(&pictures(&report.projections, &unit));
        body.push_str(&types(&counts, &unit));
        body.push_str(&distributions(report, &unit));
        body.push_str(&longest(report, &unit));
    }
    if !report.notes.is_empty() || report.n_lone_voxels > 0 {
        body.push_str("<h2>Remarks</h2>\n<ul>");
        if report.n_lone_voxels > 0 {
            let _ = write!(
                body,
                "<li>{} skeleton voxels have no neighbour. They are in the skeleton image, but no branch holds them.</li>",
                count(report.n_lone_voxels)
            );
        }
        for note in &report.notes {
            let _ = write!(body, "<li>{}</li>", escape(note));
        }
        body.push_str("</ul>\n");
    }
    body.push_str("<h2>What was run</h2>\n");
    body.push_str(&run_facts(&report.run, &input_facts(report, &unit)));
    let lead = match (counts.n, counts.n_skeletons) {
        (0, _) => "No branches were found.".to_string(),
        (n, Some(skeletons)) => format!(
            "{} {} in {} connected {}.",
            count(n as u64),
            if n == 1 { "branch" } else { "branches" },
            count(skeletons),
            if skeletons == 1 { "skeleton" } else { "skeletons" }
        ),
        (n, None) => format!("{} branches.", count(n as u64)),
    };
    page("Skeleton report", &report.title, &lead, &body, Some(&report.run))
}

fn headline(counts: &Branches, report: &SkeletonReport<'_>, unit: &str) -> String {
    let mut items = vec![("branches", count(counts.n as u64), "")];
    let optional = [
        ("skeletons", counts.n_skeletons),
        ("junctions", counts.n_junctions),
        ("tips", counts.n_tips),
    ];
    items.extend(optional.into_iter().filter_map(|(label, n)| Some((label, count(n?), ""))));
    if let Some(total) = counts.total_length {
        items.push(("total length", number(total), unit));
    }
    if let Some(lengths) = numbers(report.table, "branch_distance") {
        let s = summary(&lengths);
        items.push(("median branch length", number(s.median()), unit));
        items.push(("mean branch length", number(s.mean), unit));
        if let Some(radius) = mean_radius(report, &lengths) {
            items.push(("mean radius", number(radius), unit));
        }
    }
    tiles(&items)
}

/// The mean of the branches' radii, weighted by their lengths.
fn mean_radius(report: &SkeletonReport<'_>, lengths: &[f64]) -> Option<f64> {
    let radii = numbers(report.table, "mean_radius")?;
    let pairs = || lengths.iter().zip(&radii).filter(|(l, r)| l.is_finite() && r.is_finite());
    let weight: f64 = pairs().map(|(l, _)| l).sum();
    (weight > 0.0).then(|| pairs().map(|(l, r)| l * r).sum::<f64>() / weight)
}

fn types(counts: &Branches, unit: &str) -> String {
    if !counts.has_types {
        return String::new();
    }
    let total = counts.total_length.unwrap_or(0.0);
    let mut out = format!(
        "<h2>Kinds of branches</h2>\n<div class=\"scroll\"><table><thead><tr><th>from – to</th><th>branches</th><th>share</th>\
         <th></th><th>length ({unit})</th><th>share of length</th></tr></thead><tbody>",
        unit = escape(unit)
    );
    for (kind, (n, length)) in counts.per_type.into_iter().enumerate() {
        let share = n as f64 / counts.n as f64;
        let _ = write!(
            out,
            "<tr><th scope=\"row\"><span class=\"swatch s{kind}\"></span>{}</th><td>{}</td><td>{}</td>\
             <td style=\"width:26%\">{}</td><td>{}</td><td>{}</td></tr>",
            TYPES[kind],
            count(n),
            percent(share),
            meter(share, &format!("s{kind}")),
            number(length),
            percent(if total > 0.0 { length / total } else { f64::NAN })
        );
    }
    out.push_str("</tbody></table></div>\n<p class=\"note-text\" style=\"margin-top:10px\">A tip is a free end, a junction a place where \
         three or more branches meet. A ring ends where it began.</p>\n");
    out
}

fn distributions(report: &SkeletonReport<'_>, unit: &str) -> String {
    let measures = [
        ("branch_distance", "Length along the branch."),
        (
            "euclidean_distance",
            "Start-to-end distance, not thickness: the straight line between the two ends of a branch.",
        ),
        (
            "mean_radius",
            "Mean distance from the skeleton to the nearest background: half the thickness of the branch.",
        ),
    ];
    let known: Vec<(&str, &str, Summary)> = measures
        .into_iter()
        .filter_map(|(name, text)| Some((name, text, summary(&numbers(report.table, name)?))))
        .filter(|(_, _, s)| s.n > 0)
        .collect();
    if known.is_empty() {
        return String::new();
    }
    let mut out = String::from("<h2>Distributions</h2>\n<div class=\"plots\">");
    for (i, (name, text, s)) in known.iter().enumerate() {
        let group = Group { name: "", summary: s, color: i };
        let (label, _) = label(name);
        let _ = write!(
            out,
            "<figure>{}<figcaption><b>{}</b> {}</figcaption></figure>",
            violins(&axis_title(name, unit), &[group]),
            capitalised(&label) + ".",
            escape(text)
        );
    }
    out.push_str(
        "</div>\n<p class=\"note-text\" style=\"margin-top:16px\">The width of a violin is the density of branches, smoothed by a \
         Gaussian kernel with Silverman's bandwidth. The box reaches from the lower to the upper quartile, the line is the median. \
         Every branch counts once, whatever its length. Tortuosity is the length along a branch over its start-to-end distance.</p>\n",
    );
    let extra = ["min_radius", "max_radius", "tortuosity", "mean_pixel_value"];
    let more: Vec<(&str, Summary)> = extra
        .into_iter()
        .filter_map(|name| {
            let mut s = summary(&numbers(report.table, name)?);
            // These are not drawn.
            s.sorted = Vec::new();
            Some((name, s))
        })
        // A constant column, such as the pixels of a mask, says nothing.
        .filter(|(_, s)| !s.is_constant())
        .collect();
    let rows: Vec<(String, &Summary)> = known
        .iter()
        .map(|(name, _, s)| (*name, s))
        .chain(more.iter().map(|(name, s)| (*name, s)))
        .map(|(name, s)| (escape(&axis_title(name, unit)), s))
        .collect();
    out.push_str(&statistics("per branch", &rows));
    if let Some((name, _, s)) = known.iter().find(|(name, _, _)| *name == "branch_distance") {
        let _ = write!(
            out,
            "<h2>Branch lengths</h2>\n<figure class=\"scroll\">{}</figure>\n",
            histogram(&axis_title(name, unit), s, "branches")
        );
    }
    out
}

fn longest(report: &SkeletonReport<'_>, unit: &str) -> String {
    let Some(lengths) = numbers(report.table, "branch_distance") else { return String::new() };
    let mut order: Vec<usize> = (0..lengths.len()).filter(|&i| lengths[i].is_finite()).collect();
    let by_length = |a: &usize, b: &usize| lengths[*b].total_cmp(&lengths[*a]).then(a.cmp(b));
    if order.len() > N_LONGEST {
        order.select_nth_unstable_by(N_LONGEST - 1, by_length);
        order.truncate(N_LONGEST);
    }
    order.sort_by(by_length);
    // Only a few rows are shown: the columns stay where they are.
    let skeleton = column(report.table, "skeleton_id");
    let kinds = column(report.table, "branch_type");
    let numeric: Vec<(&str, &Column)> = ["euclidean_distance", "tortuosity", "mean_radius"]
        .into_iter()
        .filter_map(|name| Some((name, column(report.table, name)?)))
        .collect();
    let place = |end: &str| -> Vec<&Column> {
        (0..8).map_while(|axis| column(report.table, &format!("coord_{end}_{axis}"))).collect()
    };
    let (from, to) = (place("src"), place("dst"));

    let unit = escape(unit);
    let mut out = format!(
        "<h2>Longest branches</h2>\n<div class=\"scroll\"><table class=\"tight\"><thead><tr><th>row</th>{}{}<th>length ({unit})</th>",
        if skeleton.is_some() { "<th>skeleton</th>" } else { "" },
        if kinds.is_some() { "<th class=\"word\">from – to</th>" } else { "" }
    );
    for (name, _) in &numeric {
        let short = match *name {
            "euclidean_distance" => format!("start to end ({unit})"),
            "mean_radius" => format!("mean radius ({unit})"),
            other => other.to_string(),
        };
        let _ = write!(out, "<th>{short}</th>");
    }
    if !from.is_empty() {
        let axes: Vec<String> = report.input.axes.to_string().chars().map(String::from).collect();
        let axes = if axes.len() == from.len() { axes.join(", ") } else { "place".to_string() };
        let _ = write!(out, "<th>start ({axes})</th><th>end ({axes})</th>");
    }
    out.push_str("</tr></thead><tbody>");
    for i in order {
        let _ = write!(out, "<tr><td>{i}</td>");
        if let Some(v) = skeleton {
            let _ = write!(out, "<td>{}</td>", number_at(v, i));
        }
        if let Some(v) = kinds {
            let kind = number_at(v, i);
            let known = TYPES.iter().enumerate().find(|(k, _)| *k as f64 == kind);
            let kind = known.map_or("–", |(_, name)| *name);
            let _ = write!(out, "<td class=\"word\">{kind}</td>");
        }
        let _ = write!(out, "<td>{}</td>", number(lengths[i]));
        for (_, v) in &numeric {
            let _ = write!(out, "<td>{}</td>", number(number_at(v, i)));
        }
        for end in [&from, &to].into_iter().filter(|end| !end.is_empty()) {
            let coords: Vec<String> =
                end.iter().map(|axis| place_number(number_at(axis, i))).collect();
            let _ = write!(out, "<td>{}</td>", coords.join(", "));
        }
        out.push_str("</tr>");
    }
    out.push_str("</tbody></table></div>\n");
    if column(report.table, "skeleton_id").is_some() && !from.is_empty() {
        let _ = writeln!(
            out,
            "<p class=\"note-text\" style=\"margin-top:10px\">Row numbers count from 0, as in the table of branches. Places are in {unit}.</p>"
        );
    }
    out
}

fn pictures(projections: &[Projection], unit: &str) -> String {
    if projections.is_empty() {
        return String::new();
    }
    let mut out = String::from("<h2>Pictures</h2>\n<div class=\"pictures\">");
    for picture in projections {
        let [height, width] = picture.size;
        let good = height > 0.0 && width > 0.0 && (height / width).is_finite();
        let shape = [picture.raster.height() as f64, picture.raster.width() as f64];
        let [height, width] = if good { [height, width] } else { shape };
        let Ok(uri) = picture.raster.data_uri() else { continue };
        // Drawn 1000 wide, so that strokes and letters have one size on every picture.
        let (w, h) = (1000.0, 1000.0 * height / width);
        let bar = round_length(width * 0.3);
        let (bar_px, margin) = (bar / width * w, 36.0);
        let text = format!("{} {unit}", super::numbers::tick(bar, bar));
        // A dark ground, so that the bar is seen on bright pictures too.
        let back_w = bar_px.max(27.0 * text.chars().count() as f64) + 40.0;
        let _ = write!(
            out,
            "<figure><svg class=\"picture\" viewBox=\"0 0 {w:.0} {h:.0}\" role=\"img\" aria-label=\"{title}\">\
             <image href=\"{uri}\" width=\"{w:.0}\" height=\"{h:.0}\" preserveAspectRatio=\"none\"/>\
             <rect x=\"{back_x:.1}\" y=\"{back_y:.1}\" width=\"{back_w:.1}\" height=\"94\" rx=\"8\" style=\"fill:#000;fill-opacity:.6\"/>\
             <g>\
             <rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{bar_px:.1}\" height=\"11\" style=\"fill:#fff\"/>\
             <text x=\"{right:.1}\" y=\"{text_y:.1}\" style=\"fill:#fff;font-size:44px;font-weight:600;text-anchor:end\">{text}</text>\
             </g></svg><figcaption><b>{caption_title}</b> {caption}</figcaption></figure>",
            title = escape(&picture.title),
            x = w - margin - bar_px,
            y = h - margin - 11.0,
            right = w - margin,
            back_x = w - margin + 20.0 - back_w,
            back_y = h - margin - 76.0,
            text_y = h - margin - 28.0,
            text = escape(&text),
            caption_title = escape(&capitalised(&picture.title)) + ".",
            caption = escape(&picture.caption),
        );
    }
    out.push_str("</div>\n");
    out
}

/// The largest of 1, 2 and 5 times a power of ten that is not above `x`.
fn round_length(x: f64) -> f64 {
    let power = 10f64.powf(x.log10().floor());
    let fits = [5.0, 2.0, 1.0].into_iter().map(|m| m * power).find(|l| *l <= x);
    fits.unwrap_or(power)
}

fn input_facts(report: &SkeletonReport<'_>, unit: &str) -> Vec<(String, String)> {
    let spec = &report.input;
    let shape: Vec<String> = spec.shape.iter().map(|n| count(*n as u64)).collect();
    let spacing: Vec<String> = spec.spacing.values.iter().map(|x| number(*x)).collect();
    let known = spec.spacing.unit.is_some() || spec.spacing.values.iter().any(|x| *x != 1.0);
    let spacing = match (known, &spec.spacing.unit) {
        (false, _) => "not known: lengths are in samples".to_string(),
        (true, None) => format!("{} (unit not known)", spacing.join(" × ")),
        (true, Some(_)) => format!("{} {unit}", spacing.join(" × ")),
    };
    let mut facts = vec![
        ("image".to_string(), format!("{} ({}), {}", shape.join(" × "), spec.axes, spec.dtype)),
        ("size of a sample".to_string(), spacing),
    ];
    let total = spec.shape.iter().map(|n| *n as f64).product::<f64>();
    if let Some(n) = report.n_mask_voxels {
        let share = percent(n as f64 / total).replace("&lt;", "<");
        facts.push(("mask".into(), format!("{} samples, {share} of the image", count(n))));
    }
    if let Some(n) = report.n_skeleton_voxels {
        facts.push(("skeleton".into(), format!("{} samples", count(n))));
    }
    facts
}

fn empty(report: &SkeletonReport<'_>) -> String {
    let reason = match (report.n_mask_voxels, report.n_skeleton_voxels) {
        (Some(0), _) => {
            "<p>The mask is empty: no sample of the image counted as foreground. Likely reasons:</p><ul>\
             <li>The threshold lies above every value; ask for the largest with <code>petavox reduce IMAGE max</code> and give \
             <code>--threshold</code> a value inside it.</li>\
             <li>Bright and dark are the other way round than expected.</li>\
             <li>Small objects were removed and nothing larger is there; lower <code>--min-size</code>.</li></ul>"
        }
        (_, _) if report.n_lone_voxels > 0 => {
            "<p>The skeleton consists of single samples only. A branch needs at least two samples that touch: the objects are \
             round or very small. Check the threshold, or whether the image is rather one of cells than of fibres.</p>"
        }
        _ => {
            "<p>The table of branches has no rows. Check that the mask shows the structures you expect; an empty mask, single \
             samples, or pruning that removed every branch lead here.</p>"
        }
    };
    format!("<div class=\"empty\"><h3>There is no branch to report</h3>{reason}</div>\n")
}
