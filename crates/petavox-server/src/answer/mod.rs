//! One file per kind of answer, and the table of addresses.

mod array;
mod events;
mod files;
mod health;
mod histogram;
mod images;
mod paths;
mod plane;
mod send;
mod slice;
mod tables;
mod zarr;

use crate::app::App;
use crate::failure::Failure;
use crate::guard;
use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use std::sync::Arc;

/// Every address there is.
pub(crate) fn routes(app: Arc<App>) -> Router {
    Router::new()
        .route("/health", get(health::health))
        .route("/events", get(events::events))
        .route("/images", get(images::list))
        .route("/images/{name}", get(images::one))
        .route("/images/{name}/status", get(images::status))
        .route("/images/{name}/array", get(array::array))
        .route("/images/{name}/histogram", get(histogram::histogram))
        .route("/images/{name}/plane", get(plane::plane))
        .route("/tables", get(tables::list))
        .route("/tables/{name}/@paths", get(paths::paths))
        .route("/tables/{name}/{column}", get(tables::column))
        .route("/images/{name}/zarr/{*path}", get(zarr::version_3))
        .route("/images/{name}/zarr2/{*path}", get(zarr::version_2))
        .fallback(files::file)
        .layer(from_fn_with_state(app.clone(), guard::guard))
        .with_state(app)
}
