//! Small pictures, as PNG inside the page.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use petavox_core::{Error, Result};

/// An 8-bit picture, grey or RGB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raster {
    width: usize,
    height: usize,
    n_channels: usize,
    samples: Vec<u8>,
}

impl Raster {
    /// A grey picture, row by row.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if the number of samples is not `width * height`, or there are none.
    pub fn grey(width: usize, height: usize, samples: Vec<u8>) -> Result<Raster> {
        Raster::new(width, height, 1, samples)
    }

    /// An RGB picture, row by row, three samples per pixel.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if the number of samples is not `3 * width * height`, or there are none.
    pub fn rgb(width: usize, height: usize, samples: Vec<u8>) -> Result<Raster> {
        Raster::new(width, height, 3, samples)
    }

    fn new(width: usize, height: usize, n_channels: usize, samples: Vec<u8>) -> Result<Raster> {
        let expected = width.checked_mul(height).and_then(|n| n.checked_mul(n_channels));
        let fits = width <= 1 << 14 && height <= 1 << 14;
        if expected != Some(samples.len()) || samples.is_empty() || !fits {
            let given = format!("{} samples for {width} x {height} x {n_channels}", samples.len());
            let wanted = "width * height * channels samples, at most 16,384 pixels a side";
            return Err(Error::argument("raster", given, wanted));
        }
        Ok(Raster { width, height, n_channels, samples })
    }

    /// Pixels from left to right.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Pixels from top to bottom.
    pub fn height(&self) -> usize {
        self.height
    }

    /// The picture as a `data:` address.
    pub(super) fn data_uri(&self) -> Result<String> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.width as u32, self.height as u32);
        let rgb = self.n_channels == 3;
        encoder.set_color(if rgb { png::ColorType::Rgb } else { png::ColorType::Grayscale });
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::Balanced);
        let written = encoder.write_header().and_then(|mut w| w.write_image_data(&self.samples));
        written.map_err(|e| Error::internal("report picture", e))?;
        Ok(format!("data:image/png;base64,{}", STANDARD.encode(&bytes)))
    }
}

/// A bright colour for a branch of this id, to be seen on black. Neighbouring ids get colours far apart, and none depends on
/// telling red from green alone.
pub fn branch_color(id: u64) -> [u8; 3] {
    const COLORS: [[u8; 3]; 8] = [
        [86, 180, 233],
        [230, 159, 0],
        [0, 200, 150],
        [240, 228, 66],
        [225, 140, 190],
        [255, 120, 60],
        [120, 150, 255],
        [235, 235, 235],
    ];
    COLORS[(id % 8) as usize]
}
