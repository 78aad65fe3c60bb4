//! What a table of branches says.

use petavox_core::{Column, Table};

/// The types of branches in words, by their number in the table.
pub(super) const TYPES: [&str; 4] =
    ["tip to tip", "tip to junction", "junction to junction", "ring"];

/// Counts and totals of one table.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Branches {
    pub(super) n: usize,
    /// Branches of each type, and their length.
    pub(super) per_type: [(u64, f64); 4],
    /// Nothing where the table does not say.
    pub(super) n_skeletons: Option<u64>,
    pub(super) n_junctions: Option<u64>,
    pub(super) n_tips: Option<u64>,
    pub(super) has_types: bool,
    pub(super) total_length: Option<f64>,
}

/// A column by its name with underscores, or with the hyphens that older tables of skan have.
pub(super) fn column<'a>(table: &'a Table, name: &str) -> Option<&'a Column> {
    table.column(name).or_else(|| table.column(&name.replace('_', "-")))
}

/// A column of numbers.
pub(super) fn numbers(table: &Table, name: &str) -> Option<Vec<f64>> {
    column(table, name)?.to_f64()
}

/// One number of a column.
pub(super) fn number_at(column: &Column, row: usize) -> f64 {
    match column {
        Column::Int(v) => v[row] as f64,
        Column::Float(v) => v[row],
        Column::Bool(v) => f64::from(u8::from(v[row])),
        Column::Text(_) => f64::NAN,
    }
}

/// A column of ids; also where a program stored them as fractions.
pub(super) fn ids(table: &Table, name: &str) -> Option<Vec<i64>> {
    match column(table, name)? {
        Column::Int(v) => Some(v.clone()),
        Column::Float(v) if v.iter().all(|x| x.fract() == 0.0) => {
            Some(v.iter().map(|x| *x as i64).collect())
        }
        _ => None,
    }
}

/// How many different ids come at least `least` times.
fn runs(mut ids: Vec<i64>, least: usize) -> u64 {
    ids.sort_unstable();
    ids.chunk_by(|a, b| a == b).filter(|run| run.len() >= least).count() as u64
}

/// Counts a table.
pub(super) fn branches(table: &Table) -> Branches {
    let lengths = numbers(table, "branch_distance");
    let mut out = Branches { n: table.n_rows(), ..Branches::default() };
    out.total_length = lengths.as_ref().map(|v| v.iter().copied().filter(|x| x.is_finite()).sum());
    let skeletons = ids(table, "skeleton_id").or_else(|| ids(table, "skeleton"));
    out.n_skeletons = skeletons.map(|v| runs(v, 1));
    if let Some(types) = ids(table, "branch_type") {
        out.has_types = true;
        for (i, kind) in types.iter().enumerate() {
            if let Some(entry) = usize::try_from(*kind).ok().and_then(|k| out.per_type.get_mut(k)) {
                entry.0 += 1;
                let length = lengths.as_ref().map_or(0.0, |v| v[i]);
                entry.1 += if length.is_finite() { length } else { 0.0 };
            }
        }
        out.n_tips = Some(2 * out.per_type[0].0 + out.per_type[1].0);
    }
    if let (Some(src), Some(dst)) = (ids(table, "node_id_src"), ids(table, "node_id_dst")) {
        // A junction is where three or more ends of branches meet.
        out.n_junctions = Some(runs([src, dst].concat(), 3));
    }
    out
}

/// How a column is called on a page, and whether it is measured in the unit of length.
pub(super) fn label(name: &str) -> (String, bool) {
    let known = match name.replace('-', "_").as_str() {
        "branch_distance" => ("branch length", true),
        "euclidean_distance" => ("start-to-end distance", true),
        "mean_radius" => ("mean radius", true),
        "min_radius" => ("smallest radius", true),
        "max_radius" => ("largest radius", true),
        "tortuosity" => ("tortuosity", false),
        "mean_pixel_value" => ("mean pixel value", false),
        "stdev_pixel_value" => ("standard deviation of pixel values", false),
        other => return (other.replace('_', " "), false),
    };
    (known.0.to_string(), known.1)
}

/// A column's label with its unit, for an axis.
pub(super) fn axis_title(name: &str, unit: &str) -> String {
    match label(name) {
        (label, true) => format!("{label} ({unit})"),
        (label, false) => label,
    }
}
