use crate::contract::{check_samples, check_source, check_writer, sample_block};
use crate::{Codec, CreateOptions, OpenOptions, create, open_with_info};
use petavox_core::{Axes, Dtype, ImageSpec};

fn spec(shape: &[usize], dtype: Dtype, axes: &str) -> ImageSpec {
    ImageSpec::new(shape, dtype).unwrap().with_axes(Axes::parse(axes).unwrap()).unwrap()
}

fn small_tiles(n_outer: usize, codec: Codec) -> CreateOptions {
    let chunk_shape = Some([vec![1; n_outer], vec![16, 32]].concat());
    CreateOptions { chunk_shape, codec, ..CreateOptions::default() }
}

#[test]
fn writers_keep_the_contract_for_every_dtype_and_codec() {
    let dir = tempfile::tempdir().unwrap();
    let codecs = [Codec::Default, Codec::None, Codec::Lzw, Codec::Zstd(3), Codec::Gzip(1)];
    for (i, &dtype) in Dtype::ALL.iter().enumerate() {
        let codec = codecs[i % codecs.len()].clone();
        let path = dir.path().join(format!("{dtype}.tif"));
        check_writer(&path, &spec(&[3, 37, 50], dtype, "zyx"), &small_tiles(1, codec));
    }
}

#[test]
fn axes_of_every_kind_come_back() {
    let dir = tempfile::tempdir().unwrap();
    let cases: &[(&str, &[usize], &str)] = &[
        ("a.tif", &[20, 33], "yx"),
        ("b.tif", &[1, 20, 33], "zyx"),
        ("c.tif", &[2, 1, 3, 20, 33], "tczyx"),
        ("d.tif", &[20, 33, 3], "yxc"),
        ("e.tif", &[2, 2, 2, 17, 5], "wvtyx"),
        ("f.ome.tif", &[2, 3, 20, 33], "czyx"),
        ("g.ome.tif", &[2, 2, 2, 20, 33], "tzcyx"),
        ("h.ome.tif", &[4, 20, 33, 3], "zyxc"),
        ("i.ome.tif", &[1, 1, 1, 20, 33], "tczyx"),
    ];
    for (name, shape, axes) in cases {
        let options = CreateOptions { n_levels: Some(3), ..CreateOptions::default() };
        check_writer(&dir.path().join(name), &spec(shape, Dtype::UInt16, axes), &options);
    }
}

#[test]
fn spacing_origin_and_levels_come_back() {
    let dir = tempfile::tempdir().unwrap();
    let spec = spec(&[2, 70, 51], Dtype::Float32, "zyx")
        .with_spacing(&[2.0, 0.123_456_789, 0.3], Some("micrometer".into()))
        .unwrap();
    let spec = ImageSpec { origin: vec![1.0, -2.5, 3.0], ..spec };
    for name in ["a.tif", "a.ome.tif"] {
        let path = dir.path().join(name);
        let mut options = small_tiles(1, Codec::Default);
        options.n_levels = Some(3);
        let writer = create(&path, &spec, &options).unwrap();
        for level in writer.levels() {
            let n = writer.levels().iter().position(|l| l == level).unwrap();
            let sink = writer.sink(n).unwrap();
            sink.write(&sample_block(&level.shape, level.dtype)).unwrap();
        }
        let levels = writer.levels().to_vec();
        writer.finish().unwrap();
        let image = super::TiffImage::open(&path, &crate::Limits::default()).unwrap();
        assert_eq!(image.levels().len(), 3);
        assert!(image.warnings().is_empty(), "{:?}", image.warnings());
        for (source, want) in image.levels().iter().zip(&levels) {
            use petavox_core::Source;
            assert_eq!(source.spec(), want);
            check_samples(&**source, &sample_block(&want.shape, want.dtype));
            check_source(&**source);
        }
    }
}

#[test]
fn a_level_that_was_not_written_is_an_error_and_leaves_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.tif");
    let spec = spec(&[40, 40], Dtype::UInt8, "yx");
    let writer = create(&path, &spec, &CreateOptions::default()).unwrap();
    assert!(writer.finish().is_err());
    assert!(!path.exists());
}

