use super::*;
use petavox_core::Column;
use proptest::prelude::*;

fn some() -> Table {
    Table::new(vec![
        ("id".into(), Column::Int(vec![1, -2, i64::MAX])),
        ("length (µm)".into(), Column::Float(vec![0.1, f64::NAN, f64::NEG_INFINITY])),
        ("ring".into(), Column::Bool(vec![true, false, true])),
        ("name".into(), Column::Text(vec!["a,b".into(), "say \"x\"\nthen".into(), "ü".into()])),
    ])
    .unwrap()
}

fn again(table: &Table, name: &str) -> Table {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    write_table(&path, table).unwrap();
    let left: Vec<_> = std::fs::read_dir(dir.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "only the table itself is left");
    read_table(&path).unwrap()
}

#[test]
fn both_formats_bring_every_value_back() {
    assert_eq!(again(&some(), "t.parquet"), some());
    assert_eq!(again(&some(), "t.csv"), some());
}

#[test]
fn tables_without_rows_keep_their_columns() {
    let empty = some().select(&[]).unwrap();
    assert_eq!(again(&empty, "t.parquet"), empty);
    assert_eq!(
        again(&empty, "t.csv").names().collect::<Vec<_>>(),
        empty.names().collect::<Vec<_>>()
    );
    assert_eq!(again(&Table::default(), "t.parquet"), Table::default());
    assert_eq!(again(&Table::default(), "t.csv"), Table::default());
}

#[test]
fn parts_make_one_table_and_row_groups_are_bounded() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.parquet");
    let part = |n: i64| Table::new(vec![("n".into(), Column::Int((0..n).collect()))]).unwrap();
    let mut writer = TableWriter::create(&path).unwrap();
    writer.append(&part(0)).unwrap();
    writer.append(&part(150_000)).unwrap();
    writer.append(&part(3)).unwrap();
    assert!(!path.exists(), "nothing under the final name before the end");
    writer.finish().unwrap();
    let table = read_table(&path).unwrap();
    assert_eq!(table.n_rows(), 150_003);
    assert_eq!(table.column("n").unwrap().as_int().unwrap()[149_999..], [149_999, 0, 1, 2]);
    use parquet::file::reader::FileReader;
    let reader =
        parquet::file::reader::SerializedFileReader::new(std::fs::File::open(&path).unwrap())
            .unwrap();
    assert_eq!(reader.metadata().num_row_groups(), 4);
}

#[test]
fn an_unfinished_table_leaves_the_old_one_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["t.parquet", "t.csv"] {
        let path = dir.path().join(name);
        write_table(&path, &some()).unwrap();
        let mut writer = TableWriter::create(&path).unwrap();
        writer.append(&some().select(&[0]).unwrap()).unwrap();
        assert!(writer.append(&Table::default()).is_err(), "other columns are refused");
        drop(writer);
        assert_eq!(read_table(&path).unwrap(), some());
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
}

#[test]
fn kinds_in_csv_follow_from_the_values() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.csv");
    std::fs::write(
        &path,
        "\u{feff},i,f,gap,b,bgap,t,none\r\n0,1,1,,TRUE,,1,\r\n1,-2,2.5e3, 7,false,True,x,\r\n",
    )
    .unwrap();
    let table = read_table(&path).unwrap();
    let text = |a: &str, b: &str| Column::Text(vec![a.into(), b.into()]);
    let nan = f64::NAN;
    let expected = Table::new(vec![
        ("index".into(), Column::Int(vec![0, 1])),
        ("i".into(), Column::Int(vec![1, -2])),
        ("f".into(), Column::Float(vec![1.0, 2500.0])),
        ("gap".into(), Column::Float(vec![nan, 7.0])),
        ("b".into(), Column::Bool(vec![true, false])),
        ("bgap".into(), text("", "True")),
        ("t".into(), text("1", "x")),
        ("none".into(), Column::Float(vec![nan, nan])),
    ])
    .unwrap();
    assert_eq!(table, expected);
}

/// Made by bench/golden/table.py.
fn golden(name: &str) -> Result<Table> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/table/golden");
    read_table(&Path::new(folder).join(name))
}

