//! JPEG strips and tiles, their tables kept apart from the data.

use super::page::Layout;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

/// Decodes a chunk into `out` and gives the number of bytes.
pub(crate) fn decode(
    layout: &Layout,
    data: Vec<u8>,
    rows: usize,
    out: &mut [u8],
) -> Result<usize, String> {
    // The tables end with an end mark and the data begins with a start mark: both fall away where they meet.
    let stream = match layout.jpeg_tables.as_deref() {
        Some(tables) if tables.len() > 4 && data.len() > 2 => {
            [&tables[..tables.len() - 2], &data[2..]].concat()
        }
        _ => data,
    };
    let samples = layout.chunk_samples();
    let options = DecoderOptions::default()
        .set_max_width(layout.chunk_width)
        .set_max_height(layout.chunk_height)
        .set_strict_mode(false);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(stream), options);
    decoder.decode_headers().map_err(|e| e.to_string())?;
    let stored = decoder.input_colorspace().ok_or("it has no colours")?;
    // Colours are converted only where the page says that they are stored as brightness and two differences.
    let wanted = match samples {
        1 => ColorSpace::Luma,
        3 if layout.photometric == 6 => ColorSpace::RGB,
        _ => stored,
    };
    let options = decoder.options().jpeg_set_out_colorspace(wanted);
    decoder.set_options(options);
    let (width, height) = decoder.dimensions().ok_or("it has no size")?;
    if width != layout.chunk_width || height < rows || stored.num_components() != samples {
        return Err(format!(
            "a JPEG of {width} x {height} with {} samples where {} x {rows} with {samples} belong",
            stored.num_components(),
            layout.chunk_width
        ));
    }
    if height == rows {
        decoder.decode_into(out).map_err(|e| e.to_string())?;
    } else {
        let pixels = decoder.decode().map_err(|e| e.to_string())?;
        let n = out.len().min(pixels.len());
        out[..n].copy_from_slice(&pixels[..n]);
        return Ok(n);
    }
    Ok(width * height * samples)
}
