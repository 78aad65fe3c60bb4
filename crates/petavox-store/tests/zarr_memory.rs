//! What reading and writing Zarr says it takes in memory is what it takes, by the kernel's own count.
#![cfg(target_os = "linux")]

use petavox_core::{Block, Dtype, ImageSpec, Region};
use petavox_store::{Codec, CreateOptions, OpenOptions, create, open};

/// A value of `/proc/self/status` in bytes.
fn status(key: &str) -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find(|l| l.starts_with(key))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib * 1024)
}

/// How much the peak of resident memory rises while `work` runs; `None` where the kernel does not let us ask.
fn peak(work: impl FnOnce()) -> Option<u64> {
    std::fs::write("/proc/self/clear_refs", "5").ok()?;
    let before = status("VmRSS:")?;
    work();
    Some(status("VmHWM:")?.saturating_sub(before))
}

fn noisy(region: Region) -> Block {
    let mut block = Block::zeros(region, Dtype::UInt16).unwrap();
    let mut state = 1u64;
    for v in block.typed_mut::<u16>().unwrap() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        *v = (state >> 56) as u16 + 1000;
    }
    block
}

#[test]
fn reading_and_writing_stay_within_the_scratch_they_state() {
    const SLACK: u64 = 3 << 20;
    let mut n_measured = 0;
    let dir = tempfile::tempdir().unwrap();
    let spec = ImageSpec::new([128, 256, 512], Dtype::UInt16).unwrap();
    let samples = noisy(spec.region());
    for codec in ["none", "zstd:3", "zstd:12", "gzip:6", "blosc:lz4", "blosc:zstd:5"] {
        for shard_shape in [None, Some(vec![128, 256, 512])] {
            let path = dir.path().join("a.zarr");
            let chunk_shape =
                shard_shape.as_ref().map_or(vec![128, 256, 512], |_| vec![64, 256, 256]);
            let options = CreateOptions {
                codec: Codec::parse(codec).unwrap(),
                chunk_shape: Some(chunk_shape),
                shard_shape,
                n_levels: Some(1),
                overwrite: true,
                ..CreateOptions::default()
            };
            let writer = create(&path, &spec, &options).unwrap();
            let sink = writer.sink(0).unwrap();
            let stated = sink.scratch_bytes(&spec.region());
            if let Some(taken) = peak(|| sink.write(&samples).unwrap()) {
                assert!(taken <= stated + SLACK, "writing {options:?}: {taken} of {stated}");
            }
            writer.finish().unwrap();
            let source = open(&path.display().to_string(), &OpenOptions::default()).unwrap();
            let part = Region::new([3, 4, 5], [60, 1, 9]);
            let mut block = Block::zeros(part.clone(), Dtype::UInt16).unwrap();
            let stated = source.scratch_bytes(&part);
            if let Some(taken) = peak(|| source.read(&mut block).unwrap()) {
                n_measured += usize::from(taken > 1 << 20);
                assert!(taken <= stated + SLACK, "reading {options:?}: {taken} of {stated}");
            }
        }
    }
    // Where the kernel answers at all, decoding chunks of megabytes cannot have taken nothing.
    assert!(n_measured > 0 || peak(|| ()).is_none());
}
