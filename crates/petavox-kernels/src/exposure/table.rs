//! Values between the points of a table, by straight lines, as numpy.interp.

use crate::sample::{Integer, dispatch_integers};
use petavox_core::{Block, Dtype, Error, Result};

/// A table of points with rising abscissas, and straight lines between them; level beyond both ends.
///
/// ```
/// use petavox_kernels::exposure::Table;
/// let table = Table::new(vec![0.0, 10.0], vec![0.0, 1.0])?;
/// assert_eq!(table.at(2.5), 0.25);
/// assert_eq!(table.at(99.0), 1.0);
/// # Ok::<(), petavox_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Table {
    x: Vec<f64>,
    y: Vec<f64>,
    slopes: Vec<f64>,
    /// Points per unit of x if they were equally far from each other: where the search begins.
    density: f64,
    /// The table at every value of an 8- or 16-bit dtype.
    ready: Vec<f64>,
}

impl Table {
    /// # Errors
    /// [`Error::InvalidArgument`] if there are no points, not as many of both, or the abscissas do not rise.
    pub fn new(x: Vec<f64>, y: Vec<f64>) -> Result<Table> {
        if x.len() != y.len() || x.is_empty() {
            let given = format!("{} and {} values", x.len(), y.len());
            return Err(Error::argument("xp and fp", given, "as many of both, one or more"));
        }
        if !x.windows(2).all(|w| w[0] < w[1]) {
            return Err(Error::argument("xp", "values that do not rise", "rising values"));
        }
        let slopes =
            x.windows(2).zip(y.windows(2)).map(|(x, y)| (y[1] - y[0]) / (x[1] - x[0])).collect();
        let width = x[x.len() - 1] - x[0];
        let density = if width > 0.0 { (x.len() - 1) as f64 / width } else { 0.0 };
        Ok(Table { x, y, slopes, density, ready: Vec::new() })
    }

    /// The same table, looked up beforehand for every value if the dtype has few.
    pub fn for_dtype(mut self, dtype: Dtype) -> Table {
        self.ready = match (dtype, dtype.is_signed()) {
            (Dtype::Bool | Dtype::UInt8, _) => (0..=255).map(|v| self.at(f64::from(v))).collect(),
            (d, false) if d.size() == 2 => (0..=65535).map(|v| self.at(f64::from(v))).collect(),
            _ => Vec::new(),
        };
        self
    }

    /// The value at `x`; NaN at NaN.
    pub fn at(&self, x: f64) -> f64 {
        let last = self.x.len() - 1;
        if x.is_nan() {
            return x;
        }
        if x <= self.x[0] {
            return self.y[0];
        }
        if x >= self.x[last] {
            return self.y[last];
        }
        let mut i = (((x - self.x[0]) * self.density) as usize).min(last - 1);
        // Equally far points are found at once; others by halving what is left.
        if !(self.x[i] <= x && x < self.x[i + 1]) {
            i = self.x.partition_point(|p| *p <= x) - 1;
        }
        if self.x[i] == x { self.y[i] } else { self.slopes[i] * (x - self.x[i]) + self.y[i] }
    }
}

/// Every sample of `input` by the table, as `float64` or `float32`, whichever `output` is.
///
/// # Errors
/// [`Error::Internal`] if the blocks are not of one size or the output is no float.
pub fn look_up(input: &Block, table: &Table, output: &mut Block) -> Result<()> {
    if input.region().len() != output.region().len() {
        return Err(Error::internal("look_up", "blocks of two sizes"));
    }
    match output.dtype() {
        Dtype::Float32 => each(input, table, output.typed_mut()?, |v| v as f32),
        Dtype::Float64 => each(input, table, output.typed_mut()?, |v| v),
        _ => Err(Error::internal("look_up", "an output that is no float")),
    }
}

fn each<U: Copy>(input: &Block, table: &Table, out: &mut [U], cut: fn(f64) -> U) -> Result<()> {
    let ready = !table.ready.is_empty();
    match input.dtype() {
        Dtype::Bool | Dtype::UInt8 if ready => {
            let levels: Vec<U> = table.ready.iter().map(|v| cut(*v)).collect();
            let samples = input.bytes().iter();
            out.iter_mut().zip(samples).for_each(|(o, v)| *o = levels[usize::from(*v)]);
        }
        Dtype::UInt16 if ready => {
            let levels = &table.ready[..];
            let samples = input.typed::<u16>()?.iter();
            out.iter_mut().zip(samples).for_each(|(o, v)| *o = cut(levels[usize::from(*v)]));
        }
        Dtype::Float32 => {
            let samples = input.typed::<f32>()?.iter();
            out.iter_mut().zip(samples).for_each(|(o, v)| *o = cut(table.at(f64::from(*v))));
        }
        Dtype::Float64 => {
            let samples = input.typed::<f64>()?.iter();
            out.iter_mut().zip(samples).for_each(|(o, v)| *o = cut(table.at(*v)));
        }
        integer => dispatch_integers!(integer, T => {
            let samples = input.typed::<T>()?.iter();
            out.iter_mut().zip(samples).for_each(|(o, v)| *o = cut(table.at(wide(*v))));
        }, else return Err(Error::internal("look_up", "a float"))),
    }
    Ok(())
}

fn wide<T: Integer>(value: T) -> f64 {
    let wide: i128 = value.into();
    wide as f64
}
