//! What went wrong, why, and what to do.

use crate::report::say;
use petavox::Error;
use serde_json::json;
use std::io::Write;
use std::process::ExitCode;

/// Prints an error with its causes and a hint; exit code 1, 2 for what was typed wrongly, 130 after Ctrl-C.
pub(crate) fn tell(error: &anyhow::Error, command: &str, as_json: bool) -> ExitCode {
    let (message, hint) = words(error);
    if as_json {
        let object = json!({
            "command": command,
            "error": { "kind": kind(error), "message": message, "hint": hint },
        });
        say(&format!("{object}\n"));
    } else {
        let hint = hint.map(|h| format!("hint: {h}\n")).unwrap_or_default();
        let _ = write!(std::io::stderr(), "error: {message}\n{hint}");
    }
    match error.downcast_ref() {
        Some(Error::Cancelled) => ExitCode::from(130),
        Some(Error::InvalidArgument { .. }) => ExitCode::from(2),
        _ => ExitCode::FAILURE,
    }
}

/// Prints as JSON what is wrong with the command line.
pub(crate) fn tell_usage(error: &clap::Error) -> ExitCode {
    let text = error.to_string();
    let message = text.trim().strip_prefix("error: ").unwrap_or(text.trim());
    say(&format!(
        "{}\n",
        json!({ "error": { "kind": "usage", "message": message, "hint": null } })
    ));
    ExitCode::from(2)
}

/// The message with the chain of causes that it does not contain already, and a hint.
fn words(error: &anyhow::Error) -> (String, Option<String>) {
    let (mut message, hint) = match error.downcast_ref::<Error>() {
        Some(Error::Exists { path }) => (
            format!("{}: exists already", path.display()),
            Some("choose another name, or give --overwrite to replace it".to_owned()),
        ),
        Some(Error::NotFound { path, hint }) => {
            (format!("{}: not found", path.display()), hint.clone())
        }
        Some(Error::Budget { what, needed, budget }) => (
            format!(
                "{what} needs {} of memory, but the limit is {}",
                petavox::explain::bytes_text(*needed),
                petavox::explain::bytes_text(*budget)
            ),
            Some(format!(
                "the smallest limit that works is --memory {}MiB",
                needed.div_ceil(1 << 20)
            )),
        ),
        Some(Error::Cancelled) => (
            "stopped before the end".to_owned(),
            Some("the same command with --resume continues where this one stopped".to_owned()),
        ),
        Some(Error::UnsupportedDtype { op, given, accepted }) => (
            format!("{op} does not take dtype {given}; it accepts {accepted}"),
            Some("cast first, for example with astype:dtype=float32".to_owned()),
        ),
        _ => (error.to_string(), None),
    };
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        if !message.contains(&cause) {
            message = format!("{message}: {cause}");
        }
    }
    (message, hint)
}

fn kind(error: &anyhow::Error) -> &'static str {
    match error.downcast_ref::<Error>() {
        Some(Error::InvalidArgument { .. }) => "invalid_argument",
        Some(Error::UnsupportedDtype { .. }) => "unsupported_dtype",
        Some(Error::Io { .. }) => "io",
        Some(Error::Corrupt { .. }) => "corrupt",
        Some(Error::Unsupported { .. }) => "unsupported",
        Some(Error::NotFound { .. }) => "not_found",
        Some(Error::Exists { .. }) => "exists",
        Some(Error::Budget { .. }) => "budget",
        Some(Error::Cancelled) => "cancelled",
        Some(_) => "internal",
        None => "failed",
    }
}
