//! The page on which the camera's orientation is chosen.

use std::fmt::Write as _;

use super::markup::escape;
use super::page::page;
use super::raster::Raster;
use crate::mosaic::OrientationSeen;
use petavox_core::Result;

/// By how much the first has to agree better than the second to be taken without looking.
const MARGIN: f64 = 0.1;
/// Agreement of overlaps that show the same.
const GOOD: f64 = 0.3;

/// What the numbers say, in a sentence.
pub fn orientation_verdict(seen: &[OrientationSeen]) -> String {
    let [first, second, ..] = seen else { return String::new() };
    let name = first.orientation.name();
    if first.n_pairs == 0 {
        return "No tiles lie side by side, so that nothing can be compared: look at the pictures."
            .into();
    }
    if first.agreement >= GOOD && first.agreement - second.agreement >= MARGIN {
        return format!("The overlaps agree best with --orientation {name}, clearly.");
    }
    format!(
        "The overlaps do not tell: {name} agrees best, but not clearly. Look at the pictures; places that are far off, or tiles with little \
         to see, do that."
    )
}

/// The page with all eight mosaics, best first.
///
/// # Errors
/// Internal ones only.
pub fn orientation_report(
    title: &str,
    command: &str,
    n_tiles: usize,
    seen: &[OrientationSeen],
) -> Result<String> {
    let mut body = format!(
        "<p>{}</p>\n<p class=\"note-text\">{n_tiles} tiles lie where the layout says, each turned in the same way. Where the way is right, structures run on \
         from one tile into the next. The number is the mean correlation of the overlaps (1: the same), at the best of a few places nearby.</p>\n\
         <div style=\"display:grid;grid-template-columns:repeat(auto-fill,minmax(300px,1fr));gap:28px 24px\">\n",
        escape(&orientation_verdict(seen))
    );
    for one in seen {
        let name = one.orientation.name();
        let ([height, width], grey) = &one.picture;
        let picture = Raster::grey(*width, *height, grey.clone())?;
        let _ = writeln!(
            body,
            "<figure style=\"margin:0\"><img src=\"{}\" width=\"{}\" height=\"{}\" alt=\"mosaic with {name}\" style=\"max-width:100%;height:auto\"/>\
             <figcaption><strong>{name}</strong>, agreement {:.2} over {} pairs<br/><code>{} <span style=\"white-space:nowrap\">--orientation {name}</span></code></figcaption></figure>",
            picture.data_uri()?,
            width,
            height,
            one.agreement,
            one.n_pairs,
            escape(command),
        );
    }
    body.push_str("</div>\n");
    Ok(page(
        "Orientation",
        title,
        "Which way the camera is mounted: choose the mosaic that fits.",
        &body,
        None,
    ))
}
