//! Slices, planes, pictures and histograms.

use crate::client::{Running, layer, serve, serve_with};
use crate::zarr::saved;
use petavox::{Image, RunOptions};
use petavox_server::Options;

fn ramp(folder: &tempfile::TempDir) -> (Image, Running) {
    let samples: Vec<u16> = (0..6 * 20 * 30).collect();
    let image = Image::from_vec(&[6, 20, 30], samples).unwrap();
    let server = serve(&saved(folder.path(), &image), &[]);
    (image, server)
}

#[test]
fn slices_come_as_numpy_files_or_plain_samples() {
    let folder = tempfile::tempdir().unwrap();
    let (image, server) = ramp(&folder);
    for (slice, items) in
        [("", ".."), ("2", "2"), ("::-2,3:9,-1", "../-2,3..9,-1"), ("...,4", "...,4")]
    {
        let step = format!("index:items={items}");
        let expected = image.apply(&step).unwrap();
        let block = expected.compute(&RunOptions::default()).unwrap();
        let raw = server.get(&format!("/images/image/array?slice={slice}&format=raw"));
        assert_eq!((raw.status, &raw.body[..]), (200, block.bytes()), "{slice}");
        let npy = server.get(&format!("/images/image/array?slice={slice}"));
        let head = petavox::npy_header(expected.spec());
        assert_eq!(npy.body, [head.as_slice(), block.bytes()].concat(), "{slice}");
        assert!(npy.header("server-timing").is_some());
    }
}

#[test]
fn large_slices_are_streamed_and_have_a_limit() {
    let folder = tempfile::tempdir().unwrap();
    let n = 24usize << 20;
    let samples: Vec<u8> = (0..n).map(|i| (i / 4096 + i) as u8).collect();
    let path = folder.path().join("image.npy");
    Image::from_vec(&[24, 1024, 1024], samples.clone())
        .unwrap()
        .save(&path, &Default::default(), &RunOptions::default())
        .unwrap();
    let options = Options { max_slice_bytes: n as u64, ..Options::default() };
    let server = serve_with(
        &[layer(&path, &[]), layer(&path, &["astype:dtype=uint16"])],
        &options,
        128 << 20,
    );
    let all = server.get("/images/image/array?format=raw");
    assert_eq!(all.header("content-length"), Some(n.to_string().as_str()));
    assert!(all.body == samples);
    let refused = server.get("/images/image-2/array?format=raw");
    assert_eq!(refused.status, 413);
    assert!(refused.text().contains("Ask for a part"), "{}", refused.text());
}

#[test]
fn what_makes_no_sense_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (_, server) = ramp(&folder);
    for query in [
        "slice=9",
        "slice=x",
        "slice=0,0,0,0",
        "slice=::0",
        "format=gif",
        "nonsense=1",
        "format=png",
        "level=x",
        "slice=0&format=png&window=5,5",
    ] {
        let answer = server.get(&format!("/images/image/array?{query}"));
        assert_eq!(answer.status, 400, "{query}: {}", answer.text());
        assert!(!answer.body.is_empty());
    }
    assert_eq!(server.get("/images/image/array?level=9").status, 404);
}

#[test]
fn a_picture_is_a_png_of_the_slice() {
    let folder = tempfile::tempdir().unwrap();
    let (_, server) = ramp(&folder);
    let answer = server.get("/images/image/array?slice=1&format=png");
    assert_eq!(answer.header("content-type"), Some("image/png"));
    let mut reader = png::Decoder::new(std::io::Cursor::new(answer.body)).read_info().unwrap();
    assert_eq!((reader.info().width, reader.info().height), (30, 20));
    let mut samples = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut samples).unwrap();
    assert_eq!(&samples[..4], [2, 88, 2, 89]);
    let shades = server.get("/images/image/array?slice=1&format=png&window=600,1199");
    assert_eq!(shades.status, 200);
}

#[test]
fn planes_at_any_angle_are_cut_through_the_samples() {
    let folder = tempfile::tempdir().unwrap();
    // A linear image: interpolation gives the value of the formula anywhere.
    let value = |z: f64, y: f64, x: f64| 5.0 + 10.0 * z + 2.0 * y + 0.5 * x;
    let mut samples = vec![];
    for z in 0..40 {
        for y in 0..50 {
            samples.extend((0..60).map(|x| value(f64::from(z), f64::from(y), f64::from(x))));
        }
    }
    let image =
        Image::from_vec(&[40, 50, 60], samples).unwrap().with_spacing(&[2.0, 0.5, 0.5]).unwrap();
    let server = serve(&saved(folder.path(), &image), &[]);
    let path =
        "/images/image/plane?origin=10,2,3&u=0.3,0.2,0.25&v=-0.1,0.05,0.2&size=70,30&level=0";
    let plane = server.samples::<f64>(path);
    assert_eq!(plane.len(), 70 * 30);
    let mut n_inside = 0;
    for (i, found) in plane.iter().enumerate() {
        let (row, column) = ((i / 70) as f64, (i % 70) as f64);
        let z = (10.0 + 0.3 * column - 0.1 * row) / 2.0;
        let y = (2.0 + 0.2 * column + 0.05 * row) / 0.5;
        let x = (3.0 + 0.25 * column + 0.2 * row) / 0.5;
        let inside =
            (0.0..39.0).contains(&z) && (0.0..49.0).contains(&y) && (0.0..59.0).contains(&x);
        if inside {
            n_inside += 1;
            assert!((found - value(z, y, x)).abs() < 1e-9, "{i}");
        }
    }
    assert!(n_inside > 500, "{n_inside}");
    // Straight through samples, the bytes are the image's.
    let straight =
        server.get("/images/image/plane?origin=6,0,0&u=0,0,0.5&v=0,0.5,0&size=60,50&level=0");
    assert_eq!(straight.body, server.get("/images/image/array?slice=3&format=raw").body);
    for bad in [
        "u=1&v=0,1,0&size=4,4&origin=0,0,0",
        "origin=0,0,0&u=0,0,1&v=0,1,0&size=9999,4",
        "origin=0,0,0",
    ] {
        assert_eq!(server.get(&format!("/images/image/plane?{bad}")).status, 400, "{bad}");
    }
}

#[test]
fn histograms_count_what_is_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let (_, server) = ramp(&folder);
    let told = server.get("/images/image/histogram?bins=4&percentiles=0,50,100").json();
    assert_eq!(told["counts"], serde_json::json!([900, 900, 900, 900]));
    assert_eq!(told["percentiles"], serde_json::json!([0.0, 1799.5, 3599.0]));
    let part = server.get("/images/image/histogram?slice=5,19,:&bins=1").json();
    assert_eq!(
        (&part["min"], &part["samples"]),
        (&serde_json::json!(3570.0), &serde_json::json!(30))
    );
    assert_eq!(server.get("/images/image/histogram?bins=0").status, 400);
    assert_eq!(server.get("/images/image/histogram?percentiles=200").status, 400);
}
