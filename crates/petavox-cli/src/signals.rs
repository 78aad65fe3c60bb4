//! Ctrl-C: the first asks the run to stop, the second stops the process.

use petavox::CancelToken;
use std::io::Write;

pub(crate) fn listen(cancel: &CancelToken) {
    let cancel = cancel.clone();
    // Without a handler Ctrl-C still ends the process, only less politely.
    let _ = ctrlc::set_handler(move || {
        if cancel.is_cancelled() {
            std::process::exit(130);
        }
        cancel.cancel();
        let _ = writeln!(std::io::stderr(), "\nstopping; press Ctrl-C again to stop at once");
    });
}
