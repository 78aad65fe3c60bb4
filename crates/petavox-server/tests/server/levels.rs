//! Levels: what is exact is exact, what is not says so, and numbers of labels are never made up.

use crate::client::{layer, serve, serve_with};
use crate::zarr::{gathered, saved};
use petavox::{Image, RunOptions, SaveOptions};
use petavox_server::{Layer, Options};
use std::collections::HashSet;
use std::time::Instant;

#[test]
fn coarse_levels_of_a_pipeline_are_the_downsampled_result() {
    let folder = tempfile::tempdir().unwrap();
    let samples: Vec<u16> =
        (0..3 * 600 * 500u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 20) as u16).collect();
    let image =
        Image::from_vec(&[3, 600, 500], samples).unwrap().with_spacing(&[8.0, 1.0, 1.0]).unwrap();
    let server = serve(&saved(folder.path(), &image), &["gaussian:sigma=1"]);
    let listed = &server.get("/images").json()[0]["levels"];
    assert_eq!(listed[2]["exact"], true);
    assert_eq!(listed[2]["shape"], serde_json::json!([3, 150, 125]));
    let coarse = image.apply("gaussian:sigma=1").unwrap();
    let coarse =
        coarse.apply("downscale:factors=1,2,2").unwrap().apply("downscale:factors=1,2,2").unwrap();
    let expected = coarse.compute(&RunOptions::default()).unwrap();
    let served = server.get("/images/image/array?level=2&format=raw");
    assert_eq!(served.body, expected.bytes());
}

#[test]
fn levels_of_a_file_are_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image.zarr");
    let image = Image::from_vec(&[400, 300], (0..120_000u32).collect()).unwrap();
    let save = SaveOptions { n_levels: Some(3), ..SaveOptions::default() };
    image.save(&path, &save, &RunOptions::default()).unwrap();
    // Something only the file has.
    let marked = Image::from_vec(&[200, 150], vec![7u32; 30_000]).unwrap();
    let level = folder.path().join("level.zarr");
    let one = SaveOptions { n_levels: Some(1), ..SaveOptions::default() };
    marked.save(&level, &one, &RunOptions::default()).unwrap();
    std::fs::remove_dir_all(path.join("1")).unwrap();
    std::fs::rename(level.join("0"), path.join("1")).unwrap();
    let server = serve(&path, &[]);
    assert_eq!(server.get("/images").json()[0]["levels"][1]["made"], "stored");
    let samples = server.samples::<u32>("/images/image/array?level=1&format=raw");
    assert!(samples.iter().all(|s| *s == 7));
}

#[test]
fn labels_keep_their_numbers_on_every_level() {
    let folder = tempfile::tempdir().unwrap();
    let large = (1u64 << 40) + 1;
    let samples: Vec<u64> = (0..300 * 300u64)
        .map(|i| if (i / 300 / 40 + i % 300 / 40) % 2 == 0 { large + i % 7 * 3 } else { 0 })
        .collect();
    let there: HashSet<u64> = samples.iter().copied().collect();
    let image = Image::from_vec(&[300, 300], samples).unwrap();
    let path = saved(folder.path(), &image);
    let labels = Layer { is_labels: true, ..layer(&path, &[]) };
    let server = serve_with(&[labels], &Options::default(), 128 << 20);
    let group = server.get("/images/image/zarr/zarr.json").json();
    assert!(group["attributes"]["ome"]["image-label"].is_object());
    let coarse = server.samples::<u64>("/images/image/array?level=1&format=raw");
    assert_eq!(coarse.len(), 150 * 150);
    assert!(coarse.iter().all(|s| there.contains(s)));
}

