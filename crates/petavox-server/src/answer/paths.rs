//! The course of branches: the voxels of the skeleton that lies beside their table, as lines.

use super::{Failure, send};
use crate::app::App;
use crate::tables::Shown;
use crate::work::{Task, Tile};
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use petavox::{CancelToken, Error, Image, Result, RunOptions, Table, Trace};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// Share of the free memory that tracing a skeleton may take.
const SHARE: u64 = 2;
/// Lines of more points are not sent: whoever looks sees straight ones.
const MOST_POINTS: usize = 8 << 20;

/// Lines of a table of branches: for every row where its points begin, and past the last row where they end, as `u32`; then every point
/// as three `f32`, in samples along z, y and x. Lowest byte first.
pub(super) async fn paths(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let missing = || Failure::not_found(format!("there is no table {name:?}"));
    let number = app.tables.iter().position(|t| t.name == name).ok_or_else(missing)?;
    let table = app.tables.get(number).ok_or_else(missing)?;
    let none = || Failure::not_found(format!("no skeleton.zarr lies beside {name}"));
    let skeleton = table.skeleton.clone().ok_or_else(none)?;
    let mut hasher = DefaultHasher::new();
    (&table.path, table.stamp, "paths").hash(&mut hasher);
    let etag = format!("\"{:016x}\"", hasher.finish());
    if send::is_known(&headers, &etag) {
        return Ok(send::unchanged(&etag));
    }
    let peak_bytes = app.context.budget.free() / SHARE;
    let run = RunOptions {
        memory_bytes: Some(peak_bytes),
        base_bytes: Some(0),
        n_threads: Some(1),
        ..RunOptions::default()
    };
    let all = app.clone();
    let run = move |cancel: &CancelToken| {
        let run = RunOptions { cancel: cancel.clone(), ..run };
        let trace = Image::open(&skeleton.to_string_lossy())?.trace(None, None, false, &run)?;
        let lost = || Error::internal("paths", "the table is gone");
        let table = all.tables.get(number).ok_or_else(lost)?;
        Ok(Tile::from(lines(table, &trace)?))
    };
    let task = || Task { peak_bytes, run: Box::new(run) };
    let tile = app.works.ask(None, task).await?;
    let kind = "application/octet-stream";
    Ok(send::bytes(&headers, Tile::bytes(tile), kind, &etag, None))
}

/// Lines by rows of `shown`. A row whose branch was not found has none.
fn lines(shown: &Shown, trace: &Trace) -> Result<Vec<u8>> {
    let table = &shown.table;
    let rows = rows(table, trace);
    let mut branches: Vec<Option<usize>> = vec![None; table.n_rows()];
    for (branch, row) in rows.into_iter().enumerate() {
        if let Some(place) = row.and_then(|r| branches.get_mut(r)) {
            place.get_or_insert(branch);
        }
    }
    let shape = &shown.skeleton_shape;
    let (mut starts, mut points) = (vec![0u32], Vec::<[f32; 3]>::new());
    for branch in branches {
        if let Some(branch) = branch {
            let path = path(trace, branch).iter();
            let ranks = path.filter_map(|&v| trace.ranks.get(v as usize));
            straightened(ranks.map(|r| place(*r, shape)), &mut points);
        }
        if points.len() > MOST_POINTS {
            let given = format!("more than {MOST_POINTS} points");
            return Err(Error::argument("the course of all branches", given, "a smaller skeleton"));
        }
        starts.push(points.len() as u32);
    }
    let starts = starts.iter().flat_map(|n| n.to_le_bytes());
    Ok(starts.chain(points.iter().flatten().flat_map(|x| x.to_le_bytes())).collect())
}

fn path(trace: &Trace, branch: usize) -> &[u32] {
    let at = |k: usize| trace.offsets.get(k).map_or(0, |o| *o as usize);
    trace.voxels.get(at(branch)..at(branch + 1)).unwrap_or_default()
}

/// The row of each branch that was traced: its own number if nothing was left out of the table, else what its voxels are numbered.
fn rows(table: &Table, trace: &Trace) -> Vec<Option<usize>> {
    let n = trace.offsets.len().saturating_sub(1);
    let ends: Vec<&String> = trace.table.columns().iter().map(|(name, _)| name).collect();
    let ends = ends.into_iter().filter(|name| name.starts_with("image_coord"));
    let column = |t: &Table, name: &str| t.column(name).and_then(petavox::Column::to_f64);
    let same = table.n_rows() == n
        && ends.into_iter().all(|name| column(table, name) == column(&trace.table, name));
    if same {
        return (0..n).map(Some).collect();
    }
    let Some(labels) = &trace.values else { return vec![None; n] };
    let label = |v: &u32| labels.get(*v as usize).map(|l| *l as usize);
    // Junctions lie on several branches and have the number of one of them: what lies between tells.
    let own = |branch: usize| {
        let path = path(trace, branch);
        label(path.get(path.len() / 2)?).filter(|l| *l > 0).map(|l| l - 1)
    };
    (0..n).map(own).collect()
}

/// Adds the points of a line without those in the middle of straight parts.
fn straightened(line: impl Iterator<Item = [f32; 3]>, points: &mut Vec<[f32; 3]>) {
    let first = points.len();
    for point in line {
        if let [.., a, b] = points.get(first..).unwrap_or_default()
            && direction(*a, *b) == direction(*b, point)
        {
            points.pop();
        }
        points.push(point);
    }
}

fn direction(a: [f32; 3], b: [f32; 3]) -> [f32; 3] {
    let step = [b[0] - a[0], b[1] - a[1], b[2] - a[2]];
    let longest = step.iter().fold(0.0f32, |m, s| m.max(s.abs()));
    step.map(|s| if longest > 0.0 { s / longest } else { 0.0 })
}

/// Where a raster rank lies along z, y and x.
fn place(rank: u64, shape: &[usize]) -> [f32; 3] {
    let (mut rest, mut at) = (rank, [0.0; 3]);
    for (n, at) in shape.iter().rev().zip(at.iter_mut().rev()) {
        let n = (*n).max(1) as u64;
        *at = (rest % n) as f32;
        rest /= n;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn straight_parts_keep_their_ends_only() {
        let line =
            [[0.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 2.0], [0.0, 1.0, 3.0], [0.0, 2.0, 4.0]];
        let mut points = vec![[9.0; 3]];
        straightened(line.into_iter(), &mut points);
        assert_eq!(points, [[9.0; 3], [0.0; 3], [0.0, 0.0, 2.0], [0.0, 2.0, 4.0]]);
        assert_eq!(place(23, &[2, 3, 4]), [1.0, 2.0, 3.0]);
        assert_eq!(place(5, &[3, 4]), [0.0, 1.0, 1.0]);
    }
}
