//! What is shown, and how far it is.

use super::{Failure, send};
use crate::app::App;
use crate::readers::State as Reading;
use crate::served::Served;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value as Json, json};
use std::sync::Arc;

/// All images.
pub(super) async fn list(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let all: Vec<Json> = app.images.iter().map(|i| i.told()).collect();
    send::json(&headers, &Json::Array(all))
}

/// One image.
pub(super) async fn one(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let image = app.image(&name).ok_or_else(|| unknown(&app, &name))?;
    Ok(send::json(&headers, &image.told()))
}

/// How far what is computed of the whole image is; asking for it begins it.
pub(super) async fn status(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let image = app.image(&name).ok_or_else(|| unknown(&app, &name))?;
    Ok(send::json(&headers, &status_of(image, true)))
}

/// What is known of the full image; nothing is begun for it unless asked.
pub(super) fn status_of(image: &Served, begin: bool) -> Json {
    let opened = image.opened();
    let node = opened.image().node();
    let state = if begin { Some(image.readers.state(node)) } else { image.readers.known(node) };
    let Some(state) = state else { return json!({ "state": "idle" }) };
    match &*state.borrow() {
        Reading::Ready(_) => json!({ "state": "ready" }),
        Reading::Failed(e, _) => json!({ "state": "failed", "reason": e.to_string() }),
        Reading::Computing(counter) => {
            let (stage, done, all) = counter.told();
            let progress = if all == 0 { 0.0 } else { done as f64 / all as f64 };
            json!({ "state": "computing", "stage": stage, "blocks": all, "done": done, "progress": progress })
        }
    }
}

/// There is no such image; the nearest name is told.
pub(super) fn unknown(app: &App, name: &str) -> Failure {
    let names: Vec<&str> = app.images.iter().map(|i| i.name.as_str()).collect();
    Failure::not_found(format!("there is no image {name:?}; there are {}", names.join(", ")))
}
