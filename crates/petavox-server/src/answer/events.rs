//! What changes while somebody looks, as server-sent events: `changed` for images whose file has changed, `status` for what is computed of whole
//! images.

use super::images::status_of;
use crate::app::App;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{self, HeaderValue};
use axum::response::Response;
use bytes::Bytes;
use http_body_util::channel::Channel;
use serde_json::{Value as Json, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;

/// How often progress is looked at.
const OFTEN: Duration = Duration::from_millis(200);
/// A line is sent at least this often, so that both ends know of each other.
const ALIVE: u32 = 75;

/// The stream of events.
pub(super) async fn events(State(app): State<Arc<App>>) -> Response {
    let (mut sender, body) = Channel::<Bytes, std::io::Error>::new(16);
    let mut told = app.events.subscribe();
    let weak = Arc::downgrade(&app);
    tokio::spawn(async move {
        let mut statuses: Vec<Json> = vec![];
        let mut tick = tokio::time::interval(OFTEN);
        let mut quiet = 0;
        let mut next = "retry: 1000\n\n".to_owned();
        loop {
            if !next.is_empty() && sender.send_data(Bytes::from(next)).await.is_err() {
                return;
            }
            next = tokio::select! {
                event = told.recv() => match event {
                    Ok(event) => event,
                    // Too many at once: all may have changed.
                    Err(RecvError::Lagged(_)) => event_text("changed", &json!({ "image": null, "regions": null })),
                    Err(RecvError::Closed) => return,
                },
                _ = tick.tick() => {
                    let Some(app) = weak.upgrade() else { return };
                    if app.context.cancel.is_cancelled() { return }
                    let now: Vec<Json> = app.images.iter().map(|i| status_of(i, false)).collect();
                    let mut text = String::new();
                    for (image, (i, status)) in app.images.iter().zip(now.iter().enumerate()) {
                        if statuses.get(i) != Some(status) {
                            let mut status = status.clone();
                            status["image"] = image.name.clone().into();
                            text += &event_text("status", &status);
                        }
                    }
                    statuses = now;
                    quiet = if text.is_empty() { quiet + 1 } else { 0 };
                    if quiet >= ALIVE {
                        quiet = 0;
                        text = ": alive\n\n".to_owned();
                    }
                    text
                }
            };
        }
    });
    let mut response = Response::new(Body::new(body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn event_text(name: &str, data: &Json) -> String {
    format!("event: {name}\ndata: {data}\n\n")
}
