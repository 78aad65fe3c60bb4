//! Labels and images of one shape as one image, cell by cell with a halo: what a fold needs that looks at several images at once, or
//! at what lies around a cell.

use petavox_core::{Block, ChunkGrid, Dtype, Error, ImageSpec, Region, Result};
use petavox_engine::{BlockCall, BlockOp, Need, Node};
use petavox_kernels::measure::{CellView, Plane};
use std::sync::Arc;

/// How the images lie in the packed one: along its first axis; each sample's bits in words of one size; each cell of the grid with
/// its halo, one after the other along every axis.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Layout {
    pub(crate) grid: ChunkGrid,
    pub(crate) halo: usize,
    /// Of the labels first, then of the images.
    pub(crate) dtypes: Vec<Dtype>,
}

impl Layout {
    fn word(&self) -> usize {
        self.dtypes.iter().map(|d| d.size()).max().unwrap_or(1)
    }

    /// The extents of a cell with its halo.
    pub(crate) fn cell(&self) -> Vec<usize> {
        let extents = self.grid.chunk().iter().map(|c| c + 2 * self.halo);
        std::iter::once(self.dtypes.len()).chain(extents).collect()
    }

    fn shape(&self) -> Vec<usize> {
        let counts = self.grid.counts();
        let cell = self.cell();
        std::iter::once(cell[0]).chain(counts.iter().zip(&cell[1..]).map(|(n, c)| n * c)).collect()
    }

    /// The first and one past the last cell per axis that a packed region meets.
    fn cells(&self, packed: &Region) -> Vec<(usize, usize)> {
        let cell = self.cell();
        (1..packed.ndim())
            .map(|a| {
                let first = packed.start()[a].max(0) as usize / cell[a];
                (first, (packed.end(a).max(0) as usize).div_ceil(cell[a]))
            })
            .collect()
    }

    /// The region of the images that a packed region shows, cut to the image.
    fn source(&self, packed: &Region) -> Region {
        let chunk = self.grid.chunk();
        let (mut start, mut shape) = (vec![], vec![]);
        for (a, (first, end)) in self.cells(packed).into_iter().enumerate() {
            let low = (first * chunk[a]).saturating_sub(self.halo);
            let high = (end * chunk[a] + self.halo).min(self.grid.shape()[a]);
            start.push(low as i64);
            shape.push(high.saturating_sub(low));
        }
        Region::new(start, shape)
    }

    /// The cells of a packed block, as kernels see them.
    pub(crate) fn views<'a>(&self, block: &'a Block) -> Result<Vec<CellView<'a>>> {
        let (region, cell) = (block.region(), self.cell());
        let steps = block.strides();
        let n = region.ndim();
        let whole = (0..n).all(|a| {
            region.start()[a].rem_euclid(cell[a] as i64) == 0 && region.shape()[a] % cell[a] == 0
        });
        if !whole {
            return Err(Error::internal("measure", format!("block {region} of cells {cell:?}")));
        }
        let ranges = self.cells(region);
        let counts: Vec<usize> = ranges.iter().map(|(first, end)| end - first).collect();
        let inner = ChunkGrid::new(&counts, &vec![1; counts.len()]);
        let view = |k: usize| {
            let at = inner.index(k);
            let index: Vec<usize> =
                at.iter().zip(&ranges).map(|(i, (first, _))| i + first).collect();
            let first: usize =
                (0..n - 1).map(|a| (at[a] * cell[a + 1] + self.halo) * steps[a + 1]).sum();
            let plane = |channel: usize| Plane {
                bytes: block.bytes(),
                word: self.word(),
                dtype: self.dtypes[channel],
                first: first + channel * steps[0],
                strides: steps[1..].to_vec(),
            };
            CellView {
                labels: plane(0),
                images: (1..self.dtypes.len()).map(plane).collect(),
                region: self.grid.region_at(&index),
                whole: self.grid.shape().to_vec(),
            }
        };
        Ok((0..inner.len()).map(view).collect())
    }
}

/// Packs labels and images.
///
/// # Errors
/// If their shapes differ, or the labels are floats.
pub(crate) fn pack(layout: &Layout, inputs: Vec<Arc<Node>>) -> Result<Arc<Node>> {
    Node::block(Arc::new(Pack { layout: layout.clone() }), inputs, vec![])
}

struct Pack {
    layout: Layout,
}

