//! Oblique slices: a plane through the image at any angle, as plain samples.

use super::zarr::ready;
use super::{Failure, images, send};
use crate::app::App;
use crate::work::{Task, Tile};
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use petavox::{Block, CancelToken, Error, ImageSpec, Reader, Region, Result, dispatch};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Instant;

/// Samples of a plane along one side.
const MOST_SIDE: usize = 2048;
/// A plane is made in squares of this many samples: what has to be read around a square grows with its cube.
const SQUARE: usize = 64;

/// Where the plane lies, in physical units along the image's axes of space, in their order.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// The centre of the first sample.
    origin: String,
    /// From one sample of a row to the next.
    u: String,
    /// From one row to the next.
    v: String,
    /// Samples per row, rows.
    size: String,
    /// The position along each of the other axes, in their order.
    #[serde(default)]
    at: String,
    /// The level that is read; the coarsest that is not coarser than the plane by default.
    level: Option<usize>,
    #[serde(default)]
    interpolation: Interpolation,
    /// Who asks; looked at by the guard.
    #[serde(rename = "token")]
    _token: Option<String>,
}

#[derive(Clone, Copy, Default, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Interpolation {
    #[default]
    Linear,
    Nearest,
}

/// A plane in the samples of a level.
#[derive(Clone, Debug)]
struct Plane {
    origin: Vec<f64>,
    u: Vec<f64>,
    v: Vec<f64>,
    /// The axes of space.
    space: Vec<usize>,
    /// The position along every axis, used for the others.
    at: Vec<i64>,
    nearest: bool,
}

/// A plane.
pub(super) async fn plane(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let began = Instant::now();
    let served = app.image(&name).ok_or_else(|| images::unknown(&app, &name))?;
    let opened = served.opened();
    let (width, height) = size(&asked.size)?;
    let specs: Vec<&ImageSpec> = opened.levels.iter().map(|l| l.image.spec()).collect();
    let level = match asked.level {
        Some(level) => level,
        None => fitting(&specs, &asked)?,
    };
    let no_level = || Failure::not_found(format!("{name} has no level {level}"));
    let image = &opened.levels.get(level).ok_or_else(no_level)?.image;
    let plane = Plane::of(image.spec(), &asked, opened.is_labels)?;
    let etag = {
        let mut hasher = std::hash::DefaultHasher::new();
        let told = format!("{plane:?} {width} {height} {}", served.stamp());
        std::hash::Hash::hash(&(image.node().id(), told), &mut hasher);
        format!("\"{:016x}\"", std::hash::Hasher::finish(&hasher))
    };
    if send::is_known(&headers, &etag) {
        return Ok(send::unchanged(&etag));
    }
    let reader = ready(served, image.node(), app.options.wait_secs).await?;
    let limit = app.part_bytes;
    let peak_bytes = (width * height * image.spec().dtype.size()) as u64 + limit;
    let run = move |cancel: &CancelToken| {
        Ok(Tile::from(plane.cut(&reader, width, height, limit, cancel)?))
    };
    let tile = app.works.ask(None, || Task { peak_bytes, run: Box::new(run) }).await?;
    let kind = "application/octet-stream";
    let mut response = send::bytes(&headers, Tile::bytes(tile), kind, &etag, Some(began.elapsed()));
    let dtype = axum::http::HeaderValue::from_static(image.spec().dtype.name());
    response.headers_mut().insert("x-petavox-dtype", dtype);
    response.headers_mut().insert("x-petavox-level", level.into());
    Ok(response)
}

fn size(text: &str) -> Result<(usize, usize)> {
    let sides: Option<Vec<usize>> = text.split(',').map(|n| n.trim().parse().ok()).collect();
    match sides.as_deref() {
        Some(&[w, h]) if (1..=MOST_SIDE).contains(&w) && (1..=MOST_SIDE).contains(&h) => Ok((w, h)),
        _ => Err(Error::argument(
            "size",
            text,
            format!("two numbers, 1 to {MOST_SIDE}: size=256,256"),
        )),
    }
}

