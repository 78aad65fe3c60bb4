//! Real volumes in formats that Petavox does not read.

use flate2::read::ZlibDecoder;
use petavox::Image;
use std::io::Read;
use std::path::Path;

fn image(shape: [usize; 3], samples: Vec<u8>) -> Image {
    assert_eq!(samples.len(), shape.iter().product::<usize>());
    Image::from_vec(&shape, samples).unwrap()
}

/// Plain bytes without a header.
pub(crate) fn raw(path: &Path, shape: [usize; 3]) -> Image {
    image(shape, std::fs::read(path).unwrap())
}

/// The first variable of a MATLAB 5 file, if it is a compressed 3-D array of bytes. MATLAB's first axis varies fastest and becomes
/// the last.
///
/// After 128 bytes of header come elements: a type and a length (4 bytes each), and the data. Inside the compressed element
/// is a matrix, whose elements (flags, sizes, name, samples) begin at multiples of 8 bytes; those of up to 4 bytes
/// have type and length in 2 bytes each, and the data right after.
pub(crate) fn mat(path: &Path) -> Image {
    let file = std::fs::read(path).unwrap();
    let number = |b: &[u8]| u32::from_le_bytes(b[..4].try_into().unwrap()) as usize;
    assert_eq!(number(&file[128..]), 15, "a compressed element");
    let mut matrix = Vec::new();
    ZlibDecoder::new(&file[136..]).read_to_end(&mut matrix).unwrap();
    let mut rest = &matrix[8..];
    let elements: [&[u8]; 4] = std::array::from_fn(|_| {
        let short = number(rest) >> 16;
        let (data, next) = match short {
            0 => (&rest[8..8 + number(&rest[4..])], 8 + number(&rest[4..]).next_multiple_of(8)),
            n => (&rest[4..4 + n], 8),
        };
        rest = &rest[next.min(rest.len())..];
        data
    });
    let mut shape: Vec<usize> = elements[1].chunks_exact(4).map(number).collect();
    shape.reverse();
    image(shape.try_into().unwrap(), elements[3].to_vec())
}
