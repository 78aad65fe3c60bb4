//! From global options to how to run.

use crate::args::{Global, When};
use crate::progress;
use anyhow::Result;
use petavox::{CancelToken, Error, NoProgress, Progress, RunOptions, SaveOptions};
use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;

/// How to run, and how to answer.
pub(crate) struct Settings {
    pub(crate) run: RunOptions,
    pub(crate) memory_bytes: u64,
    /// The limit, if one was typed.
    pub(crate) memory_given: Option<u64>,
    pub(crate) threads: usize,
    pub(crate) json: bool,
    pub(crate) quiet: bool,
    pub(crate) overwrite: bool,
    pub(crate) resume: bool,
    pub(crate) began: std::time::Instant,
}

impl Settings {
    pub(crate) fn new(global: &Global) -> Result<Settings> {
        let memory_bytes = global.memory.unwrap_or_else(|| petavox::available_memory() / 2);
        let threads = global.threads.map_or_else(petavox::default_threads, usize::from);
        let is_terminal = std::io::stderr().is_terminal();
        let progress: Arc<dyn Progress> = match global.progress {
            _ if global.quiet => Arc::new(NoProgress),
            When::Never => Arc::new(NoProgress),
            When::Auto if !is_terminal => Arc::new(NoProgress),
            When::Always if !is_terminal => Arc::new(progress::Lines::new(memory_bytes)),
            _ => Arc::new(progress::Bars::new(memory_bytes)),
        };
        let run = RunOptions {
            memory_bytes: Some(memory_bytes),
            n_threads: Some(threads),
            scratch: global.scratch.clone(),
            recompute: global.recompute,
            progress,
            cancel: CancelToken::new(),
            ..RunOptions::default()
        };
        Ok(Settings {
            run,
            memory_bytes,
            memory_given: global.memory,
            threads,
            json: global.json,
            quiet: global.quiet,
            overwrite: global.overwrite,
            resume: global.resume,
            began: std::time::Instant::now(),
        })
    }

    /// Refuses a table that exists, unless it may be replaced: before the work is done, not after.
    pub(crate) fn check_table(&self, path: &Path) -> Result<()> {
        if !self.overwrite && path.symlink_metadata().is_ok() {
            return Err(Error::Exists { path: path.to_owned() }.into());
        }
        let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
        if !matches!(ending.as_deref(), Some("csv" | "parquet")) {
            let expected = "a name that ends in .parquet or .csv";
            return Err(Error::argument("table", path.display(), expected).into());
        }
        match path.parent().filter(|p| !p.as_os_str().is_empty()) {
            Some(dir) => {
                std::fs::create_dir_all(dir).map_err(|e| Error::io(dir, "create", e).into())
            }
            None => Ok(()),
        }
    }

    /// Options of an output as far as the global options say.
    pub(crate) fn save_options(&self) -> SaveOptions {
        SaveOptions { overwrite: self.overwrite, resume: self.resume, ..SaveOptions::default() }
    }
}
