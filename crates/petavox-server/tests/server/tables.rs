//! Tables that the viewer lays over images.

use crate::client::{layer, serve_with};
use petavox::table::write_table;
use petavox::{Column, Image, RunOptions, SaveOptions, Table};
use petavox_server::Options;
use std::path::{Path, PathBuf};

fn stored(folder: &Path) -> PathBuf {
    let image = Image::from_vec(&[4, 5, 6], vec![1u8; 120]).unwrap();
    let path = folder.join("image.zarr");
    image.save(&path, &SaveOptions::default(), &RunOptions::default()).unwrap();
    path
}

#[test]
fn tables_are_listed_and_sent_by_column() {
    let folder = tempfile::tempdir().unwrap();
    let path = stored(folder.path());
    let table = Table::new(vec![
        ("z".into(), Column::Float(vec![1.5, f64::NAN])),
        ("count".into(), Column::Int(vec![-3, 7])),
        ("name".into(), Column::Text(vec!["a".into(), "b".into()])),
    ])
    .unwrap();
    let tables = vec![folder.path().join("points.parquet")];
    write_table(&tables[0], &table).unwrap();
    let options = Options { tables, token: Some("secret".into()), ..Options::default() };
    let server = serve_with(&[layer(&path, &[])], &options, 256 << 20);
    assert_eq!(server.get("/tables").status, 401);
    let list = server.get("/tables?token=secret").json();
    assert_eq!((&list[0]["name"], &list[0]["rows"]), (&"points".into(), &2.into()));
    assert_eq!(list[0]["columns"][2], serde_json::json!({ "name": "name", "dtype": "text" }));
    let z = server.samples::<f64>("/tables/points/z?token=secret");
    assert!(z[0] == 1.5 && z[1].is_nan());
    assert_eq!(server.samples::<f64>("/tables/points/count?token=secret"), [-3.0, 7.0]);
    let names = server.get("/tables/points/name?token=secret").json();
    assert_eq!(names, serde_json::json!(["a", "b"]));
    assert_eq!(server.get("/tables/points/none?token=secret").status, 404);
}

#[test]
fn branches_are_lines_along_their_voxels() {
    let folder = tempfile::tempdir().unwrap();
    // Two bars that cross, and two that meet at a corner.
    let (h, w) = (20, 30);
    let is_line = |y: usize, x: usize| {
        y == 5 && (2..15).contains(&x)
            || x == 8 && (1..10).contains(&y)
            || y == 15 && (2..25).contains(&x)
            || x == 24 && (10..16).contains(&y)
    };
    let samples = (0..h * w).map(|i| u8::from(is_line(i / w, i % w))).collect();
    let image = Image::from_vec(&[h, w], samples).unwrap();
    let path = folder.path().join("skeleton.zarr");
    image.save(&path, &SaveOptions::default(), &RunOptions::default()).unwrap();
    let trace = image.trace(None, None, false, &RunOptions::default()).unwrap();
    let tables = vec![folder.path().join("branches.parquet")];
    write_table(&tables[0], &trace.table).unwrap();
    let options = Options { tables, ..Options::default() };
    let server = serve_with(&[layer(&path, &[])], &options, 256 << 20);
    assert_eq!(server.get("/tables").json()[0]["paths"], true);
    let answer = server.get("/tables/branches/@paths");
    assert_eq!(answer.status, 200, "{}", answer.text());
    let rows = trace.table.n_rows();
    let number = |k: usize| u32::from_le_bytes(answer.body[4 * k..4 * k + 4].try_into().unwrap());
    let starts: Vec<usize> = (0..=rows).map(|k| number(k) as usize).collect();
    let point = |p: usize| {
        let at = |a: usize| f32::from_bits(number(rows + 1 + 3 * p + a));
        [at(0), at(1), at(2)]
    };
    assert_eq!(answer.body.len(), 4 * (rows + 1) + 12 * starts[rows]);
    let ends = |name: &str| trace.table.column(name).unwrap().to_f64().unwrap();
    let [sy, sx, dy, dx] =
        ["src_0", "src_1", "dst_0", "dst_1"].map(|n| ends(&format!("image_coord_{n}")));
    for row in 0..rows {
        let (first, last) = (point(starts[row]), point(starts[row + 1] - 1));
        assert_eq!([first[1], first[2]], [sy[row] as f32, sx[row] as f32]);
        assert_eq!([last[1], last[2]], [dy[row] as f32, dx[row] as f32]);
        for p in starts[row]..starts[row + 1] {
            let [z, y, x] = point(p);
            assert!(z == 0.0 && is_line(y as usize, x as usize), "{y} {x}");
        }
    }
    // The way round the corner keeps its bend; straight branches are their ends.
    let points: Vec<usize> = (0..rows).map(|r| starts[r + 1] - starts[r]).collect();
    assert!(points.contains(&3) && points.contains(&2), "{points:?}");
}
