//! Any slice of an image, as a numpy file, plain samples, or a picture.

use super::slice::sliced;
use super::zarr::{read_task, ready};
use super::{Failure, images, send};
use crate::app::App;
use crate::work::{Task, Tile};
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::http::header::{self, HeaderValue};
use axum::response::Response;
use bytes::Bytes;
use http_body_util::channel::Channel;
use petavox::{Block, ChunkGrid, Dtype, Error, ImageSpec, Reader, Region, Result, npy_header};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Instant;

/// Slices larger than this are made and sent band by band.
const BAND_BYTES: usize = 8 << 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    slice: Option<String>,
    #[serde(default)]
    format: Format,
    /// For pictures: the values that become black and white.
    window: Option<String>,
    level: Option<usize>,
    /// Who asks; looked at by the guard.
    #[serde(rename = "token")]
    _token: Option<String>,
}

#[derive(Clone, Copy, Default, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Format {
    #[default]
    Npy,
    Raw,
    Png,
}

/// A slice.
pub(super) async fn array(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let began = Instant::now();
    let served = app.image(&name).ok_or_else(|| images::unknown(&app, &name))?;
    let level = asked.level.unwrap_or(0);
    let no_level = || Failure::not_found(format!("{name} has no level {level}"));
    let opened = served.opened();
    let full = opened.levels.get(level).map(|l| &l.image).ok_or_else(no_level)?;
    let image = sliced(full, asked.slice.as_deref().unwrap_or(""))?;
    let spec = image.spec().clone();
    if spec.bytes() > app.options.max_slice_bytes {
        return Err(Failure::too_large(format!(
            "the slice has shape {:?}: {} bytes, the limit is {}. Ask for a part of it, such as slice=0,:256,:256, or read the image as Zarr at images/{name}/zarr",
            spec.shape,
            spec.bytes(),
            app.options.max_slice_bytes
        )));
    }
    let window = asked.window.as_deref().map(window).transpose()?;
    if asked.format == Format::Png {
        check_picture(&spec, window)?;
    }
    let etag = format!("\"{:016x}-{}\"", image.node().id() ^ served.stamp(), asked.format as u8);
    if send::is_known(&headers, &etag) && window.is_none() {
        return Ok(send::unchanged(&etag));
    }
    ready(served, full.node(), app.options.wait_secs).await?;
    let reader = Arc::new(served.readers.once(image.node())?);
    if asked.format == Format::Png {
        let region = spec.region();
        let limit = app.part_bytes;
        let peak_bytes = reader.peak_within(&region, limit) + 2 * spec.bytes();
        let read = move |cancel: &_| reader.read_within(&region, limit, cancel);
        let run = Box::new(move |cancel: &_| picture(&read(cancel)?, window));
        let tile = app.works.ask(None, || Task { peak_bytes, run }).await?;
        let bytes = Tile::bytes(tile);
        return Ok(send::bytes(&headers, bytes, "image/png", &etag, Some(began.elapsed())));
    }
    let head = if asked.format == Format::Npy { npy_header(&spec) } else { Vec::new() };
    let bands = bands(&spec);
    if bands.len() <= 1 {
        let band = band(&app, &reader, spec.region()).await?;
        let bytes =
            if head.is_empty() { band } else { Bytes::from([head.as_slice(), &band].concat()) };
        let kind = "application/octet-stream";
        let mut response = send::bytes(&headers, bytes, kind, &etag, Some(began.elapsed()));
        describe(&mut response, &spec);
        return Ok(response);
    }
    // What fails at once is told; what fails later breaks the answer off short of its length.
    let first = band(&app, &reader, bands.region(0)).await?;
    let (mut sender, body) = Channel::<Bytes, std::io::Error>::new(2);
    let len = head.len() as u64 + spec.bytes();
    tokio::spawn(async move {
        let mut next = Ok(first);
        if !head.is_empty() && sender.send_data(Bytes::from(head)).await.is_err() {
            return;
        }
        for number in 1..=bands.len() {
            let Ok(bytes) = next else {
                return sender.abort(std::io::Error::other("a part failed"));
            };
            if sender.send_data(bytes).await.is_err() || number == bands.len() {
                return;
            }
            next = band(&app, &reader, bands.region(number)).await;
        }
    });
    let mut response = Response::new(Body::new(body));
    describe(&mut response, &spec);
    let told = response.headers_mut();
    told.insert(header::CONTENT_LENGTH, len.into());
    told.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    Ok(response)
}

