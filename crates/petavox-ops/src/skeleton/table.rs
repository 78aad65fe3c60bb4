//! The table of branches.

use super::graph::SkeletonGraph;
use super::values::VoxelValues;
use petavox_core::{Column, Error, Result, Table, Workers};
use std::ops::Range;
use std::sync::Mutex;

/// What goes into the table beside the graph.
#[derive(Clone, Copy, Debug, Default)]
pub struct TableOptions<'a> {
    /// A value per voxel for `mean_pixel_value` and `stdev_pixel_value`, parallel to the graph's ranks. These are what
    /// skan takes from the skeleton image itself (its `source_image` does not enter the table). Without values, heights
    /// take their place if the graph has them, else every voxel counts 1, as in a skeleton image of booleans.
    pub values: Option<VoxelValues<'a>>,
    /// A radius per voxel for the three radius columns, parallel to the graph's ranks; without it they are left out.
    pub radius: Option<VoxelValues<'a>>,
}

/// Branches per piece of parallel work.
const BRANCHES_PER_TASK: usize = 256;

/// What is computed from all voxels of a branch.
#[derive(Clone, Copy, Default)]
struct Measured {
    mean: f64,
    stdev: f64,
    mean_radius: f64,
    min_radius: f64,
    max_radius: f64,
}

/// One row per branch: the columns of skan 0.13's `summarize(skeleton, separator="_")` in its order and with its values,
/// then what skan does not have.
///
/// | column | type | what |
/// |---|---|---|
/// | `skeleton_id` | int | connected skeletons in raster order of their first voxel, single voxels counted |
/// | `node_id_src`, `node_id_dst` | int | the end voxels: positions among the skeleton's voxels in raster order |
/// | `branch_distance` | float | length along the branch, in the spacing's unit |
/// | `branch_type` | int | 0 tip to tip, 1 tip to junction, 2 junction to junction, 3 both ends are one voxel |
/// | `mean_pixel_value`, `stdev_pixel_value` | float | of [`TableOptions::values`] over the branch's voxels (population) |
/// | `image_coord_src_0` ..., `image_coord_dst_0` ... | int | the end voxels' positions in samples |
/// | `coord_src_0` ..., `coord_dst_0` ... | float | the same times spacing; the height after the last axis, if there is one |
/// | `euclidean_distance` | float | straight from end to end |
/// | `mean_radius`, `min_radius`, `max_radius` | float | of [`TableOptions::radius`] over the branch's voxels |
/// | `tortuosity` | float | `branch_distance / euclidean_distance`; NaN where both ends are one voxel |
///
/// `coord_*` columns are floats always; in skan they are integers when the spacing is an integer.
/// A skeleton without branches gives a table with all columns and no rows, where skan fails.
///
/// # Errors
/// [`Error::InvalidArgument`] if there is not one value or radius per voxel.
pub fn summarize(
    graph: &SkeletonGraph<'_>,
    options: &TableOptions<'_>,
    workers: &dyn Workers,
) -> Result<Table> {
    summarize_rows(graph, 0..graph.n_branches(), options, workers)
}

/// Some rows of [`summarize`]'s table, for tables that are written part by part. Takes about 50 bytes per row beside
/// the table itself.
///
/// # Errors
/// [`Error::InvalidArgument`] if there are no such rows, or not one value or radius per voxel.
pub fn summarize_rows(
    graph: &SkeletonGraph<'_>,
    rows: Range<usize>,
    options: &TableOptions<'_>,
    workers: &dyn Workers,
) -> Result<Table> {
    if rows.start > rows.end || rows.end > graph.n_branches() {
        let expected = format!("a range within {} branches", graph.n_branches());
        return Err(Error::argument("rows", format!("{rows:?}"), expected));
    }
    let n_voxels = graph.ranks().len();
    let values = options.values.or(graph.heights().copied());
    if let Some(v) = &values {
        v.check("values", n_voxels)?;
    }
    if let Some(r) = &options.radius {
        r.check("radius", n_voxels)?;
    }
    let measured = measure(graph, rows.clone(), values.as_ref(), options.radius.as_ref(), workers);
    let ends: Vec<(u32, u32)> = rows.clone().map(|b| ends_of(graph.path(b))).collect();
    let lengths = &graph.lengths()[rows.clone()];
    let n = ends.len();
    let ints = |f: &dyn Fn(usize) -> i64| Column::Int((0..n).map(f).collect());
    let floats = |f: &dyn Fn(usize) -> f64| Column::Float((0..n).map(f).collect());
    let id = |voxel| i64::from(graph.node_id(voxel));
    let mut table = Table::default();
    table.push("skeleton_id", ints(&|r| i64::from(graph.skeleton_ids()[rows.start + r])))?;
    table.push("node_id_src", ints(&|r| id(ends[r].0)))?;
    table.push("node_id_dst", ints(&|r| id(ends[r].1)))?;
    table.push("branch_distance", Column::Float(lengths.to_vec()))?;
    table.push("branch_type", ints(&|r| i64::from(graph.branch_types()[rows.start + r])))?;
    table.push("mean_pixel_value", floats(&|r| measured[r].mean))?;
    table.push("stdev_pixel_value", floats(&|r| measured[r].stdev))?;
    let ndim = graph.ndim();
    let sides: [(&str, &dyn Fn(usize) -> u32); 2] =
        [("src", &|r| ends[r].0), ("dst", &|r| ends[r].1)];
    for (side, end) in sides {
        for axis in 0..ndim {
            let coordinate = |r| graph.coordinates(end(r))[3 - ndim + axis] as i64;
            table.push(format!("image_coord_{side}_{axis}"), ints(&coordinate))?;
        }
    }
    let n_positions = ndim + usize::from(graph.heights().is_some());
    for (side, end) in sides {
        for axis in 0..n_positions {
            let name = format!("coord_{side}_{axis}");
            table.push(name, floats(&|r| position(graph, end(r), axis)))?;
        }
    }
    let straight = |r: usize| {
        let (src, dst) = ends[r];
        let along = |axis| position(graph, dst, axis) - position(graph, src, axis);
        (0..n_positions).map(|axis| along(axis).powi(2)).sum::<f64>().sqrt()
    };
    table.push("euclidean_distance", floats(&straight))?;
    if options.radius.is_some() {
        table.push("mean_radius", floats(&|r| measured[r].mean_radius))?;
        table.push("min_radius", floats(&|r| measured[r].min_radius))?;
        table.push("max_radius", floats(&|r| measured[r].max_radius))?;
    }
    let tortuosity = |r: usize| match ends[r] {
        (src, dst) if src == dst => f64::NAN,
        _ => lengths[r] / straight(r),
    };
    table.push("tortuosity", floats(&tortuosity))?;
    Ok(table)
}

