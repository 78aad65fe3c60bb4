//! The contract, over formats, codecs, dtypes and odd shapes.

use crate::{
    BloscInner, Codec, CreateOptions, OpenOptions, contract, create, open, open_with_info,
};
use petavox_core::{Axes, Block, Dtype, Error, ImageSpec, Region};

fn spec(axes: &str, shape: &[usize], dtype: Dtype) -> ImageSpec {
    let spec = ImageSpec::new(shape, dtype).unwrap();
    spec.with_axes(Axes::parse(axes).unwrap()).unwrap()
}

#[test]
fn every_way_of_writing_keeps_the_contract() {
    let dir = tempfile::tempdir().unwrap();
    let chunk =
        |c: &[usize]| CreateOptions { chunk_shape: Some(c.to_vec()), ..CreateOptions::default() };
    let zyx = spec("zyx", &[7, 20, 33], Dtype::UInt16);
    let base = chunk(&[3, 8, 8]);
    let cases = [
        (zyx.clone(), base.clone()),
        (zyx.clone(), CreateOptions { shard_shape: Some(vec![6, 16, 16]), ..base.clone() }),
        (zyx.clone(), CreateOptions { zarr_format: 2, ..base.clone() }),
        (zyx.clone(), CreateOptions { n_levels: Some(3), ..base.clone() }),
        (
            zyx.clone(),
            CreateOptions { codec: Codec::None, shard_shape: Some(vec![9, 8, 40]), ..base.clone() },
        ),
        (zyx.clone(), CreateOptions { codec: Codec::Gzip(1), ..base.clone() }),
        (zyx.clone(), CreateOptions { codec: Codec::Blosc(BloscInner::Lz4, 5), ..base.clone() }),
        (zyx, CreateOptions { codec: Codec::Blosc(BloscInner::Zstd, 1), zarr_format: 2, ..base }),
        (spec("x", &[1001], Dtype::Float64), chunk(&[100])),
        (spec("yxc", &[30, 17, 3], Dtype::UInt8), chunk(&[16, 16, 3])),
        (spec("tczyx", &[2, 3, 4, 9, 10], Dtype::Int32), chunk(&[1, 1, 4, 4, 4])),
        (spec("yx", &[1, 1], Dtype::Bool), CreateOptions::default()),
    ];
    for (k, (spec, options)) in cases.iter().enumerate() {
        contract::check_writer(&dir.path().join(format!("{k}.zarr")), spec, options);
    }
}

#[test]
fn every_dtype_comes_back_bit_for_bit() {
    let dir = tempfile::tempdir().unwrap();
    for &dtype in Dtype::ALL {
        for zarr_format in [2, 3] {
            let spec = spec("zyx", &[5, 6, 7], dtype);
            let options = CreateOptions {
                zarr_format,
                chunk_shape: Some(vec![2, 3, 4]),
                n_levels: Some(1),
                ..CreateOptions::default()
            };
            let samples = contract::sample_block(&spec.shape, dtype);
            let path = dir.path().join(format!("{dtype}-{zarr_format}.zarr"));
            let writer = create(&path, &spec, &options).unwrap();
            writer.sink(0).unwrap().write(&samples).unwrap();
            writer.finish().unwrap();
            let source = open(&path.display().to_string(), &OpenOptions::default()).unwrap();
            contract::check_samples(&*source, &samples);
        }
    }
}

