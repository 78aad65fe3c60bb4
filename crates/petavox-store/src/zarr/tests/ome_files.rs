//! Real OME-Zarr: images, levels, series and plates.

use super::data;
use crate::{OpenOptions, info, open};
use petavox_core::Error;
use std::path::PathBuf;

fn path(rest: &str) -> Option<String> {
    let found: PathBuf = data()?.join("formats").join(rest);
    Some(found.display().to_string())
}

#[test]
fn a_group_opens_its_first_level_and_tells_the_rest() {
    let fixtures = "viv-fixtures/packages/loaders/tests/fixtures";
    let Some(dir) = path(&format!("{fixtures}/bioformats-zarr/data.zarr/0")) else { return };
    let i = info(&dir, &OpenOptions::default()).unwrap();
    assert_eq!(i.axes.as_str(), "tczyx");
    assert_eq!(i.shape, [1, 3, 1, 167, 439]);
    assert_eq!(i.levels.len(), 2);
    assert_eq!(i.levels[1].shape, [1, 3, 1, 83, 219]);
    let level = open(&format!("{dir}/1"), &OpenOptions::default()).unwrap();
    assert_eq!(level.spec().axes.as_str(), "tczyx");
    assert_eq!(level.spec().shape, [1, 3, 1, 83, 219]);
    for version in ["04", "05"] {
        let Some(blobs) = path(&format!("{fixtures}/ome-zarr/blobs_image_v{version}.ome.zarr"))
        else {
            return;
        };
        let i = info(&blobs, &OpenOptions::default()).unwrap();
        assert_eq!(i.axes.as_str(), "cyx", "{:?}", i.format);
        assert_eq!(i.shape, [3, 12, 12]);
        assert!(!i.channels.is_empty(), "{version}");
    }
}

#[test]
fn collections_and_plates_say_what_to_open() {
    let Some(plate) = path("ngff-challenge/tests/data/hcs.zarr") else { return };
    let message = |p: &str| match info(p, &OpenOptions::default()) {
        Err(e @ Error::Unsupported { .. }) => e.to_string(),
        other => panic!("{p}: {other:?}"),
    };
    assert!(message(&plate).contains("hcs.zarr/A/1"), "{}", message(&plate));
    assert!(message(&format!("{plate}/A/1")).contains("A/1/0"));
    assert_eq!(
        info(&format!("{plate}/A/1/0"), &OpenOptions::default()).unwrap().shape,
        [1, 3, 1, 64, 64]
    );
    let Some(series) = path("ngff-challenge/tests/data/bf2raw.zarr") else { return };
    assert!(message(&series).contains("bf2raw.zarr/0"));
    assert_eq!(
        info(&format!("{series}/1"), &OpenOptions::default()).unwrap().shape,
        [1, 1, 1, 8, 8]
    );
    let Some(chunk_folder) = path("ngff-challenge/tests/data/2d.zarr/0/0") else { return };
    assert!(open(&chunk_folder, &OpenOptions::default()).is_err());
}