#[test]
fn a_petabyte_opens_at_once_and_its_metadata_are_small() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image.zarr");
    std::fs::create_dir(&path).unwrap();
    let document = r#"{"zarr_format":3,"node_type":"array","shape":[65536,131072,131072],"data_type":"uint8",
        "chunk_grid":{"name":"regular","configuration":{"chunk_shape":[64,128,128]}},
        "chunk_key_encoding":{"name":"default","configuration":{"separator":"/"}},"fill_value":9,
        "codecs":[{"name":"bytes"}],"attributes":{},"dimension_names":["z","y","x"]}"#;
    std::fs::write(path.join("zarr.json"), document).unwrap();
    let began = Instant::now();
    let layers = [layer(&path, &[]), layer(&path, &["gaussian:sigma=2", "greater:value=3"])];
    let server = serve_with(&layers, &Options::default(), 256 << 20);
    for name in ["image", "image-2"] {
        let group = server.get(&format!("/images/{name}/zarr/zarr.json"));
        assert!(group.body.len() < 4096, "{} bytes", group.body.len());
        let last = group.json()["attributes"]["ome"]["multiscales"][0]["datasets"]
            .as_array()
            .unwrap()
            .len()
            - 1;
        assert!(last > 5, "{last}");
        let array = server.get(&format!("/images/{name}/zarr/0/zarr.json"));
        assert!(array.body.len() < 4096);
        assert_eq!(server.get(&format!("/images/{name}/zarr/{last}/zarr.json")).status, 200);
    }
    let fine = server.samples::<u8>("/images/image/zarr/0/c/40000/300/300");
    assert!(fine.iter().all(|s| *s == 9));
    let mask = server.samples::<u8>("/images/image-2/zarr/0/c/40000/300/300");
    assert!(mask.iter().all(|s| *s == 1));
    assert!(began.elapsed().as_secs() < 20);
}

#[test]
fn z_can_be_kept_and_chunks_compressed() {
    let folder = tempfile::tempdir().unwrap();
    let image = Image::from_vec(&[16, 600, 40], vec![100u8; 16 * 600 * 40]).unwrap();
    let server = serve(&saved(folder.path(), &image), &[]);
    let flat = server.get("/images/image/zarr/@flatz/1/zarr.json").json();
    assert_eq!(flat["shape"], serde_json::json!([16, 300, 20]));
    let plain = server.get("/images/image/zarr/1/zarr.json").json();
    assert_eq!(plain["shape"], serde_json::json!([8, 300, 20]));
    assert_eq!(gathered::<u8>(&server, "@flatz/@chunk=4x64x64/").1.len(), 16 * 600 * 40);
    let packed = server.get("/images/image/zarr/@codec=gzip/0/c/0/0/0");
    let mut samples = vec![];
    let mut decoder = flate2::read::GzDecoder::new(&packed.body[..]);
    std::io::Read::read_to_end(&mut decoder, &mut samples).unwrap();
    assert_eq!(samples, server.get("/images/image/zarr/0/c/0/0/0").body);
    assert!(packed.body.len() < samples.len() / 10);
}

#[test]
fn shuffled_chunks_have_the_first_bytes_of_all_samples_first() {
    let folder = tempfile::tempdir().unwrap();
    let image = Image::from_vec(&[5, 30, 40], (0..6000_u16).collect()).unwrap();
    let server = serve(&saved(folder.path(), &image), &[]);
    let at = "/images/image/zarr/@chunk=2x16x16/@codec=shuffle/0";
    let packed = server.get(&format!("{at}/c/2/1/2"));
    let mut bytes = vec![];
    let mut decoder = flate2::read::GzDecoder::new(&packed.body[..]);
    std::io::Read::read_to_end(&mut decoder, &mut bytes).unwrap();
    let (low, high) = bytes.split_at(bytes.len() / 2);
    let samples: Vec<u8> = low.iter().zip(high).flat_map(|(l, h)| [*l, *h]).collect();
    let plain = server.get("/images/image/zarr/@chunk=2x16x16/0/c/2/1/2");
    assert_eq!(samples, plain.body);
    assert_ne!(packed.header("etag"), plain.header("etag"));
    let codecs = &server.get(&format!("{at}/zarr.json")).json()["codecs"];
    let names: Vec<&str> =
        codecs.as_array().unwrap().iter().filter_map(|c| c["name"].as_str()).collect();
    assert_eq!(names, ["bytes", "numcodecs.shuffle", "gzip"]);
    let old = server.get(&format!("{}/.zarray", at.replace("/zarr/", "/zarr2/"))).json();
    assert_eq!(old["filters"], serde_json::json!([{ "id": "shuffle", "elementsize": 2 }]));
}

#[test]
fn what_exceeds_the_memory_at_once_is_made_in_parts() {
    let folder = tempfile::tempdir().unwrap();
    let image = Image::from_vec(&[64, 512, 512], vec![50u8; 64 * 512 * 512]).unwrap();
    let path = saved(folder.path(), &image);
    let steps = ["astype:dtype=float64", "gaussian:sigma=2"];
    let server = serve_with(&[layer(&path, &steps)], &Options::default(), 80 << 20);
    let samples = server.samples::<f64>("/images/image/zarr/@chunk=16x128x128/0/c/1/1/1");
    assert_eq!(samples.len(), 16 * 128 * 128);
    assert!(samples.iter().all(|s| (s - 50.0).abs() < 1e-9));
}