#[test]
fn what_tiff_cannot_hold_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let create = |name: &str, spec: ImageSpec, options: CreateOptions| {
        create(&dir.path().join(name), &spec, &options).map(|_| ())
    };
    let image = spec(&[4, 40, 40], Dtype::Int64, "zyx");
    assert!(create("a.ome.tif", image.clone(), CreateOptions::default()).is_err());
    assert!(create("a.tif", spec(&[9], Dtype::UInt8, "x"), CreateOptions::default()).is_err());
    for chunk in [vec![2, 16, 16], vec![1, 15, 16], vec![16, 16]] {
        let options = CreateOptions { chunk_shape: Some(chunk), ..CreateOptions::default() };
        assert!(create("a.tif", image.clone(), options).is_err());
    }
    let blosc = Codec::parse("blosc:lz4").unwrap();
    let options = CreateOptions { codec: blosc, ..CreateOptions::default() };
    assert!(create("a.tif", image, options).is_err());
}

#[test]
fn a_cut_file_names_the_tile() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.tif");
    let spec = spec(&[64, 64], Dtype::UInt8, "yx");
    let writer = create(&path, &spec, &small_tiles(0, Codec::Zstd(1))).unwrap();
    writer.sink(0).unwrap().write(&sample_block(&[64, 64], Dtype::UInt8)).unwrap();
    writer.finish().unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[200] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let source =
        open_with_info(&path.display().to_string(), &OpenOptions::default()).unwrap().source;
    let mut block = petavox_core::Block::zeros(spec.region(), spec.dtype).unwrap();
    let err = source.read(&mut block).unwrap_err().to_string();
    assert!(err.contains("page 0, tile 0"), "{err}");
}

#[test]
fn a_level_is_opened_by_its_number_behind_the_name() {
    let dir = tempfile::tempdir().unwrap();
    let spec = spec(&[2, 70, 51], Dtype::UInt16, "zyx");
    for name in ["a.tif", "a.ome.tif"] {
        let path = dir.path().join(name);
        let options = CreateOptions { n_levels: Some(3), ..small_tiles(1, Codec::Default) };
        let writer = create(&path, &spec, &options).unwrap();
        for (n, level) in writer.levels().iter().enumerate() {
            let block = sample_block(&level.shape, level.dtype);
            writer.sink(n).unwrap().write(&block).unwrap();
        }
        let levels = writer.levels().to_vec();
        writer.finish().unwrap();
        let open = |path: std::path::PathBuf| {
            open_with_info(&path.display().to_string(), &OpenOptions::default())
        };
        for (n, level) in levels.iter().enumerate() {
            let opened = open(path.join(n.to_string())).unwrap();
            assert_eq!(opened.source.spec(), level);
            check_samples(&*opened.source, &sample_block(&level.shape, level.dtype));
            let names: Vec<&str> = opened.info.levels.iter().map(|l| l.path.as_str()).collect();
            assert_eq!(names, ["0", "1", "2"][n..]);
            // The name that a source gives leads to it again.
            let again = open(opened.source.locator().unwrap().into()).unwrap();
            assert_eq!(again.source.spec(), level);
        }
        let missing = open(path.join("3")).unwrap_err();
        assert!(missing.to_string().contains("0 to 2"), "{missing}");
        for no_level in ["x", "-1", "0/0"] {
            let error = open(path.join(no_level)).unwrap_err();
            assert!(matches!(error, petavox_core::Error::NotFound { .. }), "{error}");
        }
    }
}

#[test]
fn uncompressed_files_are_the_same_in_whatever_order_their_tiles_come() {
    let dir = tempfile::tempdir().unwrap();
    let spec = spec(&[2, 40, 70], Dtype::UInt16, "zyx");
    let samples = sample_block(&spec.shape, spec.dtype);
    let write = |name: &str, codec: Codec, backwards: bool| {
        let path = dir.path().join(name);
        let writer = create(&path, &spec, &small_tiles(1, codec)).unwrap();
        let sink = writer.sink(0).unwrap();
        let n = sink.grid().len();
        for k in 0..n {
            let region = sink.grid().region(if backwards { n - 1 - k } else { k });
            let mut block = petavox_core::Block::zeros(region, spec.dtype).unwrap();
            block.copy_from(&samples).unwrap();
            sink.write(&block).unwrap();
        }
        writer.finish().unwrap();
        let source = crate::open(&path.display().to_string(), &OpenOptions::default()).unwrap();
        check_samples(&*source, &samples);
        std::fs::read(path).unwrap()
    };
    assert!(write("a.tif", Codec::None, false) == write("b.tif", Codec::None, true));
    // Compressed ones have the same samples, and as many bytes.
    let (a, b) = (write("c.tif", Codec::Zstd(3), false), write("d.tif", Codec::Zstd(3), true));
    assert_eq!(a.len(), b.len());
}
