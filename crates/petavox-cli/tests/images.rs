//! Images in, images out: info, convert, apply, label.

mod common;
use common::{balls, npy, petavox, samples, snapshot};

#[test]
fn samples_survive_the_way_through_zarr_in_any_chunks() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    balls(&dir.join("a.npy"), 30);
    for (i, chunks) in ["7,30,11", "1,30,30", "64,64,64"].iter().enumerate() {
        let (zarr, back) = (format!("{i}.zarr"), format!("{i}.npy"));
        petavox(dir, &["convert", "a.npy", &zarr, "--chunk-shape", chunks, "--spacing", "2,1,1"])
            .ok();
        petavox(dir, &["convert", &zarr, &back, "--memory", "64MiB", "--threads", "2"]).ok();
        assert_eq!(samples(&dir.join(back)), samples(&dir.join("a.npy")));
    }
    let info = petavox(dir, &["info", "--json", "0.zarr"]).ok().json();
    assert_eq!(info["command"], "info");
    assert_eq!(info["results"]["shape"], serde_json::json!([30, 30, 30]));
    assert_eq!(info["results"]["chunks"], serde_json::json!([7, 30, 11]));
    assert_eq!(info["results"]["spacing"], serde_json::json!([2.0, 1.0, 1.0]));
    let text = petavox(dir, &["info", "0.zarr"]).ok().out;
    assert!(text.contains("30 x 30 x 30 (zyx)") && text.contains("uint16"), "{text}");
}

#[test]
fn a_chain_gives_the_same_in_every_block_shape_and_budget() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    balls(&dir.join("a.npy"), 36);
    let steps = ["gaussian:sigma=1,2,1", "threshold:method=otsu", "label"];
    let mut seen = Vec::new();
    for (i, options) in [
        ["--chunk-shape", "5,36,9", "--memory", "48MiB", "--threads", "2"],
        ["--chunk-shape", "36,36,36", "--memory", "1GiB", "--threads", "1"],
        ["--chunk-shape", "16,16,16", "--memory", "96MiB", "--threads", "3"],
    ]
    .iter()
    .enumerate()
    {
        let (zarr, back) = (format!("{i}.zarr"), format!("{i}.npy"));
        petavox(dir, &[&["apply", "a.npy", &zarr], &steps[..], &options[..]].concat()).ok();
        petavox(dir, &["convert", &zarr, &back]).ok();
        seen.push(std::fs::read(dir.join(back)).unwrap());
    }
    assert!(seen.iter().all(|s| *s == seen[0]));
    let most = petavox(dir, &["reduce", "0.zarr", "max"]).ok().out;
    assert_eq!(most, "2\n");
}

#[test]
fn levels_are_made_down_to_a_handy_size() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    npy(&dir.join("a.npy"), "|u1", &[300, 600], &vec![7; 300 * 600]);
    let said = petavox(dir, &["convert", "a.npy", "a.zarr", "--json"]).ok().json();
    assert_eq!(said["results"]["levels"], serde_json::json!([[300, 600], [150, 300], [75, 150]]));
    assert_eq!(petavox(dir, &["reduce", "a.zarr/2", "mean"]).ok().out, "7\n");
    petavox(dir, &["convert", "a.npy", "b.zarr", "--levels", "1"]).ok();
    let info = petavox(dir, &["info", "b.zarr", "--json"]).ok().json();
    assert_eq!(info["results"]["levels"].as_array().unwrap().len(), 1);
}

#[test]
fn another_dtype_is_numpy_s_cast() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let floats: Vec<u8> = [0.0f32, 1.9, -2.5, 300.7].iter().flat_map(|x| x.to_le_bytes()).collect();
    npy(&dir.join("a.npy"), "<f4", &[2, 2], &floats);
    petavox(dir, &["convert", "a.npy", "b.npy", "--dtype", "int16"]).ok();
    let want: Vec<u8> = [0i16, 1, -2, 300].iter().flat_map(|x| x.to_le_bytes()).collect();
    assert_eq!(samples(&dir.join("b.npy")), want);
    assert_eq!(petavox(dir, &["convert", "a.npy", "c.npy", "--dtype", "int17"]).code, 2);
}

#[test]
fn a_plan_is_explained_and_nothing_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    balls(&dir.join("a.npy"), 64);
    let command = ["apply", "a.npy", "b.zarr", "gaussian:sigma=2", "threshold:method=otsu"];
    let how = ["--memory", "256MiB", "--threads", "2"];
    let said = petavox(dir, &[&["explain"], &command[..], &how].concat()).ok();
    snapshot("explain.txt", &said.out);
    for (format, begins) in [("html", "<!doctype html>"), ("dot", "digraph"), ("json", "{")] {
        let args = [&["explain", "--format", format], &command[..], &how].concat();
        let said = petavox(dir, &args).ok();
        assert!(said.out.starts_with(begins), "{}", said.out);
    }
    let json = petavox(dir, &[&["explain", "--json"], &command[..], &how].concat()).ok().json();
    assert_eq!(json["results"]["stages"].as_array().unwrap().len(), 2);
    let names: Vec<_> = std::fs::read_dir(dir).unwrap().flatten().map(|e| e.file_name()).collect();
    assert_eq!(names, ["a.npy"]);
}
