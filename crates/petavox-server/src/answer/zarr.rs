//! The files of a virtual Zarr.

use super::{Failure, images, send};
use crate::app::App;
use crate::metadata;
use crate::policy::{Packing, Policy};
use crate::readers::State as Reading;
use crate::served::{Served, Variant};
use crate::work::{Task, Tile};
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use petavox::{Block, Error, Node, Reader, Region, Result};
use serde_json::json;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Levels of slabs, which are kept beside those of chunks.
const SLABS: usize = 1 << 32;

/// A file of version 3.
pub(super) async fn version_3(
    State(app): State<Arc<App>>,
    Path((name, path)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let (served, variant, rest) = find(&app, &name, &path)?;
    if rest == "zarr.json" {
        return Ok(send::json(&headers, &metadata::consolidated(&variant, &served)?));
    }
    let (level, rest) = level(rest)?;
    if rest == "zarr.json" {
        return document(&headers, metadata::array(&variant, level, 3)?);
    }
    let key = rest.strip_prefix("c/").or_else(|| (rest == "c").then_some(""));
    let key = key.ok_or_else(|| Failure::not_found(format!("a Zarr array has no {rest}")))?;
    chunk(&app, &served, &variant, level, key, &headers).await
}

/// A file of version 2.
pub(super) async fn version_2(
    State(app): State<Arc<App>>,
    Path((name, path)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let (served, variant, rest) = find(&app, &name, &path)?;
    match rest {
        ".zgroup" => return Ok(send::json(&headers, &json!({ "zarr_format": 2 }))),
        ".zattrs" => return Ok(send::json(&headers, &metadata::group(&variant, &served, 2))),
        ".zmetadata" => {
            return Ok(send::json(&headers, &metadata::consolidated_2(&variant, &served)?));
        }
        _ => {}
    }
    let (level, rest) = level(rest)?;
    match rest {
        ".zarray" => document(&headers, metadata::array(&variant, level, 2)?),
        ".zattrs" => document(&headers, metadata::dimensions(&variant, level)),
        key => chunk(&app, &served, &variant, level, key, &headers).await,
    }
}

fn find<'a>(
    app: &App,
    name: &str,
    path: &'a str,
) -> Result<(Arc<Served>, Arc<Variant>, &'a str), Failure> {
    let served = app.image(name).ok_or_else(|| images::unknown(app, name))?;
    let (policy, rest) = Policy::split(path)?;
    Ok((served.clone(), served.variant(&policy)?, rest))
}

fn level(rest: &str) -> Result<(usize, &str), Failure> {
    let (level, rest) = rest.split_once('/').unwrap_or((rest, ""));
    let number = level.parse().ok().filter(|n: &usize| n.to_string() == level);
    let missing = || Failure::not_found(format!("there is no level {level:?}"));
    Ok((number.ok_or_else(missing)?, rest))
}

fn document(headers: &HeaderMap, document: Option<serde_json::Value>) -> Result<Response, Failure> {
    let document = document.ok_or_else(|| Failure::not_found("there is no such level"))?;
    Ok(send::json(headers, &document))
}

async fn chunk(
    app: &App,
    served: &Served,
    variant: &Arc<Variant>,
    level: usize,
    key: &str,
    headers: &HeaderMap,
) -> Result<Response, Failure> {
    let began = Instant::now();
    let outside = || Failure::not_found(format!("level {level} has no chunk {key:?}"));
    let (number, region) = variant.chunk(level, key).ok_or_else(outside)?;
    let at = variant.levels.get(level).ok_or_else(outside)?;
    let etag = at.etag(number);
    if send::is_known(headers, &etag) {
        return Ok(send::unchanged(&etag));
    }
    let wait_secs = variant.policy.wait_secs.unwrap_or(app.options.wait_secs);
    let reader = ready(served, at.image.node(), wait_secs).await?;
    let together = at.together(&reader, &region);
    let limit = app.part_bytes;
    let (packing, shape) = (variant.policy.packing, at.grid.chunk().to_vec());
    let sample_bytes = at.image.spec().dtype.size() as u64;
    let tile = if together == 1 && packing == Packing::Plain && region.shape() == shape {
        let task = || read_task(reader, region, limit);
        app.works.ask(Some((variant.id, level, number)), task).await?
    } else if together == 1 {
        // A chunk that the image's end cuts is padded; a packed one takes little more than its samples at worst.
        let extra = 4 * shape.iter().product::<usize>() as u64 * sample_bytes + (256 << 10);
        let peak_bytes = reader.peak_within(&region, limit) + extra;
        let run = move |cancel: &_| {
            let block = reader.read_within(&region, limit, cancel)?;
            finished(&block, &region, &shape, packing)
        };
        let task = || Task { peak_bytes, run: Box::new(run) };
        app.works.ask(Some((variant.id, level, number)), task).await?
    } else {
        let (slab_number, slab) = at.slab(&region, together);
        let task = || read_task(reader, slab, limit);
        let slab = app.works.ask(Some((variant.id, SLABS + level, slab_number)), task).await?;
        let tile = slab.block().map(|b| finished(b, &region, &shape, packing)).transpose();
        let lost = || Arc::new(Error::internal("a slab", "it is no block"));
        Arc::new(tile.map_err(Arc::new)?.ok_or_else(lost)?)
    };
    let kind = "application/octet-stream";
    Ok(send::bytes(headers, Tile::bytes(tile), kind, &etag, Some(began.elapsed())))
}

/// Reads a region, in parts where it is large.
pub(super) fn read_task(reader: Arc<Reader>, region: Region, limit: u64) -> Task {
    let peak_bytes = reader.peak_within(&region, limit);
    let run = move |cancel: &_| Ok(Tile::from(reader.read_within(&region, limit, cancel)?));
    Task { peak_bytes, run: Box::new(run) }
}

/// The reader of a node, when what is computed of whole images is done.
pub(super) async fn ready(
    served: &Served,
    node: &Arc<Node>,
    wait_secs: u64,
) -> Result<Arc<Reader>, Failure> {
    let mut state = served.readers.state(node);
    let wait = Duration::from_secs(wait_secs);
    let waited = state.wait_for(|s| !matches!(s, Reading::Computing(_)));
    match tokio::time::timeout(wait, waited).await {
        Ok(Ok(state)) => match &*state {
            Reading::Ready(reader) => Ok(reader.clone()),
            Reading::Failed(e, _) => Err(e.clone().into()),
            Reading::Computing(_) => Err(Failure::later("computing")),
        },
        Ok(Err(_)) => Err(Failure::later("the image is prepared again")),
        Err(_) => {
            let address = format!("images/{}/status", served.name);
            Err(Failure::later(format!(
                "the whole image is being computed; {address} tells how far it is"
            )))
        }
    }
}

/// The bytes of a chunk, all of which have one shape: what lies beyond the image is zeros.
fn finished(block: &Block, region: &Region, chunk: &[usize], packing: Packing) -> Result<Tile> {
    if packing != Packing::Plain && block.region() == region && region.shape() == chunk {
        return packed(block, packing);
    }
    let mut part = Block::zeros(region.clone(), block.dtype())?;
    part.copy_from(block)?;
    if region.shape() != chunk {
        let mut whole = Block::zeros(Region::new(region.start(), chunk), block.dtype())?;
        whole.copy_from(&part)?;
        part = whole;
    }
    if packing == Packing::Plain { Ok(Tile::from(part)) } else { packed(&part, packing) }
}

fn packed(block: &Block, packing: Packing) -> Result<Tile> {
    let mut encoder = flate2::write::GzEncoder::new(
        Vec::with_capacity(block.bytes().len() / 2),
        flate2::Compression::fast(),
    );
    let failed = |e| Error::io("memory", "compress", e);
    let size = block.dtype().size();
    if packing == Packing::Shuffled && size > 1 {
        for byte in 0..size {
            let plane: Vec<u8> = block.bytes().iter().skip(byte).step_by(size).copied().collect();
            encoder.write_all(&plane).map_err(failed)?;
        }
    } else {
        encoder.write_all(block.bytes()).map_err(failed)?;
    }
    Ok(Tile::from(encoder.finish().map_err(failed)?))
}