#[test]
fn placement_and_channels_come_back() {
    let dir = tempfile::tempdir().unwrap();
    for (k, (axes, zarr_format)) in
        [("czyx", 3), ("czyx", 2), ("xyc", 3), ("xyc", 2)].iter().enumerate()
    {
        let shape = vec![4; axes.len()];
        let mut spec = spec(axes, &shape, Dtype::UInt8);
        for a in 0..axes.len() {
            spec.spacing.values[a] = 0.25 + a as f64;
            spec.origin[a] = -3.5 * a as f64;
        }
        spec.spacing.unit = Some("micrometer".into());
        let channel = crate::Channel {
            name: Some("DAPI".into()),
            color: Some("0000FF".into()),
            window: Some((10.0, 200.0)),
        };
        let options = CreateOptions {
            zarr_format: *zarr_format,
            channels: vec![channel.clone()],
            ..CreateOptions::default()
        };
        let path = dir.path().join(format!("{k}.zarr"));
        let writer = create(&path, &spec, &options).unwrap();
        writer.sink(0).unwrap().write(&contract::sample_block(&shape, Dtype::UInt8)).unwrap();
        writer.finish().unwrap();
        let opened = open_with_info(&path.display().to_string(), &OpenOptions::default()).unwrap();
        assert_eq!(*opened.source.spec(), spec);
        assert_eq!(opened.info.spacing, spec.spacing.values);
        if *axes == "czyx" {
            assert_eq!(opened.info.channels, [channel]);
            let version = if *zarr_format == 2 { "0.4" } else { "0.5" };
            assert!(opened.info.format.contains(version), "{}", opened.info.format);
        }
    }
}

#[test]
fn a_shard_is_read_below_itself_and_one_object_is_written_per_shard() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.zarr");
    let spec = spec("yx", &[40, 40], Dtype::UInt8);
    let options = CreateOptions {
        chunk_shape: Some(vec![8, 8]),
        shard_shape: Some(vec![16, 16]),
        n_levels: Some(1),
        ..CreateOptions::default()
    };
    let writer = create(&path, &spec, &options).unwrap();
    let sink = writer.sink(0).unwrap();
    assert_eq!(sink.grid().chunk(), [16, 16]);
    let cut = Block::zeros(Region::new([0, 0], [8, 8]), Dtype::UInt8).unwrap();
    assert!(matches!(sink.write(&cut), Err(Error::InvalidArgument { .. })));
    sink.write(&contract::sample_block(&spec.shape, Dtype::UInt8)).unwrap();
    writer.finish().unwrap();
    assert!(path.join("0/c/2/2").is_file());
    let opened = open_with_info(&path.display().to_string(), &OpenOptions::default()).unwrap();
    assert_eq!(opened.source.grid().chunk(), [8, 8]);
    assert_eq!(opened.info.shards, Some(vec![16, 16]));
    assert!(opened.source.scratch_bytes(&spec.region()) < 2 << 20);
}

#[test]
fn lost_cut_or_changed_objects_are_not_held() {
    let dir = tempfile::tempdir().unwrap();
    for shard_shape in [None, Some(vec![8, 8])] {
        let path = dir.path().join("a.zarr");
        let spec = spec("yx", &[16, 16], Dtype::UInt16);
        let options = CreateOptions {
            chunk_shape: Some(vec![4, 4]),
            shard_shape,
            overwrite: true,
            ..CreateOptions::default()
        };
        let writer = create(&path, &spec, &options).unwrap();
        let sink = writer.sink(0).unwrap();
        sink.write(&contract::sample_block(&spec.shape, Dtype::UInt16)).unwrap();
        let whole = spec.region();
        assert!(sink.holds(&whole).unwrap());
        let staged = std::fs::read_dir(dir.path())
            .unwrap()
            .map(|e| e.unwrap().path())
            .find(|p| p.display().to_string().contains("partial"))
            .unwrap();
        let object = staged.join("0/c/1/0");
        let good = std::fs::read(&object).unwrap();
        for bad in [&good[..good.len() - 1], &[], &good[1..]] {
            std::fs::write(&object, bad).unwrap();
            assert!(!sink.holds(&whole).unwrap());
        }
        let mut flipped = good.clone();
        flipped[good.len() / 2] ^= 4;
        std::fs::write(&object, flipped).unwrap();
        assert!(!sink.holds(&whole).unwrap());
        std::fs::remove_file(&object).unwrap();
        assert!(!sink.holds(&whole).unwrap());
        std::fs::write(&object, good).unwrap();
        assert!(sink.holds(&whole).unwrap());
        writer.abandon();
    }
}

