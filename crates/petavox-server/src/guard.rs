//! Who may ask: the name by which the server is called, the page that asks, and the token.

use crate::Options;
use crate::app::App;
use crate::escape::{escaped, unescaped};
use crate::failure::Failure;
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::IpAddr;
use std::sync::Arc;

/// The longest address that is looked at.
const MOST_ADDRESS_BYTES: usize = 8 << 10;
/// The cookie that carries the token of a page.
const COOKIE: &str = "petavox_token";

/// Lets through what may pass, and says to browsers which pages may read the answer.
pub(crate) async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let preflight = request.method() == Method::OPTIONS;
    let gives_cookie = gives_cookie(&app.options, &request);
    let mut response = match check(&app.options, &request) {
        Err(failure) => return failure.into_response(),
        Ok(()) if preflight => StatusCode::NO_CONTENT.into_response(),
        Ok(()) => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let exposed = "etag, content-range, server-timing, x-petavox-shape, x-petavox-dtype";
        let exposed = HeaderValue::from_static(exposed);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        if preflight {
            let methods = HeaderValue::from_static("GET, HEAD, OPTIONS");
            headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
            let asks = HeaderValue::from_static("authorization, range, if-none-match, if-range");
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asks);
            headers
                .insert("access-control-allow-private-network", HeaderValue::from_static("true"));
            headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        }
    }
    if let Some(cookie) = gives_cookie {
        headers.insert(header::SET_COOKIE, cookie);
    }
    response
}

fn check(options: &Options, request: &Request) -> Result<(), Failure> {
    let headers = request.headers();
    let refuse = |status, reason: &str| Err(Failure::refused(status, reason));
    if request.uri().to_string().len() > MOST_ADDRESS_BYTES {
        return refuse(StatusCode::URI_TOO_LONG, "the address is too long");
    }
    let host = headers.get(header::HOST).and_then(|h| h.to_str().ok()).unwrap_or("");
    if !is_ours(options, host) {
        // A page whose name was made to point here would otherwise pass for our own.
        let reason =
            format!("this server does not go by the name {host:?}; --allow-host adds a name");
        return refuse(StatusCode::MISDIRECTED_REQUEST, &reason);
    }
    let origin = headers.get(header::ORIGIN).and_then(|o| o.to_str().ok());
    if let Some(origin) = origin
        && !may_read(options, origin, host)
    {
        let reason = format!("pages of {origin} may not read from here; --allow-origin lets them");
        return refuse(StatusCode::FORBIDDEN, &reason);
    }
    let site = headers.get("sec-fetch-site").and_then(|s| s.to_str().ok());
    let mode = headers.get("sec-fetch-mode").and_then(|s| s.to_str().ok());
    if site == Some("cross-site") && mode == Some("no-cors") {
        return refuse(StatusCode::FORBIDDEN, "other sites may not make this server work");
    }
    let method = request.method();
    if ![Method::GET, Method::HEAD, Method::OPTIONS].contains(method) {
        return refuse(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD");
    }
    if method == Method::OPTIONS || !wants_token(request.uri()) {
        return Ok(());
    }
    match &options.token {
        Some(token) if !shows(token, headers, request.uri()) => {
            let reason = "a token is needed: Authorization: Bearer TOKEN, or ?token=TOKEN";
            refuse(StatusCode::UNAUTHORIZED, reason)
        }
        _ => Ok(()),
    }
}

/// The viewer's own files are no secret; they are needed before a token can be shown.
fn wants_token(uri: &Uri) -> bool {
    ["/images", "/tables", "/health", "/events"].iter().any(|p| uri.path().starts_with(p))
}

/// True for addresses, `localhost`, and the names that were allowed: whoever makes a name of their own point here does not know these.
fn is_ours(options: &Options, host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or("", |(ip, _)| ip),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name == "localhost"
        || name.parse::<IpAddr>().is_ok()
        || options.hosts.iter().any(|h| h.eq_ignore_ascii_case(name))
}

fn may_read(options: &Options, origin: &str, host: &str) -> bool {
    let place = origin.split_once("://").map_or("", |(_, place)| place);
    let name = place.rsplit_once(':').map_or(place, |(name, _)| name);
    place == host
        || matches!(name, "localhost" | "127.0.0.1" | "[::1]")
        || options.origins.iter().any(|o| o == "*" || o == origin)
}

fn shows(token: &str, headers: &HeaderMap, uri: &Uri) -> bool {
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.strip_prefix("Bearer "));
    let cookies = headers.get(header::COOKIE).and_then(|v| v.to_str().ok()).unwrap_or("");
    let cookie =
        cookies.split(';').filter_map(|c| c.trim().split_once('=')).find(|c| c.0 == COOKIE);
    let bearer = bearer.map(|t| t.as_bytes().to_vec());
    let cookie = cookie.map(|c| unescaped(c.1));
    [bearer, in_query(uri), cookie].into_iter().flatten().any(|t| same(&t, token.as_bytes()))
}

fn in_query(uri: &Uri) -> Option<Vec<u8>> {
    uri.query()?.split('&').find_map(|p| p.strip_prefix("token=")).map(unescaped)
}

/// Compares without telling by the time it takes how much is right.
fn same(a: &[u8], b: &[u8]) -> bool {
    let differs = a.iter().zip(b).fold(0, |d, (x, y)| d | (x ^ y));
    a.len() == b.len() && differs == 0
}

/// A page that was opened with the token keeps it, for what cannot send headers (events, pictures).
fn gives_cookie(options: &Options, request: &Request) -> Option<HeaderValue> {
    let token = options.token.as_deref()?;
    in_query(request.uri()).filter(|t| same(t, token.as_bytes()))?;
    let cookie = format!("{COOKIE}={}; Path=/; HttpOnly; SameSite=Strict", escaped(token));
    HeaderValue::from_str(&cookie).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_and_known_names_are_ours() {
        let options = Options { hosts: vec!["lab.example".into()], ..Options::default() };
        for ours in
            ["localhost", "localhost:80", "127.0.0.1:8000", "[::1]:9", "10.0.0.7", "LAB.example:1"]
        {
            assert!(is_ours(&options, ours), "{ours}");
        }
        for not in ["", "evil.example", "evil.example:8000", "localhost.evil.example", "[evil]:1"] {
            assert!(!is_ours(&options, not), "{not}");
        }
    }

    #[test]
    fn pages_of_this_machine_and_of_the_list_may_read() {
        let options = Options { origins: vec!["https://a.example".into()], ..Options::default() };
        let may = |origin| may_read(&options, origin, "127.0.0.1:8000");
        assert!(
            may("https://a.example")
                && may("http://localhost:8888")
                && may("http://127.0.0.1:8000")
        );
        assert!(!may("https://b.example") && !may("null") && !may("http://localhost.evil.example"));
    }

    #[test]
    fn tokens_are_compared_whole() {
        assert!(same(b"abc", b"abc"));
        assert!(!same(b"abc", b"abd") && !same(b"ab", b"abc") && !same(b"", b"abc"));
    }
}
