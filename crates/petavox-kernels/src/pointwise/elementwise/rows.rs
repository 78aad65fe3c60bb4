//! Rows of operands as the slices that a loop takes: cast, repeated and gathered where they do not lie so already.

use super::broadcast::Operand;
use super::function::Function;
use super::types::Loop;
use crate::pointwise::cast::cast_slice;
use petavox_core::{Dtype, Error, Result};

/// Samples that are cast, repeated or gathered at a time.
pub(super) const CHUNK: usize = 1024;

/// The operands of one call, and room for what does not lie in memory as the loop needs it.
pub(super) struct Rows<'a> {
    how: &'a Loop,
    operands: &'a [Operand<'a>],
    /// Samples to go on by along a row: 1, or 0 for one sample all along.
    steps: [usize; 3],
    /// Samples in the loop's dtype; constants are here from the beginning.
    rooms: [Vec<u64>; 3],
    /// Samples in the operand's own dtype.
    gathered: [Vec<u64>; 3],
    /// No operand is a constant or needs a cast.
    direct: bool,
}

impl<'a> Rows<'a> {
    pub(super) fn new(how: &'a Loop, operands: &'a [Operand<'a>], steps: [usize; 3]) -> Rows<'a> {
        let mut rooms = [const { Vec::new() }; 3];
        let mut direct = true;
        for (k, operand) in operands.iter().enumerate() {
            let as_it_is = steps[k] == 1 && is_stored_as(operand.dtype(), how.inputs[k]);
            direct &= as_it_is;
            rooms[k] = vec![0; if as_it_is { 0 } else { CHUNK }];
            if let Operand::Constant(constant) = operand {
                repeat(
                    constant.cast(how.inputs[k]).bytes(),
                    bytemuck::cast_slice_mut(&mut rooms[k]),
                );
            }
        }
        Rows { how, operands, steps, rooms, gathered: [const { Vec::new() }; 3], direct }
    }

    /// Rows of `len` samples that follow one another in the output; the operands begin at `starts`. Several rows are no more than
    /// [`CHUNK`] samples.
    pub(super) fn run(&mut self, starts: &[[usize; 3]], len: usize, out: &mut [u8]) -> Result<()> {
        let size = self.how.output.size();
        let total = starts.len() * len;
        let one = starts.len() == 1;
        let chunk = if one && !self.direct { CHUNK } else { total };
        for first in (0..total).step_by(chunk) {
            let n = chunk.min(total - first);
            self.piece(starts, len, first, n, &mut out[first * size..(first + n) * size])?;
        }
        Ok(())
    }

    /// The samples `first .. first + n` of one row, or all of several.
    fn piece(
        &mut self,
        starts: &[[usize; 3]],
        len: usize,
        first: usize,
        n: usize,
        out: &mut [u8],
    ) -> Result<()> {
        let n_operands = self.operands.len();
        let mut at = [None; 3];
        for k in 0..n_operands {
            at[k] = self.prepare(k, starts, len, first, n);
        }
        let mut slices: [&[u8]; 3] = [&[]; 3];
        for k in 0..n_operands {
            let bytes = n * self.how.inputs[k].size();
            slices[k] = match at[k] {
                Some(start) => &self.operands[k].bytes()[start..start + bytes],
                None if self.rooms[k].is_empty() => {
                    &bytemuck::cast_slice(&self.gathered[k])[..bytes]
                }
                None => &bytemuck::cast_slice(&self.rooms[k])[..bytes],
            };
        }
        if self.how.function == Function::Power {
            no_negative(self.how.inputs[1], slices[1])?;
        }
        if self.how.swapped {
            slices.swap(0, 1);
        }
        self.how.body.run(&slices[..n_operands], out);
        Ok(())
    }

    /// Puts the samples of an operand into its room, or says at which byte they lie already.
    fn prepare(
        &mut self,
        k: usize,
        starts: &[[usize; 3]],
        len: usize,
        first: usize,
        n: usize,
    ) -> Option<usize> {
        let (operand, to) = (&self.operands[k], self.how.inputs[k]);
        let Operand::Block(_) = operand else { return None };
        let (from, bytes) = (operand.dtype(), operand.bytes());
        let size = from.size();
        let start = starts[0][k];
        let room = bytemuck::cast_slice_mut::<u64, u8>(&mut self.rooms[k]);
        let repeats = self.steps[k] == 0;
        if repeats && starts.len() == 1 {
            if first == 0 {
                let (one, _) = room.split_at_mut(to.size());
                cast_samples(from, &bytes[start * size..][..size], to, one);
                let mut sample = [0u64];
                let sample = &mut bytemuck::cast_slice_mut::<u64, u8>(&mut sample)[..to.size()];
                sample.copy_from_slice(one);
                repeat(sample, &mut room[..n * to.size()]);
            }
            return None;
        }
        let follow = !repeats && starts.iter().enumerate().all(|(r, s)| s[k] == start + r * len);
        let lies_at = (start + first) * size;
        if follow && self.rooms[k].is_empty() {
            return Some(lies_at);
        }
        let room = bytemuck::cast_slice_mut::<u64, u8>(&mut self.rooms[k]);
        if follow {
            cast_samples(from, &bytes[lies_at..lies_at + n * size], to, &mut room[..n * to.size()]);
            return None;
        }
        if self.gathered[k].is_empty() {
            self.gathered[k] = vec![0; CHUNK];
        }
        let gathered = &mut bytemuck::cast_slice_mut::<u64, u8>(&mut self.gathered[k])[..n * size];
        let starts = starts.iter().map(|s| s[k]);
        match size {
            1 => gather::<u8>(bytes, starts, len, repeats, gathered),
            2 => gather::<u16>(bytes, starts, len, repeats, gathered),
            4 => gather::<u32>(bytes, starts, len, repeats, gathered),
            _ => gather::<u64>(bytes, starts, len, repeats, gathered),
        }
        if !room.is_empty() {
            cast_samples(from, gathered, to, &mut room[..n * to.size()]);
        }
        None
    }
}

/// Rows of an operand, one after another; of one sample each where it `repeats`.
fn gather<W: bytemuck::Pod>(
    from: &[u8],
    starts: impl Iterator<Item = usize>,
    len: usize,
    repeats: bool,
    to: &mut [u8],
) {
    let from = bytemuck::cast_slice::<u8, W>(from);
    let rows = bytemuck::cast_slice_mut::<u8, W>(to).chunks_exact_mut(len);
    for (row, start) in rows.zip(starts) {
        if repeats {
            row.fill(from[start]);
        } else if len < 16 {
            // A call takes longer than so few samples.
            row.iter_mut().zip(&from[start..start + len]).for_each(|(to, from)| *to = *from);
        } else {
            row.copy_from_slice(&from[start..start + len]);
        }
    }
}

/// Fills `room` with one sample.
fn repeat(sample: &[u8], room: &mut [u8]) {
    fn fill<W: bytemuck::Pod>(sample: &[u8], room: &mut [u8]) {
        bytemuck::cast_slice_mut::<u8, W>(room).fill(bytemuck::pod_read_unaligned(sample));
    }
    match sample.len() {
        1 => room.fill(sample[0]),
        2 => fill::<u16>(sample, room),
        4 => fill::<u32>(sample, room),
        _ => fill::<u64>(sample, room),
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
