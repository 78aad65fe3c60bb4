//! The page around a report, and the parts that both reports share.

use std::fmt::Write as _;

use super::facts::RunFacts;
use super::markup::escape;
use super::numbers::{bytes, count, duration, number, percent};
use super::stats::Summary;

/// A complete page. `body` is markup, the rest is text.
pub(super) fn page(
    kicker: &str,
    title: &str,
    lead: &str,
    body: &str,
    run: Option<&RunFacts>,
) -> String {
    let maker = match run.filter(|run| !run.version.is_empty()) {
        Some(run) => format!("Petavox {}", escape(&run.version)),
        None => "Petavox".to_string(),
    };
    let date = run.map_or(String::new(), |run| match run.date.as_str() {
        "" => String::new(),
        date => format!(", {}", escape(date)),
    });
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <title>{title} – {kicker}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n\
         <header><p class=\"kicker\">{kicker}</p>\n<h1>{title}</h1>\n<p class=\"lead\">{lead}</p></header>\n\
         {body}\n<footer>Made by {maker}{date}.</footer>\n</main>\n</body>\n</html>\n",
        title = escape(title),
        kicker = escape(kicker),
        lead = escape(lead),
        style = include_str!("style.css"),
    )
}

/// Large numbers with what they count; the third text is a unit.
pub(super) fn tiles(items: &[(&str, String, &str)]) -> String {
    let mut out = String::from("<dl class=\"tiles\">");
    for (label, value, unit) in items {
        let unit = match *unit {
            "" => String::new(),
            unit => format!(" <small>{}</small>", escape(unit)),
        };
        let _ = write!(out, "<div><dt>{}</dt><dd>{value}{unit}</dd></div>", escape(label));
    }
    out.push_str("</dl>\n");
    out
}

/// What was run, at what cost.
pub(super) fn run_facts(run: &RunFacts, more: &[(String, String)]) -> String {
    let mut rows: Vec<(String, String)> =
        more.iter().map(|(k, v)| (k.clone(), escape(v))).collect();
    rows.extend(run.parameters.iter().map(|(k, v)| (k.clone(), escape(v))));
    rows.push(("time".into(), duration(run.seconds)));
    match (run.peak_memory_bytes, run.memory_budget_bytes) {
        (Some(peak), Some(budget)) if budget > 0 => {
            let share = peak as f64 / budget as f64;
            let color = if share <= 1.0 { "s2" } else { "s5" };
            let meter = meter(share, color);
            let text = format!("{} of {} allowed ({})", bytes(peak), bytes(budget), percent(share));
            rows.push(("peak memory".into(), format!("{text}{meter}")));
        }
        (Some(peak), _) => rows.push(("peak memory".into(), bytes(peak))),
        (None, Some(budget)) => rows.push(("memory budget".into(), bytes(budget))),
        (None, None) => {}
    }
    if let Some(n) = run.n_threads {
        rows.push(("threads".into(), n.to_string()));
    }
    let mut out = String::new();
    if !run.command.is_empty() {
        let _ = writeln!(out, "<pre><code>{}</code></pre>", escape(&run.command));
    }
    out.push_str("<table class=\"facts\"><tbody>");
    for (key, value) in rows {
        let _ = write!(out, "<tr><th scope=\"row\">{}</th><td>{value}</td></tr>", escape(&key));
    }
    out.push_str("</tbody></table>\n");
    out
}

/// A bar of which a share is filled.
pub(super) fn meter(share: f64, color: &str) -> String {
    let width = if share.is_finite() { (share * 100.0).clamp(0.0, 100.0) } else { 0.0 };
    format!("<span class=\"meter {color}\"><i style=\"width:{width:.1}%\"></i></span>")
}

/// What a table of statistics shows of each sample, besides n.
const STATISTICS: [&str; 7] =
    ["mean", "sd", "min", "lower quartile", "median", "upper quartile", "max"];

fn values(s: &Summary) -> [String; 7] {
    let [min, q1, median, q3, max] = s.quartiles;
    // A spread that only rounding made is none.
    let sd = if s.n > 1 && s.is_constant() { 0.0 } else { s.sd };
    [s.mean, sd, min, q1, median, q3, max].map(number)
}

/// A table of summary statistics, one row per sample; names are markup.
pub(super) fn statistics(first: &str, rows: &[(String, &Summary)]) -> String {
    let mut out = format!("<div class=\"scroll\"><table><thead><tr><th>{first}</th><th>n</th>");
    for name in STATISTICS {
        let _ = write!(out, "<th>{name}</th>");
    }
    out.push_str("</tr></thead><tbody>");
    for (name, s) in rows {
        let _ = write!(out, "<tr><th scope=\"row\">{name}</th><td>{}</td>", count(s.n as u64));
        for value in values(s) {
            let _ = write!(out, "<td>{value}</td>");
        }
        out.push_str("</tr>");
    }
    out.push_str("</tbody></table></div>\n");
    out
}

/// The same, one column per sample: narrow enough to stand beside a drawing.
pub(super) fn statistics_upright(samples: &[(String, &Summary)]) -> String {
    let mut out = String::from("<div class=\"scroll\"><table><thead><tr><th></th>");
    for (name, _) in samples {
        let _ = write!(out, "<th>{name}</th>");
    }
    out.push_str("</tr></thead><tbody><tr><th scope=\"row\">n</th>");
    for (_, s) in samples {
        let _ = write!(out, "<td>{}</td>", count(s.n as u64));
    }
    out.push_str("</tr>");
    let columns: Vec<[String; 7]> = samples.iter().map(|(_, s)| values(s)).collect();
    for (i, name) in STATISTICS.into_iter().enumerate() {
        let _ = write!(out, "<tr><th scope=\"row\">{name}</th>");
        for column in &columns {
            let _ = write!(out, "<td>{}</td>", column[i]);
        }
        out.push_str("</tr>");
    }
    out.push_str("</tbody></table></div>\n");
    out
}
