//! Writes the made-up vessel volume that demo, tests and benchmarks use, to any output that Petavox writes, or as a folder of
//! uncompressed TIFF slices with `--slices`.
//!
//!     cargo run --release -p petavox --example phantom -- 512x512x512 volume.npy
//!     cargo run --release -p petavox --example phantom -- 1024x2048x2048 slices --slices

use petavox::{Image, Region, Result, RunOptions, SaveOptions, Source};
use petavox_ops::phantom::{VesselImage, VesselOptions};
use std::path::Path;
use std::sync::Arc;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let usage =
        || petavox::Error::argument("arguments", args[1..].join(" "), "ZxYxX OUT [--slices]");
    let [_, shape, out, rest @ ..] = &args[..] else { return Err(usage()) };
    let shape: Vec<usize> = shape.split('x').filter_map(|n| n.parse().ok()).collect();
    let shape: [usize; 3] = shape.try_into().map_err(|_| usage())?;
    let volume = Arc::new(VesselImage::new(shape, &VesselOptions::default())?);
    let save = SaveOptions { n_levels: Some(1), overwrite: true, ..SaveOptions::default() };
    if rest.is_empty() {
        Image::from_source(volume).save(Path::new(out), &save, &RunOptions::default())?;
        return Ok(());
    }
    let save = SaveOptions { codec: petavox::Codec::None, ..save };
    for z in 0..shape[0] {
        let region = Region::new([z as i64, 0, 0], [1, shape[1], shape[2]]);
        let mut plane = petavox::Block::zeros(region, volume.spec().dtype)?;
        volume.read(&mut plane)?;
        let samples = plane.typed::<f32>()?.to_vec();
        let slice = Image::from_vec(&shape[1..], samples)?;
        slice.save(&Path::new(out).join(format!("z{z:05}.tif")), &save, &RunOptions::default())?;
    }
    Ok(())
}
