//! `_core.Shared`: a computation that several processes share, and `_core.Output`: a Zarr that they write together.

use crate::errors::exception;
use crate::held::Held;
use crate::image::LazyImage;
use crate::run::run;
use crate::settings::{FileOptions, Settings};
use petavox::cluster::{self, Job, Wants};
use petavox::{SaveOptions, SharedOutput, SkeletonJob};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;
use serde::de::DeserializeOwned;
use std::path::PathBuf;

/// Values of folds: stage, output, bytes.
type Values = Vec<(usize, usize, PyBackedBytes)>;

/// A piece of the result: its first sample, its shape, its bytes.
type Piece<'py> = (Vec<i64>, Vec<usize>, Bound<'py, PyBytes>);

fn read<T: DeserializeOwned>(json: &str) -> PyResult<T> {
    serde_json::from_str(json).map_err(|e| PyValueError::new_err(e.to_string()))
}

fn write(value: &impl serde::Serialize) -> PyResult<String> {
    serde_json::to_string(value).map_err(|e| PyValueError::new_err(e.to_string()))
}

fn borrowed(values: &Values) -> Vec<((usize, usize), &[u8])> {
    values.iter().map(|(stage, output, bytes)| ((*stage, *output), &bytes[..])).collect()
}

/// One process' part in a shared computation.
#[pyclass(frozen, module = "petavox._core")]
pub(crate) struct Shared {
    shared: cluster::Shared,
    /// The Python objects of the plan live as long as it.
    _held: Held,
}

#[pymethods]
impl Shared {
    /// Takes part; with `start`, makes ready first what the others will look for.
    #[new]
    #[pyo3(signature = (image, job, start=false))]
    fn new(py: Python<'_>, image: &LazyImage, job: &str, start: bool) -> PyResult<Shared> {
        let job: Job = read(job)?;
        let node = image.image.node();
        let shared = py.detach(|| match start {
            true => cluster::Shared::start(node, job),
            false => cluster::Shared::new(node, job),
        });
        Ok(Shared { shared: shared.map_err(exception)?, _held: image.held.clone() })
    }

    /// The job of these wants (JSON), as JSON.
    #[staticmethod]
    fn job(wants: &str, memory: u64, n_tasks: usize, folder: PathBuf) -> PyResult<String> {
        write(&Job::new(read::<Wants>(wants)?, memory, n_tasks, folder))
    }

    /// The stages as JSON.
    fn stages(&self) -> PyResult<String> {
        write(&self.shared.stages())
    }

    /// Makes ready what a stage's tasks write into.
    fn prepare(&self, py: Python<'_>, stage: usize) -> PyResult<()> {
        py.detach(|| self.shared.prepare(stage)).map_err(exception)
    }

