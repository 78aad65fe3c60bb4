//! The Python border: `petavox._core`. It converts, releases the interpreter lock and calls the façade, nothing else; what is more
//! than conversion is Rust below or plain Python above.

mod array;
mod blocks;
mod errors;
mod foreign;
mod held;
mod image;
mod mosaic;
mod numpy;
mod run;
mod served;
mod settings;
mod shared;
mod table;
mod threads;
mod volume;

use pyo3::prelude::*;

/// The compiled part of petavox. Use `petavox`; what is in here may change from one version to the next.
#[pymodule]
mod _core {
    #[pymodule_export]
    use super::image::LazyImage;
    #[pymodule_export]
    use super::mosaic::{fuse_tiles, orientations_of, read_layout, stitch_tiles};
    #[pymodule_export]
    use super::served::Server;
    #[pymodule_export]
    use super::shared::{Output, Shared, analyse};
    #[pymodule_export]
    use super::threads::{default_threads, set_thread_limit, thread_limit, working_threads};

    use pyo3::prelude::*;

    /// Bytes of memory that this process could still get.
    #[pyfunction]
    fn available_memory() -> u64 {
        petavox::available_memory()
    }

    /// The largest resident memory of this process so far, in bytes; None where the system does not tell.
    #[pyfunction]
    fn peak_memory() -> Option<u64> {
        petavox::peak_resident_bytes()
    }

    /// The thresholds that a method finds in a histogram; `n` is the number of classes, or of rounds at most.
    #[pyfunction]
    fn thresholds(
        method: &str,
        counts: Vec<u64>,
        centers: Vec<f64>,
        dtype: &str,
        n: usize,
    ) -> PyResult<Vec<f64>> {
        let find = || {
            let dtype = petavox::Dtype::parse(dtype)?;
            petavox::thresholds_of(&petavox::Histogram::given(dtype, &counts, &centers)?, method, n)
        };
        find().map_err(super::errors::exception)
    }

    /// The numbers of points (rows of int64) that are not nearer than `spacing` to one taken before; at most `most`.
    #[pyfunction]
    fn spaced<'py>(
        py: Python<'py>,
        points: &Bound<'py, PyAny>,
        spacing: f64,
        p_norm: f64,
        most: Option<usize>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let samples = super::numpy::Samples::of(points, false)?;
        let region = petavox::Region::whole(samples.shape());
        let ndim = samples.shape().last().copied().unwrap_or(0);
        let find = || {
            let mut block = petavox::Block::zeros(region, petavox::Dtype::Int64)?;
            samples.read(&mut block)?;
            let most = most.unwrap_or(usize::MAX);
            Ok(petavox::spaced(block.typed::<i64>()?, ndim, spacing, p_norm, most))
        };
        super::numpy::array(py, &find().map_err(super::errors::exception)?)
    }

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