#[test]
fn labels_are_written_into_the_image_they_belong_to() {
    let dir = tempfile::tempdir().unwrap();
    let spec = spec("yx", &[20, 20], Dtype::UInt8);
    for zarr_format in [2, 3] {
        let path = dir.path().join(format!("{zarr_format}.zarr"));
        let inside = path.join("labels/cells");
        let options = CreateOptions { zarr_format, ..CreateOptions::default() };
        assert!(matches!(create(&inside, &spec, &options), Err(Error::NotFound { .. })));
        assert!(!path.exists());
        let write = |path: &std::path::Path, options: &CreateOptions| {
            let writer = create(path, &spec, options).unwrap();
            writer
                .sink(0)
                .unwrap()
                .write(&contract::sample_block(&[20, 20], Dtype::UInt8))
                .unwrap();
            writer.finish().unwrap();
        };
        write(&path, &options);
        create(&inside, &spec, &CreateOptions::default()).unwrap().abandon();
        assert!(!path.join("labels").exists());
        // The format is that of the image around, whatever is asked for.
        write(&inside, &CreateOptions::default());
        write(&path.join("labels/nuclei"), &CreateOptions::default());
        let info = crate::info(&path.display().to_string(), &OpenOptions::default()).unwrap();
        assert_eq!(info.labels, ["cells", "nuclei"]);
        let label = crate::info(&inside.display().to_string(), &OpenOptions::default()).unwrap();
        assert!(label.format.ends_with(&format!("v{zarr_format})")), "{}", label.format);
    }
}

#[test]
fn every_chunk_carries_a_checksum_unless_blosc_is_asked_for_in_v2() {
    let dir = tempfile::tempdir().unwrap();
    let spec = spec("yx", &[64, 64], Dtype::UInt16);
    let samples = contract::sample_block(&spec.shape, Dtype::UInt16);
    for (k, (codec, zarr_format)) in [
        (Codec::Default, 2),
        (Codec::Default, 3),
        (Codec::Gzip(5), 2),
        (Codec::None, 3),
        (Codec::Blosc(BloscInner::Lz4, 5), 3),
    ]
    .into_iter()
    .enumerate()
    {
        let path = dir.path().join(format!("{k}.zarr"));
        let options = CreateOptions { codec, zarr_format, ..CreateOptions::default() };
        let writer = create(&path, &spec, &options).unwrap();
        writer.sink(0).unwrap().write(&samples).unwrap();
        writer.finish().unwrap();
        let object = path.join(if zarr_format == 2 { "0/0/0" } else { "0/c/0/0" });
        let good = std::fs::read(&object).unwrap();
        let source = open(&path.display().to_string(), &OpenOptions::default()).unwrap();
        for bit in (0..good.len() * 8).step_by(1201) {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(&object, bad).unwrap();
            let mut block = Block::zeros(spec.region(), Dtype::UInt16).unwrap();
            let read = source.read(&mut block);
            assert!(
                read.is_err() || block.bytes() == samples.bytes(),
                "{options:?}: bit {bit} unnoticed"
            );
        }
    }
}