    /// Makes the blocks `start..stop`: the merged part per output, and the pieces of the result.
    fn run<'py>(
        &self,
        py: Python<'py>,
        stage: usize,
        start: usize,
        stop: usize,
        values: Values,
    ) -> PyResult<(Vec<Bound<'py, PyBytes>>, Vec<Piece<'py>>)> {
        let made = py.detach(|| self.shared.run(stage, start..stop, &borrowed(&values)));
        let made = made.map_err(exception)?;
        let parts = made.parts.iter().map(|part| PyBytes::new(py, part)).collect();
        let pieces = made.pieces.iter().map(|piece| {
            let (start, shape) = (piece.region.start().to_vec(), piece.region.shape().to_vec());
            (start, shape, PyBytes::new(py, &piece.bytes))
        });
        Ok((parts, pieces.collect()))
    }

    /// The blocks among `start..stop` that are not whole where they were stored: their numbers, and where they lie.
    fn missing(
        &self,
        py: Python<'_>,
        stage: usize,
        start: usize,
        stop: usize,
    ) -> PyResult<Vec<(usize, String)>> {
        let missing = py.detach(|| self.shared.missing(stage, start..stop)).map_err(exception)?;
        Ok(missing.into_iter().map(|(number, region)| (number, region.to_string())).collect())
    }

    /// Merges parts of one output, in order.
    fn merge<'py>(
        &self,
        py: Python<'py>,
        stage: usize,
        output: usize,
        parts: Vec<PyBackedBytes>,
        values: Values,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let merged = py.detach(|| {
            let parts: Vec<&[u8]> = parts.iter().map(|part| &part[..]).collect();
            self.shared.merge(stage, output, &parts, &borrowed(&values))
        });
        Ok(PyBytes::new(py, &merged.map_err(exception)?))
    }

    /// The value of a fold from its merged part.
    #[pyo3(signature = (stage, output, part, values))]
    fn finish<'py>(
        &self,
        py: Python<'py>,
        stage: usize,
        output: usize,
        part: Option<PyBackedBytes>,
        values: Values,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let part = part.as_deref();
        let value = py.detach(|| self.shared.finish(stage, output, part, &borrowed(&values)));
        Ok(PyBytes::new(py, &value.map_err(exception)?))
    }

    /// Makes the passes of a sweep and stores its image.
    #[pyo3(signature = (stage, output, volume, values, settings))]
    fn sweep(
        &self,
        py: Python<'_>,
        stage: usize,
        output: usize,
        volume: Option<PyBackedBytes>,
        values: Values,
        settings: Settings,
    ) -> PyResult<()> {
        let volume = volume.as_deref();
        run(py, &settings, |options| {
            self.shared.sweep(stage, output, volume, &borrowed(&values), options)
        })
    }

    /// Thins and traces the mask that was stored; `job` and what comes back are JSON.
    fn analyse(
        &self,
        py: Python<'_>,
        path: PathBuf,
        job: &str,
        volume: PyBackedBytes,
        values: Values,
        settings: Settings,
    ) -> PyResult<String> {
        let job: SkeletonJob = read(job)?;
        let done = run(py, &settings, |options| {
            self.shared.analyse(&path, &job, &volume, &borrowed(&values), options)
        })?;
        write(&done)
    }
}

/// A Zarr that several processes write, in the process that started it.
#[pyclass(frozen, module = "petavox._core")]
pub(crate) struct Output(SharedOutput);

#[pymethods]
impl Output {
    /// Starts it.
    #[new]
    fn new(
        py: Python<'_>,
        image: &LazyImage,
        path: PathBuf,
        options: FileOptions,
    ) -> PyResult<Output> {
        let options = options.save_options()?;
        let started = py.detach(|| SharedOutput::start(image.image.node(), &path, &options));
        Ok(Output(started.map_err(exception)?))
    }

    /// Starts one that the command line program describes.
    #[staticmethod]
    fn described(
        py: Python<'_>,
        image: &LazyImage,
        path: PathBuf,
        options: &str,
    ) -> PyResult<Output> {
        let options: SaveOptions = read(options)?;
        let started = py.detach(|| SharedOutput::start(image.image.node(), &path, &options));
        Ok(Output(started.map_err(exception)?))
    }

    /// Shapes of the levels.
    fn levels(&self) -> Vec<Vec<usize>> {
        self.0.levels()
    }

    /// What the computation of a level wants, as JSON.
    fn wants(&self, level: usize) -> PyResult<String> {
        write(&self.0.wants(level))
    }

    /// Moves it to its final name.
    fn finish(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| self.0.finish()).map_err(exception)
    }

    /// Removes what was written.
    fn abandon(&self, py: Python<'_>) {
        py.detach(|| self.0.abandon());
    }
}

/// Thins and traces an image in this process, into a folder; `job` and what comes back are JSON.
#[pyfunction]
pub(crate) fn analyse(
    py: Python<'_>,
    image: &LazyImage,
    path: PathBuf,
    job: &str,
    settings: Settings,
) -> PyResult<String> {
    let job: SkeletonJob = read(job)?;
    let done = run(py, &settings, |options| petavox::skeleton(&image.image, &path, &job, options))?;
    write(&done)
}
