//! Tables recorded by bench/golden/graph.py.

use crate::skeleton::{GraphOptions, Heap, SkeletonGraph, TableOptions, VoxelValues, summarize};
use petavox_core::{Column, Sequential, Table};
use serde_json::Value;
use std::path::PathBuf;

fn cases(text: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(text).unwrap();
    assert_eq!(all["versions"]["skan"], "0.13.1");
    all["cases"].as_array().unwrap().clone()
}

fn floats(v: &Value) -> Vec<f64> {
    v.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn table_of(case: &Value, ranks: &[u64]) -> Table {
    let shape: Vec<usize> =
        case["shape"].as_array().unwrap().iter().map(|s| s.as_u64().unwrap() as usize).collect();
    let spacing = floats(&case["spacing"]);
    let double: Option<Vec<f64>> = case.get("values").map(floats);
    let single: Vec<f32> = double.iter().flatten().map(|&v| v as f32).collect();
    let values = double.as_ref().map(|v| match case["single"] == true {
        true => VoxelValues::F32(&single),
        false => VoxelValues::F64(v),
    });
    let heights = values.filter(|_| case["height"] == true);
    let options = GraphOptions { spacing: Some(&spacing), heights };
    let graph = SkeletonGraph::new(&shape, ranks, &options, &Heap, &Sequential).unwrap();
    summarize(&graph, &TableOptions { values, radius: None }, &Sequential).unwrap()
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
}

#[test]
fn small_tables_equal_skan() {
    let mut n_compared = 0;
    for case in cases(include_str!("../../golden/skan_small.json")) {
        let name = &case["name"];
        let ranks: Vec<u64> =
            case["ranks"].as_array().unwrap().iter().map(|r| r.as_u64().unwrap()).collect();
        let table = table_of(&case, &ranks);
        let Some(expected) = case.get("columns").and_then(Value::as_object) else {
            // skan fails on these: nothing but single voxels, or one ring of three voxels.
            let n_rows = if name == "triangle" { 1 } else { 0 };
            assert_eq!(table.n_rows(), n_rows, "{name}");
            continue;
        };
        let names: Vec<&str> = table.names().collect();
        let expected_names: Vec<&str> = expected.keys().map(String::as_str).collect();
        assert_eq!(names.last(), Some(&"tortuosity"));
        assert_eq!(names[..names.len() - 1], expected_names, "{name}");
        for (column, values) in expected {
            let context = format!("{name}: {column}");
            match table.column(column).unwrap() {
                Column::Int(ours) => {
                    let theirs: Vec<i64> =
                        values.as_array().unwrap().iter().map(|v| v.as_i64().unwrap()).collect();
                    assert_eq!(ours, &theirs, "{context}");
                }
                Column::Float(ours) => {
                    let theirs = floats(values);
                    assert_eq!(ours.len(), theirs.len(), "{context}");
                    for (a, b) in ours.iter().zip(&theirs) {
                        assert!(close(*a, *b), "{context}: {a} is not {b}");
                    }
                }
                other => panic!("{context}: {}", other.kind()),
            }
        }
        n_compared += 1;
    }
    assert!(n_compared >= 70);
}

/// Rising ranks from their differences: 7 bits to a byte, lowest first, in base 64.
fn unpack(text: &str) -> Vec<u64> {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut n_bits) = (0u32, 0);
    let (mut rank, mut difference, mut shift) = (0u64, 0u64, 0);
    let mut ranks = Vec::new();
    for c in text.bytes().filter(|&c| c != b'=') {
        bits = bits << 6 | alphabet.iter().position(|&a| a == c).unwrap() as u32;
        n_bits += 6;
        if n_bits >= 8 {
            n_bits -= 8;
            let byte = bits >> n_bits & 255;
            difference |= u64::from(byte & 127) << shift;
            shift += 7;
            if byte < 128 {
                rank += difference;
                ranks.push(rank);
                (difference, shift) = (0, 0);
            }
        }
    }
    ranks
}

/// The ranks of a stack of 8-bit pages among the test data; none if there is no test data here.
#[allow(clippy::print_stdout)]
fn from_data(case: &Value) -> Option<Vec<u64>> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let folder = std::env::var_os("PETAVOX_DATA").map_or(beside.into(), PathBuf::from);
    if !folder.is_dir() {
        println!("skipped: no test data (set PETAVOX_DATA)");
        return None;
    }
    let path = folder.join("skeleton").join(case["name"].as_str()?);
    let mut pages = tiff::decoder::Decoder::new(std::fs::File::open(path).unwrap()).unwrap();
    let (mut ranks, mut rank) = (Vec::new(), 0);
    loop {
        let tiff::decoder::DecodingResult::U8(samples) = pages.read_image().unwrap() else {
            panic!("an 8-bit image");
        };
        for sample in samples {
            if sample != 0 {
                ranks.push(rank);
            }
            rank += 1;
        }
        if !pages.more_images() {
            return Some(ranks);
        }
        pages.next_image().unwrap();
    }
}

#[test]
fn tables_of_real_skeletons_equal_skan() {
    for case in cases(include_str!("../../golden/skan_real.json")) {
        let name = &case["name"];
        let Some(ranks) = case["ranks"].as_str().map(unpack).or_else(|| from_data(&case)) else {
            continue;
        };
        assert_eq!(ranks.len() as u64, case["n_voxels"].as_u64().unwrap(), "{name}");
        let table = table_of(&case, &ranks);
        assert_eq!(table.n_rows() as u64, case["n_rows"].as_u64().unwrap(), "{name}");
        let mut digest = 0xcbf2_9ce4_8422_2325_u64;
        for column in case["int_columns"].as_array().unwrap() {
            for &v in table.column(column.as_str().unwrap()).unwrap().as_int().unwrap() {
                digest = (digest ^ v as u64).wrapping_mul(0x100_0000_01b3);
            }
        }
        assert_eq!(format!("{digest:016x}"), case["int_digest"].as_str().unwrap(), "{name}");
        for (column, sum) in case["float_sums"].as_object().unwrap() {
            let ours = table.column(column).unwrap().as_float().unwrap();
            let squares: f64 = ours.iter().map(|v| v * v).sum();
            assert!(close(ours.iter().sum(), sum.as_f64().unwrap()), "{name}: {column}");
            let expected = case["float_square_sums"][column].as_f64().unwrap();
            assert!(close(squares, expected), "{name}: {column}");
        }
        let lengths = table.column("branch_distance").unwrap().as_float().unwrap();
        let expected = floats(&case["branch_distance"]);
        assert!(lengths.iter().zip(&expected).all(|(a, b)| close(*a, *b)), "{name}");
    }
}
