//! The pictures of a skeleton's report: image, mask and skeleton seen along the first axis.

use super::voxels::SkeletonVoxels;
use crate::report::{Projection, Raster, branch_color};
use petavox_core::Result;
use petavox_engine::Node;
use std::sync::Arc;

/// The projections of image, mask and skeleton, of the same size; of a mask only the last two.
pub(super) fn projections(
    image: &Arc<Node>,
    voxels: &SkeletonVoxels,
    labels: &[u32],
    is_mask: bool,
) -> Result<Vec<Projection>> {
    let ([height, width], pixels) = &voxels.image_projection;
    let (height, width) = (*height, *width);
    if height == 0 || width == 0 {
        return Ok(vec![]);
    }
    let spec = image.spec();
    let n = spec.ndim();
    let size = [0, 1].map(|a| spec.shape[n - 2 + a] as f64 * spec.spacing.values[n - 2 + a]);
    let caption =
        if n == 3 { format!("maximum along {}", &spec.axes.as_str()[..1]) } else { String::new() };
    let projection = |title: &str, caption: String, raster: Raster| Projection {
        title: title.to_owned(),
        caption,
        raster,
        size,
    };
    let mask = voxels.mask_projection.iter().map(|&m| if m { 255 } else { 0 }).collect();
    let grey = stretched(pixels);
    let skeleton = painted(voxels, labels, &grey, [height, width]);
    let mut all = Vec::new();
    if !is_mask {
        all.push(projection("image", caption.clone(), Raster::grey(width, height, grey)?));
    }
    all.push(projection("mask", caption, Raster::grey(width, height, mask)?));
    let caption = "coloured by branch".to_owned();
    all.push(projection("skeleton", caption, Raster::rgb(width, height, skeleton)?));
    Ok(all)
}

/// Grey values: the lowest and highest half per cent are cut, as a viewer's automatic contrast does.
fn stretched(pixels: &[f64]) -> Vec<u8> {
    let mut sorted: Vec<f64> = pixels.iter().copied().filter(|v| v.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let at = |share: f64| {
        sorted.get(((sorted.len() as f64 - 1.0) * share) as usize).copied().unwrap_or(0.0)
    };
    let (mut lo, mut hi) = (at(0.005), at(0.995));
    if hi <= lo {
        // Nearly everything is one value, as in a mask: show the whole range.
        (lo, hi) = (at(0.0), at(1.0));
    }
    let scale = if hi > lo { 255.0 / (hi - lo) } else { 0.0 };
    pixels
        .iter()
        .map(|v| if v.is_nan() { 0 } else { ((v - lo) * scale).clamp(0.0, 255.0) as u8 })
        .collect()
}

/// The skeleton in its branches' colours over a dimmed image; lines are made as thick as can be seen in a page.
fn painted(
    voxels: &SkeletonVoxels,
    labels: &[u32],
    grey: &[u8],
    [height, width]: [usize; 2],
) -> Vec<u8> {
    let mut rgb: Vec<u8> = grey.iter().flat_map(|g| [g / 4; 3]).collect();
    let shape = &voxels.spec.shape;
    let n = shape.len();
    let thick = width.max(height) / 250;
    for (rank, &label) in voxels.ranks.words().iter().zip(labels) {
        let rank = *rank as usize;
        let x = rank % shape[n - 1] / voxels.projection_bin;
        let y = rank / shape[n - 1] % shape[n - 2] / voxels.projection_bin;
        // Lone voxels are in no branch: white.
        let color = if label == 0 { [255; 3] } else { branch_color(u64::from(label)) };
        for y in y..=(y + thick).min(height - 1) {
            for x in x..=(x + thick).min(width - 1) {
                let at = 3 * (y * width + x);
                rgb[at..at + 3].copy_from_slice(&color);
            }
        }
    }
    rgb
}
