//! The viewer's own files.

use super::Failure;
use super::send;
use crate::app::App;
use axum::extract::State;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Component, Path};
use std::sync::Arc;

include!(concat!(env!("OUT_DIR"), "/viewer.rs"));

/// The page where the program carries no viewer.
const PLAIN: &str = include_str!("plain.html");

/// The viewer may load from its own server only, and nothing may frame it but pages of this machine (notebooks).
const POLICY: &str = "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; \
     connect-src 'self'; object-src 'none'; base-uri 'self'; \
     frame-ancestors 'self' http://localhost:* http://127.0.0.1:*";

/// A file of the viewer.
pub(super) async fn file(
    State(app): State<Arc<App>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    if method != Method::GET && method != Method::HEAD {
        let reason = "only GET and HEAD";
        return Err(Failure::refused(StatusCode::METHOD_NOT_ALLOWED, reason));
    }
    let name = uri.path().trim_start_matches('/');
    let name = if name.is_empty() { "index.html" } else { name };
    // No page stands in for what is missing among the images.
    if name == "images" || name.starts_with("images/") {
        return Err(Failure::not_found(format!("there is nothing at {}", uri.path())));
    }
    let found = match &app.options.viewer {
        Some(folder) => from_folder(folder, name),
        None => carried(name),
    };
    let Some(bytes) = found else {
        return Err(Failure::not_found(format!("there is nothing at {}", uri.path())));
    };
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    let etag = format!("\"{:016x}\"", hasher.finish());
    if send::is_known(&headers, &etag) {
        return Ok(send::unchanged(&etag));
    }
    let mut response = send::bytes(&headers, bytes, content_type(name), &etag, None);
    let told = response.headers_mut();
    told.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    told.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    told.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    Ok(response.into_response())
}

/// The viewer's page may lie in `src` or above it.
fn carried(name: &str) -> Option<Bytes> {
    let inside = format!("src/{name}");
    let find = |name: &str| FILES.iter().find(|(n, _)| *n == name).map(|(_, b)| *b);
    let plain = || (name == "index.html").then_some(PLAIN.as_bytes());
    find(&inside).or_else(|| find(name)).or_else(plain).map(Bytes::from_static)
}

fn from_folder(folder: &Path, name: &str) -> Option<Bytes> {
    let plain = Path::new(name).components().all(|c| matches!(c, Component::Normal(_)));
    if !plain || name.contains('\\') {
        return None;
    }
    let read = |path: std::path::PathBuf| std::fs::read(path).ok();
    read(folder.join("src").join(name)).or_else(|| read(folder.join(name))).map(Bytes::from)
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        _ => "application/octet-stream",
    }
}
