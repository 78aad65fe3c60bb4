//! The laws that every [`Source`] and every [`ImageWriter`] keeps, as tests that any format can call.
//!
//! They panic where a law is broken, as tests do. A format's own tests make a small image in each of its flavours and
//! call [`check_source`] on it, and [`check_writer`] with a path.

use crate::{CreateOptions, ImageWriter, MemorySource, OpenOptions, create, open};
use petavox_core::{Block, Dtype, Error, ImageSpec, Region, Source, dispatch};
use std::path::Path;
use std::sync::Arc;

/// Checks the laws of reading on one source:
/// the spec is consistent, the grid covers the image, any region equals the same part of the whole (single samples, chunk
/// edges, chunk neighbours, random boxes), scratch is stated, and a wrong dtype or a region outside is an error.
///
/// # Panics
/// If a law is broken.
pub fn check_source(source: &dyn Source) {
    let spec = source.spec();
    assert_eq!(spec.axes.ndim(), spec.ndim(), "one letter per axis");
    assert_eq!(spec.spacing.values.len(), spec.ndim(), "one spacing per axis");
    assert_eq!(spec.origin.len(), spec.ndim(), "one origin per axis");
    assert_eq!(source.grid().shape(), spec.shape, "the grid covers the image");
    let whole = read(source, spec.region());
    for part in regions(source) {
        let got = read(source, part.clone());
        let mut expected = Block::zeros(part.clone(), spec.dtype).unwrap();
        expected.copy_from(&whole).unwrap();
        assert!(
            got.bytes() == expected.bytes(),
            "region {part} differs from the same part of the whole"
        );
        let _ = source.scratch_bytes(&part);
    }
    let empty = Region::new(vec![0; spec.ndim()], vec![0; spec.ndim()]);
    assert!(read(source, empty).bytes().is_empty(), "an empty region reads as nothing");
    let other = if spec.dtype == Dtype::Float64 { Dtype::UInt8 } else { Dtype::Float64 };
    let mut wrong = Block::zeros(first_sample(spec), other).unwrap();
    assert!(source.read(&mut wrong).is_err(), "another dtype is an error");
    let mut outside = vec![0; spec.ndim()];
    outside[0] = spec.shape[0] as i64;
    let mut block = Block::zeros(Region::new(outside, vec![1; spec.ndim()]), spec.dtype).unwrap();
    assert!(source.read(&mut block).is_err(), "a region outside is an error");
}

/// Checks that a source holds exactly these samples.
///
/// # Panics
/// If one differs.
pub fn check_samples(source: &dyn Source, expected: &Block) {
    assert_eq!(source.spec().shape, expected.shape());
    assert_eq!(source.spec().dtype, expected.dtype());
    assert!(read(source, source.spec().region()).bytes() == expected.bytes(), "samples differ");
}

/// Reads a region.
///
/// # Panics
/// If reading fails.
pub fn read(source: &dyn Source, region: Region) -> Block {
    let mut block = Block::zeros(region, source.spec().dtype).unwrap();
    source.read(&mut block).unwrap();
    block
}

/// Samples that differ from their neighbours and use the dtype's whole range, the same at every call.
pub fn sample_block(shape: &[usize], dtype: Dtype) -> Block {
    let mut block = Block::zeros(Region::whole(shape), dtype).unwrap();
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    if dtype.is_float() || dtype == Dtype::Bool {
        dispatch!(dtype, T => for v in block.typed_mut::<T>().unwrap() {
            state = step(state);
            let unit = (state >> 40) as f64 / (1u64 << 24) as f64;
            *v = <T as petavox_core::Element>::from_f64(if dtype.is_float() { unit * 2e3 - 1e3 } else { unit + 0.5 });
        });
        return block;
    }
    for v in block.bytes_mut() {
        state = step(state);
        *v = (state >> 33) as u8;
    }
    block
}

fn step(state: u64) -> u64 {
    state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407)
}

fn first_sample(spec: &ImageSpec) -> Region {
    Region::new(vec![0; spec.ndim()], vec![1; spec.ndim()])
}

