//! Python objects that a lazy image needs: arrays and functions, by the names that its plan has for them.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Objects by name; names are unique, so that sets can be united.
#[derive(Clone, Default)]
pub(crate) struct Held(BTreeMap<String, Arc<Py<PyAny>>>);

impl Held {
    pub(crate) fn one(name: &str, object: Bound<'_, PyAny>) -> Held {
        Held(BTreeMap::from([(name.to_owned(), Arc::new(object.unbind()))]))
    }

    pub(crate) fn with(mut self, other: &Held) -> Held {
        self.0.extend(other.0.iter().map(|(name, object)| (name.clone(), object.clone())));
        self
    }

    pub(crate) fn shared(&self, name: &str) -> Option<Arc<Py<PyAny>>> {
        self.0.get(name).cloned()
    }

    pub(crate) fn get<'py>(&self, py: Python<'py>, name: &str) -> Option<Bound<'py, PyAny>> {
        self.0.get(name).map(|object| object.bind(py).clone())
    }

    pub(crate) fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        for (name, object) in &self.0 {
            dict.set_item(name, object.bind(py))?;
        }
        Ok(dict)
    }

    pub(crate) fn from_dict(dict: &Bound<'_, PyDict>) -> PyResult<Held> {
        let mut held = Held::default();
        for (name, object) in dict {
            held.0.insert(name.extract()?, Arc::new(object.unbind()));
        }
        Ok(held)
    }
}
