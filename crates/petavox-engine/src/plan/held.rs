//! What operations that read by themselves (mosaics: there may be thousands of tiles) decode in a pass, what they keep of it from block
//! to block, and the order of the blocks that suits them.

use super::decode::Bands;
use super::program::Step;
use super::reach::Reach;
use super::stage::ReadSummary;
use crate::contract::{BlockOp, Walk};
use petavox_core::ChunkGrid;
use std::sync::Arc;

/// What is kept, for all operations of a program together.
#[derive(Default)]
pub(super) struct Held {
    /// The axes of the grid as nested loops, if it matters.
    pub(super) order: Option<Vec<usize>>,
    /// Per operation, in their order.
    pub(super) bytes: Vec<u64>,
    /// Bytes decoded in the whole pass.
    pub(super) decoded: f64,
    pub(super) reads: Vec<ReadSummary>,
}

impl Held {
    pub(super) fn sum(&self) -> u64 {
        self.bytes.iter().sum()
    }
}

/// Finds the order of blocks in which operations decode least, with `spare` bytes to keep.
pub(super) fn held(
    bands: &mut Bands<'_>,
    reach: &Reach,
    spare: u64,
    n_workers: usize,
    in_order: bool,
) -> Held {
    let mut out = Held::default();
    let (program, grid) = (bands.program(), bands.grid());
    let mut left = spare;
    for (i, line) in program.lines.iter().enumerate() {
        let Step::Run { op, .. } = &line.step else { continue };
        out.bytes.push(0);
        let Some((name, once)) = op.reads() else { continue };
        let made = reach.whole(i).and_then(|_| {
            let (home, _) = reach.home(i, grid);
            bands.block(&home, i).and_then(|m| m.first().cloned())
        });
        let Some(made) = made else { continue };
        let chunk: Vec<usize> = made.shape().iter().map(|n| (*n).max(1)).collect();
        let own = ChunkGrid::new(&line.spec.shape, &chunk);
        let is_like = own.counts().len() == grid.counts().len();
        let orders = match (&out.order, is_like) {
            (_, false) => vec![(0..own.counts().len()).collect()],
            (Some(order), true) => vec![order.clone()],
            (None, true) => orders(&own.counts(), in_order),
        };
        let Some((order, reading)) = best(op, &own, orders, n_workers, left) else { continue };
        left -= reading.held_bytes.min(left);
        if let Some(last) = out.bytes.last_mut() {
            *last = reading.held_bytes;
        }
        out.decoded += reading.decoded_bytes as f64;
        out.order = out.order.or(is_like.then_some(order)).filter(|_| !in_order);
        let times = reading.decoded_bytes as f64 / once.max(1) as f64;
        let name = match times {
            t if t < 1.05 => format!("{name}, each once"),
            t => format!("{name}, each {t:.1} times"),
        };
        out.reads.push(ReadSummary { name, bytes: reading.decoded_bytes });
    }
    out
}

/// The order in which an operation decodes least; of equals, the one that keeps least.
fn best(
    op: &Arc<dyn BlockOp>,
    grid: &ChunkGrid,
    orders: Vec<Vec<usize>>,
    n_workers: usize,
    room: u64,
) -> Option<(Vec<usize>, crate::contract::Reading)> {
    let read = |order: Vec<usize>| {
        let reading = op.reading(&Walk { grid, order: &order, n_workers, room })?;
        Some((order, reading))
    };
    orders.into_iter().filter_map(read).min_by_key(|(_, r)| (r.decoded_bytes, r.held_bytes))
}

/// Raster order, and each other axis as the slowest.
fn orders(counts: &[usize], in_order: bool) -> Vec<Vec<usize>> {
    let n = counts.len();
    let slowest = |a: usize| std::iter::once(a).chain((0..n).filter(move |b| *b != a)).collect();
    let mut out: Vec<Vec<usize>> = vec![(0..n).collect()];
    if !in_order {
        out.extend((1..n).filter(|&a| counts[a] > 1).map(slowest));
    }
    out
}
