//! A swept volume that numpy takes over: its words are the samples.

use petavox::{Dtype, ImageSpec, Words};
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// Memory for `numpy.asarray`, which keeps it alive.
#[pyclass(frozen, module = "petavox._core")]
pub(crate) struct Volume {
    address: usize,
    shape: Vec<usize>,
    dtype: Dtype,
    _words: Words,
}

impl Volume {
    pub(crate) fn new(mut words: Words, spec: &ImageSpec) -> Volume {
        let address = words.words_mut().as_mut_ptr() as usize;
        Volume { address, shape: spec.shape.clone(), dtype: spec.dtype, _words: words }
    }
}

#[pymethods]
impl Volume {
    #[getter(__array_interface__)]
    fn array_interface<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dtype = py.import("numpy")?.call_method1("dtype", (self.dtype.name(),))?;
        let interface = PyDict::new(py);
        interface.set_item("version", 3)?;
        interface.set_item("data", (self.address, false))?;
        interface.set_item("shape", pyo3::types::PyTuple::new(py, &self.shape)?)?;
        interface.set_item("typestr", dtype.getattr("str")?)?;
        Ok(interface)
    }
}
