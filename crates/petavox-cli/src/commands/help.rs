//! `help`: the help of a command, or the list of operations.

use crate::report::Report;
use anyhow::{Result, bail};
use clap::Args;

/// Explain a command, or list the operations ('help operations')
#[derive(Debug, Args)]
pub(crate) struct Help {
    /// A command, or operations
    #[arg(value_name = "TOPIC")]
    topic: Option<String>,
}

pub(crate) fn run(args: &Help, interface: clap::Command) -> Result<Report> {
    let mut command = interface;
    command.build();
    let text = match args.topic.as_deref() {
        None => command.render_help().to_string(),
        Some("operations") => crate::help::operations(),
        Some(name) => match command.find_subcommand_mut(name) {
            Some(sub) => sub.render_long_help().to_string(),
            None => bail!("there is no help on '{name}'; 'petavox help' lists the commands"),
        },
    };
    Ok(Report { results: text.clone().into(), text, ..Report::default() })
}
