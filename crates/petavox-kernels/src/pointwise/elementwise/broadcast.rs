//! Operands of different shapes laid over each other, row by row, and handed to a loop as plain slices.

use super::constant::Constant;
use super::function::Function;
use super::types::Loop;
use crate::pointwise::cast::cast_slice;
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
    fn dtype(&self) -> Dtype {
        match self {
            Operand::Block(b) => b.dtype(),
            Operand::Constant(c) => c.dtype(),
        }
    }

    fn bytes(&self) -> &[u8] {
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

/// Samples that are cast, or repeated, at a time.
const CHUNK: usize = 1024;

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
    let size = output.dtype().size();
    let mut index = vec![0; axes.len()];
    let mut offsets = [0; 3];
    for row in output.bytes_mut().chunks_exact_mut(len * size) {
        rows.run(&offsets, row)?;
        for a in (0..axes.len()).rev() {
            index[a] += 1;
            (0..n).for_each(|k| offsets[k] += axes[a].1[k]);
            if index[a] < axes[a].0 {
                break;
            }
            index[a] = 0;
            (0..n).for_each(|k| offsets[k] -= axes[a].1[k] * axes[a].0);
        }
    }
    Ok(())
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

/// How an operand comes to a loop.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// As it lies there.
    Direct,
    /// Cast, a piece at a time.
    Cast,
    /// One sample, repeated in a row.
    Row,
    /// One sample for the whole output.
    Same,
}

/// The operands of one call, and room for what must be cast or repeated.
struct Rows<'a> {
    how: &'a Loop,
    operands: &'a [Operand<'a>],
    ways: [Way; 3],
    rooms: [Vec<u64>; 3],
}

impl<'a> Rows<'a> {
    fn new(how: &'a Loop, operands: &'a [Operand<'a>], steps: [usize; 3]) -> Rows<'a> {
        let mut ways = [Way::Direct; 3];
        let mut rooms = [const { Vec::new() }; 3];
        for (k, operand) in operands.iter().enumerate() {
            let plain = is_stored_as(operand.dtype(), how.inputs[k]);
            ways[k] = match (steps[k], operand) {
                (0, Operand::Constant(_)) => Way::Same,
                (0, _) => Way::Row,
                _ if plain => Way::Direct,
                _ => Way::Cast,
            };
            if ways[k] != Way::Direct {
                rooms[k] = vec![0; CHUNK];
            }
            if ways[k] == Way::Same {
                let bytes = bytemuck::cast_slice_mut(&mut rooms[k]);
                repeat(operand.dtype(), operand.bytes(), how.inputs[k], bytes, CHUNK);
            }
        }
        Rows { how, operands, ways, rooms }
    }

    /// One row of the output; the operands begin at `offsets`.
    fn run(&mut self, offsets: &[usize; 3], out: &mut [u8]) -> Result<()> {
        let n = self.operands.len();
        let out_size = self.how.output.size();
        let total = out.len() / out_size;
        let direct = self.ways[..n].iter().all(|w| *w == Way::Direct);
        let chunk = if direct { total } else { CHUNK };
        for first in (0..total).step_by(chunk.max(1)) {
            let len = chunk.min(total - first);
            for k in 0..n {
                let (from, to) = (self.operands[k].dtype(), self.how.inputs[k]);
                let bytes = self.operands[k].bytes();
                let room = bytemuck::cast_slice_mut::<u64, u8>(&mut self.rooms[k]);
                match self.ways[k] {
                    Way::Cast => {
                        let at = (offsets[k] + first) * from.size();
                        let part = &bytes[at..at + len * from.size()];
                        cast_samples(from, part, to, &mut room[..len * to.size()]);
                    }
                    Way::Row if first == 0 => {
                        let at = offsets[k] * from.size();
                        repeat(from, &bytes[at..at + from.size()], to, room, len);
                    }
                    _ => {}
                }
            }
            let mut slices: [&[u8]; 3] = [&[]; 3];
            for k in 0..n {
                let size = self.how.inputs[k].size();
                slices[k] = if self.ways[k] == Way::Direct {
                    let at = (offsets[k] + first) * size;
                    &self.operands[k].bytes()[at..at + len * size]
                } else {
                    &bytemuck::cast_slice(&self.rooms[k])[..len * size]
                };
            }
            if self.how.function == Function::Power {
                no_negative(self.how.inputs[1], slices[1])?;
            }
            if self.how.swapped {
                slices.swap(0, 1);
            }
            let to = &mut out[first * out_size..(first + len) * out_size];
            self.how.body.run(&slices[..n], to);
        }
        Ok(())
    }
}

fn is_stored_as(from: Dtype, to: Dtype) -> bool {
    from == to || from.storage() == to
}

/// Casts samples, all of them if the dtypes are stored alike.
pub(super) fn cast_samples(from: Dtype, input: &[u8], to: Dtype, output: &mut [u8]) {
    if is_stored_as(from, to) {
        output.copy_from_slice(input);
    } else {
        cast_slice(from, input, to, output);
    }
}

/// Fills the first `n` samples of `room` with one, cast.
fn repeat(from: Dtype, sample: &[u8], to: Dtype, room: &mut [u8], n: usize) {
    let (first, rest) = room.split_at_mut(to.size());
    cast_samples(from, sample, to, first);
    for other in rest.chunks_exact_mut(to.size()).take(n.saturating_sub(1)) {
        other.copy_from_slice(first);
    }
}

/// Refuses negative exponents of integers.
fn no_negative(dtype: Dtype, exponents: &[u8]) -> Result<()> {
    let n = match dtype {
        Dtype::Int8 => bytemuck::cast_slice::<u8, i8>(exponents).iter().any(|e| *e < 0),
        Dtype::Int16 => bytemuck::cast_slice::<u8, i16>(exponents).iter().any(|e| *e < 0),
        Dtype::Int32 => bytemuck::cast_slice::<u8, i32>(exponents).iter().any(|e| *e < 0),
        Dtype::Int64 => bytemuck::cast_slice::<u8, i64>(exponents).iter().any(|e| *e < 0),
        _ => false,
    };
    if n {
        let expected = "floats: Integers to negative integer powers are not allowed";
        return Err(Error::argument("power", "a negative exponent of an integer", expected));
    }
    Ok(())
}
