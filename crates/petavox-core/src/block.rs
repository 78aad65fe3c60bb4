//! The samples of a region, erased of their type.

use crate::{Buffer, Dtype, Element, Error, Region, Result, strides};

/// The samples of a region in C order, contiguous, erased of their type; typed again by [`Block::typed`].
///
/// ```
/// use petavox_core::{Block, Region};
/// let block = Block::from_vec(Region::new([0, 0], [2, 3]), vec![1u16, 2, 3, 4, 5, 6])?;
/// assert_eq!(block.typed::<u16>()?[4], 5);
/// # Ok::<(), petavox_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Block {
    region: Region,
    dtype: Dtype,
    buffer: Buffer,
}

impl Block {
    /// A block of zeros.
    ///
    /// # Errors
    /// [`Error::Io`] if the system has no memory left.
    pub fn zeros(region: Region, dtype: Dtype) -> Result<Block> {
        let buffer = Buffer::zeroed(region.len() * dtype.size())?;
        Ok(Block { region, dtype, buffer })
    }

    /// A block over a buffer that is large enough; its contents are whatever the buffer held.
    ///
    /// # Errors
    /// [`Error::Internal`] if the buffer is too small.
    pub fn over(region: Region, dtype: Dtype, mut buffer: Buffer) -> Result<Block> {
        let len = region.len() * dtype.size();
        if len > buffer.capacity() {
            return Err(Error::internal(
                "Block::over",
                format!("{} bytes for {len}", buffer.capacity()),
            ));
        }
        buffer.set_len(len);
        Ok(Block { region, dtype, buffer })
    }

    /// A block with these samples.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if their number is not the region's.
    pub fn from_vec<T: Element>(region: Region, samples: Vec<T>) -> Result<Block> {
        if samples.len() != region.len() {
            let expected = format!("{} for {region}", region.len());
            return Err(Error::argument("samples", samples.len(), expected));
        }
        let mut block = Block::zeros(region, T::DTYPE)?;
        block.typed_mut::<T>()?.copy_from_slice(&samples);
        Ok(block)
    }

    /// Where the block lies.
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// Samples per axis.
    pub fn shape(&self) -> &[usize] {
        self.region.shape()
    }

    /// Type of the samples.
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// The same samples said to lie at `start`.
    pub fn moved_to(mut self, start: &[i64]) -> Block {
        self.region = Region::new(start, self.region.shape());
        self
    }

    /// The same bytes seen as another dtype of the same size (`bool` as `uint8` and back).
    ///
    /// # Errors
    /// [`Error::Internal`] if the sizes differ.
    pub fn viewed_as(mut self, dtype: Dtype) -> Result<Block> {
        if dtype.size() != self.dtype.size() {
            return Err(Error::internal("Block::viewed_as", format!("{} as {dtype}", self.dtype)));
        }
        self.dtype = dtype;
        Ok(self)
    }

    /// The raw bytes.
    pub fn bytes(&self) -> &[u8] {
        self.buffer.bytes()
    }

