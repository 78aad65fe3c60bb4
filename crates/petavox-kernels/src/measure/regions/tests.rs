use super::*;
use crate::golden;
use crate::pointwise::Scalar;
use petavox_core::{Boundary, Dtype, Region};

fn all() -> Wants {
    Wants { intensity: true, squares: true, values: true, seconds: true, ..Wants::default() }
}

fn cut(labels: &Block, image: &Block, seed: u64) -> RegionTable {
    let mut tables: Vec<RegionTable> = golden::blocks(labels.shape(), seed)
        .iter()
        .map(|r| {
            let (l, i) = (
                golden::cut(labels, r, Boundary::Nearest),
                golden::cut(image, r, Boundary::Nearest),
            );
            RegionTable::of_block(&l, &[&i], &all()).unwrap()
        })
        .collect();
    if seed.is_multiple_of(2) {
        tables.reverse();
    }
    tables.into_iter().fold(RegionTable::default(), RegionTable::merge)
}

#[test]
fn rows_are_scikit_images_however_the_image_is_cut() {
    for (seed, value) in golden::cases("regions").iter().enumerate() {
        let labels = golden::block(&value["labels"]);
        let image = golden::block(&value["image"]);
        let rows = RegionTable::of_block(&labels, &[&image], &all()).unwrap().rows();
        // A block by itself does not know where it lies in the image.
        let placeless = |mut rows: Vec<RegionRow>| {
            rows.iter_mut().flat_map(|r| &mut r.intensities).for_each(|i| i.places = [0; 2]);
            rows
        };
        assert_eq!(placeless(cut(&labels, &image, seed as u64).rows()), placeless(rows.clone()));
        let want = value["rows"].as_array().unwrap();
        assert_eq!(rows.len(), want.len());
        for (row, want) in rows.iter().zip(want) {
            assert_eq!(row.label, want["label"].as_u64().unwrap());
            assert_eq!(row.area, want["area"].as_u64().unwrap());
            let bbox: Vec<f64> = row.start.iter().chain(&row.end).map(|x| *x as f64).collect();
            assert_eq!(bbox, golden::numbers(&want["bbox"]));
            for (a, b) in row.centroid.iter().zip(golden::numbers(&want["centroid"])) {
                assert!((a - b).abs() <= 1e-12 * b.abs());
            }
            let intensity = &row.intensities[0];
            assert_eq!(intensity.min.to_f64(), golden::double(&want["min"]));
            assert_eq!(intensity.max.to_f64(), golden::double(&want["max"]));
            let mean = golden::double(&want["mean"]);
            let tolerance = if image.dtype() == Dtype::Float32 { 1e-5 } else { 1e-12 };
            assert!((intensity.mean - mean).abs() <= tolerance * mean.abs().max(1.0));
        }
    }
}

#[test]
fn bad_labels_are_named() {
    let region = Region::new([0], [2]);
    let negative = Block::from_vec(region.clone(), vec![1i32, -4]).unwrap();
    let err = RegionTable::of_block(&negative, &[], &Wants::default()).unwrap_err();
    assert!(err.to_string().contains("negative"));
    let floats = Block::from_vec(region, vec![1.0f32, 2.0]).unwrap();
    assert!(matches!(
        RegionTable::of_block(&floats, &[], &Wants::default()),
        Err(Error::UnsupportedDtype { .. })
    ));
}

#[test]
fn nan_stays_in_its_region() {
    let region = Region::new([0], [3]);
    let labels = Block::from_vec(region.clone(), vec![1u8, 1, 2]).unwrap();
    let image = Block::from_vec(region, vec![f32::NAN, 1.0, 4.0]).unwrap();
    let rows = RegionTable::of_block(&labels, &[&image], &all()).unwrap().rows();
    let first = &rows[0].intensities[0];
    assert!(first.min.to_f64().is_nan() && first.mean.is_nan());
    assert_eq!(rows[1].intensities[0].sum, Scalar::Float(4.0));
}
