//! Images in, numbers and tables out: reduce, label, measure, skeleton, compare.

mod common;
use common::{balls, npy, petavox, samples};

#[test]
fn whole_images_are_reduced_to_exact_numbers() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    npy(&dir.join("a.npy"), "|i1", &[2, 3], &[1, 2, 3, 0, 5, 251]);
    for (op, value) in [
        ("sum", "6"),
        ("mean", "1"),
        ("min", "-5"),
        ("max", "5"),
        ("prod", "0"),
        ("ptp", "10"),
        ("argmax", "4"),
        ("argmin", "5"),
        ("any", "true"),
        ("all", "false"),
        ("count_nonzero", "5"),
    ] {
        assert_eq!(petavox(dir, &["reduce", "a.npy", op]).ok().out, format!("{value}\n"), "{op}");
    }
    let json = petavox(dir, &["--json", "reduce", "a.npy", "var"]).ok().json();
    assert!((json["results"]["value"].as_f64().unwrap() - 29.0 / 3.0).abs() < 1e-14);
    petavox(dir, &["reduce", "a.npy", "histogram", "-o", "h.csv"]).ok();
    let table = std::fs::read_to_string(dir.join("h.csv")).unwrap();
    assert!(table.starts_with("bin_center,count\n"), "{table}");
    petavox(dir, &["reduce", "a.npy", "sum", "--axis", "-2", "-o", "s.npy"]).ok();
    let want: Vec<u8> = [1i64, 7, -2].iter().flat_map(|x| x.to_le_bytes()).collect();
    assert_eq!(samples(&dir.join("s.npy")), want);
    let said = petavox(dir, &["reduce", "a.npy", "sum", "--axis", "2", "-o", "t.npy"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("axis 2 is out of bounds for array of dimension 2"), "{}", said.err);
}

#[test]
fn regions_are_labelled_and_measured() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    npy(&dir.join("mask.npy"), "|b1", &[3, 4], &[1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1]);
    npy(&dir.join("grey.npy"), "|u1", &[3, 4], &[9, 7, 0, 0, 0, 0, 1, 0, 0, 0, 2, 6]);
    petavox(dir, &["label", "mask.npy", "labels.zarr"]).ok();
    petavox(dir, &["label", "mask.npy", "joined.zarr", "--connectivity", "2"]).ok();
    assert_eq!(petavox(dir, &["reduce", "labels.zarr", "max"]).ok().out, "2\n");
    assert_eq!(petavox(dir, &["reduce", "joined.zarr", "max"]).ok().out, "1\n");
    petavox(dir, &["measure", "labels.zarr", "--image", "grey.npy", "-o", "t.csv"]).ok();
    let table = std::fs::read_to_string(dir.join("t.csv")).unwrap();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(
        lines[0],
        "label,area,bbox-0,bbox-1,bbox-2,bbox-3,centroid-0,centroid-1,intensity_mean,intensity_min,intensity_max"
    );
    assert_eq!(lines[1], "1,2.0,0,0,1,2,0.0,0.5,8.0,7.0,9.0");
    let said = petavox(dir, &["measure", "labels.zarr", "-o", "t.csv"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("--overwrite"), "{}", said.err);
    let args = ["measure", "labels.zarr", "-o", "u.csv", "--properties", "area,intensity_mean"];
    let said = petavox(dir, &args);
    assert!(said.err.contains("--image"), "{}", said.err);
    let args = ["measure", "labels.zarr", "-o", "u.csv", "--properties", "areas"];
    assert!(petavox(dir, &args).err.contains("did you mean 'area'?"));
}

#[test]
fn a_skeleton_is_traced_and_two_are_compared() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let n = 40;
    let mut bar = vec![0u8; n * n * n];
    (5..35).for_each(|x| {
        for (dz, dy) in [(0, 0), (0, 1), (1, 0), (1, 1), (2, 1), (1, 2)] {
            bar[((20 + dz) * n + 20 + dy) * n + x] = 255;
        }
    });
    npy(&dir.join("bar.npy"), "|u1", &[n, n, n], &bar);
    for (out, chunk) in [("one", "64MiB"), ("two", "1GiB")] {
        let args = ["skeleton", "bar.npy", "-o", out, "--mask", "--memory", chunk, "--json"];
        let json = petavox(dir, &args).ok().json();
        assert_eq!(json["results"]["n_branches"], 1);
        for name in json["outputs"].as_array().unwrap() {
            assert!(dir.join(name.as_str().unwrap()).exists());
        }
    }
    let table = |out: &str| std::fs::read(dir.join(out).join("branches.parquet")).unwrap();
    assert_eq!(table("one"), table("two"));
    petavox(dir, &["compare", "a=one", "b=two/branches.parquet", "-o", "both.html"]).ok();
    assert!(
        std::fs::read_to_string(dir.join("both.html"))
            .unwrap()
            .to_lowercase()
            .contains("<!doctype html>")
    );
    assert_eq!(petavox(dir, &["compare", "a=one", "-o", "c.html"]).code, 2);
    let said = petavox(dir, &["skeleton", "bar.npy", "-o", "one", "--mask"]);
    assert!(said.code == 1 && said.err.contains("--overwrite"), "{}", said.err);
}

#[test]
fn an_image_in_which_nothing_stands_out_is_no_reason_to_fail() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    npy(&dir.join("empty.npy"), "|b1", &[8, 8, 8], &[0; 512]);
    let json =
        petavox(dir, &["skeleton", "empty.npy", "-o", "out", "--mask", "--json"]).ok().json();
    assert_eq!(json["results"]["n_branches"], 0);
    balls(&dir.join("a.npy"), 12);
    let said = petavox(dir, &["skeleton", "a.npy", "-o", "b", "--threshold", "tall"]);
    assert!(said.code == 2 && said.err.contains("otsu"), "{}", said.err);
}
