//! gzip and zlib.

use super::{Problem, too_long};
use flate2::Compression;
use flate2::bufread::{MultiGzDecoder, ZlibDecoder};
use std::io::{Read, Write};

/// Reads a decoder to its end into `out`. The end is always asked for, because that is when checksums are compared.
fn drain(mut decoder: impl Read, out: &mut [u8], name: &str) -> Result<usize, Problem> {
    let mut len = 0;
    loop {
        let full = len == out.len();
        let mut one_more = [0];
        let room = if full { &mut one_more[..] } else { &mut out[len..] };
        match decoder.read(room) {
            Ok(0) => return Ok(len),
            Ok(_) if full => return Err(too_long(len + 1, len)),
            Ok(n) => len += n,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(format!("{name}: {e}")),
        }
    }
}

pub(super) fn gunzip(input: &[u8], out: &mut [u8]) -> Result<usize, Problem> {
    drain(MultiGzDecoder::new(input), out, "gzip")
}

pub(super) fn inflate(input: &[u8], out: &mut [u8]) -> Result<usize, Problem> {
    drain(ZlibDecoder::new(input), out, "zlib")
}

pub(super) fn gzip(input: &[u8], level: u32) -> Result<Vec<u8>, Problem> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(input).and_then(|()| encoder.finish()).map_err(|e| format!("gzip: {e}"))
}

pub(super) fn deflate(input: &[u8], level: u32) -> Result<Vec<u8>, Problem> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(input).and_then(|()| encoder.finish()).map_err(|e| format!("zlib: {e}"))
}
