//! Documents of OME-XML beside their images, `x.companion.ome`: which files belong to which image, and where the stage was.

use super::ome;
use crate::limits::Limits;
use crate::raw::RawFile;
use petavox_core::{Error, Result};
use std::path::Path;

/// An image that a document describes.
#[derive(Clone, Debug, PartialEq)]
pub struct CompanionImage {
    /// Its files as the document names them, and the channel of each one's first plane.
    pub files: Vec<(String, usize)>,
    /// Planes: times, channels, slices.
    pub tcz: [usize; 3],
    /// Of the first sample along z, y, x, in the unit, where it is told.
    pub origin: [Option<f64>; 3],
    /// Along z, y, x, where it is told.
    pub spacing: [Option<f64>; 3],
    /// Of both.
    pub unit: Option<String>,
}

/// The images of a document.
///
/// # Errors
/// [`Error::Corrupt`] for a document that is none, [`Error::NotFound`].
pub fn companion_images(path: &Path, limits: &Limits) -> Result<Vec<CompanionImage>> {
    let file = RawFile::open(path)?;
    if file.len() > limits.metadata_bytes {
        let problem = format!("{} bytes of OME-XML, at most {}", file.len(), limits.metadata_bytes);
        return Err(Error::corrupt(path, None, problem));
    }
    let bytes = file.read_vec(0, file.len(), || "OME-XML".into())?;
    let text = String::from_utf8_lossy(&bytes);
    let images = ome::all(&text, path)?;
    let image = |(k, ome): (usize, ome::Ome)| -> Result<CompanionImage> {
        let mut files = Vec::new();
        for (number, name) in ome.files.iter().enumerate() {
            let Some(name) = name else {
                let part = Some(format!("image {k}"));
                return Err(Error::corrupt(path, part, "it does not name the files of its planes"));
            };
            let first =
                ome.planes.iter().position(|p| p.as_ref().is_some_and(|p| p.file == number));
            let channel = first.map_or(0, |i| i / ome.tcz[2] % ome.tcz[1]);
            files.push((name.clone(), channel));
        }
        let placement = ome.placement;
        Ok(CompanionImage {
            files,
            tcz: ome.tcz,
            origin: placement.origin,
            spacing: placement.zyx,
            unit: placement.unit,
        })
    };
    images.into_iter().enumerate().map(image).collect()
}
