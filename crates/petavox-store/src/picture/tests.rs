use crate::contract::{check_source, check_writer};
use crate::{Codec, CreateOptions, OpenOptions, create, open};
use petavox_core::{Axes, Dtype, Error, ImageSpec};

fn spec(shape: &[usize], dtype: Dtype, axes: &str) -> ImageSpec {
    ImageSpec::new(shape, dtype).unwrap().with_axes(Axes::parse(axes).unwrap()).unwrap()
}

#[test]
fn writers_keep_the_contract() {
    let dir = tempfile::tempdir().unwrap();
    for (shape, dtype, axes) in [
        (vec![21, 35], Dtype::UInt8, "yx"),
        (vec![21, 35], Dtype::UInt16, "yx"),
        (vec![21, 35], Dtype::Bool, "yx"),
        (vec![9, 7, 2], Dtype::UInt8, "yxc"),
        (vec![9, 7, 3], Dtype::UInt16, "yxc"),
        (vec![9, 7, 4], Dtype::UInt8, "yxc"),
    ] {
        let chunk_shape = Some(shape.iter().map(|s: &usize| s.div_ceil(2)).collect());
        let options = CreateOptions { chunk_shape, ..CreateOptions::default() };
        check_writer(&dir.path().join("a.png"), &spec(&shape, dtype, axes), &options);
    }
}

#[test]
fn what_a_png_cannot_hold_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.png");
    let refused = |spec: ImageSpec, options: CreateOptions| create(&path, &spec, &options).is_err();
    assert!(refused(spec(&[2, 3, 4], Dtype::UInt8, "zyx"), CreateOptions::default()));
    assert!(refused(spec(&[2, 3], Dtype::Float32, "yx"), CreateOptions::default()));
    let lzw = CreateOptions { codec: Codec::Lzw, ..CreateOptions::default() };
    assert!(refused(spec(&[2, 3], Dtype::UInt8, "yx"), lzw));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_cut_png_is_an_error_and_its_first_rows_are_not_lost() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.png");
    let spec = spec(&[200, 300], Dtype::UInt8, "yx");
    let writer = create(&path, &spec, &CreateOptions::default()).unwrap();
    let block = crate::contract::sample_block(&spec.shape, spec.dtype);
    writer.sink(0).unwrap().write(&block).unwrap();
    writer.finish().unwrap();
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let source = open(&path.display().to_string(), &OpenOptions::default()).unwrap();
    let mut whole = petavox_core::Block::zeros(spec.region(), spec.dtype).unwrap();
    assert!(matches!(source.read(&mut whole), Err(Error::Corrupt { .. })));
    let first = petavox_core::Region::new([0, 0], [20, 300]);
    let mut rows = petavox_core::Block::zeros(first, spec.dtype).unwrap();
    source.read(&mut rows).unwrap();
    assert_eq!(rows.bytes(), &block.bytes()[..6000]);
    std::fs::write(&path, &bytes).unwrap();
    check_source(&*open(&path.display().to_string(), &OpenOptions::default()).unwrap());
}
