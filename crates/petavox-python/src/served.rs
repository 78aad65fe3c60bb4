//! `_core.Server`: lazy images over HTTP, answered by threads of this process.

use crate::errors::exception;
use crate::held::Held;
use crate::image::LazyImage;
use crate::settings::Settings;
use petavox::{CancelToken, Error};
use petavox_server::{Layer, Options, Server as Listening};
use pyo3::prelude::*;
use std::net::IpAddr;
use std::sync::Mutex;
use std::thread::JoinHandle;

/// A server that answers until it is stopped.
#[pyclass(frozen, module = "petavox._core")]
pub(crate) struct Server {
    url: String,
    names: Vec<String>,
    cancel: CancelToken,
    thread: Mutex<Option<JoinHandle<petavox::Result<()>>>>,
    /// The Python objects of the images live as long as it.
    _held: Held,
}

#[pymethods]
impl Server {
    /// Serves images under these names; those that are labels are told by `labels`.
    #[new]
    #[pyo3(signature = (images, names, labels, settings, host="127.0.0.1", port=0, token=None, origins=vec![]))]
    fn new(
        py: Python<'_>,
        images: Vec<PyRef<'_, LazyImage>>,
        names: Vec<String>,
        labels: Vec<bool>,
        settings: Settings,
        host: &str,
        port: u16,
        token: Option<String>,
        origins: Vec<String>,
    ) -> PyResult<Server> {
        let host: IpAddr = host.parse().map_err(|_| {
            exception(Error::argument("host", format!("'{host}'"), "an address, such as 127.0.0.1"))
        })?;
        let layer = |((image, name), is_labels): ((&PyRef<'_, LazyImage>, String), bool)| Layer {
            name: Some(name),
            path: image.image.info().map(|i| i.path.clone()).unwrap_or_default(),
            image: Some(image.image.clone()),
            is_labels,
            ..Layer::default()
        };
        let layers: Vec<Layer> = images.iter().zip(names).zip(labels).map(layer).collect();
        let held = images.iter().fold(Held::default(), |held, i| held.with(&i.held));
        let mut options = Options { host, port, token, ..Options::default() };
        options.origins.extend(origins);
        let run = settings.run_options();
        let cancel = run.cancel.clone();
        let (url, names, thread) = py
            .detach(|| {
                let server = Listening::open(&layers, &options, &run)?;
                let (url, names) = (server.url(), server.names());
                let thread = std::thread::Builder::new().name("petavox-serve".to_owned());
                let started = thread.spawn(move || server.run());
                let started = started.map_err(|e| Error::io("threads", "start", e))?;
                Ok((url, names, started))
            })
            .map_err(exception)?;
        Ok(Server { url, names, cancel, thread: Mutex::new(Some(thread)), _held: held })
    }

    /// What to open in a browser.
    #[getter]
    fn url(&self) -> String {
        self.url.clone()
    }

    /// The names of the images in addresses.
    #[getter]
    fn names(&self) -> Vec<String> {
        self.names.clone()
    }

    /// Whether it still answers.
    #[getter]
    fn running(&self) -> bool {
        let thread = self.thread.lock();
        thread.is_ok_and(|t| t.as_ref().is_some_and(|t| !t.is_finished()))
    }

    /// Ends the answers; what is under way is given up.
    fn stop(&self, py: Python<'_>) -> PyResult<()> {
        self.cancel.cancel();
        let thread = self.thread.lock().ok().and_then(|mut t| t.take());
        let Some(thread) = thread else { return Ok(()) };
        // Its threads may wait for the interpreter.
        py.detach(|| thread.join().unwrap_or(Ok(()))).map_err(exception)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}
