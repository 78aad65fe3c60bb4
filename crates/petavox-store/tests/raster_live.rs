//! Files that go to other programs and come from them; driven by tests/live/check_raster.py, which sets the folders.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use petavox_core::{Axes, Block, Dtype, ImageSpec, Source, dispatch};
use petavox_store::{
    Channel, Codec, CreateOptions, NpySource, OpenOptions, TiffImage, create, open,
};
use std::path::{Path, PathBuf};

fn folder(variable: &str) -> Option<PathBuf> {
    let found = std::env::var_os(variable).map(PathBuf::from);
    if found.is_none() {
        eprintln!("skipped: {variable} is not set (tests/live/check_raster.py sets it)");
    }
    found
}

/// Samples by which a reader can tell that each is in its place: their raster number, folded into the dtype.
fn numbered(spec: &ImageSpec) -> Block {
    let mut block = Block::zeros(spec.region(), spec.dtype).unwrap();
    let period = if spec.dtype == Dtype::Bool { 2 } else { 251 };
    dispatch!(spec.dtype, T => for (i, v) in block.typed_mut::<T>().unwrap().iter_mut().enumerate() {
        *v = ((i * 7 / 3) % period) as T;
    });
    block
}

fn write(path: &Path, spec: &ImageSpec, options: &CreateOptions) {
    let writer = create(path, spec, options).unwrap();
    for (n, level) in writer.levels().to_vec().iter().enumerate() {
        let sink = writer.sink(n).unwrap();
        let whole = numbered(level);
        for k in (0..sink.grid().len()).rev() {
            let mut part = Block::zeros(sink.grid().region(k), level.dtype).unwrap();
            part.copy_from(&whole).unwrap();
            sink.write(&part).unwrap();
        }
    }
    writer.finish().unwrap();
}

#[test]
fn files_for_other_programs() {
    let Some(out) = folder("PETAVOX_OUT") else { return };
    let codecs = [Codec::None, Codec::Default, Codec::Lzw, Codec::Zstd(5)];
    for &dtype in Dtype::ALL {
        for (i, codec) in codecs.iter().enumerate() {
            let spec = ImageSpec::new([3, 75, 130], dtype).unwrap();
            let spec = spec.with_spacing(&[2.0, 0.25, 0.25], Some("micrometer".into())).unwrap();
            let options = CreateOptions {
                codec: codec.clone(),
                chunk_shape: Some(vec![1, 32, 48]),
                n_levels: Some(3),
                ..CreateOptions::default()
            };
            write(&out.join(format!("{dtype}-{i}.tif")), &spec, &options);
            if !matches!(dtype, Dtype::Int64 | Dtype::UInt64) {
                write(&out.join(format!("{dtype}-{i}.ome.tif")), &spec, &options);
            }
        }
        let spec = ImageSpec::new([3, 75, 130], dtype).unwrap();
        write(&out.join(format!("{dtype}.npy")), &spec, &CreateOptions::default());
    }
    for (name, shape, axes, dtype) in [
        ("tczyx.ome.tif", vec![2, 3, 4, 40, 50], "tczyx", Dtype::UInt16),
        ("tzcyx.ome.tif", vec![2, 3, 4, 40, 50], "tzcyx", Dtype::UInt16),
        ("tzcyx.tif", vec![2, 3, 4, 40, 50], "tzcyx", Dtype::UInt16),
        ("tczyx.tif", vec![2, 3, 4, 40, 50], "tczyx", Dtype::UInt16),
        ("rgb.ome.tif", vec![40, 50, 3], "yxc", Dtype::UInt8),
        ("rgb.tif", vec![3, 40, 50, 3], "zyxc", Dtype::UInt8),
        ("rgb.png", vec![40, 50, 3], "yxc", Dtype::UInt8),
        ("grey.png", vec![40, 50], "yx", Dtype::UInt16),
        ("mask.png", vec![40, 50], "yx", Dtype::Bool),
    ] {
        let spec =
            ImageSpec::new(shape, dtype).unwrap().with_axes(Axes::parse(axes).unwrap()).unwrap();
        let name_of = |i: usize| Channel {
            name: Some(format!("stain <{i}> & \"co\"")),
            color: Some("FF8000".into()),
            window: None,
        };
        let n_levels = (!name.ends_with("png")).then_some(2);
        let channels = if axes.contains("cz") { (0..3).map(name_of).collect() } else { vec![] };
        let options = CreateOptions { n_levels, channels, ..CreateOptions::default() };
        write(&out.join(name), &spec, &options);
    }
}

#[test]
fn files_by_other_programs() {
    let Some(folder) = folder("PETAVOX_IN") else { return };
    let mut names: Vec<PathBuf> =
        std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()).collect();
    names.sort();
    let (mut wrong, mut n) = (Vec::new(), 0);
    for expected in names.iter().filter(|p| p.to_string_lossy().ends_with(".expected.npy")) {
        let path = expected.to_string_lossy().replace(".expected.npy", "");
        let want = NpySource::open(expected, &Default::default()).unwrap();
        let source = match open(&path, &OpenOptions::default()) {
            Ok(source) => source,
            Err(e) => {
                wrong.push(e.to_string());
                continue;
            }
        };
        let (a, b) = (source.spec(), want.spec());
        if a.shape != b.shape || a.dtype != b.dtype {
            wrong.push(format!("{path}: {:?} {} for {:?} {}", a.shape, a.dtype, b.shape, b.dtype));
            continue;
        }
        let mut got = Block::zeros(a.region(), a.dtype).unwrap();
        let mut right = Block::zeros(a.region(), a.dtype).unwrap();
        want.read(&mut right).unwrap();
        match source.read(&mut got) {
            Ok(()) if got.bytes() == right.bytes() => {
                petavox_store::contract::check_source(&*source);
                n += 1;
            }
            Ok(()) => wrong.push(format!("{path}: other samples")),
            Err(e) => wrong.push(e.to_string()),
        }
        if let Ok(levels) = std::fs::read_to_string(format!("{path}.levels")) {
            let image = TiffImage::open(Path::new(&path), &Default::default()).unwrap();
            if image.levels().len().to_string() != levels.trim() {
                wrong.push(format!("{path}: {} levels for {levels}", image.levels().len()));
            }
        }
    }
    println!("{n} files read as expected");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
