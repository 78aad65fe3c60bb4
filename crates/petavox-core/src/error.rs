//! One error for all libraries: what failed, where, what was expected, what to do.

use std::path::PathBuf;

/// Petavox' result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, sorted by whose fault it is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The caller gave a value that is not accepted.
    #[error("{name}: got {given}, expected {expected}")]
    InvalidArgument {
        /// Which argument.
        name: String,
        /// What was given.
        given: String,
        /// What is accepted.
        expected: String,
    },
    /// An operation does not take this dtype.
    #[error(
        "{op} does not take dtype {given}; it accepts {accepted}. Cast first, for example with `astype:dtype=float32`"
    )]
    UnsupportedDtype {
        /// Which operation.
        op: String,
        /// What it was given.
        given: String,
        /// What it accepts.
        accepted: String,
    },
    /// The operating system refused.
    #[error("{}: {action}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What was tried.
        action: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file is not what it says, is cut short, or lies about its size.
    #[error("{}{}: {problem}", path.display(), part.as_ref().map(|p| format!(" ({p})")).unwrap_or_default())]
    Corrupt {
        /// Which file.
        path: PathBuf,
        /// Which chunk, page or field.
        part: Option<String>,
        /// What is wrong with it.
        problem: String,
    },
    /// A file is well formed but uses something that is not read.
    #[error("{}: {feature} is not supported; {expected}", path.display())]
    Unsupported {
        /// Which file.
        path: PathBuf,
        /// What it uses.
        feature: String,
        /// What is supported instead.
        expected: String,
    },
    /// There is nothing at this path.
    #[error("{}: not found{}", path.display(), hint.as_ref().map(|h| format!("; {h}")).unwrap_or_default())]
    NotFound {
        /// The path.
        path: PathBuf,
        /// What could be meant.
        hint: Option<String>,
    },
    /// The output is already there.
    #[error("{}: exists already; choose another name, or give --overwrite to replace it", path.display())]
    Exists {
        /// The output.
        path: PathBuf,
    },
    /// The memory budget is too small.
    #[error(
        "{what} needs {needed} bytes of memory but the budget is {budget} bytes; \
         the smallest budget that works is --memory {}MiB", needed.div_ceil(1 << 20)
    )]
    Budget {
        /// What asked for memory.
        what: String,
        /// The smallest whole budget that would do.
        needed: u64,
        /// The budget in force.
        budget: u64,
    },
    /// The run was cancelled.
    #[error("cancelled")]
    Cancelled,
    /// Code of the caller's own, such as a Python function that is applied to blocks, failed.
    #[error("{place}: {source}")]
    Foreign {
        /// What called it.
        place: String,
        /// What it said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A defect of Petavox itself.
    #[error(
        "internal error in {place}: {problem}. This is a bug in Petavox; please report it with the command that led here"
    )]
    Internal {
        /// Where.
        place: String,
        /// What happened.
        problem: String,
    },
}

impl Error {
    /// An argument that is not accepted.
    pub fn argument(name: impl ToString, given: impl ToString, expected: impl ToString) -> Error {
        Error::InvalidArgument {
            name: name.to_string(),
            given: given.to_string(),
            expected: expected.to_string(),
        }
    }

    /// A refused file operation; `action` completes "failed to ...", such as `read`.
    pub fn io(path: impl Into<PathBuf>, action: impl ToString, source: std::io::Error) -> Error {
        let (path, action) = (path.into(), action.to_string());
        if source.kind() == std::io::ErrorKind::NotFound && action.starts_with("open") {
            return Error::NotFound { path, hint: None };
        }
        Error::Io { path, action, source }
    }

    /// A file that is not what it says.
    pub fn corrupt(
        path: impl Into<PathBuf>,
        part: Option<String>,
        problem: impl ToString,
    ) -> Error {
        Error::Corrupt { path: path.into(), part, problem: problem.to_string() }
    }

    /// A file that uses something that is not read.
    pub fn unsupported(
        path: impl Into<PathBuf>,
        feature: impl ToString,
        expected: impl ToString,
    ) -> Error {
        Error::Unsupported {
            path: path.into(),
            feature: feature.to_string(),
            expected: expected.to_string(),
        }
    }

    /// A dtype an operation does not take.
    pub fn dtype(op: impl ToString, given: impl ToString, accepted: impl ToString) -> Error {
        Error::UnsupportedDtype {
            op: op.to_string(),
            given: given.to_string(),
            accepted: accepted.to_string(),
        }
    }

    /// A failure of the caller's own code.
    pub fn foreign(
        place: impl ToString,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> Error {
        Error::Foreign { place: place.to_string(), source: Box::new(source) }
    }

    /// A defect of Petavox itself.
    pub fn internal(place: impl ToString, problem: impl ToString) -> Error {
        Error::Internal { place: place.to_string(), problem: problem.to_string() }
    }
}
