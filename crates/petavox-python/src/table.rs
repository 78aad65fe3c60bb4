//! Tables as dicts of numpy arrays; pandas makes a DataFrame of one.

use crate::numpy::array;
use petavox::{Column, Table};
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// Columns by name, in order.
///
/// # Errors
/// If there is no memory for them.
pub(crate) fn columns<'py>(py: Python<'py>, table: &Table) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for (name, column) in table.columns() {
        match column {
            Column::Int(v) => dict.set_item(name, array(py, v)?)?,
            Column::Float(v) => dict.set_item(name, array(py, v)?)?,
            Column::Bool(v) => {
                let bytes: Vec<u8> = v.iter().map(|b| u8::from(*b)).collect();
                dict.set_item(name, array(py, &bytes)?.call_method1("astype", ("bool",))?)?;
            }
            Column::Text(v) => dict.set_item(name, v)?,
        }
    }
    Ok(dict)
}
