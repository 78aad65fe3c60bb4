//! Answers of scikit-image, recorded by `bench/golden/thin.py`.

use super::*;
use serde_json::Value;
use std::path::PathBuf;

fn bits(hex: &str, n: usize) -> Vec<u8> {
    let bytes: Vec<u8> = (0..hex.len() / 2)
        .map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap())
        .collect();
    (0..n).map(|i| bytes[i / 8] >> (i % 8) & 1).collect()
}

fn golden() -> Value {
    serde_json::from_str(include_str!("../golden.json")).unwrap()
}

fn shape_of(case: &Value) -> Vec<usize> {
    case["shape"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap() as usize).collect()
}

#[test]
fn lee_and_zhang_are_scikit_images_voxel_for_voxel() {
    let golden = golden();
    let mut n = 0;
    for case in golden["cases"].as_array().unwrap() {
        let shape = shape_of(case);
        let len = shape.iter().product();
        let mask = bits(case["mask"].as_str().unwrap(), len);
        for (name, method) in [("lee", ThinMethod::Lee), ("zhang", ThinMethod::Zhang)] {
            let Some(hex) = case[name].as_str() else { continue };
            let expected = bits(hex, len);
            let found = skeleton(&shape, &mask, method);
            assert!(found == expected, "{name} of {} {shape:?}", case["name"]);
            n += 1;
        }
    }
    assert!(n > 200);
}

fn data() -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let named = std::env::var_os("PETAVOX_DATA").map(PathBuf::from);
    named.into_iter().chain([PathBuf::from(beside)]).find(|p| p.is_dir())
}

/// zlib's CRC-32.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |mut crc, &b| {
        crc ^= u32::from(b);
        (0..8).for_each(|_| crc = crc >> 1 ^ (0xedb8_8320 & (crc & 1).wrapping_neg()));
        crc
    })
}

#[test]
#[allow(clippy::print_stderr)]
fn real_masks_are_thinned_like_scikit_image_and_parity_keeps_their_topology() {
    let Some(data) = data() else {
        eprintln!("skipped: no test data (set PETAVOX_DATA)");
        return;
    };
    for case in golden()["real"].as_array().unwrap() {
        let shape = shape_of(case);
        let bytes = std::fs::read(data.join(case["name"].as_str().unwrap())).unwrap();
        let above = case["above"].as_u64().unwrap() as u8;
        let n: usize = shape.iter().product();
        let mask: Vec<u8> = bytes[bytes.len() - n..].iter().map(|&v| u8::from(v > above)).collect();
        assert_eq!(mask.iter().filter(|&&v| v != 0).count() as u64, case["n_foreground"]);
        let found = skeleton(&shape, &mask, ThinMethod::Lee);
        let mut packed = vec![0u8; n.div_ceil(8)];
        found.iter().enumerate().for_each(|(i, v)| packed[i / 8] |= v << (i % 8));
        assert_eq!(found.iter().map(|&v| u64::from(v)).sum::<u64>(), case["lee"]["n_voxels"]);
        assert_eq!(u64::from(crc32(&packed)), case["lee"]["crc32"]);
        let shape = [shape[0], shape[1], shape[2]];
        let kept = skeleton(&shape, &mask, ThinMethod::Parity);
        assert_eq!(topology::betti(&shape, &mask), topology::betti(&shape, &kept));
    }
}
