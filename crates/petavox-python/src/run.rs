//! Long work away from the interpreter: its lock is released, its signals are seen, its progress is told.

use crate::errors::exception;
use crate::settings::Settings;
use petavox::{Error, Progress, Result, RunOptions};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How often the caller looks for Ctrl-C and tells of progress.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Does `work` on a thread of its own while this one waits for it, or for Ctrl-C, which cancels it.
///
/// # Errors
/// What the work says; `KeyboardInterrupt`, or whatever else a signal's handler or the progress display raises.
pub(crate) fn run<T: Send>(
    py: Python<'_>,
    settings: &Settings,
    work: impl FnOnce(&RunOptions) -> Result<T> + Send,
) -> PyResult<T> {
    let told = Arc::new(Told::default());
    let mut options = settings.run_options();
    options.progress = told.clone();
    let cancel = options.cancel.clone();
    let (sender, receiver) = channel();
    let mut raised = None;
    let outcome = py.detach(|| {
        // A receiver belongs to one thread: moved in here, not borrowed.
        let receiver = receiver;
        std::thread::scope(|scope| {
            let options = &options;
            let worker = std::thread::Builder::new().name("petavox-run".to_owned());
            let started = worker.spawn_scoped(scope, move || {
                // A receiver that is gone does not want to know.
                let _ = sender.send(work(options));
            });
            if let Err(e) = started {
                return Some(Err(Error::io("threads", "start", e)));
            }
            loop {
                match receiver.recv_timeout(LOOK_EVERY) {
                    Ok(outcome) => return Some(outcome),
                    Err(RecvTimeoutError::Disconnected) => return None,
                    Err(RecvTimeoutError::Timeout) if raised.is_some() => {}
                    Err(RecvTimeoutError::Timeout) => {
                        let looked = Python::attach(|py| {
                            py.check_signals()?;
                            told.tell(py, settings.progress.as_ref())
                        });
                        if let Err(error) = looked {
                            cancel.cancel();
                            raised = Some(error);
                        }
                    }
                }
            }
        })
    });
    told.finish(py, settings.progress.as_ref());
    match (raised, outcome) {
        (Some(error), _) => Err(error),
        (None, Some(outcome)) => outcome.map_err(exception),
        (None, None) => {
            Err(PyRuntimeError::new_err("petavox stopped without a result; this is a bug"))
        }
    }
}

/// How far the work has come, written by workers without the interpreter's lock.
#[derive(Default)]
struct Told {
    stage: Mutex<Option<(String, u64, Instant)>>,
    done: AtomicU64,
    bytes: AtomicU64,
    shown: Mutex<bool>,
}

impl Told {
    fn tell(&self, py: Python<'_>, to: Option<&Py<PyAny>>) -> PyResult<()> {
        let Some(to) = to else { return Ok(()) };
        let stage = self.stage.lock().ok().and_then(|s| s.clone());
        let Some((stage, n_blocks, began)) = stage else { return Ok(()) };
        let (done, bytes) = (self.done.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed));
        to.call1(py, (stage, n_blocks, done, bytes, began.elapsed().as_secs_f64()))?;
        if let Ok(mut shown) = self.shown.lock() {
            *shown = true;
        }
        Ok(())
    }

    fn finish(&self, py: Python<'_>, to: Option<&Py<PyAny>>) {
        if let (Some(to), Ok(true)) = (to, self.shown.lock().map(|s| *s)) {
            // The result matters more than a display that fails to clear itself.
            let _ = to.call1(py, (py.None(), 0, 0, 0, 0.0));
        }
    }
}

impl Progress for Told {
    fn begin(&self, stage: &str, n_blocks: u64) {
        self.done.store(0, Ordering::Relaxed);
        self.bytes.store(0, Ordering::Relaxed);
        if let Ok(mut slot) = self.stage.lock() {
            *slot = Some((stage.to_owned(), n_blocks, Instant::now()));
        }
    }

    fn advance(&self, n_blocks: u64, bytes: u64) {
        self.done.fetch_add(n_blocks, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    fn end(&self) {
        if let Ok(mut slot) = self.stage.lock() {
            *slot = None;
        }
    }
}