impl BlockOp for Pack {
    fn name(&self) -> &'static str {
        "pack"
    }

    fn params(&self) -> serde_json::Value {
        serde_json::json!({ "cell": self.layout.grid.chunk(), "halo": self.layout.halo })
    }

    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        let labels = inputs[0];
        if labels.dtype.is_float() {
            return Err(Error::dtype("measure (labels)", labels.dtype, "bool and integers"));
        }
        for image in &inputs[1..] {
            if labels.shape != image.shape {
                let expected = format!("{:?}, the shape of the labels", labels.shape);
                return Err(Error::argument("image", format!("shape {:?}", image.shape), expected));
            }
        }
        let dtype = match self.layout.word() {
            1 => Dtype::UInt8,
            2 => Dtype::UInt16,
            4 => Dtype::UInt32,
            _ => Dtype::UInt64,
        };
        ImageSpec::new(self.layout.shape(), dtype)
    }

    fn needs(&self, inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        let region = self.layout.source(target);
        inputs.iter().map(|_| Need::inside(region.clone())).collect()
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        let labels = call.inputs[0];
        if labels.dtype().is_signed() && has_negative(labels) {
            return Err(Error::argument("labels", "a negative label", "labels of 0 and more"));
        }
        call.output.bytes_mut().fill(0);
        let target = call.output.region().clone();
        let word = self.layout.word();
        let cell = self.layout.cell();
        let ranges = self.layout.cells(&target);
        let counts: Vec<usize> = ranges.iter().map(|(first, end)| end - first).collect();
        let inner = ChunkGrid::new(&counts, &vec![1; counts.len()]);
        let halo = vec![self.layout.halo; counts.len()];
        for channel in target.start()[0]..target.end(0) {
            let input = call.inputs[channel as usize];
            for k in 0..inner.len() {
                let index: Vec<usize> =
                    inner.index(k).iter().zip(&ranges).map(|(i, (first, _))| i + first).collect();
                let around = self.layout.grid.region_at(&index).grow(&halo, &halo);
                let Some(shown) = around.intersect(input.region()) else { continue };
                // From places in the image to places in the packed image.
                let shift: Vec<i64> = (0..index.len())
                    .map(|a| (index[a] * cell[a + 1]) as i64 - around.start()[a])
                    .collect();
                copy(input, &shown, &shift, channel, call.output, word)?;
            }
        }
        Ok(())
    }
}

fn has_negative(labels: &Block) -> bool {
    let size = labels.dtype().size();
    labels.bytes().iter().skip(size - 1).step_by(size).any(|top| top & 0x80 != 0)
}

/// Copies what `shown` has of the image into the packed block.
fn copy(
    input: &Block,
    shown: &Region,
    shift: &[i64],
    channel: i64,
    out: &mut Block,
    word: usize,
) -> Result<()> {
    let n = shown.row_len();
    let size = input.dtype().size();
    let packed = out.region().clone();
    let from = input.bytes();
    let to = out.bytes_mut();
    let last = shown.ndim() - 1;
    shown.for_each_row(|point| {
        let there: Vec<i64> =
            std::iter::once(channel).chain(point.iter().zip(shift).map(|(p, s)| p + s)).collect();
        // Blocks of a fold are whole cells; of other readers' blocks only what is in them is written.
        let inside = (0..=last).all(|a| there[a] >= packed.start()[a] && there[a] < packed.end(a));
        let first = there[last + 1].max(packed.start()[last + 1]);
        let end = (there[last + 1] + n as i64).min(packed.end(last + 1));
        if !inside || first >= end {
            return;
        }
        let skip = (first - there[last + 1]) as usize;
        let mut place = there.clone();
        place[last + 1] = first;
        let (i, o) = (input.region().offset_of(point) + skip, packed.offset_of(&place));
        let m = (end - first) as usize;
        widen(&from[i * size..(i + m) * size], size, &mut to[o * word..(o + m) * word], word);
    });
    Ok(())
}

/// The same bits in larger words.
fn widen(from: &[u8], size: usize, to: &mut [u8], word: usize) {
    if size == word {
        return to.copy_from_slice(from);
    }
    macro_rules! widened {
        ($from:ty, $to:ty) => {
            for (t, f) in bytemuck::cast_slice_mut::<u8, $to>(to)
                .iter_mut()
                .zip(bytemuck::cast_slice::<u8, $from>(from))
            {
                *t = (*f).into();
            }
        };
    }
    match (size, word) {
        (1, 2) => widened!(u8, u16),
        (1, 4) => widened!(u8, u32),
        (1, _) => widened!(u8, u64),
        (2, 4) => widened!(u16, u32),
        (2, _) => widened!(u16, u64),
        _ => widened!(u32, u64),
    }
}
