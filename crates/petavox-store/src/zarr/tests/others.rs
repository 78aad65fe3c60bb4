//! Arrays that zarr-python wrote, small ones made for this and real ones.

use super::{crc32, data, made, read_all};
use crate::{Missing, OpenOptions, contract, open, open_with_info};
use petavox_core::Error;
use serde_json::Value;

#[test]
fn arrays_by_zarr_python_hold_the_recorded_samples_and_keep_the_contract() {
    let dir = tempfile::tempdir().unwrap();
    let all = made(dir.path());
    assert!(all.len() > 60);
    for m in all {
        let source = open(&m.path.display().to_string(), &OpenOptions::default());
        let source = source.unwrap_or_else(|e| panic!("{}: {e}", m.name));
        assert_eq!(source.spec().shape, m.shape, "{}", m.name);
        assert_eq!(source.spec().dtype.name(), m.dtype, "{}", m.name);
        let block = read_all(&*source).unwrap_or_else(|e| panic!("{}: {e}", m.name));
        assert_eq!(crc32(&block), m.crc32, "{}", m.name);
        contract::check_source(&*source);
    }
}

#[test]
fn missing_chunks_are_counted_or_refused() {
    let dir = tempfile::tempdir().unwrap();
    let with_holes: Vec<_> =
        made(dir.path()).into_iter().filter(|m| m.name.contains("missing chunks")).collect();
    assert_eq!(with_holes.len(), 3);
    for m in with_holes {
        let path = m.path.display().to_string();
        let strict = OpenOptions { missing: Missing::Error, ..OpenOptions::default() };
        let refused = read_all(&*open(&path, &strict).unwrap()).unwrap_err();
        assert!(
            matches!(&refused, Error::Corrupt { part: Some(p), .. } if p.contains("chunk [")),
            "{refused}"
        );
        let options = OpenOptions::default();
        let source = open(&path, &options).unwrap();
        for _ in 0..2 {
            read_all(&*source).unwrap();
        }
        assert_eq!(options.missing_chunks.count(), 3, "{}", m.name);
    }
}

#[test]
fn real_arrays_hold_what_zarr_python_reads() {
    let Some(data) = data() else { return };
    let recorded: Value =
        serde_json::from_str(include_str!("../../../tests/golden/zarr_real.json")).unwrap();
    let mut n = 0;
    for (name, expected) in recorded["arrays"].as_object().unwrap() {
        let path = data.join(name).display().to_string();
        let opened = match open_with_info(&path, &OpenOptions::default()) {
            Err(Error::Unsupported { feature, .. }) if name.contains("bz2") => {
                assert!(feature.contains("bz2"));
                continue;
            }
            other => other.unwrap_or_else(|e| panic!("{name}: {e}")),
        };
        let spec = opened.source.spec();
        assert_eq!(
            spec.shape,
            serde_json::from_value::<Vec<usize>>(expected["shape"].clone()).unwrap()
        );
        assert_eq!(spec.dtype.name(), expected["dtype"]);
        if spec.bytes() > 8 << 20 {
            continue;
        }
        let block = read_all(&*opened.source).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(crc32(&block), expected["crc32"].as_u64().unwrap(), "{name}");
        n += 1;
    }
    assert!(n > 40);
}

#[test]
fn what_is_not_read_is_refused_by_name() {
    let Some(data) = data() else { return };
    let formats = data.join("formats");
    for (path, word) in [
        ("zarrs-testdata/zarrs/tests/data/v2/array_zfpy_C.zarr", "zfpy"),
        ("zarrs-testdata/zarrs/tests/data/v3/array_pcodec.zarr", "pcodec"),
        ("zarrs-testdata/zarrs/tests/data/v3/cities.zarr", "string"),
        ("zarrs-testdata/zarrs/tests/data/zarr_python_compat/str_v2_fv_0.zarr", "|O"),
        ("zarrs-testdata/zarrs/tests/data/zarr_python_compat/fixed_length_utf32_v2_be.zarr", ">U4"),
        ("zarrs-testdata/zarrs/tests/data/zarr_python_compat/datetime64[ms].zarr", "datetime64"),
        ("zarr_implementations/examples/zarrita.zr3", "format 3"),
        ("zarr_implementations/examples/z5py.n5", "N5"),
        ("zarr_implementations/examples/z5py.n5/gzip", "N5"),
    ] {
        let err =
            open_with_info(&formats.join(path).display().to_string(), &OpenOptions::default());
        let Err(Error::Unsupported { feature, expected, .. }) = err else {
            panic!("{path}: {err:?}")
        };
        assert!(feature.contains(word), "{path}: {feature}");
        assert!(!expected.is_empty());
    }
}
