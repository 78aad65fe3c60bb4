//! Tiles into a mosaic: overlapping images are added to a strip of the output one after another.
//!
//! - [`Blend`]: what becomes of samples that several tiles show.
//! - [`Strip`]: the sums of a part of the output; a sample's sums depend on its tiles only, never on the strip.
//! - [`add_shifted`]: a tile that is only moved; [`add_warped`]: a tile under an affine map.
//! - [`Content`]: how much a tile has to show, place by place, for [`Blend::Content`].
//! - [`put`]: tiles at whole samples, in their own dtype, without sums.

mod content;
mod put;
mod ramp;
mod rows;
mod shift;
mod strip;
mod warp;

pub use content::{Content, ContentSums};
pub use put::put;
pub use ramp::Ramp;
pub use shift::{Shift, Weights, add_shifted};
pub use strip::{Blend, Strip};
pub use warp::{Warp, add_warped};

#[cfg(test)]
mod tests;