    /// The raw bytes, to write.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        self.buffer.bytes_mut()
    }

    /// Gives the memory back, to be reused.
    pub fn into_buffer(self) -> Buffer {
        self.buffer
    }

    /// The samples.
    ///
    /// # Errors
    /// [`Error::Internal`] if `T` is not how the block's dtype is stored.
    pub fn typed<T: Element>(&self) -> Result<&[T]> {
        self.check::<T>()?;
        Ok(bytemuck::cast_slice(self.buffer.bytes()))
    }

    /// The samples, to write.
    ///
    /// # Errors
    /// [`Error::Internal`] if `T` is not how the block's dtype is stored.
    pub fn typed_mut<T: Element>(&mut self) -> Result<&mut [T]> {
        self.check::<T>()?;
        Ok(bytemuck::cast_slice_mut(self.buffer.bytes_mut()))
    }

    fn check<T: Element>(&self) -> Result<()> {
        if self.dtype.storage() == T::DTYPE {
            return Ok(());
        }
        Err(Error::internal(
            "Block::typed",
            format!("a block of {} read as {}", self.dtype, T::DTYPE),
        ))
    }

    /// Copies the samples that both blocks have from `source`.
    ///
    /// # Errors
    /// [`Error::Internal`] if the sample sizes differ.
    pub fn copy_from(&mut self, source: &Block) -> Result<()> {
        let size = self.dtype.size();
        if size != source.dtype.size() {
            return Err(Error::internal(
                "Block::copy_from",
                format!("{} from {}", self.dtype, source.dtype),
            ));
        }
        let Some(common) = self.region.intersect(&source.region) else { return Ok(()) };
        let n = common.ndim();
        if n == 0 {
            self.bytes_mut().copy_from_slice(source.bytes());
            return Ok(());
        }
        // Trailing axes that both blocks hold whole are one run.
        let mut run_axes = 1;
        while run_axes < n
            && common.shape()[n - run_axes] == self.shape()[n - run_axes]
            && common.shape()[n - run_axes] == source.shape()[n - run_axes]
        {
            run_axes += 1;
        }
        let run: usize = common.shape()[n - run_axes..].iter().product::<usize>() * size;
        let outer = Region::new(
            &common.start()[..n - run_axes + 1],
            [&common.shape()[..n - run_axes], &[1][..]].concat(),
        );
        let (to_region, from_region) = (self.region.clone(), source.region.clone());
        let to = self.buffer.bytes_mut();
        let from = source.buffer.bytes();
        let mut point = common.start().to_vec();
        outer.for_each_row(|p| {
            point[..p.len()].copy_from_slice(p);
            let t = to_region.offset_of(&point) * size;
            let f = from_region.offset_of(&point) * size;
            to[t..t + run].copy_from_slice(&from[f..f + run]);
        });
        Ok(())
    }

    /// Sets every sample, `value` being cast like [`Element::from_f64`].
    pub fn fill(&mut self, value: f64) {
        dispatch!(self.dtype, T => {
            let v = T::from_f64(value);
            bytemuck::cast_slice_mut::<u8, T>(self.buffer.bytes_mut()).fill(v);
        });
    }

    /// C-order strides, in samples.
    pub fn strides(&self) -> Vec<usize> {
        strides(self.shape())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_the_common_part() {
        let src = Block::from_vec(Region::new([1, 1], [2, 3]), vec![1u8, 2, 3, 4, 5, 6]).unwrap();
        let mut dst = Block::zeros(Region::new([0, 0], [3, 3]), Dtype::UInt8).unwrap();
        dst.copy_from(&src).unwrap();
        assert_eq!(dst.typed::<u8>().unwrap(), [0, 0, 0, 0, 1, 2, 0, 4, 5]);
    }

    #[test]
    fn whole_trailing_axes_copy_as_one_run() {
        let shape = [3, 2, 4];
        let src = Block::from_vec(Region::whole(&shape), (0..24u32).collect()).unwrap();
        let mut dst = Block::zeros(Region::new([1, 0, 0], [2, 2, 4]), Dtype::UInt32).unwrap();
        dst.copy_from(&src).unwrap();
        assert_eq!(dst.typed::<u32>().unwrap(), (8..24).collect::<Vec<u32>>());
    }

    #[test]
    fn a_region_without_axes_is_one_sample() {
        let region = Region::whole(&[]);
        assert_eq!((region.len(), region.is_empty(), region.offset_of(&[])), (1, false, 0));
        assert_eq!(region.intersect(&region), Some(region.clone()));
        let mut n_rows = 0;
        region.for_each_row(|p| n_rows += 1 + p.len());
        assert_eq!(n_rows, 1);
        let mut copy = Block::zeros(region.clone(), Dtype::Int16).unwrap();
        copy.copy_from(&Block::from_vec(region.clone(), vec![-7i16]).unwrap()).unwrap();
        assert_eq!(copy.typed::<i16>().unwrap(), [-7]);
        let grid = crate::ChunkGrid::new(&[], &[]);
        assert_eq!((grid.len(), grid.region(0), grid.meeting(&region)), (1, region, vec![0]));
        let spec = crate::ImageSpec::new([], Dtype::Float64).unwrap();
        assert_eq!((spec.len(), spec.bytes(), spec.axes.as_str()), (1, 8, ""));
    }

    #[test]
    fn wrong_type_is_an_error_and_bool_is_u8() {
        let b = Block::zeros(Region::new([0], [4]), Dtype::Bool).unwrap();
        assert!(b.typed::<u8>().is_ok());
        assert!(b.typed::<f32>().is_err());
    }
}
