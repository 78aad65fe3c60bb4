//! numpy's memory: where the samples of an array lie, to read and to fill them without a copy in between.

use petavox::{Block, Dtype, Element, Error, Region, Result};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

/// The samples of a numpy array, which is kept alive with them.
pub(crate) struct Samples {
    address: *mut u8,
    shape: Vec<usize>,
    /// Bytes from one sample to the next, per axis; may be negative.
    strides: Vec<isize>,
    dtype: Dtype,
    /// The coordinates of the first sample.
    base: Vec<i64>,
    _array: Py<PyAny>,
}

// SAFETY: the address points into memory that the array owns, and the array lives as long as this. Blocks that different threads
// write never overlap (see `fill`), and what Python code does to the array meanwhile is its own affair, as with numpy itself.
unsafe impl Send for Samples {}
// SAFETY: as above.
unsafe impl Sync for Samples {}

impl Samples {
    /// The samples of an array; to fill it, it must be writable.
    ///
    /// # Errors
    /// `TypeError` for a dtype that images do not have, `ValueError` if it must be writable and is not.
    pub(crate) fn of(array: &Bound<'_, PyAny>, to_fill: bool) -> PyResult<Samples> {
        let interface = array.getattr("__array_interface__")?;
        let interface = interface.cast::<PyDict>()?;
        let item = |key: &str| -> PyResult<Bound<'_, PyAny>> {
            interface
                .get_item(key)?
                .ok_or_else(|| PyValueError::new_err(format!("array without {key}")))
        };
        let (address, read_only): (usize, bool) = item("data")?.extract()?;
        if to_fill && read_only {
            return Err(PyValueError::new_err("the array to fill is read-only"));
        }
        let shape: Vec<usize> = item("shape")?.extract()?;
        let code: String = item("typestr")?.extract()?;
        let Some(dtype) = dtype_of(&code) else {
            let name: String = array.getattr("dtype")?.str()?.extract()?;
            return Err(PyTypeError::new_err(format!(
                "dtype {name} is not supported; images are bool, int8 to int64, uint8 to uint64, float32 or float64 in the \
                 machine's byte order: convert with array.astype(...)"
            )));
        };
        let strides = match interface.get_item("strides")? {
            Some(strides) if !strides.is_none() => strides.cast::<PyTuple>()?.extract()?,
            _ => contiguous(&shape, dtype.size()),
        };
        Ok(Samples {
            address: address as *mut u8,
            base: vec![0; shape.len()],
            shape,
            strides,
            dtype,
            _array: array.clone().unbind(),
        })
    }

    /// The same samples, the first of them at `base`.
    pub(crate) fn based_at(self, base: &[i64]) -> Samples {
        Samples { base: base.to_vec(), ..self }
    }

    pub(crate) fn shape(&self) -> &[usize] {
        &self.shape
    }

    pub(crate) fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// Copies the samples of `out`'s region.
    pub(crate) fn read(&self, out: &mut Block) -> Result<()> {
        self.check(out.region(), out.dtype())?;
        let (region, size) = (out.region().clone(), self.dtype.size());
        let bytes = out.bytes_mut();
        self.runs(&region, |address, step, first, n| {
            let to = &mut bytes[first * size..(first + n) * size];
            if step == size as isize {
                // SAFETY: the run lies inside the array (`check`), whose memory lives as long as `self`.
                to.copy_from_slice(unsafe { std::slice::from_raw_parts(address, n * size) });
                return;
            }
            for (i, sample) in to.chunks_exact_mut(size).enumerate() {
                // SAFETY: as above, for the i-th sample of the run.
                let from =
                    unsafe { std::slice::from_raw_parts(address.offset(i as isize * step), size) };
                sample.copy_from_slice(from);
            }
        });
        Ok(())
    }

    /// Copies a block to its place. Callers on several threads write regions that do not overlap.
    pub(crate) fn fill(&self, block: &Block) -> Result<()> {
        self.check(block.region(), block.dtype())?;
        let size = self.dtype.size();
        self.runs(block.region(), |address, step, first, n| {
            let from = &block.bytes()[first * size..(first + n) * size];
            if step == size as isize {
                // SAFETY: the run lies inside the array (`check`), which is writable, and nobody else has this region.
                unsafe { std::slice::from_raw_parts_mut(address, n * size) }.copy_from_slice(from);
                return;
            }
            for (i, sample) in from.chunks_exact(size).enumerate() {
                // SAFETY: as above, for the i-th sample of the run.
                let to = unsafe {
                    std::slice::from_raw_parts_mut(address.offset(i as isize * step), size)
                };
                to.copy_from_slice(sample);
            }
        });
        Ok(())
    }

    fn region(&self) -> Region {
        Region::new(self.base.as_slice(), self.shape.as_slice())
    }

    fn check(&self, region: &Region, dtype: Dtype) -> Result<()> {
        if dtype != self.dtype || !self.region().contains(region) {
            return Err(Error::internal(
                "numpy array",
                format!("{region} {dtype} of {:?}", self.shape),
            ));
        }
        Ok(())
    }

    /// Calls `f` with the address of each row of the region, the step between its samples, the row's first sample in a block of
    /// the region, and its length.
    fn runs(&self, region: &Region, mut f: impl FnMut(*mut u8, isize, usize, usize)) {
        if region.is_empty() {
            return;
        }
        let n_axes = region.ndim();
        if n_axes == 0 {
            return f(self.address, self.dtype.size() as isize, 0, 1);
        }
        // Trailing axes that lie one after another in memory are one row.
        let mut axis = n_axes - 1;
        let mut n = region.shape()[axis];
        while axis > 0
            && region.shape()[axis] == self.shape[axis]
            && self.strides[axis - 1] == self.strides[axis] * self.shape[axis] as isize
        {
            axis -= 1;
            n *= region.shape()[axis];
        }
        let step = self.strides[n_axes - 1];
        let mut index = vec![0usize; axis];
        let mut first = 0;
        loop {
            let mut offset = 0isize;
            for a in 0..n_axes {
                let at = (region.start()[a] - self.base[a]) as isize
                    + index.get(a).map_or(0, |&i| i as isize);
                offset += at * self.strides[a];
            }
            // The offset of a sample of the array from its first: numpy's own arithmetic.
            f(self.address.wrapping_offset(offset), step, first, n);
            first += n;
            let Some(a) = (0..axis).rev().find(|&a| index[a] + 1 < region.shape()[a]) else {
                return;
            };
            index[a] += 1;
            index[a + 1..].fill(0);
        }
    }
}

