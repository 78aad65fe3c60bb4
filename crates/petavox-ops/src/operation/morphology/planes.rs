//! Operations on planes, plane by plane of blocks with more axes.

use petavox_core::{Block, Region, Result};

/// Calls `f` with every plane of the last two axes of both blocks, whose other axes agree, as blocks of two axes.
pub(crate) fn each_plane(
    input: &Block,
    output: &mut Block,
    f: &mut dyn FnMut(&Block, &mut Block) -> Result<()>,
) -> Result<()> {
    let n = output.region().ndim() - 2;
    let plane = |of: &Region| Region::new(&of.start()[n..], &of.shape()[n..]);
    let (from, to) = (plane(input.region()), plane(output.region()));
    let (size, dtype) = (input.dtype().size(), input.dtype());
    let n_planes: usize = output.shape()[..n].iter().product();
    let (from_bytes, to_bytes) = (from.len() * size, to.len() * output.dtype().size());
    let (mut one, mut made) = (Block::zeros(from, dtype)?, Block::zeros(to, output.dtype())?);
    for k in 0..n_planes {
        one.bytes_mut().copy_from_slice(&input.bytes()[k * from_bytes..(k + 1) * from_bytes]);
        f(&one, &mut made)?;
        output.bytes_mut()[k * to_bytes..(k + 1) * to_bytes].copy_from_slice(made.bytes());
    }
    Ok(())
}
