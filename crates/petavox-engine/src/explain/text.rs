//! A plan as text for a terminal.

use super::document::{Document, bytes_text, walk_text};
use std::fmt::Write;

/// The plan as indented text.
pub fn text(document: &Document) -> String {
    let mut out = String::new();
    let b = bytes_text;
    let verdict =
        if document.peak_bytes <= document.budget_bytes { "fits" } else { "does not fit" };
    let _ = writeln!(
        out,
        "plan: {} stage{}, peak memory {} of {} ({verdict})",
        document.stages.len(),
        if document.stages.len() == 1 { "" } else { "s" },
        b(document.peak_bytes),
        b(document.budget_bytes),
    );
    for choice in &document.choices {
        let _ = writeln!(out, "choice: {choice}");
    }
    for (i, stage) in document.stages.iter().enumerate() {
        let _ = writeln!(out, "\nstage {}: {}", i + 1, stage.title);
        for read in &stage.reads {
            let _ = writeln!(out, "  reads   {} from {}", b(read.bytes), read.name);
        }
        if !stage.operations.is_empty() {
            let _ = writeln!(out, "  fuses   {}", stage.operations.join(" -> "));
        }
        if !stage.block.is_empty() {
            let block: Vec<String> = stage.block.iter().map(usize::to_string).collect();
            let _ = writeln!(
                out,
                "  blocks  {} of {}, {} at once{}",
                stage.n_blocks,
                block.join(" x "),
                stage.n_workers,
                walk_text(&stage.order).map(|t| format!(", {t}")).unwrap_or_default(),
            );
        }
        let mut parts = Vec::new();
        if stage.task_bytes > 0 {
            parts.push(format!("{} x {} per task", stage.n_workers, b(stage.task_bytes)));
        }
        if stage.fixed_bytes > 0 {
            parts.push(format!("{} working volume and values", b(stage.fixed_bytes)));
        }
        if stage.cache_bytes > 0 {
            parts.push(format!("{} decoded chunks", b(stage.cache_bytes)));
        }
        let parts =
            if parts.is_empty() { String::new() } else { format!(" = {}", parts.join(" + ")) };
        let _ = writeln!(out, "  memory  {}{parts}", b(stage.peak_bytes));
        if stage.spills {
            let _ = writeln!(out, "  scratch the working volume is a mapped file");
        }
        for kept in &stage.keeps {
            let _ = writeln!(out, "  keeps   {}", kept.text());
        }
        if stage.write_bytes > 0 {
            let _ = writeln!(out, "  writes  {}", b(stage.write_bytes));
        }
        if stage.cpu_secs > 0.0 {
            let _ = writeln!(out, "  time    about {:.1} CPU seconds", stage.cpu_secs);
        }
    }
    out
}
