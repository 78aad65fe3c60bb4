//! Answers that say what is wrong.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use petavox::Error;
use std::sync::Arc;

/// An answer that is not what was asked for.
#[derive(Debug)]
pub(crate) struct Failure {
    status: StatusCode,
    reason: String,
    retry_secs: Option<u64>,
}

impl Failure {
    /// There is nothing at this address.
    pub(crate) fn not_found(what: impl ToString) -> Failure {
        Failure { status: StatusCode::NOT_FOUND, reason: what.to_string(), retry_secs: None }
    }

    /// The request makes no sense.
    pub(crate) fn bad(reason: impl ToString) -> Failure {
        Failure { status: StatusCode::BAD_REQUEST, reason: reason.to_string(), retry_secs: None }
    }

    /// The request asks for too much.
    pub(crate) fn too_large(reason: impl ToString) -> Failure {
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        Failure { status, reason: reason.to_string(), retry_secs: None }
    }

    /// The answer is not there yet.
    pub(crate) fn later(reason: impl ToString) -> Failure {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        Failure { status, reason: reason.to_string(), retry_secs: Some(1) }
    }

    /// Who asks may not.
    pub(crate) fn refused(status: StatusCode, reason: impl ToString) -> Failure {
        Failure { status, reason: reason.to_string(), retry_secs: None }
    }
}

/// What goes wrong while samples are made is the server's failure, whatever the reason: clients take 404 for samples of the fill value.
impl From<Arc<Error>> for Failure {
    fn from(error: Arc<Error>) -> Failure {
        let status = match &*error {
            Error::Cancelled => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Failure { status, reason: error.to_string(), retry_secs: None }
    }
}

/// What is wrong with the words of a request.
impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        match error {
            Error::InvalidArgument { .. } | Error::UnsupportedDtype { .. } => Failure::bad(error),
            other => Arc::new(other).into(),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = (
            self.status,
            [
                (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
                // Whoever asks again is to see what has become of it.
                (header::CACHE_CONTROL, "no-store"),
            ],
            format!("{}\n", self.reason),
        )
            .into_response();
        if let Some(secs) = self.retry_secs {
            response.headers_mut().insert(header::RETRY_AFTER, secs.into());
        }
        response
    }
}
