//! The program `petavox`: arguments become settings, settings and a command become a report, a report is printed.

mod args;
mod cli;
mod commands;
mod failure;
mod help;
mod progress;
mod report;
mod settings;
mod signals;

use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match cli::parse() {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    let settings = match settings::Settings::new(&cli.global) {
        Ok(settings) => settings,
        Err(e) => return failure::tell(&e, cli.command.name(), cli.global.json),
    };
    signals::listen(&settings.run.cancel);
    let name = cli.command.name();
    match commands::run(cli.command, cli::command(), &settings) {
        Ok(report) => report::tell(name, &report, &settings),
        Err(e) => failure::tell(&e, name, settings.json),
    }
}
