//! The virtual Zarrs: their metadata, and chunks equal to the computed result.

use crate::client::{self, serve};
use petavox::{Element, Image, RunOptions, SaveOptions};

pub(crate) fn saved(folder: &std::path::Path, image: &Image) -> std::path::PathBuf {
    let path = folder.join("image.zarr");
    let chunk = image.spec().shape.iter().map(|c| (*c).min(19)).collect();
    let options =
        SaveOptions { chunk_shape: Some(chunk), n_levels: Some(1), ..SaveOptions::default() };
    image.save(&path, &options, &RunOptions::default()).unwrap();
    path
}

/// Every chunk of level 0 under a policy, put together again.
pub(crate) fn gathered<T: Element>(server: &client::Running, policy: &str) -> (Vec<usize>, Vec<T>) {
    let at = format!("/images/image/zarr/{policy}0");
    let array = server.get(&format!("{at}/zarr.json")).json();
    let numbers = |v: &serde_json::Value| -> Vec<usize> {
        v.as_array().unwrap().iter().map(|n| n.as_u64().unwrap() as usize).collect()
    };
    let shape = numbers(&array["shape"]);
    let chunk = numbers(&array["chunk_grid"]["configuration"]["chunk_shape"]);
    let grid = petavox::ChunkGrid::new(&shape, &chunk);
    let mut out = petavox::Block::zeros(petavox::Region::whole(&shape), T::DTYPE).unwrap();
    for n in 0..grid.len() {
        let index: Vec<String> = grid.index(n).iter().map(usize::to_string).collect();
        let samples = server.samples::<T>(&format!("{at}/c/{}", index.join("/")));
        let region = petavox::Region::new(grid.region(n).start(), chunk.as_slice());
        out.copy_from(&petavox::Block::from_vec(region, samples).unwrap()).unwrap();
    }
    (shape, out.typed::<T>().unwrap().to_vec())
}

#[test]
fn chunks_put_together_are_the_image_whatever_their_shape() {
    let folder = tempfile::tempdir().unwrap();
    let samples: Vec<u16> = (0..2 * 3 * 21 * 50 * 33).map(|i| (i * 7919 % 65_521) as u16).collect();
    let image = Image::from_vec(&[2, 3, 21, 50, 33], samples.clone()).unwrap();
    let server = serve(&saved(folder.path(), &image), &[]);
    for policy in ["", "@chunk=8x16x16/", "@chunk=2x3x7x50x11/"] {
        assert_eq!(
            gathered::<u16>(&server, policy),
            (vec![2, 3, 21, 50, 33], samples.clone()),
            "{policy}"
        );
    }
    let (shape, floats) = gathered::<f32>(&server, "@dtype=float32/@chunk=21x50x33/");
    assert_eq!(shape, [2, 3, 21, 50, 33]);
    assert!(floats.iter().zip(&samples).all(|(f, s)| *f == f32::from(*s)));
}

#[test]
fn a_pipeline_is_served_as_it_would_be_computed() {
    let folder = tempfile::tempdir().unwrap();
    let samples: Vec<u16> =
        (0..24 * 40 * 31).map(|i: u32| (i.wrapping_mul(2_654_435_761) >> 18) as u16).collect();
    let image = Image::from_vec(&[24, 40, 31], samples).unwrap();
    let steps = ["gaussian:sigma=1.5", "threshold:method=otsu", "label"];
    let server = serve(&saved(folder.path(), &image), &steps);
    let mut expected = image;
    for step in steps {
        expected = expected.apply(step).unwrap();
    }
    let expected = expected.compute(&RunOptions::default()).unwrap();
    let (shape, served) = gathered::<i32>(&server, "@chunk=5x16x16/");
    assert_eq!(shape, [24, 40, 31]);
    assert_eq!(served, expected.typed::<i32>().unwrap());
    assert_eq!(server.get("/images/image/status").json()["state"], "ready");
}

#[test]
fn what_is_not_in_the_grid_is_not_found() {
    let folder = tempfile::tempdir().unwrap();
    let image = Image::from_vec(&[4, 300, 300], vec![1u8; 4 * 300 * 300]).unwrap();
    let server = serve(&saved(folder.path(), &image), &[]);
    let found = |path: &str| server.get(&format!("/images/image/zarr/{path}")).status;
    assert_eq!(found("0/c/3/1/1"), 200);
    for path in [
        "0/c/4/0/0",
        "0/c/0/0/2",
        "0/c/0/0",
        "0/c/0/0/0/0",
        "0/c/00/0/0",
        "0/c/-1/0/0",
        "0/c/0/0/",
        "0/c",
        "9/c/0/0/0",
        "9/zarr.json",
        "00/zarr.json",
        "zarr.jso",
        "index.html",
        "../../health",
        "0/../../../Cargo.toml",
        "%2e%2e/%2e%2e/x",
    ] {
        assert_eq!(found(path), 404, "{path}");
    }
    assert_eq!(found("@chunk=0/zarr.json"), 400);
    assert_eq!(server.get("/images/other/zarr/zarr.json").status, 404);
    assert_eq!(server.get("/images/nothing").status, 404);
}

#[test]
fn a_chunk_that_cannot_be_made_says_why_and_leaves_the_others_alone() {
    let folder = tempfile::tempdir().unwrap();
    let image = Image::from_vec(&[2, 40, 40], (0..3200).map(|i| i as u16).collect()).unwrap();
    let path = saved(folder.path(), &image);
    let broken = path.join("0/c/0/1/1");
    std::fs::write(&broken, b"not a chunk").unwrap();
    let server = serve(&path, &[]);
    let failed = server.get("/images/image/zarr/@chunk=1x19x19/0/c/0/1/1");
    assert_eq!(failed.status, 500);
    assert!(failed.text().contains("c/0/1/1"), "{}", failed.text());
    assert_eq!(server.get("/images/image/zarr/@chunk=1x19x19/0/c/0/0/0").status, 200);
}

#[test]
fn clients_that_have_a_chunk_are_told_so_and_parts_can_be_had() {
    let folder = tempfile::tempdir().unwrap();
    let image = Image::from_vec(&[8, 8], (0..64u8).collect()).unwrap();
    let server = serve(&saved(folder.path(), &image), &[]);
    let path = "/images/image/zarr/0/c/0/0";
    let whole = server.get(path);
    let etag = whole.header("etag").unwrap().to_owned();
    assert_eq!(whole.body, (0..64).collect::<Vec<u8>>());
    let again = server.get_with(path, &[("if-none-match", &etag)]);
    assert_eq!((again.status, again.body.len()), (304, 0));
    let part = server.get_with(path, &[("range", "bytes=8-15")]);
    assert_eq!((part.status, part.body), (206, (8..16).collect::<Vec<u8>>()));
    assert_eq!(part.headers.iter().find(|h| h.0 == "content-range").unwrap().1, "bytes 8-15/64");
    assert_eq!(server.get_with(path, &[("range", "bytes=64-")]).status, 416);
}
