//! Chunks of zeros: most of a mask or a label image. One is encoded or decoded once per array; all codecs give the same
//! bytes for the same samples.

use crate::raw::try_for_each_point;
use petavox_core::{Block, Region};
use std::sync::OnceLock;

/// Longer encoded chunks are not worth keeping: where zeros do not shrink, there is no codec whose work could be spared.
const MOST_BYTES: usize = 64 << 10;

/// A chunk of zeros as it is encoded, once one has been seen. The first of several threads is heard, whichever it is.
#[derive(Debug, Default)]
pub(crate) struct Remembered(OnceLock<Vec<u8>>);

impl Remembered {
    pub(crate) fn get(&self) -> Option<&[u8]> {
        self.0.get().map(Vec::as_slice)
    }

    /// True if these bytes would be kept: nothing is yet, and they are few.
    pub(crate) fn wants(&self, encoded: &[u8]) -> bool {
        encoded.len() <= MOST_BYTES && self.0.get().is_none()
    }

    pub(crate) fn keep(&self, encoded: &[u8]) {
        if self.wants(encoded) {
            let _ = self.0.set(encoded.to_vec());
        }
    }
}

/// True if all bytes are zero. Stops at the first piece with another.
pub(crate) fn is_zero(bytes: &[u8]) -> bool {
    // Pieces without a branch inside, which compile to wide instructions.
    bytes.chunks(1024).all(|piece| piece.iter().fold(0, |all, b| all | b) == 0)
}

/// True if all samples of the block that lie in the region are zero (not -0.0, whose bytes differ).
pub(crate) fn is_zero_within(region: &Region, block: &Block) -> bool {
    let whole = block.region();
    if region == whole {
        return is_zero(block.bytes());
    }
    let Some(common) = whole.intersect(region) else { return true };
    let size = block.dtype().size();
    let last = common.ndim() - 1;
    let run = common.shape()[last] * size;
    let mut heads = common.shape().to_vec();
    heads[last] = 1;
    try_for_each_point(&Region::new(common.start(), heads), |p| {
        let at = whole.offset_of(p) * size;
        if is_zero(&block.bytes()[at..at + run]) { Ok(()) } else { Err(()) }
    })
    .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use petavox_core::Dtype;

    #[test]
    fn one_byte_anywhere_in_the_region_is_seen_and_none_outside() {
        let mut block = Block::zeros(Region::new([10, -4], [5, 3000]), Dtype::UInt16).unwrap();
        let region = Region::new([11, 100], [2, 2000]);
        assert!(is_zero_within(block.region(), &block) && is_zero_within(&region, &block));
        for at in 0..block.bytes().len() {
            block.bytes_mut()[at] = 1;
            let (y, x) = (10 + at / 6000, (at % 6000) as i64 / 2 - 4);
            let is_inside = (11..13).contains(&y) && (100..2100).contains(&x);
            if at % 97 == 0 || is_inside != ((11..13).contains(&y) && (101..2099).contains(&x)) {
                assert_eq!(is_zero_within(&region, &block), !is_inside, "byte {at}");
                assert!(!is_zero_within(block.region(), &block), "byte {at}");
            }
            block.bytes_mut()[at] = 0;
        }
    }

    #[test]
    fn what_is_kept_stays_and_is_short() {
        let kept = Remembered::default();
        kept.keep(&vec![1; MOST_BYTES + 1]);
        assert_eq!(kept.get(), None);
        kept.keep(&[1, 2]);
        kept.keep(&[3]);
        assert_eq!(kept.get(), Some(&[1, 2][..]));
    }
}
