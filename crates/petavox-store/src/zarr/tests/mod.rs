//! Tests of Zarr as a whole: the contract, what others wrote, real files, and hostile ones.

mod hostile;
mod laws;
mod ome_files;
mod others;

use petavox_core::{Block, Source};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// An array that zarr-python wrote, unpacked below `dir`.
struct Made {
    name: String,
    path: PathBuf,
    shape: Vec<usize>,
    dtype: String,
    crc32: u64,
}

/// Unpacks the arrays of `tests/golden/zarr_made.json`.
fn made(dir: &Path) -> Vec<Made> {
    let text = include_str!("../../../tests/golden/zarr_made.json");
    let value: Value = serde_json::from_str(text).unwrap();
    let one = |(k, v): (usize, &Value)| {
        let path = dir.join(k.to_string());
        for (name, bytes) in v["files"].as_object().unwrap() {
            let file = path.join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, base64(bytes.as_str().unwrap())).unwrap();
        }
        Made {
            name: v["name"].as_str().unwrap().into(),
            path,
            shape: serde_json::from_value(v["shape"].clone()).unwrap(),
            dtype: v["dtype"].as_str().unwrap().into(),
            crc32: v["crc32"].as_u64().unwrap(),
        }
    };
    value["arrays"].as_array().unwrap().iter().enumerate().map(one).collect()
}

fn base64(text: &str) -> Vec<u8> {
    let digit = |c: u8| match c {
        b'A'..=b'Z' => c - b'A',
        b'a'..=b'z' => c - b'a' + 26,
        b'0'..=b'9' => c - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let mut out = vec![];
    let (mut word, mut bits) = (0u32, 0);
    for c in text.bytes().filter(|&c| c != b'=') {
        word = word << 6 | u32::from(digit(c));
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((word >> bits) as u8);
        }
    }
    out
}

/// CRC-32 of samples, as the golden files have it (recorded on a little-endian machine).
fn crc32(block: &Block) -> u64 {
    let mut crc = flate2::Crc::new();
    crc.update(block.bytes());
    u64::from(crc.sum())
}

/// Reads all of a source, or says why not.
fn read_all(source: &dyn Source) -> petavox_core::Result<Block> {
    let mut block = Block::zeros(source.spec().region(), source.spec().dtype)?;
    source.read(&mut block)?;
    Ok(block)
}

/// The folder of real test data, if there is one.
fn data() -> Option<PathBuf> {
    let given = std::env::var_os("PETAVOX_DATA").map(PathBuf::from);
    let near = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")).to_owned();
    let found = given.into_iter().chain([near]).find(|p| p.is_dir());
    if found.is_none() {
        use std::io::Write;
        let _ = writeln!(std::io::stderr(), "skipped: no test data (set PETAVOX_DATA)");
    }
    found
}
