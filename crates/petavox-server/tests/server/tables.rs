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
