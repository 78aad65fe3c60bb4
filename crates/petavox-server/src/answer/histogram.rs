//! The distribution of samples, for contrast: of the image, or of the part that is looked at.

use super::slice::sliced;
use super::zarr::{read_task, ready};
use super::{Failure, images, send};
use crate::app::App;
use crate::work::Tile;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use petavox::{Block, Element as _, Error, Result, dispatch};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use std::sync::Arc;

/// The finest level that is looked at by default has at most so many samples.
const MOST_SAMPLES: usize = 1 << 20;
/// The most that is looked at if a level is asked for.
const MOST_ASKED: usize = 1 << 25;
const MOST_BINS: usize = 4096;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// The part of the level that is looked at.
    slice: Option<String>,
    /// The finest level that is small enough by default.
    level: Option<usize>,
    bins: Option<usize>,
    percentiles: Option<String>,
    /// Who asks; looked at by the guard.
    #[serde(rename = "token")]
    _token: Option<String>,
}

/// Counts and percentiles.
pub(super) async fn histogram(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let served = app.image(&name).ok_or_else(|| images::unknown(&app, &name))?;
    let opened = served.opened();
    let bins = asked.bins.unwrap_or(256);
    if !(1..=MOST_BINS).contains(&bins) {
        return Err(Failure::bad(format!("bins: got {bins}, expected 1 to {MOST_BINS}")));
    }
    let percentiles = percentiles(asked.percentiles.as_deref().unwrap_or("0.1,1,50,99,99.9"))?;
    let slice = asked.slice.as_deref().unwrap_or("");
    let small = |k: &usize| {
        let image = sliced(&opened.levels[*k].image, slice);
        image.is_ok_and(|i| i.spec().len() <= MOST_SAMPLES)
    };
    let last = opened.levels.len() - 1;
    // A slice has its positions in the samples of one level: other levels are chosen only for the whole image.
    let chosen = if slice.is_empty() { (0..=last).find(small).unwrap_or(last) } else { 0 };
    let level = asked.level.unwrap_or(chosen);
    let no_level = || Failure::not_found(format!("{name} has no level {level}"));
    let at = opened.levels.get(level).ok_or_else(no_level)?;
    let image = sliced(&at.image, slice)?;
    if image.spec().len() > MOST_ASKED {
        return Err(Failure::too_large(format!(
            "{:?} are {} samples, at most {MOST_ASKED} are looked at: ask for a coarser level or a part",
            image.spec().shape,
            image.spec().len()
        )));
    }
    ready(served, at.image.node(), app.options.wait_secs).await?;
    let reader = Arc::new(served.readers.once(image.node())?);
    let region = image.spec().region();
    let read = read_task(reader, region, app.part_bytes);
    let (peak_bytes, size) = (read.peak_bytes + 8 * image.spec().len() as u64, image.spec().len());
    let run = move |cancel: &_| {
        let tile = (read.run)(cancel)?;
        let block = tile.block().ok_or_else(|| Error::internal("histogram", "no samples"))?;
        Ok(Tile::from(counted(block, bins, &percentiles)?.to_string().into_bytes()))
    };
    let task = || crate::work::Task { peak_bytes, run: Box::new(run) };
    let tile = app.works.ask(None, task).await?;
    let counted: Result<Json, _> = serde_json::from_slice((*tile).as_ref());
    let mut told = counted.map_err(|e| Arc::new(Error::internal("histogram", e)))?;
    told["level"] = level.into();
    told["exact"] = (level == 0 || at.how.is_exact()).into();
    told["samples"] = size.into();
    Ok(send::json(&headers, &told))
}

fn percentiles(text: &str) -> Result<Vec<f64>> {
    let values: Option<Vec<f64>> = text.split(',').map(|v| v.trim().parse().ok()).collect();
    let fits = |v: &Vec<f64>| v.len() <= 64 && v.iter().all(|p| (0.0..=100.0).contains(p));
    let expected = "numbers from 0 to 100, by comma";
    values.filter(fits).ok_or_else(|| Error::argument("percentiles", text, expected))
}

/// Samples that are no numbers are left out.
fn counted(block: &Block, bins: usize, percentiles: &[f64]) -> Result<Json> {
    let mut values: Vec<f64> = dispatch!(block.dtype(), T => {
        block.typed::<T>()?.iter().map(|v| v.to_f64()).filter(|v| v.is_finite()).collect()
    });
    values.sort_unstable_by(f64::total_cmp);
    let (Some(&low), Some(&high)) = (values.first(), values.last()) else {
        return Ok(
            json!({ "min": null, "max": null, "percentiles": [], "counts": [], "edges": [] }),
        );
    };
    // numpy's linear rule.
    let percentile = |p: &f64| {
        let at = p / 100.0 * (values.len() - 1) as f64;
        let (below, part) = (at.floor() as usize, at.fract());
        let above = values.get(below + 1).copied().unwrap_or(values[below]);
        values[below] + (above - values[below]) * part
    };
    let found: Vec<f64> = percentiles.iter().map(percentile).collect();
    let width = if high > low { (high - low) / bins as f64 } else { 1.0 };
    let mut counts = vec![0u64; bins];
    values.iter().for_each(|v| counts[(((v - low) / width) as usize).min(bins - 1)] += 1);
    let edges: Vec<f64> = (0..=bins).map(|i| low + i as f64 * width).collect();
    Ok(json!({ "min": low, "max": high, "percentiles": found, "counts": counts, "edges": edges }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use petavox::Region;

    #[test]
    fn percentiles_are_numpys_and_every_sample_is_counted() {
        let block =
            Block::from_vec(Region::new([0], [5]), vec![4.0f32, 1.0, f32::NAN, 2.0, 3.0]).unwrap();
        let told = counted(&block, 3, &[0.0, 25.0, 50.0, 100.0]).unwrap();
        assert_eq!(told["percentiles"], json!([1.0, 1.75, 2.5, 4.0]));
        assert_eq!(told["counts"], json!([1, 1, 2]));
        assert_eq!((&told["min"], &told["max"]), (&json!(1.0), &json!(4.0)));
    }
}