#[test]
fn chunks_of_zeros_are_the_same_files_wherever_they_lie_and_nothing_else_is_taken_for_one() {
    let dir = tempfile::tempdir().unwrap();
    // Edges that are cut, a chunk with a single sample set, and -0.0, which is not a zero byte for byte.
    let spec = spec("yx", &[40, 70], Dtype::Float32);
    let mut samples = Block::zeros(spec.region(), Dtype::Float32).unwrap();
    samples.typed_mut::<f32>().unwrap()[20 * 70 + 33] = 1.5;
    samples.typed_mut::<f32>().unwrap()[39 * 70 + 69] = -0.0;
    for (k, (codec, shard_shape, zarr_format)) in [
        (Codec::Default, None, 3),
        (Codec::Default, Some(vec![32, 32]), 3),
        (Codec::Blosc(BloscInner::Zstd, 3), None, 2),
        (Codec::Gzip(1), None, 2),
        (Codec::None, None, 3),
    ]
    .into_iter()
    .enumerate()
    {
        let options = CreateOptions {
            codec,
            shard_shape,
            zarr_format,
            chunk_shape: Some(vec![16, 16]),
            n_levels: Some(1),
            ..CreateOptions::default()
        };
        let path = dir.path().join(format!("{k}.zarr"));
        let writer = create(&path, &spec, &options).unwrap();
        let sink = writer.sink(0).unwrap();
        sink.write(&samples).unwrap();
        assert!(sink.holds(&spec.region()).unwrap());
        writer.finish().unwrap();
        let source = open(&path.display().to_string(), &OpenOptions::default()).unwrap();
        let mut back = Block::zeros(spec.region(), Dtype::Float32).unwrap();
        back.bytes_mut().fill(7);
        source.read(&mut back).unwrap();
        assert!(back.bytes() == samples.bytes(), "{options:?}");
        if options.shard_shape.is_none() {
            let object = |y: usize, x: usize| {
                let c = if zarr_format == 3 { "c/" } else { "" };
                std::fs::read(path.join(format!("0/{c}{y}/{x}"))).unwrap()
            };
            assert_eq!(object(0, 0), object(2, 1));
            assert_eq!(object(0, 0), object(1, 4));
            assert_ne!(object(0, 0), object(1, 2));
            assert_ne!(object(0, 0), object(2, 4));
        }
    }
}

#[test]
fn a_resumed_run_finds_the_shards_that_are_whole_and_only_those() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.zarr");
    let spec = spec("yx", &[40, 50], Dtype::UInt16);
    let samples = contract::sample_block(&spec.shape, Dtype::UInt16);
    let options = CreateOptions {
        chunk_shape: Some(vec![8, 8]),
        shard_shape: Some(vec![16, 16]),
        n_levels: Some(1),
        ..CreateOptions::default()
    };
    let part = |y: usize, x: usize| {
        let extent = [16.min(40 - 16 * y), 16.min(50 - 16 * x)];
        Region::new([16 * y as i64, 16 * x as i64], extent)
    };
    let write = |sink: &dyn petavox_core::Sink, region: Region| {
        let mut block = Block::zeros(region, Dtype::UInt16).unwrap();
        block.copy_from(&samples).unwrap();
        sink.write(&block).unwrap();
    };
    let writer = create(&path, &spec, &options).unwrap();
    let sink = writer.sink(0).unwrap();
    for at in [(0, 0), (1, 1), (2, 3)] {
        write(&*sink, part(at.0, at.1));
    }
    // A process that died: what it staged stays.
    drop((sink, writer));
    let staged = std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().path());
    let staged = staged.into_iter().find(|p| p.display().to_string().contains("partial")).unwrap();
    // One inner chunk is struck from a shard's index, whose checksum is set right again.
    let shard = staged.join("0/c/1/1");
    let mut bytes = std::fs::read(&shard).unwrap();
    let (index, end) = (bytes.len() - 4 * 16 - 4, bytes.len() - 4);
    bytes[index + 16..index + 32].fill(0xff);
    let sum = crc32c::crc32c(&bytes[index..end]).to_le_bytes();
    bytes[end..].copy_from_slice(&sum);
    std::fs::write(&shard, bytes).unwrap();

    let resumed = CreateOptions { resume: true, ..options };
    let writer = create(&path, &spec, &resumed).unwrap();
    let sink = writer.sink(0).unwrap();
    for y in 0..3 {
        for x in 0..4 {
            let is_whole = sink.holds(&part(y, x)).unwrap();
            assert_eq!(is_whole, [(0, 0), (2, 3)].contains(&(y, x)), "shard {y} {x}");
            if !is_whole {
                write(&*sink, part(y, x));
            }
        }
    }
    writer.finish().unwrap();
    let source = open(&path.display().to_string(), &OpenOptions::default()).unwrap();
    contract::check_samples(&*source, &samples);
}
