//! What a command has to say, and how it is said.

use crate::settings::Settings;
use serde_json::{Value as Json, json};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// What a command did.
#[derive(Default)]
pub(crate) struct Report {
    /// Files it made.
    pub(crate) outputs: Vec<PathBuf>,
    /// What it found, for `--json`.
    pub(crate) results: Json,
    /// What it found, for people; printed on stdout.
    pub(crate) text: String,
    /// What it took, for people; printed on stderr unless quiet.
    pub(crate) note: String,
}

/// Prints a report.
pub(crate) fn tell(command: &str, report: &Report, settings: &Settings) -> ExitCode {
    if settings.json {
        let outputs: Vec<String> = report.outputs.iter().map(|p| p.display().to_string()).collect();
        let object = json!({
            "command": command,
            "outputs": outputs,
            "seconds": settings.began.elapsed().as_secs_f64(),
            "peak_memory_bytes": petavox::peak_resident_bytes(),
            "memory_budget_bytes": settings.memory_bytes,
            "threads": settings.threads,
            "results": report.results,
        });
        return say(&format!("{object}\n"));
    }
    if !settings.quiet && !report.note.is_empty() {
        // Nothing can be done about an error output that is closed.
        let _ = writeln!(std::io::stderr(), "{}", report.note);
    }
    say(&report.text)
}

/// Writes to stdout. A reader that went away (`petavox ... | head`) is not an error.
pub(crate) fn say(text: &str) -> ExitCode {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(e) => {
            let _ = writeln!(std::io::stderr(), "error: stdout: write: {e}");
            ExitCode::FAILURE
        }
    }
}
