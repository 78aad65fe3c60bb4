//! How the server is.

use super::send;
use crate::app::App;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use std::sync::Arc;

/// Memory, work done, queue.
pub(super) async fn health(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let budget = &app.context.budget;
    let told = serde_json::json!({
        "status": "ok",
        "version": env!("CARGO_PKG_VERSION"),
        "seconds": app.began.elapsed().as_secs_f64(),
        "images": app.images.len(),
        "threads": app.context.n_threads,
        "memory": {
            "budget_bytes": budget.limit(),
            "reserved_bytes": budget.used(),
            "resident_bytes": petavox::resident_bytes(),
        },
        "tiles": app.works.told(),
    });
    send::json(&headers, &told)
}
