//! The report that lays several tables side by side.

use std::fmt::Write as _;

use petavox_core::{Column, Table};

use super::branches::{Branches, TYPES, axis_title, branches, label, numbers};
use super::facts::RunFacts;
use super::markup::{capitalised, escape, shorten};
use super::numbers::{count, number, percent, unit_sign};
use super::page::{page, run_facts, statistics, statistics_upright};
use super::stats::{Summary, rank_test, summary};
use super::violin::{Group, violins};

/// Columns that come first, in this order.
const FIRST: [&str; 8] = [
    "branch_distance",
    "euclidean_distance",
    "mean_radius",
    "min_radius",
    "max_radius",
    "tortuosity",
    "mean_pixel_value",
    "stdev_pixel_value",
];
/// Pairs of samples that are tested against each other: all of up to four samples.
const MAX_PAIRS: usize = 6;

/// What a comparison may tell beside the tables.
#[derive(Clone, Debug, Default)]
pub struct CompareOptions {
    /// The page's title; a default if empty.
    pub title: String,
    /// The unit of lengths in the tables as OME-Zarr spells it, if known and the same in all.
    pub unit: Option<String>,
    /// How the comparison was made, if it is to be told.
    pub run: Option<RunFacts>,
}

/// The page that compares samples: counts, totals, and violins of each measured column side by side.
///
/// Columns that are numbers but no measurements (ids, types, coordinates) are left out. A column that only some samples have
/// is shown for those.
pub fn compare_report(samples: &[(String, Table)], options: &CompareOptions) -> String {
    let unit = match options.unit.as_deref() {
        None => "unit of the tables".to_string(),
        unit => unit_sign(unit),
    };
    let counts: Vec<Branches> = samples.iter().map(|(_, table)| branches(table)).collect();
    let mut body = String::new();
    body.push_str(&overview(samples, &counts, &unit));
    body.push_str(&kinds(samples, &counts));
    let names = measured(samples);
    for name in &names {
        body.push_str(&measure(samples, name, &unit));
    }
    if names.is_empty() {
        body.push_str(
            "<div class=\"empty\"><h3>There is nothing to compare</h3><p>The tables have no measured column with values in it. \
             Tables of branches come from <code>petavox skeleton</code>.</p></div>\n",
        );
    } else {
        body.push_str(remarks());
    }
    if let Some(run) = &options.run {
        body.push_str("<h2>What was run</h2>\n");
        body.push_str(&run_facts(run, &[]));
    }
    let title = match options.title.as_str() {
        "" => samples.iter().map(|(name, _)| shorten(name, 40)).collect::<Vec<_>>().join(" · "),
        title => title.to_string(),
    };
    let lead = match samples.len() {
        1 => "One sample.".to_string(),
        n => format!("{n} samples side by side."),
    };
    page("Comparison", &shorten(&title, 160), &lead, &body, options.run.as_ref())
}

fn swatch(i: usize, name: &str) -> String {
    format!("<span class=\"swatch s{}\"></span>{}", i % 7, escape(name))
}

fn overview(samples: &[(String, Table)], counts: &[Branches], unit: &str) -> String {
    let unit = escape(unit);
    let mut out = format!(
        "<h2>Counts and totals</h2>\n<div class=\"scroll\"><table><thead><tr><th>sample</th><th>branches</th><th>skeletons</th>\
         <th>junctions</th><th>tips</th><th>total length<br/>({unit})</th><th>branches per<br/>skeleton</th></tr></thead><tbody>"
    );
    let optional = |n: Option<u64>| n.map_or("–".to_string(), count);
    for (i, ((name, _), c)) in samples.iter().zip(counts).enumerate() {
        let per = c.n_skeletons.filter(|n| *n > 0).map_or(f64::NAN, |n| c.n as f64 / n as f64);
        let _ = write!(
            out,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            swatch(i, name),
            count(c.n as u64),
            optional(c.n_skeletons),
            optional(c.n_junctions),
            optional(c.n_tips),
            number(c.total_length.unwrap_or(f64::NAN)),
            number(per)
        );
    }
    out.push_str("</tbody></table></div>\n");
    out
}

fn kinds(samples: &[(String, Table)], counts: &[Branches]) -> String {
    if !counts.iter().any(|c| c.has_types && c.n > 0) {
        return String::new();
    }
    let mut out = String::from(
        "<h2>Kinds of branches</h2>\n<div class=\"scroll\"><table><thead><tr><th>sample</th><th></th>",
    );
    for name in TYPES {
        let _ = write!(out, "<th>{name}</th>");
    }
    out.push_str("</tr></thead><tbody>");
    for ((name, _), c) in samples.iter().zip(counts) {
        let mut bar = String::from("<span class=\"parts\">");
        let mut cells = String::new();
        for (kind, (n, _)) in c.per_type.into_iter().enumerate() {
            let share = n as f64 / c.n as f64;
            if n > 0 {
                let _ =
                    write!(bar, "<i class=\"s{kind}\" style=\"width:{:.2}%\"></i>", share * 100.0);
            }
            let _ = write!(cells, "<td>{} ({})</td>", count(n), percent(share));
        }
        bar.push_str("</span>");
        let name = escape(name);
        let _ = write!(
            out,
            "<tr><th scope=\"row\">{name}</th><td style=\"width:30%\">{bar}</td>{cells}</tr>"
        );
    }
    out.push_str("</tbody></table></div>\n<p class=\"legend\">");
    for (kind, name) in TYPES.into_iter().enumerate() {
        let _ = write!(out, "<span>{}</span>", swatch(kind, name));
    }
    out.push_str("</p>\n");
    out
}

