//! `completions`: completion for a shell.

use crate::report::Report;
use anyhow::Result;
use clap::Args;
use clap_complete::Shell;

/// Print the completion script of a shell
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  petavox completions bash > ~/.local/share/bash-completion/completions/petavox
  petavox completions zsh > ~/.zfunc/_petavox
  petavox completions fish > ~/.config/fish/completions/petavox.fish")]
pub(crate) struct Completions {
    /// Which shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

pub(crate) fn run(args: &Completions, mut interface: clap::Command) -> Result<Report> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut interface, "petavox", &mut script);
    let text = String::from_utf8(script)?;
    Ok(Report { results: text.clone().into(), text, ..Report::default() })
}
