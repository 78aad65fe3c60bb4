//! Tables that are shown over the images: points, branches of skeletons.

use super::{Failure, send};
use crate::app::App;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use petavox::Column;
use serde_json::{Value as Json, json};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// All tables.
pub(super) async fn list(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let column =
        |(name, values): &(String, Column)| json!({ "name": name, "dtype": values.kind() });
    let told = app.tables.iter().map(|t| {
        let columns: Vec<Json> = t.table.columns().iter().map(column).collect();
        json!({ "name": t.name, "path": t.path, "rows": t.table.n_rows(), "columns": columns,
            "paths": t.skeleton.is_some() })
    });
    send::json(&headers, &told.collect())
}

/// One column: numbers as doubles of eight bytes, lowest byte first; words as JSON.
pub(super) async fn column(
    State(app): State<Arc<App>>,
    Path((name, column)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let missing = || Failure::not_found(format!("there is no table {name:?}"));
    let table = app.tables.iter().find(|t| t.name == name).ok_or_else(missing)?;
    let missing = || Failure::not_found(format!("{name} has no column {column:?}"));
    let values = table.table.column(&column).ok_or_else(missing)?;
    let mut hasher = DefaultHasher::new();
    (&table.path, table.stamp, &column).hash(&mut hasher);
    let etag = format!("\"{:016x}\"", hasher.finish());
    if send::is_known(&headers, &etag) {
        return Ok(send::unchanged(&etag));
    }
    if let Some(words) = values.as_text() {
        return Ok(send::json(&headers, &json!(words)));
    }
    let numbers = values.to_f64().unwrap_or_default();
    let bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
    Ok(send::bytes(&headers, bytes.into(), "application/octet-stream", &etag, None))
}
