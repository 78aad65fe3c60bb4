//! One file per command. A command turns its arguments and the settings into a report.

mod apply;
mod completions;
mod convert;
mod explain;
mod help;
mod info;
mod input;
mod output;

use crate::report::Report;
use crate::settings::Settings;
use anyhow::Result;
use clap::Subcommand;

/// What can be asked for.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Info(info::Info),
    Convert(convert::Convert),
    Apply(apply::Apply),
    Explain(explain::Explain),
    Completions(completions::Completions),
    Help(help::Help),
}

impl Command {
    /// The command's name as it is typed.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Command::Info(_) => "info",
            Command::Convert(_) => "convert",
            Command::Apply(_) => "apply",
            Command::Explain(_) => "explain",
            Command::Completions(_) => "completions",
            Command::Help(_) => "help",
        }
    }
}

/// Does what was asked for.
pub(crate) fn run(command: Command, settings: &Settings) -> Result<Report> {
    match command {
        Command::Info(args) => info::run(&args),
        Command::Convert(args) => convert::run(&args, settings),
        Command::Apply(args) => apply::run(&args, settings),
        Command::Explain(args) => explain::run(&args, settings),
        Command::Completions(args) => completions::run(&args),
        Command::Help(args) => help::run(&args),
    }
}
