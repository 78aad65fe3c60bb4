//! Files that lie: flipped, cut, or written to hurt. Each gives an image or an error, in little memory and time.

use super::{made, read_all};
use crate::{OpenOptions, open};
use petavox_core::{Error, Result};
use std::path::{Path, PathBuf};

/// Opens and reads, unless the image claims to be large; only what is read matters.
fn try_read(path: &Path) -> Result<()> {
    let source = open(&path.display().to_string(), &OpenOptions::default())?;
    if source.spec().bytes() > 1 << 20 {
        // A hostile shape can be legal; a small part of it is read.
        let n = source.spec().ndim();
        let shape: Vec<usize> = source.spec().shape.iter().map(|&s| s.min(3)).collect();
        let region = petavox_core::Region::new(vec![0; n], shape);
        let mut block = petavox_core::Block::zeros(region, source.spec().dtype)?;
        return source.read(&mut block);
    }
    read_all(&*source).map(|_| ())
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut all = vec![];
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { all.extend(files(&path)) } else { all.push(path) }
    }
    all.sort();
    all
}

#[test]
fn flipped_and_cut_files_are_read_or_refused_never_worse() {
    let dir = tempfile::tempdir().unwrap();
    let mut state = 99u64;
    let mut random = move |n: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % n.max(1)
    };
    let (mut n_ok, mut n_refused) = (0, 0);
    for m in made(dir.path()) {
        let all = files(&m.path);
        for round in 0..40 {
            let file = &all[random(all.len())];
            let good = std::fs::read(file).unwrap();
            let mut bad = good.clone();
            if round % 4 == 0 {
                bad.truncate(random(good.len()));
            } else if !bad.is_empty() {
                for _ in 0..=random(3) {
                    // Heads and tails hold what sizes are read from.
                    let at = match random(3) {
                        0 => random(bad.len()),
                        1 => random(bad.len().min(24)),
                        _ => bad.len() - 1 - random(bad.len().min(24)),
                    };
                    bad[at] = random(256) as u8;
                }
            }
            std::fs::write(file, &bad).unwrap();
            match try_read(&m.path) {
                Ok(()) => n_ok += 1,
                Err(Error::Internal { place, problem }) => panic!("{}: {place}: {problem}", m.name),
                Err(_) => n_refused += 1,
            }
            std::fs::write(file, &good).unwrap();
        }
    }
    assert!(n_ok > 200 && n_refused > 1000, "{n_ok} read, {n_refused} refused");
}

/// Writes an array of one chunk of 64 x 64 bytes with these codecs and this object.
fn one_chunk(dir: &Path, codecs: &str, object: &[u8]) {
    let doc = format!(
        r#"{{"zarr_format":3,"node_type":"array","shape":[64,64],"data_type":"uint8","fill_value":0,
        "chunk_grid":{{"name":"regular","configuration":{{"chunk_shape":[64,64]}}}},
        "chunk_key_encoding":{{"name":"default"}},"codecs":[{codecs}]}}"#
    );
    std::fs::create_dir_all(dir.join("c/0")).unwrap();
    std::fs::write(dir.join("zarr.json"), doc).unwrap();
    std::fs::write(dir.join("c/0/0"), object).unwrap();
}

fn refused(dir: &Path, codecs: &str, object: &[u8]) -> String {
    one_chunk(dir, codecs, object);
    match try_read(dir) {
        Err(e @ Error::Corrupt { .. }) => e.to_string(),
        other => panic!("{codecs}: {other:?}"),
    }
}