/// A numpy array of these samples.
///
/// # Errors
/// If numpy has no memory for it.
pub(crate) fn array<'py, T: Element>(
    py: Python<'py>,
    samples: &[T],
) -> PyResult<Bound<'py, PyAny>> {
    let array = py.import("numpy")?.call_method1("empty", (samples.len(), T::DTYPE.name()))?;
    let place = Samples::of(&array, true)?;
    let bytes = std::mem::size_of_val(samples);
    // SAFETY: the new array has room for as many samples of this dtype, nobody else has seen it, and samples are plain bytes.
    unsafe {
        std::ptr::copy_nonoverlapping(samples.as_ptr().cast::<u8>(), place.address, bytes);
    }
    Ok(array)
}

/// The dtype of numpy's code such as `<u2`, in the machine's byte order.
fn dtype_of(code: &str) -> Option<Dtype> {
    let order = if cfg!(target_endian = "little") { '<' } else { '>' };
    let kind = code.strip_prefix([order, '|', '='])?;
    Some(match kind {
        "b1" => Dtype::Bool,
        "i1" => Dtype::Int8,
        "i2" => Dtype::Int16,
        "i4" => Dtype::Int32,
        "i8" => Dtype::Int64,
        "u1" => Dtype::UInt8,
        "u2" => Dtype::UInt16,
        "u4" => Dtype::UInt32,
        "u8" => Dtype::UInt64,
        "f4" => Dtype::Float32,
        "f8" => Dtype::Float64,
        _ => return None,
    })
}

fn contiguous(shape: &[usize], size: usize) -> Vec<isize> {
    let mut strides = vec![size as isize; shape.len()];
    for a in (1..shape.len()).rev() {
        strides[a - 1] = strides[a] * shape[a] as isize;
    }
    strides
}
