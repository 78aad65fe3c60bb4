//! How the samples of a block fall onto the cells of what they are reduced to.

/// Rows of samples that lie together, by the cells they belong to.
///
/// Samples come in rows of `width`. The rows that begin at `kept[k] + offsets[j]`, for all `j` in raster order, belong to the cells
/// `k * width ..` (one cell per sample of the row), or all to cell `k` if the last axis is reduced.
pub(super) struct Lines {
    pub(super) kept: Vec<usize>,
    pub(super) offsets: Vec<usize>,
    /// Per offset: the raster number, among the reduced axes of the whole image, of the row's first sample.
    pub(super) ranks: Vec<u64>,
    pub(super) width: usize,
    pub(super) last_is_reduced: bool,
}

impl Lines {
    /// Lines of a contiguous block of `shape`. With `ranks_of` (start of the block, shape of the image), the ranks are made; without,
    /// neighbouring axes of one kind are taken as one, which makes rows longer.
    pub(super) fn new(
        shape: &[usize],
        is_reduced: &[bool],
        ranks_of: Option<(&[i64], &[usize])>,
    ) -> Lines {
        let (shape, is_reduced) = match ranks_of {
            Some(_) => (shape.to_vec(), is_reduced.to_vec()),
            None => joined(shape, is_reduced),
        };
        let n = shape.len();
        let strides = petavox_core::strides(&shape);
        let last_is_reduced = is_reduced.last().copied().unwrap_or(true);
        let outer = n.saturating_sub(1);
        let axes = |reduced: bool| (0..outer).filter(move |a| is_reduced[*a] == reduced);
        let offsets_along = |axes: &[usize]| {
            let mut out = vec![0];
            for &a in axes {
                out = out
                    .iter()
                    .flat_map(|o| (0..shape[a]).map(move |i| (o, i)))
                    .map(|(o, i)| o + i * strides[a])
                    .collect();
            }
            out
        };
        let kept: Vec<usize> = axes.clone()(false).collect();
        let reduced: Vec<usize> = axes(true).collect();
        let mut ranks = Vec::new();
        if let Some((start, whole)) = ranks_of {
            ranks.push(0u64);
            for &a in &reduced {
                ranks = ranks
                    .iter()
                    .flat_map(|r| (0..shape[a]).map(move |i| (r, i)))
                    .map(|(r, i)| r * whole[a] as u64 + start[a] as u64 + i as u64)
                    .collect();
            }
            if last_is_reduced && n > 0 {
                let row = whole[n - 1] as u64;
                ranks.iter_mut().for_each(|r| *r = *r * row + start[n - 1] as u64);
            }
        }
        Lines {
            kept: offsets_along(&kept),
            offsets: offsets_along(&reduced),
            ranks,
            width: shape.last().copied().unwrap_or(1),
            last_is_reduced,
        }
    }

    /// The cells that the rows of `kept[k]` belong to.
    pub(super) fn cells(&self, k: usize) -> std::ops::Range<usize> {
        if self.last_is_reduced { k..k + 1 } else { k * self.width..(k + 1) * self.width }
    }

    /// Calls `f` with the cells, the row and its number for every row.
    pub(super) fn each<'a, T>(
        &self,
        samples: &'a [T],
        mut f: impl FnMut(std::ops::Range<usize>, &'a [T], usize),
    ) {
        for (k, base) in self.kept.iter().enumerate() {
            for (j, offset) in self.offsets.iter().enumerate() {
                let at = base + offset;
                f(self.cells(k), &samples[at..at + self.width], j);
            }
        }
    }
}

/// Neighbouring axes of one kind as one axis; axes of one sample take the kind of their neighbours.
fn joined(shape: &[usize], is_reduced: &[bool]) -> (Vec<usize>, Vec<bool>) {
    let (mut lengths, mut kinds) = (Vec::<usize>::new(), Vec::new());
    for (&length, &kind) in shape.iter().zip(is_reduced) {
        match (lengths.last_mut(), kinds.last()) {
            (Some(last), Some(k)) if *k == kind => *last *= length,
            _ if length == 1 => {}
            _ => {
                lengths.push(length);
                kinds.push(kind);
            }
        }
    }
    (lengths, kinds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_name_every_sample_once_with_its_cell_and_rank() {
        let shape = [2, 3, 4];
        for mask in 0..8 {
            let is_reduced: Vec<bool> = (0..3).map(|a| mask >> a & 1 == 1).collect();
            let samples: Vec<usize> = (0..24).collect();
            let (mut cells, mut ranks) = (vec![0; 24], vec![0; 24]);
            for with_ranks in [false, true] {
                let of = with_ranks.then_some((&[5i64, 6, 7][..], &[10usize, 20, 30][..]));
                let lines = Lines::new(&shape, &is_reduced, of);
                let mut seen = vec![0; 24];
                lines.each(&samples, |range, row, j| {
                    for (i, &s) in row.iter().enumerate() {
                        seen[s] += 1;
                        let cell = range.start + if lines.last_is_reduced { 0 } else { i };
                        if with_ranks {
                            assert_eq!(cells[s], cell);
                            ranks[s] =
                                lines.ranks[j] + if lines.last_is_reduced { i as u64 } else { 0 };
                        }
                        cells[s] = cell;
                    }
                });
                assert_eq!(seen, vec![1; 24]);
            }
            for s in 0..24 {
                let p = [s / 12, s / 4 % 3, s % 4];
                let along = |reduced: bool, lengths: [usize; 3], from: [usize; 3]| {
                    (0..3)
                        .filter(|a| is_reduced[*a] == reduced)
                        .fold(0, |n, a| n * lengths[a] + p[a] + from[a])
                };
                assert_eq!(cells[s], along(false, shape, [0; 3]), "{mask} {s}");
                assert_eq!(ranks[s], along(true, [10, 20, 30], [5, 6, 7]) as u64, "{mask} {s}");
            }
        }
    }

    #[test]
    fn images_without_axes_are_one_row_of_one_sample() {
        let lines = Lines::new(&[], &[], None);
        assert_eq!((lines.width, lines.cells(0), lines.offsets.len()), (1, 0..1, 1));
        assert_eq!(joined(&[1, 5, 1, 4], &[true, false, true, false]), (vec![20], vec![false]));
    }
}
