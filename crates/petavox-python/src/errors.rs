//! Petavox' errors as the exceptions that users of numpy expect, with petavox' message.

use petavox::Error;
use pyo3::PyErr;
use pyo3::exceptions::{
    PyFileExistsError, PyFileNotFoundError, PyKeyboardInterrupt, PyMemoryError, PyOSError,
    PyRuntimeError, PyTypeError, PyValueError,
};

/// An exception of a Python function that was called on the way is raised as it was.
pub(crate) fn exception(error: Error) -> PyErr {
    let message = error.to_string();
    match error {
        Error::Foreign { source, .. } => match source.downcast::<PyErr>() {
            Ok(raised) => *raised,
            Err(_) => PyRuntimeError::new_err(message),
        },
        Error::UnsupportedDtype { .. } => PyTypeError::new_err(message),
        Error::NotFound { .. } => PyFileNotFoundError::new_err(message),
        Error::Exists { .. } => PyFileExistsError::new_err(
            message.replace("give --overwrite to replace it", "pass overwrite=True"),
        ),
        Error::Io { .. } => PyOSError::new_err(message),
        Error::Budget { .. } => PyMemoryError::new_err(message.replace(" --memory ", " memory=")),
        Error::Cancelled => PyKeyboardInterrupt::new_err(message),
        Error::Internal { .. } => PyRuntimeError::new_err(message),
        // Arguments, and files that are not what they say.
        _ => PyValueError::new_err(message),
    }
}
