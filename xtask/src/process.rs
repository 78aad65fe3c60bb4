//! Calling other programs.

use std::path::Path;
use std::process::Command;

/// Runs cargo in the workspace with extra environment variables.
pub(crate) fn cargo(root: &Path, args: &[&str], env: &[(&str, &str)]) -> Result<(), String> {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.args(args).envs(env.iter().copied()).current_dir(root);
    call(&mut command)
}

/// Runs a command that must succeed; its output goes to the terminal.
pub(crate) fn call(command: &mut Command) -> Result<(), String> {
    let line = format!("{command:?}");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{line} ended with {status}")),
        Err(error) => Err(format!("{line}: {error}")),
    }
}