/// The columns that are measurements, in the order of the page.
fn measured(samples: &[(String, Table)]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (name, column) in samples.iter().flat_map(|(_, table)| table.columns()) {
        let plain = name.replace('-', "_");
        let is_number = matches!(column, Column::Int(_) | Column::Float(_));
        if is_number && !is_bookkeeping(&plain) && !names.contains(&plain) {
            names.push(plain);
        }
    }
    // A column without values, or with the same one everywhere, says nothing.
    let has_values = |name: &String| {
        let columns = samples.iter().filter_map(|(_, table)| numbers(table, name));
        let mut values = columns.flatten().filter(|x| x.is_finite());
        let first = values.next();
        values.any(|x| Some(x) != first)
    };
    names.retain(has_values);
    let rank = |name: &String| FIRST.iter().position(|f| f == name).unwrap_or(FIRST.len());
    names.sort_by_key(rank);
    names
}

/// Numbers that name or place something.
fn is_bookkeeping(name: &str) -> bool {
    let starts = ["coord", "image_coord", "node_id", "bbox", "centroid", "Unnamed"];
    let whole = ["index", "label", "skeleton", "branch_type", "id"];
    starts.iter().any(|s| name.starts_with(s)) || whole.contains(&name) || name.ends_with("_id")
}

fn measure(samples: &[(String, Table)], name: &str, unit: &str) -> String {
    let summaries: Vec<(usize, &str, Summary)> = samples
        .iter()
        .enumerate()
        .filter_map(|(i, (sample, table))| {
            Some((i, sample.as_str(), summary(&numbers(table, name)?)))
        })
        .collect();
    let groups: Vec<Group<'_>> = summaries
        .iter()
        .map(|(i, sample, s)| Group { name: sample, summary: s, color: *i })
        .collect();
    let rows: Vec<(String, &Summary)> =
        summaries.iter().map(|(i, sample, s)| (swatch(*i, sample), s)).collect();
    let (title, _) = label(name);
    let mut out = format!("<section class=\"column\"><h3>{}</h3>\n", escape(&capitalised(&title)));
    let explained = match name {
        "euclidean_distance" => {
            "The straight line between the two ends of a branch, not its thickness."
        }
        "tortuosity" => {
            "Length along a branch over the distance of its ends; 1 is straight. Rings have none."
        }
        _ => "",
    };
    if !explained.is_empty() {
        let _ = writeln!(out, "<p class=\"note-text\">{explained}</p>");
    }
    let plot = violins(&axis_title(name, unit), &groups);
    if rows.len() <= 3 {
        let table = statistics_upright(&rows);
        let _ = writeln!(
            out,
            "<div class=\"beside\"><div class=\"scroll\">{plot}</div><div>{table}</div></div>"
        );
    } else {
        let _ = writeln!(out, "<div class=\"scroll\">{plot}</div>");
        out.push_str(&statistics("sample", &rows));
    }
    out.push_str(&tests(&summaries));
    out.push_str("</section>\n");
    out
}

fn tests(summaries: &[(usize, &str, Summary)]) -> String {
    let pairs: Vec<_> = summaries
        .iter()
        .enumerate()
        .flat_map(|(i, a)| summaries[i + 1..].iter().map(move |b| (a, b)))
        .collect();
    if pairs.is_empty() || pairs.len() > MAX_PAIRS {
        return String::new();
    }
    let mut out =
        String::from("<ul class=\"note-text\" style=\"margin:12px 0 0;padding-left:20px\">");
    for ((_, a, first), (_, b, second)) in pairs {
        let (a, b) = (escape(a), escape(b));
        let text = match rank_test(first, second) {
            None => {
                format!("{a} and {b}: too few values for a rank test (it takes eight of each).")
            }
            Some(test) => format!(
                "A value of {a} is larger than one of {b} in {} of pairs; Mann-Whitney U = {}, {}.",
                percent(test.superiority),
                number(test.u),
                p_value(test.p)
            ),
        };
        let _ = write!(out, "<li>{text}</li>");
    }
    out.push_str("</ul>\n");
    out
}

fn p_value(p: f64) -> String {
    if p.is_nan() {
        "all values are equal".to_string()
    } else if p < 1e-4 {
        "p &lt; 0.0001".to_string()
    } else {
        format!("p = {p:.*}", if p < 0.001 { 4 } else { 3 })
    }
}

fn remarks() -> &'static str {
    "<h2>About the numbers</h2>\n\
     <p class=\"note-text\">Violins are densities smoothed by a Gaussian kernel (Silverman's bandwidth, folded back at the smallest \
     and the largest value), each drawn equally wide whatever the number of branches; boxes reach from the lower to the upper \
     quartile, lines mark medians. sd is the sample standard deviation; quartiles are interpolated linearly. Every branch counts \
     once.</p>\n\
     <p class=\"note-text\">The rank test is Mann and Whitney's, two-sided, by the normal approximation with corrections for ties and \
     continuity, not adjusted for the number of columns and pairs. It takes branches as independent. Branches of one image are not: \
     with thousands of them a difference without any meaning gets a tiny p. To draw conclusions about treatments, compare \
     numbers per image or per animal, not per branch.</p>\n"
}
