//! One file per command. A command turns its arguments and the settings into a report.

mod apply;
mod cluster;
mod compare;
mod completions;
mod convert;
mod demo;
mod explain;
mod fuse;
mod help;
mod info;
mod input;
mod label;
mod layout;
mod measure;
mod outline;
mod output;
mod reduce;
mod serve;
mod skeleton;
mod stitch;

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
    Reduce(reduce::Reduce),
    Label(label::Label),
    Measure(measure::Measure),
    Skeleton(skeleton::Skeleton),
    Compare(compare::Compare),
    Demo(demo::Demo),
    View(serve::View),
    Serve(serve::Serve),
    Fuse(fuse::Fuse),
    Stitch(stitch::Stitch),
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
            Command::Reduce(_) => "reduce",
            Command::Label(_) => "label",
            Command::Measure(_) => "measure",
            Command::Skeleton(_) => "skeleton",
            Command::Compare(_) => "compare",
            Command::Demo(_) => "demo",
            Command::View(_) => "view",
            Command::Serve(_) => "serve",
            Command::Fuse(_) => "fuse",
            Command::Stitch(_) => "stitch",
            Command::Explain(_) => "explain",
            Command::Completions(_) => "completions",
            Command::Help(_) => "help",
        }
    }
}

/// Does what was asked for; `interface` is the whole command line, for help and completions.
pub(crate) fn run(
    command: Command,
    interface: clap::Command,
    settings: &Settings,
) -> Result<Report> {
    match command {
        Command::Info(args) => info::run(&args, settings),
        Command::Convert(args) => convert::run(&args, settings),
        Command::Apply(args) => apply::run(&args, settings),
        Command::Reduce(args) => reduce::run(&args, settings),
        Command::Label(args) => label::run(&args, settings),
        Command::Measure(args) => measure::run(&args, settings),
        Command::Skeleton(args) => skeleton::run(&args, settings),
        Command::Compare(args) => compare::run(&args, settings),
        Command::Demo(args) => demo::run(&args, settings),
        Command::View(args) => serve::view(&args, settings),
        Command::Serve(args) => serve::serve(&args, settings),
        Command::Fuse(args) => fuse::run(&args, settings),
        Command::Stitch(args) => stitch::run(&args, settings),
        Command::Explain(args) => explain::run(&args, settings),
        Command::Completions(args) => completions::run(&args, interface),
        Command::Help(args) => help::run(&args, interface),
    }
}
