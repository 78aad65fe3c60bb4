//! `thin`: thinning of 2-D masks, equal to skimage.morphology.thin.

use crate::Params;
use petavox_core::{Block, Error, ImageSpec, Region, Result, Workers};
use petavox_engine::{Node, RunContext, SweepOp, Words};
use petavox_kernels::bits::row::{get_bytes, put_bytes};
use petavox_kernels::bits::{load, shared, store};
use petavox_kernels::morphology::flood::Rows;
use petavox_kernels::skeleton::guo_hall::thin_row;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

struct Thin {
    /// 0: until nothing changes.
    max_num_iter: usize,
}

/// Thins a 2-D mask (or each plane of the last two axes by itself), `max_num_iter` times at most if that is given, else until nothing changes.
///
/// # Errors
/// If the image has fewer axes.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let max_num_iter = params.count("max_num_iter")?.unwrap_or(0) as usize;
    Node::sweep(Arc::new(Thin { max_num_iter }), crate::operation::as_mask(input)?)
}

impl SweepOp for Thin {
    fn name(&self) -> &'static str {
        "thin"
    }

    fn params(&self) -> serde_json::Value {
        serde_json::json!({ "max_num_iter": self.max_num_iter })
    }

    fn output(&self, input: &ImageSpec) -> Result<ImageSpec> {
        crate::operation::needs_mask("thin", input)?;
        if input.ndim() < 2 {
            let given = format!("{} axes ({})", input.ndim(), input.axes);
            return Err(Error::argument("thin", given, "two axes at least"));
        }
        Ok(input.clone())
    }

    fn n_words(&self, input: &ImageSpec) -> usize {
        2 * Rows::new(&input.shape).n_words()
    }

    fn scratch_bytes(&self, input: &ImageSpec) -> u64 {
        64 * 32 * Rows::new(&input.shape).width() as u64 + 4096
    }

    fn load(&self, words: &mut [u64], block: &Block, input: &ImageSpec) -> Result<()> {
        let rows = Rows::new(&input.shape);
        let samples = block.typed::<u8>()?;
        let width = block.region().row_len();
        let mut at = 0;
        block.region().for_each_row(|point| {
            let row = rows.row_of(&point[..point.len() - 1]) * rows.width();
            let row = &mut words[row..row + rows.width()];
            put_bytes(row, point[point.len() - 1] as usize, &samples[at..at + width], false);
            at += width;
        });
        Ok(())
    }

    fn words_of(&self, region: &Region, input: &ImageSpec) -> Range<usize> {
        let plane = Rows::new(&input.shape).n_words() / input.shape[0].max(1);
        region.start()[0] as usize * plane..region.end(0) as usize * plane
    }

    fn sweep(&self, words: &mut Words, input: &ImageSpec, context: &RunContext) -> Result<()> {
        let _scratch = context.budget.reserve("thin", self.scratch_bytes(input))?;
        let rows = Rows::new(&input.shape);
        let (mask, other) = shared(words.words_mut()).split_at(rows.n_words());
        let mut done = 0;
        while self.max_num_iter == 0 || done < self.max_num_iter {
            context.cancel.check()?;
            // The second half brings the mask back to where it was.
            let first = half(&rows, mask, other, false, context);
            let second = half(&rows, other, mask, true, context);
            if !first && !second {
                break;
            }
            done += 1;
        }
        context.cancel.check()
    }

    fn read(&self, words: &[u64], out: &mut Block, input: &ImageSpec) -> Result<()> {
        let rows = Rows::new(&input.shape);
        let region = out.region().clone();
        let samples = out.typed_mut::<u8>()?;
        let width = region.row_len();
        let mut at = 0;
        region.for_each_row(|point| {
            let row = rows.row_of(&point[..point.len() - 1]) * rows.width();
            let row = &words[row..row + rows.width()];
            get_bytes(row, point[point.len() - 1] as usize, &mut samples[at..at + width], false);
            at += width;
        });
        Ok(())
    }
}

/// One half of a pass from one mask to the other; true if something went.
fn half(
    rows: &Rows,
    from: &[AtomicU64],
    to: &[AtomicU64],
    second: bool,
    context: &RunContext,
) -> bool {
    let (n_rows, width) = (rows.n_rows(), rows.width());
    let changed = AtomicBool::new(false);
    if width == 0 {
        return false;
    }
    let per_task = (4096 / width).max(1);
    context.workers.for_each(n_rows.div_ceil(per_task), &|task| {
        let mut lines = vec![vec![0; width]; 4];
        // Rows of other planes are no neighbours.
        let height = rows.shape()[rows.shape().len() - 2];
        let read = |row: usize, of: usize, line: &mut Vec<u64>| match row < n_rows
            && row / height == of / height
        {
            true => {
                let words = &from[row * width..(row + 1) * width];
                line.iter_mut().zip(words).for_each(|(l, w)| *l = load(w));
            }
            false => line.fill(0),
        };
        let first = task * per_task;
        read(first.wrapping_sub(1), first, &mut lines[0]);
        read(first, first, &mut lines[1]);
        for row in first..(first + per_task).min(n_rows) {
            let [above, own, below, stays] = &mut lines[..] else { return };
            if row % height == 0 {
                above.fill(0);
                read(row, row, own);
            }
            read(row + 1, row, below);
            thin_row(above, own, below, second, stays);
            if stays != own {
                changed.store(true, Ordering::Relaxed);
            }
            let words = &to[row * width..(row + 1) * width];
            stays.iter().zip(words).for_each(|(s, w)| store(w, *s));
            lines[..3].rotate_left(1);
        }
    });
    changed.load(Ordering::Relaxed)
}
