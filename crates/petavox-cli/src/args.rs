//! Options that every command takes.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Options of every command.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Limit on the memory of the whole process, such as 512MiB or 2GB [default: half of what is available]
    #[arg(long, global = true, value_name = "SIZE", value_parser = petavox::parse_size)]
    pub(crate) memory: Option<u64>,
    /// Threads to compute with [default: OMP_NUM_THREADS, else the cores the process may use]
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub(crate) threads: Option<u16>,
    /// When to show progress; auto: if the error output is a terminal
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) progress: When,
    /// Say nothing but results and errors
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Print one JSON object instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Folder for scratch files, needed when working volumes exceed the memory [default: the system's]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) scratch: Option<PathBuf>,
    /// Compute what several passes need in each of them, where keeping it would be quicker
    #[arg(long, global = true)]
    pub(crate) recompute: bool,
    /// Replace outputs that exist
    #[arg(long, global = true)]
    pub(crate) overwrite: bool,
    /// Continue the same command where an interrupted run stopped
    #[arg(long, global = true)]
    pub(crate) resume: bool,
}

/// When to show progress.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub(crate) enum When {
    Auto,
    Always,
    Never,
}
