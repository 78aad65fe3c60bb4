//! The command line as a whole: global options and a command.

use crate::args::Global;
use crate::commands::Command;
use crate::{failure, help};
use clap::{CommandFactory, FromArgMatches, Parser};
use std::process::ExitCode;

/// Image analysis for n-dimensional scientific images bigger than memory.
#[derive(Debug, Parser)]
#[command(name = "petavox", version, disable_help_subcommand = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The program's whole interface, with the commands in groups.
pub(crate) fn command() -> clap::Command {
    help::grouped(Cli::command())
}

/// Reads the command line; what is wrong with it, or help that was asked for, is printed here.
pub(crate) fn parse() -> Result<Cli, ExitCode> {
    let parsed = command()
        .try_get_matches()
        .and_then(|matches| Cli::from_arg_matches(&matches).map_err(|e| e.format(&mut command())));
    parsed.map_err(|e| {
        let wants_json = e.use_stderr() && std::env::args().any(|a| a == "--json");
        if wants_json {
            return failure::tell_usage(&e);
        }
        // A closed pipe is not worth a message.
        let _ = e.print();
        ExitCode::from(u8::try_from(e.exit_code()).unwrap_or(2))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::help::GROUPS;

    #[test]
    fn every_command_is_in_exactly_one_group() {
        let command = command();
        let shown: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| *names).copied().collect();
        for sub in command.get_subcommands() {
            let n = shown.iter().filter(|name| **name == sub.get_name()).count();
            assert_eq!(n, 1, "{}", sub.get_name());
        }
        assert_eq!(shown.len(), command.get_subcommands().count());
    }

    #[test]
    fn the_interface_is_consistent() {
        command().debug_assert();
    }
}
