//! The skeleton as an image of branch numbers, made from its voxels when it is read.

use petavox_core::{Block, ChunkGrid, Dtype, Error, ImageSpec, Region, Result, Source};
use petavox_engine::Words;
use std::sync::Arc;

/// An `int32` image that is 0 but for the voxels of a skeleton, which have the number of their branch; or a coarser level of it, in
/// which a sample has the largest number of its cell, so that thin lines stay lines.
#[derive(Clone)]
pub struct LabelImage {
    fine: Region,
    spec: ImageSpec,
    grid: ChunkGrid,
    factors: Vec<usize>,
    ranks: Arc<Words>,
    /// Two to a word.
    labels: Arc<Words>,
}

impl LabelImage {
    /// The image of `mask`'s shape with `labels`, 32-bit numbers two to a word, at the voxels with these
    /// raster ranks (rising).
    pub fn new(mask: &ImageSpec, ranks: Arc<Words>, labels: Arc<Words>) -> LabelImage {
        let spec = mask.with_dtype(Dtype::Int32);
        LabelImage {
            fine: spec.region(),
            grid: ChunkGrid::new(&spec.shape, &spec.shape),
            factors: vec![1; spec.ndim()],
            spec,
            ranks,
            labels,
        }
    }

    /// The level of the pyramid that is described by `spec`: cells of the full image, counted from its first sample.
    ///
    /// # Errors
    /// [`Error::Internal`] if the shape is not that of a level.
    pub fn level(&self, spec: &ImageSpec) -> Result<LabelImage> {
        let whole = self.fine.shape();
        let factors: Vec<usize> = whole
            .iter()
            .zip(&spec.shape)
            .map(|(f, c)| f.div_ceil((*c).max(1)).next_power_of_two())
            .collect();
        if (0..whole.len()).any(|a| whole[a].div_ceil(factors[a]) != spec.shape[a]) {
            return Err(Error::internal(
                "LabelImage::level",
                format!("{:?} of {whole:?}", spec.shape),
            ));
        }
        let spec = spec.with_dtype(Dtype::Int32);
        let grid = ChunkGrid::new(&spec.shape, &spec.shape);
        Ok(LabelImage { spec, grid, factors, ..self.clone() })
    }
}

impl Source for LabelImage {
    fn spec(&self) -> &ImageSpec {
        &self.spec
    }

    fn grid(&self) -> &ChunkGrid {
        &self.grid
    }

    fn reads_below_chunk(&self) -> bool {
        true
    }

    fn scratch_bytes(&self, _region: &Region) -> u64 {
        0
    }

    fn read(&self, out: &mut Block) -> Result<()> {
        let region = out.region().clone();
        let n = region.ndim();
        let width = region.shape()[n - 1];
        out.bytes_mut().fill(0);
        let samples = out.typed_mut::<i32>()?;
        let ranks = self.ranks.words();
        let labels = &bytemuck::cast_slice::<u64, u32>(self.labels.words())[..ranks.len()];
        let factor = self.factors[n - 1];
        let mut at = 0;
        region.for_each_row(|point| {
            let row = &mut samples[at..at + width];
            at += width;
            // The full image's rows that lie in the cells of this one.
            let start: Vec<i64> =
                point.iter().zip(&self.factors).map(|(p, f)| p * *f as i64).collect();
            let mut extent = self.factors.clone();
            extent[n - 1] = width * factor;
            let Some(cells) = Region::new(start, extent).intersect(&self.fine) else { return };
            cells.for_each_row(|fine| {
                let first = self.fine.offset_of(fine) as u64;
                let from = ranks.partition_point(|r| *r < first);
                for (rank, label) in ranks[from..].iter().zip(&labels[from..]) {
                    let x = (rank - first) as usize;
                    if x >= cells.shape()[n - 1] {
                        break;
                    }
                    let sample = &mut row[x / factor];
                    *sample = (*sample).max(*label as i32);
                }
            });
        });
        Ok(())
    }

    fn locator(&self) -> Option<String> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use petavox_engine::{Budget, ScratchDir};

    #[test]
    fn levels_have_the_largest_number_of_each_cell_in_any_cut() {
        let shape = [5, 7, 9];
        let numbers: Vec<u64> = (0..315).filter(|r| r * 7 % 11 < 2).collect();
        let budget = Budget::new(1 << 30);
        let words = |n| {
            Words::where_it_fits(n, 1 << 20, 0, &ScratchDir::system(), &budget, "test").unwrap()
        };
        let mut ranks = words(numbers.len());
        ranks.words_mut().copy_from_slice(&numbers);
        let labels: Vec<u32> = numbers.iter().map(|r| (r * 13 % 50) as u32 + 1).collect();
        let mask = ImageSpec::new(shape, Dtype::Bool).unwrap();
        let mut held = words(labels.len().div_ceil(2));
        bytemuck::cast_slice_mut(held.words_mut())[..labels.len()].copy_from_slice(&labels);
        let image = LabelImage::new(&mask, Arc::new(ranks), Arc::new(held));
        let mut full = vec![0i32; 315];
        numbers.iter().zip(&labels).for_each(|(r, l)| full[*r as usize] = *l as i32);
        for factors in [[1, 1, 1], [2, 2, 2], [1, 4, 4]] {
            let coarse: Vec<usize> =
                shape.iter().zip(factors).map(|(s, f): (&usize, usize)| s.div_ceil(f)).collect();
            let level =
                image.level(&ImageSpec::new(coarse.clone(), Dtype::Int32).unwrap()).unwrap();
            let mut want = vec![0i32; coarse.iter().product()];
            let whole = Region::whole(&coarse);
            for (i, value) in full.iter().enumerate() {
                let p = [i / 63 / factors[0], i / 9 % 7 / factors[1], i % 9 / factors[2]]
                    .map(|v| v as i64);
                let w = &mut want[whole.offset_of(&p)];
                *w = (*w).max(*value);
            }
            let want = Block::from_vec(whole, want).unwrap();
            let cuts = ChunkGrid::new(&coarse, &[2, 3, 2]);
            for k in 0..cuts.len() {
                let mut got = Block::zeros(cuts.region(k), Dtype::Int32).unwrap();
                level.read(&mut got).unwrap();
                let mut part = Block::zeros(cuts.region(k), Dtype::Int32).unwrap();
                part.copy_from(&want).unwrap();
                assert_eq!(
                    got.typed::<i32>().unwrap(),
                    part.typed::<i32>().unwrap(),
                    "{factors:?}"
                );
            }
        }
    }
}