/// Regions worth trying: single samples at corners, whole chunks, boxes across chunk borders, odd boxes.
fn regions(source: &dyn Source) -> Vec<Region> {
    let spec = source.spec();
    let grid = source.grid();
    let n = spec.ndim();
    let mut all = vec![first_sample(spec)];
    let last: Vec<i64> = spec.shape.iter().map(|&s| s as i64 - 1).collect();
    all.push(Region::new(last, vec![1; n]));
    let count = grid.len();
    all.extend((0..count).step_by(count.div_ceil(16).max(1)).map(|k| grid.region(k)));
    let across: Vec<i64> =
        (0..n).map(|a| (grid.chunk()[a] as i64 - 1).min(spec.shape[a] as i64 - 1)).collect();
    let two: Vec<usize> = (0..n).map(|a| 2.min(spec.shape[a] - across[a] as usize)).collect();
    all.push(Region::new(across, two));
    let mut state = 7u64;
    for _ in 0..24 {
        let (mut start, mut shape) = (vec![], vec![]);
        for &s in &spec.shape {
            state = step(state);
            let lo = (state >> 33) as usize % s;
            state = step(state);
            start.push(lo as i64);
            shape.push(1 + (state >> 33) as usize % (s - lo));
        }
        all.push(Region::new(start, shape));
    }
    all
}

/// Checks the laws of writing for one output and one choice of options:
/// nothing stands under the final name before `finish`; blocks come out of order from several threads; a second writer of
/// the same output is refused; `holds` knows what was written; what is read back is what was written, on every level; an
/// existing output is [`Error::Exists`] unless `overwrite`; `abandon` leaves nothing; an interrupted run is resumed.
///
/// # Panics
/// If a law is broken.
pub fn check_writer(path: &Path, spec: &ImageSpec, options: &CreateOptions) {
    let first = sample_block(&spec.shape, spec.dtype);
    let writer = create(path, spec, options).unwrap();
    assert_eq!(writer.levels()[0].shape, spec.shape);
    assert!(create(path, spec, options).is_err(), "a second writer of the same output is refused");
    write_all(&*writer, &first, true);
    assert!(path.symlink_metadata().is_err(), "nothing under the final name before finish");
    writer.finish().unwrap();
    drop(writer);
    check_output(path, spec, &first);

    let exists = create(path, spec, &CreateOptions { overwrite: false, ..options.clone() });
    assert!(matches!(exists, Err(Error::Exists { .. })), "an existing output is kept");

    let mut second = sample_block(&spec.shape, spec.dtype);
    second.bytes_mut().reverse();
    let over = CreateOptions { overwrite: true, ..options.clone() };
    let writer = create(path, spec, &over).unwrap();
    write_all(&*writer, &second, false);
    check_output(path, spec, &first);
    writer.abandon();
    drop(writer);
    check_output(path, spec, &first);
    let writer = create(path, spec, &over).unwrap();
    write_all(&*writer, &second, false);
    writer.finish().unwrap();
    drop(writer);
    check_output(path, spec, &second);

    remove(path);
    let writer = create(path, spec, options).unwrap();
    write_all(&*writer, &first, false);
    writer.abandon();
    drop(writer);
    only_name(path, None);

    check_resume(path, spec, options, &first);
}

fn check_resume(path: &Path, spec: &ImageSpec, options: &CreateOptions, samples: &Block) {
    let writer = create(path, spec, options).unwrap();
    let sink = writer.sink(0).unwrap();
    let grid = sink.grid().clone();
    let half: Vec<Region> = (0..grid.len()).step_by(2).map(|k| grid.region(k)).collect();
    for region in &half {
        sink.write(&part(samples, region)).unwrap();
    }
    drop((sink, writer)); // as if the process had died
    let resume = CreateOptions { resume: true, ..options.clone() };
    let writer = create(path, spec, &resume).unwrap();
    let sink = writer.sink(0).unwrap();
    for k in 0..grid.len() {
        // A format that cannot resume begins again and holds nothing, which is allowed; half an object is not.
        if !sink.holds(&grid.region(k)).unwrap() {
            sink.write(&part(samples, &grid.region(k))).unwrap();
        }
    }
    write_lower(&*writer);
    sink.finish().unwrap();
    writer.finish().unwrap();
    drop((sink, writer));
    check_output(path, spec, samples);
    only_name(path, path.file_name());
    remove(path);
}

