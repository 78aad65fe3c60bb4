//! Arrays of other libraries, read region by region by calling them; the interpreter's lock is held while they are called.

use crate::array::ArraySource;
use crate::numpy::Samples;
use petavox::{Block, ChunkGrid, Error, ImageSpec, Region, Result, Source};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use serde::Deserialize;
use std::sync::Arc;

/// What a reader says of its array.
#[derive(Deserialize)]
struct Told {
    spec: ImageSpec,
    /// Samples per axis of a chunk; none if any region can be read at its own cost.
    chunk: Option<Vec<usize>>,
}

/// An image over a Python object with `read(start, stop)`, which gives a numpy array of the region.
struct ForeignSource {
    spec: ImageSpec,
    grid: ChunkGrid,
    reads_below_chunk: bool,
    reader: Py<PyAny>,
    name: String,
}

/// True if the object is a reader, not a numpy array.
pub(crate) fn is_reader(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    object.hasattr("told")
}

/// The image that a reader reads.
///
/// # Errors
/// `ValueError` if it does not say what it reads; `TypeError` for dtypes that images do not have.
pub(crate) fn foreign_source(reader: &Bound<'_, PyAny>, name: &str) -> PyResult<Arc<dyn Source>> {
    let wrong = |e: &dyn ToString| PyValueError::new_err(format!("array: {}", e.to_string()));
    let told: String = reader.call_method0("told")?.extract()?;
    let Told { spec, chunk } = serde_json::from_str(&told).map_err(|e| wrong(&e))?;
    // An array in memory is read where it lies.
    let direct = reader.getattr("direct")?;
    if !direct.is_none() {
        let samples = Samples::of(&direct, false)?;
        if samples.shape() != spec.shape || samples.dtype() != spec.dtype {
            return Err(wrong(&"it is not of the shape and dtype that it was"));
        }
        return Ok(Arc::new(ArraySource::new(spec, samples, name)));
    }
    let reads_below_chunk = chunk.is_none();
    let chunk = chunk.unwrap_or_else(|| spec.shape.clone());
    if chunk.len() != spec.ndim() {
        return Err(wrong(&"chunks of another number of axes"));
    }
    let grid = ChunkGrid::new(&spec.shape, &chunk);
    let reader = reader.clone().unbind();
    Ok(Arc::new(ForeignSource { spec, grid, reads_below_chunk, reader, name: name.to_owned() }))
}

impl Source for ForeignSource {
    fn spec(&self) -> &ImageSpec {
        &self.spec
    }

    fn grid(&self) -> &ChunkGrid {
        &self.grid
    }

    fn reads_below_chunk(&self) -> bool {
        self.reads_below_chunk
    }

    fn scratch_bytes(&self, region: &Region) -> u64 {
        // The array that comes, and the chunks that it is cut from.
        let chunks = |a: usize| -> usize {
            let chunk = if self.reads_below_chunk { 1 } else { self.grid.chunk()[a] };
            let (lo, hi) = (region.start()[a].max(0) as usize, region.end(a).max(0) as usize);
            (hi.div_ceil(chunk) * chunk).min(self.spec.shape[a]).saturating_sub(lo / chunk * chunk)
        };
        let hull: usize = (0..region.ndim()).map(chunks).product();
        ((hull + region.len()) * self.spec.dtype.size()) as u64
    }

    fn read(&self, out: &mut Block) -> Result<()> {
        let region = out.region().clone();
        let end: Vec<i64> = (0..region.ndim()).map(|a| region.end(a)).collect();
        let read = Python::attach(|py| -> PyResult<Samples> {
            let array = self.reader.call_method1(py, "read", (region.start(), end))?;
            Samples::of(array.bind(py), false)
        });
        let samples = read.map_err(|e| Error::foreign(format!("array, samples {region}"), e))?;
        if samples.shape() != region.shape() || samples.dtype() != self.spec.dtype {
            let found = format!("{} of shape {:?}", samples.dtype(), samples.shape());
            let expected = format!("{} of shape {:?}", self.spec.dtype, region.shape());
            return Err(Error::argument("array: samples that were read", found, expected));
        }
        samples.based_at(region.start()).read(out)
    }

    fn locator(&self) -> Option<String> {
        Some(self.name.clone())
    }
}
