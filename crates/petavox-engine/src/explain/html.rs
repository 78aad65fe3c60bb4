//! A plan as a self-contained page.

use super::document::{Document, bytes_text, walk_text};
use std::fmt::Write;

/// The plan as one HTML page without external parts.
pub fn html(document: &Document) -> String {
    let b = bytes_text;
    let mut rows = String::new();
    for (i, stage) in document.stages.iter().enumerate() {
        let reads: Vec<String> = stage
            .reads
            .iter()
            .map(|r| format!("{} from {}", b(r.bytes), escape(&r.name)))
            .collect();
        let keeps: String =
            stage.keeps.iter().map(|k| format!("<br>keeps {}", escape(&k.text()))).collect();
        let block: Vec<String> = stage.block.iter().map(usize::to_string).collect();
        let share = 100.0 * stage.peak_bytes as f64 / document.budget_bytes.max(1) as f64;
        let _ = write!(
            rows,
            "<tr><td>{}</td><td><b>{}</b><br><small>{}{keeps}</small></td><td>{}</td><td>{}</td>\
             <td><div class=bar><i style=\"width:{:.1}%\"></i></div>{}{}</td><td>{}</td></tr>",
            i + 1,
            escape(&stage.title),
            escape(&stage.operations.join(" → ")),
            reads.join("<br>"),
            if block.is_empty() {
                String::new()
            } else {
                let walk = walk_text(&stage.order).map(|t| format!("<br><small>{t}</small>"));
                format!("{} × ({}){}", stage.n_blocks, block.join(", "), walk.unwrap_or_default())
            },
            share.min(100.0),
            b(stage.peak_bytes),
            if stage.spills { ", working volume on disk" } else { "" },
            if stage.write_bytes > 0 { b(stage.write_bytes) } else { "–".to_owned() },
        );
    }
    format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Plan</title><style>\
         body{{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color-scheme:light dark}}\
         table{{border-collapse:collapse;width:100%}}td,th{{text-align:left;padding:.5rem;border-bottom:1px solid #8884;vertical-align:top}}\
         .bar{{height:6px;background:#8883;border-radius:3px}}.bar i{{display:block;height:6px;background:#0072b2;border-radius:3px}}\
         small{{opacity:.75}}</style><h1>Plan</h1><p>Projected peak memory <b>{}</b> of a budget of <b>{}</b>.</p>\
         <table><tr><th>#<th>stage<th>reads<th>blocks<th>memory<th>writes</tr>{rows}</table></html>\n",
        b(document.peak_bytes),
        b(document.budget_bytes),
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