/// Shape and dtype of plain samples.
fn describe(response: &mut Response, spec: &ImageSpec) {
    let shape = spec.shape.iter().map(usize::to_string).collect::<Vec<_>>().join(",");
    if let Ok(shape) = HeaderValue::from_str(&shape) {
        response.headers_mut().insert("x-petavox-shape", shape);
    }
    response.headers_mut().insert("x-petavox-dtype", HeaderValue::from_static(spec.dtype.name()));
}

async fn band(app: &App, reader: &Arc<Reader>, region: Region) -> Result<Bytes, Arc<Error>> {
    let (reader, limit) = (reader.clone(), app.part_bytes);
    let tile = app.works.ask(None, || read_task(reader, region, limit)).await?;
    Ok(Tile::bytes(tile))
}

/// Pieces of about [`BAND_BYTES`] that lie one after another in the file.
fn bands(spec: &ImageSpec) -> ChunkGrid {
    let mut bytes = spec.dtype.size();
    let mut shape = vec![1; spec.ndim()];
    for a in (0..spec.ndim()).rev() {
        shape[a] = (BAND_BYTES / bytes.max(1)).clamp(1, spec.shape[a].max(1));
        bytes = bytes.saturating_mul(spec.shape[a].max(1));
    }
    ChunkGrid::new(&spec.shape, &shape)
}

fn window(text: &str) -> Result<(f64, f64)> {
    let parsed = text.split_once(',').and_then(|(lo, hi)| {
        Some((lo.trim().parse::<f64>().ok()?, hi.trim().parse::<f64>().ok()?))
    });
    let parsed = parsed.filter(|(lo, hi)| lo.is_finite() && hi.is_finite() && lo < hi);
    parsed.ok_or_else(|| {
        Error::argument("window", text, "two numbers, the first the smaller: window=0,4095")
    })
}

fn check_picture(spec: &ImageSpec, window: Option<(f64, f64)>) -> Result<()> {
    if spec.ndim() != 2 || spec.is_empty() {
        let expected = "two axes: pick one position of the others, such as slice=0,:,:";
        return Err(Error::argument("slice of a picture", format!("{:?}", spec.shape), expected));
    }
    let plain = matches!(spec.dtype, Dtype::Bool | Dtype::UInt8 | Dtype::UInt16);
    if !plain && window.is_none() {
        let expected =
            "uint8, uint16 or bool, or window=LOW,HIGH, the values that become black and white";
        return Err(Error::argument("dtype of a picture", spec.dtype, expected));
    }
    Ok(())
}

/// A grey picture.
fn picture(block: &Block, window: Option<(f64, f64)>) -> Result<Tile> {
    let (height, width) = (block.shape()[0], block.shape()[1]);
    let (samples, depth) = match (window, block.dtype()) {
        (Some(window), _) => (scaled(block, window), png::BitDepth::Eight),
        (None, Dtype::UInt16) => {
            let swapped = block.typed::<u16>()?.iter().flat_map(|v| v.to_be_bytes()).collect();
            (swapped, png::BitDepth::Sixteen)
        }
        (None, Dtype::Bool) => (
            block.bytes().iter().map(|v| if *v == 0 { 0 } else { 255 }).collect(),
            png::BitDepth::Eight,
        ),
        (None, _) => (block.bytes().to_vec(), png::BitDepth::Eight),
    };
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width as u32, height as u32);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(depth);
    encoder.set_compression(png::Compression::Fast);
    let failed = |e| Error::io("memory", "encode a picture", std::io::Error::other(e));
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(&samples).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(Tile::from(out))
}

fn scaled(block: &Block, (lo, hi): (f64, f64)) -> Vec<u8> {
    use petavox::Element as _;
    let shade = |v: f64| ((v - lo) / (hi - lo) * 255.0).round().clamp(0.0, 255.0) as u8;
    petavox::dispatch!(block.dtype(), T => {
        block.typed::<T>().map(|all| all.iter().map(|v| shade(v.to_f64())).collect()).unwrap_or_default()
    })
}
