use super::*;
use petavox_core::Dtype;

fn write_npy(path: &Path, shape: [usize; 2], samples: &[u8]) {
    let mut header = format!(
        "{{'descr': '|u1', 'fortran_order': False, 'shape': ({}, {}), }}",
        shape[0], shape[1]
    );
    header.push('\n');
    let len = (header.len() as u16).to_le_bytes();
    let bytes = [b"\x93NUMPY\x01\x00", &len[..], header.as_bytes(), samples].concat();
    std::fs::write(path, bytes).unwrap();
}

fn stack(n: usize) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for i in 0..n {
        write_npy(&dir.path().join(format!("z{i}.npy")), [2, 3], &[i as u8; 6]);
    }
    std::fs::write(dir.path().join("notes.txt"), "not a slice").unwrap();
    dir
}

#[test]
fn slices_come_in_natural_order() {
    let dir = stack(12);
    let source = SliceSource::open(dir.path(), &Limits::default()).unwrap();
    assert_eq!(source.spec().shape, [12, 2, 3]);
    assert_eq!(source.spec().axes.as_str(), "zyx");
    assert_eq!(source.grid().chunk(), [1, 2, 3]);
    let mut block = Block::zeros(Region::new([9, 1, 1], [3, 1, 2]), Dtype::UInt8).unwrap();
    source.read(&mut block).unwrap();
    assert_eq!(block.bytes(), [9, 9, 10, 10, 11, 11]);
    assert!(source.warnings().is_empty());
}

#[test]
fn a_glob_picks_and_gaps_are_told() {
    let dir = stack(12);
    std::fs::remove_file(dir.path().join("z4.npy")).unwrap();
    let source = SliceSource::open(&dir.path().join("z?.npy"), &Limits::default()).unwrap();
    assert_eq!(source.spec().shape, [9, 2, 3]);
    assert_eq!(source.warnings().len(), 1);
    assert!(source.warnings()[0].contains("z3.npy and z5.npy"));
}

#[test]
fn a_slice_that_differs_is_named() {
    let dir = stack(3);
    write_npy(&dir.path().join("z3.npy"), [3, 2], &[0; 6]);
    let err = SliceSource::open(dir.path(), &Limits::default()).unwrap_err().to_string();
    assert!(err.contains("z3.npy") && err.contains("[3, 2]") && err.contains("[2, 3]"), "{err}");
}

#[test]
fn no_slices_and_mixed_slices_are_errors() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(
        SliceSource::open(dir.path(), &Limits::default()),
        Err(Error::NotFound { .. })
    ));
    assert!(SliceSource::open(&dir.path().join("*.tif"), &Limits::default()).is_err());
    write_npy(&dir.path().join("a.npy"), [1, 1], &[0]);
    std::fs::write(dir.path().join("b.png"), "x").unwrap();
    assert!(matches!(
        SliceSource::open(dir.path(), &Limits::default()),
        Err(Error::InvalidArgument { .. })
    ));
}

#[test]
fn a_slice_that_changed_is_an_error() {
    let dir = stack(3);
    let source = SliceSource::open(dir.path(), &Limits::default()).unwrap();
    write_npy(&dir.path().join("z1.npy"), [1, 1], &[0]);
    let mut block = Block::zeros(source.spec().region(), Dtype::UInt8).unwrap();
    assert!(matches!(source.read(&mut block), Err(Error::Corrupt { .. })));
}