fn numbers(name: &str, text: &str, n: usize) -> Result<Vec<f64>> {
    let values: Option<Vec<f64>> = text.split(',').map(|v| v.trim().parse().ok()).collect();
    let values =
        values.filter(|v| v.len() == n && v.iter().all(|x| x.is_finite() && x.abs() < 1e15));
    values.ok_or_else(|| Error::argument(name, text, format!("{n} numbers, one per axis of space")))
}

fn axes_of_space(spec: &ImageSpec) -> Result<Vec<usize>> {
    let space: Vec<usize> = (0..spec.ndim()).filter(|&a| spec.axes.is_spatial(a)).collect();
    match space.len() {
        2 | 3 => Ok(space),
        _ => Err(Error::argument("plane", &spec.axes, "an image with two or three axes of space")),
    }
}

/// The coarsest level whose samples lie no further apart than the plane's.
fn fitting(specs: &[&ImageSpec], asked: &Asked) -> Result<usize> {
    let Some(full) = specs.first() else { return Ok(0) };
    let space = axes_of_space(full)?;
    let step = |name: &str, text: &str| {
        let v = numbers(name, text, space.len())?;
        Ok::<f64, Error>(v.iter().map(|x| x * x).sum::<f64>().sqrt())
    };
    let step = step("u", &asked.u)?.min(step("v", &asked.v)?);
    let fits = |s: &&ImageSpec| space.iter().all(|&a| s.spacing.values[a] <= step * 1.001);
    Ok(specs.iter().take_while(|s| fits(s)).count().saturating_sub(1))
}

impl Plane {
    fn of(spec: &ImageSpec, asked: &Asked, is_labels: bool) -> Result<Plane> {
        let space = axes_of_space(spec)?;
        let n = space.len();
        let scale = |values: Vec<f64>| -> Vec<f64> {
            values.iter().zip(&space).map(|(v, &a)| v / spec.spacing.values[a]).collect()
        };
        let mut origin = numbers("origin", &asked.origin, n)?;
        origin.iter_mut().zip(&space).for_each(|(o, &a)| *o -= spec.origin[a]);
        let others: Vec<usize> = (0..spec.ndim()).filter(|a| !space.contains(a)).collect();
        let given: Vec<&str> = asked.at.split(',').filter(|t| !t.is_empty()).collect();
        let mut at = vec![0; spec.ndim()];
        if given.len() > others.len() {
            let expected = format!("at most {} positions", others.len());
            return Err(Error::argument("at", &asked.at, expected));
        }
        for (text, &a) in given.iter().zip(&others) {
            let position =
                text.trim().parse().ok().filter(|p| (0..spec.shape[a] as i64).contains(p));
            let expected = || format!("positions below {}", spec.shape[a]);
            at[a] = position.ok_or_else(|| Error::argument("at", text, expected()))?;
        }
        let nearest = is_labels
            || spec.dtype == petavox::Dtype::Bool
            || asked.interpolation == Interpolation::Nearest;
        Ok(Plane {
            origin: scale(origin),
            u: scale(numbers("u", &asked.u, n)?),
            v: scale(numbers("v", &asked.v, n)?),
            space,
            at,
            nearest,
        })
    }

    /// The samples of the plane, row by row; zeros outside the image.
    fn cut(
        &self,
        reader: &Reader,
        width: usize,
        height: usize,
        limit: u64,
        cancel: &CancelToken,
    ) -> Result<Block> {
        let dtype = reader.spec().dtype;
        let mut out = Block::zeros(Region::whole(&[height, width]), dtype)?;
        for row in (0..height).step_by(SQUARE) {
            for column in (0..width).step_by(SQUARE) {
                let extent = [SQUARE.min(height - row), SQUARE.min(width - column)];
                let square = Region::new([row as i64, column as i64], extent);
                let Some(around) = self.around(&square, reader.spec()) else { continue };
                if reader.peak_within(&around, limit / 2) > limit {
                    let expected = "a plane whose samples lie closer together, or a coarser level";
                    return Err(Error::argument(
                        "plane",
                        format!("{around} has to be read"),
                        expected,
                    ));
                }
                let block = reader.read_within(&around, limit / 2, cancel)?;
                let mut part = Block::zeros(square, dtype)?;
                dispatch!(dtype, T => self.fill::<T>(&block, &mut part, &reader.spec().shape)?);
                out.copy_from(&part)?;
            }
        }
        Ok(out)
    }