#[test]
fn chunks_that_would_burst_are_refused_by_the_room_they_have() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    // A real bomb: 64 MiB of zeros in a few kilobytes, for a chunk of 4 KiB.
    let zeros = vec![0u8; 64 << 20];
    let bomb = zstd::bulk::compress(&zeros, 3).unwrap();
    let message = refused(
        dir,
        r#"{"name":"bytes"},{"name":"zstd","configuration":{"level":3,"checksum":false}}"#,
        &bomb,
    );
    assert!(message.contains("chunk [0:64, 0:64]"), "{message}");
    assert!(message.contains("c/0/0"), "{message}");
    let gzip =
        super::super::codecs::BytesCodec::Gzip { level: 9 }.encode(&zeros[..4 << 20]).unwrap();
    refused(dir, r#"{"name":"bytes"},{"name":"gzip","configuration":{"level":9}}"#, &gzip);
    // A frame that says it holds 2^60 bytes.
    let mut lie = vec![0x28, 0xB5, 0x2F, 0xFD, 0xE0];
    lie.extend((1u64 << 60).to_le_bytes());
    lie.extend([0x01, 0, 0]);
    refused(
        dir,
        r#"{"name":"bytes"},{"name":"zstd","configuration":{"level":3,"checksum":false}}"#,
        &lie,
    );
    // Blosc and LZ4 that say 2 GiB.
    let mut blosc = vec![2, 1, 0x21, 1];
    for n in [0x7fff_0000u32, 0x7fff_0000, 20] {
        blosc.extend(n.to_le_bytes());
    }
    blosc.extend([0; 4]);
    let config = r#"{"name":"bytes"},{"name":"blosc","configuration":{"cname":"lz4","clevel":5,"shuffle":"shuffle","typesize":1,"blocksize":0}}"#;
    refused(dir, config, &blosc);
    refused(
        dir,
        r#"{"name":"bytes"},{"name":"numcodecs.lz4","configuration":{}}"#,
        &[0xff, 0xff, 0xff, 0x7f, 0],
    );
    // An object far longer than any encoding of the chunk.
    refused(dir, r#"{"name":"bytes"}"#, &zeros[..1 << 20]);
    refused(dir, r#"{"name":"bytes"}"#, &zeros[..4095]);
}

#[test]
fn lying_shard_indexes_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let codecs = |inner: &str| {
        format!(
            r#"{{"name":"sharding_indexed","configuration":{{"chunk_shape":{inner},"codecs":[{{"name":"bytes"}}],
            "index_codecs":[{{"name":"bytes","configuration":{{"endian":"little"}}}}]}}}}"#
        )
    };
    let index = |entries: &[(u64, u64)]| -> Vec<u8> {
        entries.iter().flat_map(|(o, l)| [o.to_le_bytes(), l.to_le_bytes()].concat()).collect()
    };
    for entry in [(0, 68 << 30), (u64::MAX - 1, 4), (1 << 40, 1024), (u64::MAX, 0)] {
        let object = index(&[entry, (0, 4), (0, 4), (0, 4)]);
        let message = refused(dir, &codecs("[32,32]"), &object);
        assert!(message.contains("index"), "{message}");
    }
    assert!(refused(dir, &codecs("[32,32]"), &[0; 63]).contains("index"));
    assert!(refused(dir, &codecs("[5,32]"), &[0; 64]).contains("evenly"));
    assert!(try_read(dir).is_err());
}

#[test]
fn metadata_that_claims_too_much_are_refused_before_anything_is_allocated() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let write = |shape: &str, chunk: &str, codecs: &str| {
        let doc = format!(
            r#"{{"zarr_format":3,"node_type":"array","shape":{shape},"data_type":"float64","fill_value":0,
            "chunk_grid":{{"name":"regular","configuration":{{"chunk_shape":{chunk}}}}},
            "chunk_key_encoding":{{"name":"default"}},"codecs":[{codecs}]}}"#
        );
        std::fs::write(dir.join("zarr.json"), doc).unwrap();
        open(&dir.display().to_string(), &OpenOptions::default()).map(|_| ())
    };
    let bytes = r#"{"name":"bytes","configuration":{"endian":"little"}}"#;
    assert!(write("[4,4]", "[2,2]", bytes).is_ok());
    for (shape, chunk) in [
        ("[1152921504606846976]", "[1152921504606846976]"),
        ("[1152921504606846976,1152921504606846976]", "[1,1]"),
        ("[65536,65536]", "[65536,65536]"),
        ("[1000000000000000]", "[1]"),
        ("[4,4]", "[0,2]"),
        ("[4,4]", "[2]"),
        ("[4,-4]", "[2,2]"),
        ("[]", "[]"),
        ("[1,1,1,1,1,1,1,1,1]", "[1,1,1,1,1,1,1,1,1]"),
        ("[18446744073709551616]", "[1]"),
    ] {
        assert!(write(shape, chunk, bytes).is_err(), "{shape} {chunk}");
    }
    let shard = |inner: &str| {
        format!(
            r#"{{"name":"sharding_indexed","configuration":{{"chunk_shape":{inner},"codecs":[{bytes}],
            "index_codecs":[{{"name":"bytes","configuration":{{"endian":"little"}}}},{{"name":"crc32c"}}]}}}}"#
        )
    };
    assert!(write("[65536,65536]", "[65536,65536]", &shard("[1,1]")).is_err());
    let mut deep = bytes.to_owned();
    for _ in 0..200 {
        deep = format!(
            r#"{{"name":"sharding_indexed","configuration":{{"chunk_shape":[2,2],"codecs":[{deep}]}}}}"#
        );
    }
    assert!(write("[4,4]", "[2,2]", &deep).is_err());
}