/// First and last voxel of a path.
fn ends_of(path: &[u32]) -> (u32, u32) {
    (path.first().copied().unwrap_or(0), path.last().copied().unwrap_or(0))
}

/// Physical position of a voxel along an axis; the axis after the last is the height, 0 if there is none.
fn position(graph: &SkeletonGraph<'_>, voxel: u32, axis: usize) -> f64 {
    let ndim = graph.ndim();
    if axis == ndim {
        return graph.heights().map_or(0.0, |h| h.at(voxel));
    }
    graph.coordinates(voxel)[3 - ndim + axis] as f64 * graph.spacing()[axis]
}

fn measure(
    graph: &SkeletonGraph<'_>,
    rows: Range<usize>,
    values: Option<&VoxelValues<'_>>,
    radius: Option<&VoxelValues<'_>>,
    workers: &dyn Workers,
) -> Vec<Measured> {
    let mut all = vec![Measured::default(); rows.len()];
    let tasks: Vec<Mutex<&mut [Measured]>> =
        all.chunks_mut(BRANCHES_PER_TASK).map(Mutex::new).collect();
    workers.for_each(tasks.len(), &|t| {
        let Ok(mut part) = tasks[t].lock() else { return };
        let mut samples = Vec::new();
        for (i, measured) in part.iter_mut().enumerate() {
            let path = graph.path(rows.start + t * BRANCHES_PER_TASK + i);
            let n = path.len() as f64;
            (measured.mean, measured.stdev) = (1.0, 0.0);
            if let Some(values) = values {
                samples.clear();
                samples.extend(path.iter().map(|&v| values.at(v)));
                measured.mean = reduce_sum(&samples) / n;
                samples.iter_mut().for_each(|s| *s *= *s);
                let variance = reduce_sum(&samples) / n - measured.mean * measured.mean;
                // A NaN stays one; only rounding makes a variance negative.
                measured.stdev = if variance < 0.0 { 0.0 } else { variance.sqrt() };
            }
            if let Some(radius) = radius {
                let each = || path.iter().map(|&v| radius.at(v));
                measured.mean_radius = each().sum::<f64>() / n;
                measured.min_radius = each().fold(f64::INFINITY, f64::min);
                measured.max_radius = each().fold(f64::NEG_INFINITY, f64::max);
            }
        }
    });
    drop(tasks);
    all
}

/// A sum in the order of numpy's `add.reduceat`: the standard deviation is a small difference of two such sums, and only
/// the same roundings give the same digits.
fn reduce_sum(values: &[f64]) -> f64 {
    values.split_first().map_or(0.0, |(first, rest)| first + pairwise_sum(rest))
}

fn pairwise_sum(values: &[f64]) -> f64 {
    let n = values.len();
    if n < 8 {
        return values.iter().fold(-0.0, |sum, v| sum + v);
    }
    if n > 128 {
        let half = n / 2 / 8 * 8;
        return pairwise_sum(&values[..half]) + pairwise_sum(&values[half..]);
    }
    let mut lanes: [f64; 8] = std::array::from_fn(|i| values[i]);
    let (eights, rest) = values[8..].as_chunks::<8>();
    for eight in eights {
        lanes.iter_mut().zip(eight).for_each(|(lane, v)| *lane += v);
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    rest.iter().fold(((a + b) + (c + d)) + ((e + f) + (g + h)), |sum, v| sum + v)
}

#[cfg(test)]
mod tests;
