//! Squares of four samples: what a contour cuts of each.

use petavox_core::{Block, Error, Region, Result};

/// What is told of a square: which corners are high, and where the level is crossed on its edges: top, left, bottom, right.
pub const CHANNELS: usize = 5;

/// What two high corners on a diagonal are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connect {
    /// Apart: the low ones are joined.
    Low,
    /// Joined.
    High,
}

/// A piece of a contour in one square: the square's raster number and which of its two pieces it is, then from where to where,
/// the lower samples on the left.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Segment {
    /// Twice the raster number of the square, and one more for its second piece.
    pub order: u64,
    /// Row and column where it begins.
    pub from: (f64, f64),
    /// Row and column where it ends.
    pub to: (f64, f64),
}

/// Fills `output`, whose samples are squares with [`CHANNELS`] numbers each, from samples of `input`: one row and one column more. Squares with a
/// NaN or with a corner that `mask` leaves out have no contour.
///
/// # Errors
/// [`Error::Internal`] if the blocks do not fit together.
pub fn squares(input: &Block, mask: Option<&Block>, output: &mut Block, level: f64) -> Result<()> {
    let region = output.region().clone();
    let unfit = || Error::internal("squares", format!("{} for {region}", input.region()));
    if region.ndim() != 3 || region.is_empty() {
        return if region.is_empty() { Ok(()) } else { Err(unfit()) };
    }
    let plane = Region::new(&region.start()[..2], &region.shape()[..2]);
    if input.region() != &plane.grow(&[0, 0], &[1, 1]) {
        return Err(unfit());
    }
    let samples = input.typed::<f64>()?;
    let is_in = mask.map(|m| m.typed::<u8>()).transpose()?;
    let (first, n) = (region.start()[2] as usize, region.shape()[2]);
    let (width, stride) = (plane.shape()[1], input.shape()[1]);
    let rows = output.typed_mut::<f64>()?.chunks_exact_mut(n * width);
    for (y, row) in rows.enumerate() {
        let at = y * stride;
        let (above, below) = (&samples[at..at + stride], &samples[at + stride..at + 2 * stride]);
        for (x, to) in row.chunks_exact_mut(n).enumerate() {
            let corners = [above[x], above[x + 1], below[x], below[x + 1]];
            let shown = is_in.is_none_or(|m| {
                let at = at + x;
                m[at] != 0 && m[at + 1] != 0 && m[at + stride] != 0 && m[at + stride + 1] != 0
            });
            let numbers = square(corners, level, shown);
            to.copy_from_slice(&numbers[first..first + n]);
        }
    }
    Ok(())
}

fn square([ul, ur, ll, lr]: [f64; 4], level: f64, shown: bool) -> [f64; CHANNELS] {
    let high = |v: f64, bit: u8| if v > level { bit } else { 0 };
    let case = high(ul, 1) | high(ur, 2) | high(ll, 4) | high(lr, 8);
    let is_told = shown && ![ul, ur, ll, lr].iter().any(|v| v.is_nan());
    if case == 0 || case == 15 || !is_told {
        return [0.0; CHANNELS];
    }
    let crossing = |a: f64, b: f64| if a == b { 0.0 } else { (level - a) / (b - a) };
    [f64::from(case), crossing(ul, ur), crossing(ul, ll), crossing(ll, lr), crossing(ur, lr)]
}

#[derive(Clone, Copy)]
enum Edge {
    Top,
    Left,
    Bottom,
    Right,
}

/// The pieces of a case, the lower samples on their left.
fn pieces(case: u8, connect: Connect) -> [Option<(Edge, Edge)>; 2] {
    use Edge::{Bottom, Left, Right, Top};
    let one = |a, b| [Some((a, b)), None];
    match (case, connect) {
        (1, _) => one(Top, Left),
        (2, _) => one(Right, Top),
        (3, _) => one(Right, Left),
        (4, _) => one(Left, Bottom),
        (5, _) => one(Top, Bottom),
        (6, Connect::High) => [Some((Left, Top)), Some((Right, Bottom))],
        (6, Connect::Low) => [Some((Right, Top)), Some((Left, Bottom))],
        (7, _) => one(Right, Bottom),
        (8, _) => one(Bottom, Right),
        (9, Connect::High) => [Some((Top, Right)), Some((Bottom, Left))],
        (9, Connect::Low) => [Some((Top, Left)), Some((Bottom, Right))],
        (10, _) => one(Bottom, Top),
        (11, _) => one(Bottom, Left),
        (12, _) => one(Left, Right),
        (13, _) => one(Top, Right),
        (14, _) => one(Left, Top),
        _ => [None, None],
    }
}

/// The pieces in a block that [`squares`] filled; a row of the image has `row_len` squares.
///
/// # Errors
/// [`Error::Internal`] if the block is not such a block.
pub fn segments(block: &Block, row_len: usize, connect: Connect) -> Result<Vec<Segment>> {
    let region = block.region();
    if region.ndim() != 3 || region.shape()[2] != CHANNELS || region.start()[2] != 0 {
        return Err(Error::internal("segments", format!("a block of {region}")));
    }
    let mut found = Vec::new();
    let width = region.shape()[1];
    for (k, numbers) in block.typed::<f64>()?.chunks_exact(CHANNELS).enumerate() {
        if numbers[0] == 0.0 {
            continue;
        }
        let (y, x) =
            (region.start()[0] as usize + k / width, region.start()[1] as usize + k % width);
        let (row, column) = (y as f64, x as f64);
        let place = |edge: Edge| match edge {
            Edge::Top => (row, column + numbers[1]),
            Edge::Left => (row + numbers[2], column),
            Edge::Bottom => (row + 1.0, column + numbers[3]),
            Edge::Right => (row + numbers[4], column + 1.0),
        };
        let order = 2 * (y as u64 * row_len as u64 + x as u64);
        for (piece, order) in pieces(numbers[0] as u8, connect).into_iter().flatten().zip(order..) {
            found.push(Segment { order, from: place(piece.0), to: place(piece.1) });
        }
    }
    Ok(found)
}
