//! Bytes on their way: entity tags, parts, time taken.

use axum::body::Body;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;
use bytes::Bytes;
use serde_json::Value as Json;
use std::ops::Range;
use std::time::Duration;

/// True if the client has what this tag stands for.
pub(super) fn is_known(request: &HeaderMap, etag: &str) -> bool {
    let sent = request.get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok()).unwrap_or("");
    sent.split(',').map(|t| t.trim().trim_start_matches("W/")).any(|t| t == etag || t == "*")
}

/// The answer to a client that has it already.
pub(super) fn unchanged(etag: &str) -> axum::response::Response {
    (StatusCode::NOT_MODIFIED, [(header::ETAG, text(etag)), NO_CACHE]).into_response()
}

/// Kept by clients, who ask each time whether it is still true.
const NO_CACHE: (header::HeaderName, HeaderValue) =
    (header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));

fn text(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).unwrap_or(HeaderValue::from_static(""))
}

/// A document.
pub(super) fn json(request: &HeaderMap, document: &Json) -> axum::response::Response {
    let body = document.to_string();
    let mut hasher = std::hash::DefaultHasher::new();
    std::hash::Hash::hash(&body, &mut hasher);
    let etag = format!("\"{:016x}\"", std::hash::Hasher::finish(&hasher));
    if is_known(request, &etag) {
        return unchanged(&etag);
    }
    bytes(request, body.into(), "application/json", &etag, None)
}

/// Bytes, all of them or the part that is asked for.
pub(super) fn bytes(
    request: &HeaderMap,
    bytes: Bytes,
    content_type: &'static str,
    etag: &str,
    took: Option<Duration>,
) -> axum::response::Response {
    let len = bytes.len();
    let asked = request.get(header::RANGE).and_then(|v| v.to_str().ok());
    let fresh = request.get(header::IF_RANGE).is_none_or(|v| v.as_bytes() == etag.as_bytes());
    let mut response = match asked.filter(|_| fresh).and_then(|r| part(r, len)) {
        None => Response::new(Body::from(bytes)),
        Some(None) => {
            let mut response = StatusCode::RANGE_NOT_SATISFIABLE.into_response();
            response.headers_mut().insert(header::CONTENT_RANGE, text(&format!("bytes */{len}")));
            return response;
        }
        Some(Some(range)) => {
            let told = format!("bytes {}-{}/{len}", range.start, range.end - 1);
            let mut response = Response::new(Body::from(bytes.slice(range)));
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            response.headers_mut().insert(header::CONTENT_RANGE, text(&told));
            response
        }
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::ETAG, text(etag));
    headers.insert(NO_CACHE.0, NO_CACHE.1);
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if let Some(took) = took {
        let told = format!("make;dur={:.2}", took.as_secs_f64() * 1e3);
        headers.insert("server-timing", text(&told));
    }
    response
}

/// The one part that a range header asks for; `None` if it is not one that is understood, and then all is sent.
fn part(header: &str, len: usize) -> Option<Option<Range<usize>>> {
    let (first, last) = header.strip_prefix("bytes=")?.split_once('-')?;
    if first.is_empty() {
        let n: usize = last.parse().ok()?;
        return Some((n > 0 && len > 0).then(|| len.saturating_sub(n)..len));
    }
    let first: usize = first.parse().ok()?;
    let end = match last {
        "" => len,
        last => last.parse::<usize>().ok()?.saturating_add(1).min(len),
    };
    if end <= first && first < len {
        return None;
    }
    Some((first < len).then_some(first..end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_cut_as_http_says() {
        assert_eq!(part("bytes=0-9", 100), Some(Some(0..10)));
        assert_eq!(part("bytes=90-", 100), Some(Some(90..100)));
        assert_eq!(part("bytes=90-900", 100), Some(Some(90..100)));
        assert_eq!(part("bytes=-8", 100), Some(Some(92..100)));
        assert_eq!(part("bytes=-800", 100), Some(Some(0..100)));
        assert_eq!(part("bytes=100-", 100), Some(None));
        assert_eq!(part("bytes=-0", 100), Some(None));
        assert_eq!(part("bytes=5-2", 100), None);
        assert_eq!(part("bytes=0-1,5-6", 100), None);
        assert_eq!(part("lines=0-1", 100), None);
    }
}