    /// The point of the plane at a sample, in the samples of the image.
    fn point(&self, row: f64, column: f64) -> impl Iterator<Item = f64> {
        let uv = self.u.iter().zip(&self.v);
        self.origin.iter().zip(uv).map(move |(o, (u, v))| o + column * u + row * v)
    }

    /// What is needed of the image for a square of the plane; nothing if that lies outside.
    fn around(&self, square: &Region, spec: &ImageSpec) -> Option<Region> {
        let ends = |a: usize| [square.start()[a] as f64, (square.end(a) - 1) as f64];
        let mut low = vec![f64::INFINITY; self.space.len()];
        let mut high = vec![f64::NEG_INFINITY; self.space.len()];
        for row in ends(0) {
            for column in ends(1) {
                for (k, x) in self.point(row, column).enumerate() {
                    (low[k], high[k]) = (low[k].min(x), high[k].max(x));
                }
            }
        }
        let mut start = self.at.clone();
        let mut shape = vec![1; spec.ndim()];
        for (k, &a) in self.space.iter().enumerate() {
            let from = (low[k].floor() as i64 - 1).max(0);
            let to = (high[k].ceil() as i64 + 2).min(spec.shape[a] as i64);
            if from >= to {
                return None;
            }
            start[a] = from;
            shape[a] = (to - from) as usize;
        }
        Some(Region::new(start, shape))
    }

    fn fill<T: petavox::Element>(
        &self,
        block: &Block,
        part: &mut Block,
        image: &[usize],
    ) -> Result<()> {
        let samples = block.typed::<T>()?;
        let (region, strides) = (block.region().clone(), block.strides());
        let square = part.region().clone();
        let width = square.shape()[1];
        let is_float = T::DTYPE.is_float();
        let n = self.space.len();
        let (mut lows, mut parts) = ([0usize; 3], [0f64; 3]);
        for (i, out) in part.typed_mut::<T>()?.iter_mut().enumerate() {
            let row = (square.start()[0] + (i / width) as i64) as f64;
            let column = (square.start()[1] + (i % width) as i64) as f64;
            let mut inside = true;
            for (k, x) in self.point(row, column).enumerate() {
                let a = self.space[k];
                // A sample reaches half a sample to each side.
                inside &= x >= -0.5 && x < image[a] as f64 - 0.5;
                let x = x.clamp(0.0, (image[a] - 1) as f64);
                let low = if self.nearest { (x + 0.5).floor() } else { x.floor() };
                lows[k] =
                    ((low as i64 - region.start()[a]).max(0) as usize).min(region.shape()[a] - 1);
                parts[k] = if self.nearest { 0.0 } else { x - low };
            }
            if !inside {
                continue;
            }
            let corner = |bits: usize| {
                (0..n).fold(0, |offset, k| {
                    let a = self.space[k];
                    let up = usize::from(bits >> k & 1 == 1 && lows[k] + 1 < region.shape()[a]);
                    offset + (lows[k] + up) * strides[a]
                })
            };
            if self.nearest {
                *out = samples[corner(0)];
                continue;
            }
            let value: f64 = (0..1 << n)
                .map(|bits| {
                    let weight: f64 = (0..n)
                        .map(|k| if bits >> k & 1 == 1 { parts[k] } else { 1.0 - parts[k] })
                        .product();
                    if weight == 0.0 { 0.0 } else { weight * samples[corner(bits)].to_f64() }
                })
                .sum();
            *out = T::from_f64(if is_float { value } else { value.round() });
        }
        Ok(())
    }
}
