//! Operands of different shapes laid over each other, row by row, and handed to a loop as plain slices.

use super::constant::Constant;
use super::rows::{CHUNK, Rows};
use super::types::Loop;
use petavox_core::{Block, Dtype, Error, Result};

/// An operand of [`evaluate`].
#[derive(Clone, Copy, Debug)]
pub enum Operand<'a> {
    /// Samples; their shape stretches to the output's: axes are counted from the last one, and axes of one sample repeat.
    Block(&'a Block),
    /// One number for all.
    Constant(Constant),
}

impl Operand<'_> {
    pub(super) fn dtype(&self) -> Dtype {
        match self {
            Operand::Block(b) => b.dtype(),
            Operand::Constant(c) => c.dtype(),
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Operand::Block(b) => b.bytes(),
            Operand::Constant(c) => c.bytes(),
        }
    }

    /// Samples to go on by for a step along each axis of the output.
    fn strides(&self, out: &[usize]) -> Option<Vec<usize>> {
        let shape = match self {
            Operand::Block(b) => b.shape(),
            Operand::Constant(_) => &[],
        };
        let missing = out.len().checked_sub(shape.len())?;
        let mut strides = vec![0; out.len()];
        let mut step = 1;
        for a in (0..shape.len()).rev() {
            match shape[a] {
                n if n == out[missing + a] => strides[missing + a] = if n == 1 { 0 } else { step },
                1 => {}
                _ => return None,
            }
            step *= shape[a];
        }
        Some(strides)
    }
}

/// One axis that stands for several: samples, and the step of each operand.
type Axis = (usize, [usize; 3]);

/// Writes the function of the operands to `output`. Operands are cast to what the loop computes in; results are numpy's, bit by bit
/// for arithmetic, comparison and rounding, to the last digit but one for the transcendental functions.
///
/// ```
/// use petavox_core::{Block, Dtype, Region};
/// use petavox_kernels::pointwise::{Constant, Function, Operand, evaluate, resolve};
/// let image = Block::from_vec(Region::new([0], [3]), vec![1u8, 2, 255])?;
/// let add = resolve(Function::Add, &[Dtype::UInt8, Dtype::UInt8], None)?;
/// let mut output = Block::zeros(Region::new([0], [3]), add.output())?;
/// let two = Constant::of(Dtype::UInt8, 2u8);
/// evaluate(&add, &[Operand::Block(&image), Operand::Constant(two)], &mut output)?;
/// assert_eq!(output.typed::<u8>()?, [3, 4, 1]);
/// # Ok::<(), petavox_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::InvalidArgument`] for an integer to the power of a negative one; [`Error::Internal`] if shapes, dtypes or the number of
/// operands do not fit the loop.
pub fn evaluate(how: &Loop, operands: &[Operand<'_>], output: &mut Block) -> Result<()> {
    let n = operands.len();
    let misfit = |what: &str| Error::internal(how.function.name(), what);
    if n != how.function.n_operands() || output.dtype() != how.output {
        return Err(misfit("operands or output of another function"));
    }
    let mut axes = Vec::new();
    let mut strides = Vec::with_capacity(n);
    for operand in operands {
        strides.push(operand.strides(output.shape()).ok_or_else(|| misfit("shapes"))?);
    }
    for (a, &len) in output.shape().iter().enumerate() {
        let mut steps = [0; 3];
        (0..n).for_each(|k| steps[k] = strides[k][a]);
        push_axis(&mut axes, (len, steps), n);
    }
    if output.region().is_empty() {
        return Ok(());
    }
    let (len, steps) = axes.pop().unwrap_or((1, [0; 3]));
    let mut rows = Rows::new(how, operands, steps);
    // Short rows are gathered, so that the loop has something to do.
    let n_rows: usize = axes.iter().map(|(len, _)| len).product();
    let together = (CHUNK / len).clamp(1, n_rows);
    let mut starts = Vec::with_capacity(together);
    let mut at = Position { index: vec![0; axes.len()], offsets: [0; 3] };
    let row_bytes = len * output.dtype().size();
    for part in output.bytes_mut().chunks_mut(together * row_bytes) {
        starts.clear();
        for _ in 0..part.len() / row_bytes {
            starts.push(at.offsets);
            at.advance(&axes);
        }
        rows.run(&starts, len, part)?;
    }
    Ok(())
}

/// A place among the outer axes, and where the operands are there.
struct Position {
    index: Vec<usize>,
    offsets: [usize; 3],
}

impl Position {
    fn advance(&mut self, axes: &[Axis]) {
        for (index, (len, steps)) in self.index.iter_mut().zip(axes).rev() {
            *index += 1;
            (0..3).for_each(|k| self.offsets[k] += steps[k]);
            if *index < *len {
                return;
            }
            *index = 0;
            (0..3).for_each(|k| self.offsets[k] -= steps[k] * len);
        }
    }
}

/// Adds an inner axis, as a part of the one before where all operands simply go on.
fn push_axis(axes: &mut Vec<Axis>, (len, steps): Axis, n: usize) {
    if len == 1 {
        return;
    }
    match axes.last_mut() {
        Some(last) if (0..n).all(|k| last.1[k] == steps[k] * len) => *last = (last.0 * len, steps),
        _ => axes.push((len, steps)),
    }
}