#[test]
fn tables_of_pandas_and_arrow_are_read_exactly() {
    let nan = f64::NAN;
    let text = |words: [&str; 3]| Column::Text(words.map(String::from).to_vec());
    let columns = vec![
        ("id".to_string(), Column::Int(vec![1, -2, 3])),
        ("small".to_string(), Column::Int(vec![250, 0, 7])),
        ("single".to_string(), Column::Float(vec![0.5, nan, 2.0])),
        ("length".to_string(), Column::Float(vec![0.1, nan, f64::INFINITY])),
        ("ring".to_string(), Column::Bool(vec![true, false, true])),
        ("name".to_string(), text(["a,b", "ü", ""])),
    ];
    let expected = Table::new(columns.clone()).unwrap();
    for name in
        ["pandas_snappy.parquet", "pandas_zstd.parquet", "pandas_gzip.parquet", "arrow_v2.parquet"]
    {
        assert_eq!(golden(name).unwrap(), expected, "{name}");
    }
    let index = |values: [i64; 3]| ("index".to_string(), Column::Int(values.to_vec()));
    let last = Table::new([columns.clone(), vec![index([5, 7, 6])]].concat()).unwrap();
    assert_eq!(golden("pandas_index.parquet").unwrap(), last);
    let first = Table::new([vec![index([0, 1, 2])], columns].concat()).unwrap();
    assert_eq!(golden("pandas.csv").unwrap(), first);
    let gaps = Table::new(vec![
        ("n".into(), Column::Float(vec![1.0, nan, 3.0])),
        ("b".into(), Column::Float(vec![1.0, nan, 0.0])),
        ("t".into(), text(["x", "", "y"])),
    ]);
    assert_eq!(golden("gaps.parquet").unwrap(), gaps.unwrap());
}

#[test]
fn columns_and_codecs_that_are_not_read_are_named() {
    let message = |name: &str| golden(name).unwrap_err().to_string();
    assert!(message("dates.parquet").contains("column when"));
    assert!(message("nested.parquet").contains("nested"));
    let brotli = message("brotli.parquet");
    assert!(brotli.contains("column a: BROTLI") && brotli.contains("snappy, zstd"), "{brotli}");
}

#[test]
fn errors_say_what_and_where() {
    let dir = tempfile::tempdir().unwrap();
    let message = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        read_table(&path).unwrap_err().to_string()
    };
    assert!(message("a.csv", b"a,b\n1,2\n3\n").contains("line 3"));
    assert!(message("a.csv", b"a,a\n1,2\n").contains("twice"));
    assert!(message("a.csv", b"a\n\xff\n").contains("UTF-8"));
    assert!(message("a.txt", b"").contains(".parquet or .csv"));
    assert!(message("a.parquet", b"PAR1").contains("cut short"));
    let claims = [&b"PAR1"[..], &[0; 20], &[255, 255, 255, 127], b"PAR1"].concat();
    assert!(message("a.parquet", &claims).contains("2147483647"));
    assert!(matches!(
        read_table(&dir.path().join("none.csv")),
        Err(petavox_core::Error::NotFound { .. })
    ));
}

#[test]
fn a_table_beyond_the_limit_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let table = Table::new(vec![("a".into(), Column::Int(vec![7; 200_000]))]).unwrap();
    for name in ["t.parquet", "t.csv"] {
        let path = dir.path().join(name);
        write_table(&path, &table).unwrap();
        let refused = read_table_within(&path, 100_000).unwrap_err().to_string();
        assert!(refused.contains("100000 bytes"), "{refused}");
        assert_eq!(read_table_within(&path, 8 << 20).unwrap(), table);
    }
}

#[test]
fn no_flipped_byte_or_cut_makes_the_reader_panic() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.parquet");
    write_table(&path, &some()).unwrap();
    let good = std::fs::read(&path).unwrap();
    for i in 0..good.len() {
        let mut bad = good.clone();
        bad[i] ^= [0x01, 0x80, 0xff][i % 3];
        std::fs::write(&path, &bad).unwrap();
        let _ = read_table_within(&path, 1 << 20);
        std::fs::write(&path, &good[..i]).unwrap();
        assert!(read_table(&path).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn any_numbers_survive_both_formats(
        rows in proptest::collection::vec((any::<i64>(), any::<f64>(), any::<bool>()), 1..50)
    ) {
        let table = Table::new(vec![
            ("i".into(), Column::Int(rows.iter().map(|r| r.0).collect())),
            // Kept apart from whole numbers by its first value, as CSV has no types.
            ("f".into(), Column::Float(rows.iter().map(|r| r.1).chain([0.5]).skip(1).collect())),
            ("b".into(), Column::Bool(rows.iter().map(|r| r.2).collect())),
        ]).unwrap();
        prop_assert_eq!(&again(&table, "t.parquet"), &table);
        prop_assert_eq!(&again(&table, "t.csv"), &table);
    }
}