/// Nothing but the output (or nothing at all) is left of it in its folder.
fn only_name(path: &Path, expected: Option<&std::ffi::OsStr>) {
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let left: Vec<_> = std::fs::read_dir(path.parent().unwrap())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .filter(|n| n.to_string_lossy().contains(&name))
        .collect();
    assert_eq!(left, expected.map(|e| e.to_owned()).into_iter().collect::<Vec<_>>(), "leftovers");
}

fn remove(path: &Path) {
    if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) }.unwrap();
}

fn part(samples: &Block, region: &Region) -> Block {
    let mut block = Block::zeros(region.clone(), samples.dtype()).unwrap();
    block.copy_from(samples).unwrap();
    block
}

/// Writes level 0 backwards, from two threads if asked, then the other levels.
fn write_all(writer: &dyn ImageWriter, samples: &Block, threaded: bool) {
    let sink = writer.sink(0).unwrap();
    let grid = sink.grid().clone();
    let write = |numbers: &mut dyn Iterator<Item = usize>| {
        for k in numbers {
            sink.write(&part(samples, &grid.region(k))).unwrap();
        }
    };
    let n = grid.len();
    if threaded {
        std::thread::scope(|s| {
            s.spawn(|| write(&mut (0..n).rev().filter(|k| k % 2 == 0)));
            write(&mut (0..n).rev().filter(|k| k % 2 == 1));
        });
    } else {
        write(&mut (0..n).rev());
    }
    assert!(sink.holds(&sink.spec().region()).unwrap(), "all that was written is held");
    sink.finish().unwrap();
    write_lower(writer);
    check_samples(&*writer.source(0).unwrap(), samples);
}

/// Fills the lower levels by taking every other sample.
fn write_lower(writer: &dyn ImageWriter) {
    for level in 1..writer.levels().len() {
        let fine = read(&*writer.source(level - 1).unwrap(), writer.levels()[level - 1].region());
        let coarse = picked(&fine, &writer.levels()[level - 1], &writer.levels()[level]);
        let sink = writer.sink(level).unwrap();
        let grid = sink.grid().clone();
        for k in 0..grid.len() {
            sink.write(&part(&coarse, &grid.region(k))).unwrap();
        }
        sink.finish().unwrap();
    }
}

fn picked(fine: &Block, from: &ImageSpec, to: &ImageSpec) -> Block {
    let factors = crate::pyramid::factors(from, to);
    let mut out = Block::zeros(to.region(), to.dtype).unwrap();
    let size = to.dtype.size();
    let row = to.shape[to.ndim() - 1];
    let mut at = 0;
    to.region().for_each_row(|p| {
        for x in 0..row {
            let mut point = p.to_vec();
            *point.last_mut().unwrap() = x as i64;
            let source: Vec<i64> = point.iter().zip(&factors).map(|(c, f)| c * *f as i64).collect();
            let from = fine.region().offset_of(&source) * size;
            out.bytes_mut()[at..at + size].copy_from_slice(&fine.bytes()[from..from + size]);
            at += size;
        }
    });
    out
}

/// Opens an output again and compares all levels that can be opened by number.
fn check_output(path: &Path, spec: &ImageSpec, samples: &Block) {
    let source = open(&path.display().to_string(), &OpenOptions::default()).unwrap();
    check_samples(&*source, samples);
    check_source(&*source);
    assert_eq!(source.spec().axes, spec.axes, "axes come back");
    let memory: Arc<dyn Source> = Arc::new(
        MemorySource::new(source.spec().clone(), part(samples, samples.region())).unwrap(),
    );
    check_source(&*memory);
}
