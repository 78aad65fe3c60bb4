//! Real files by other programs: the good ones hold the recorded pixels, the bad ones are refused without harm.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use petavox_core::{Block, Dtype, Error, Source};
use petavox_store::{OpenOptions, open_with_info};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

fn data() -> Option<PathBuf> {
    let given = std::env::var_os("PETAVOX_DATA").map(PathBuf::from);
    let near = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")).to_owned();
    let found = given.into_iter().chain([near]).find(|p| p.is_dir());
    if found.is_none() {
        eprintln!("skipped: no test data (set PETAVOX_DATA)");
    }
    found
}

fn crc32(bytes: &[u8]) -> u64 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    u64::from(crc.sum())
}

/// Files that are good but that we do not read, or read otherwise than tifffile, and why.
const REFUSED: &[(&str, &str)] = &[
    ("big_g4.tif", FAX),
    ("fax4.tiff", FAX),
    ("imagemagick_group4.tiff", FAX),
    ("seq-1c-1b-fax3-71f6a21a.tiff", FAX),
    ("seq-1c-1b-fax3-fillbits-71f6a21a.tiff", FAX),
    ("seq-1c-1b-fax3-lsb-71f6a21a.tiff", FAX),
    ("fax2d.tif", FAX),
    ("g3test.tif", FAX),
    ("hpredict-1c-12b.tiff", "differences between samples that are not whole bytes"),
    // tifffile takes 24-bit samples as high byte first in every file; libtiff follows the file's byte order, and so do we.
    ("seq-1c-24b-072a9dc9.tiff", TRIPLES),
    ("seq-1c-24b-hpredict-072a9dc9.tiff", TRIPLES),
    ("seq-1c-24b-miniswhite-072a9dc9.tiff", TRIPLES),
    ("seq-3c-24b-contig-27b9f8ce.tiff", TRIPLES),
    ("seq-3c-24b-planar-6296c0c9.tiff", TRIPLES),
];

const FAX: &str = "fax compression is not used for measurements";
const TRIPLES: &str = "byte order of 24-bit samples";

fn refusal(key: &str) -> Option<&'static str> {
    REFUSED.iter().find(|(k, _)| key.ends_with(k)).map(|(_, why)| *why)
}

fn read_whole(source: &dyn Source) -> Result<Block, Error> {
    let mut block = Block::zeros(source.spec().region(), source.spec().dtype)?;
    source.read(&mut block)?;
    Ok(block)
}

/// What differs from the record, if anything.
fn compare(path: &Path, want: &Value) -> Result<(), String> {
    let opened = open_with_info(&path.display().to_string(), &OpenOptions::default())
        .map_err(|e| e.to_string())?;
    let spec = opened.source.spec();
    let shape: Vec<usize> =
        want["shape"].as_array().unwrap().iter().map(|v| v.as_u64().unwrap() as usize).collect();
    if spec.shape != shape || spec.dtype.name() != want["dtype"].as_str().unwrap() {
        return Err(format!(
            "{:?} {} instead of {} {}",
            spec.shape, spec.dtype, want["shape"], want["dtype"]
        ));
    }
    let block = read_whole(&*opened.source).map_err(|e| e.to_string())?;
    if let Some(samples) = want["samples"].as_array() {
        let step = want["step"].as_u64().unwrap() as usize;
        let differences: Vec<u64> = samples
            .iter()
            .zip(block.bytes().iter().step_by(step))
            .map(|(w, g)| w.as_u64().unwrap().abs_diff(u64::from(*g)))
            .collect();
        let mean = differences.iter().sum::<u64>() as f64 / differences.len() as f64;
        let far = differences.iter().filter(|d| **d > 24).count();
        return if mean < 2.0 && far * 50 <= differences.len() {
            Ok(())
        } else {
            Err(format!(
                "JPEG pixels differ by {mean} on average, {far} of {} by much",
                differences.len()
            ))
        };
    }
    if crc32(block.bytes()) != want["crc32"].as_u64().unwrap() {
        return Err("other pixels".into());
    }
    Ok(())
}

#[test]
fn good_files_hold_the_recorded_pixels() {
    let Some(data) = data() else { return };
    let golden: Value = serde_json::from_str(include_str!("golden/raster.json")).unwrap();
    let mut wrong = Vec::new();
    for (key, want) in golden["files"].as_object().unwrap() {
        let result = compare(&data.join(key), want);
        match (result, refusal(key)) {
            (Ok(()), None) | (Err(_), Some(_)) => {}
            (Ok(()), Some(_)) => wrong.push(format!("{key}: read although listed as refused")),
            (Err(e), None) => wrong.push(format!("{key} [{}]: {e}", want["kind"])),
        }
    }
    assert!(wrong.is_empty(), "{} files:\n{}", wrong.len(), wrong.join("\n"));
}

fn walk(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { walk(&path, out) } else { out.push(path) }
    }
}

#[test]
fn bad_files_are_refused_quickly_and_without_panics() {
    let Some(data) = data() else { return };
    let mut files = Vec::new();
    for folder in ["image-tiff", "image-rs-bad", "libvips-samples", "viv-fixtures"] {
        walk(&data.join("formats").join(folder), &mut files);
    }
    std::panic::set_hook(Box::new(|_| {}));
    let (mut n_read, mut n_refused, mut wrong) = (0, 0, Vec::new());
    for path in &files {
        let started = Instant::now();
        let read = std::panic::catch_unwind(|| {
            let opened = open_with_info(&path.display().to_string(), &OpenOptions::default())?;
            let source = opened.source;
            // A file of a few kilobytes that claims gigabytes is read at one corner only, as an engine with a budget would.
            if source.spec().bytes() <= 64 << 20 {
                return read_whole(&*source).map(|_| ());
            }
            let shape: Vec<usize> = source.spec().shape.iter().map(|s| (*s).min(16)).collect();
            let corner = petavox_core::Region::whole(&shape);
            source.read(&mut Block::zeros(corner, source.spec().dtype)?)
        });
        match read {
            Ok(Ok(())) => n_read += 1,
            Ok(Err(e)) => {
                n_refused += 1;
                if matches!(e, Error::Internal { .. }) {
                    wrong.push(format!("{}: {e}", path.display()));
                }
            }
            Err(_) => wrong.push(format!("{}: panic", path.display())),
        }
        if started.elapsed() > Duration::from_secs(4) {
            wrong.push(format!("{}: {:?}", path.display(), started.elapsed()));
        }
    }
    let _ = std::panic::take_hook();
    println!("{n_read} read, {n_refused} refused");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn real_volumes_open_with_their_spacing() {
    let Some(data) = data() else { return };
    let spec = |name: &str| {
        let path = data.join("skeleton").join(name).display().to_string();
        open_with_info(&path, &OpenOptions::default()).unwrap().source.spec().clone()
    };
    let sem = spec("skan/inf1.tif");
    assert_eq!((sem.shape.as_slice(), sem.dtype), ([1094, 1536].as_slice(), Dtype::UInt8));
    assert_eq!(sem.spacing.unit.as_deref(), Some("micrometer"));
    assert!(
        sem.spacing.values.iter().all(|v| (v / 1.079e-3 - 1.0).abs() < 0.01),
        "{:?}",
        sem.spacing
    );
    let vessels = spec("vesselexpress/Train_000.tif");
    assert_eq!(
        (vessels.shape.as_slice(), vessels.dtype),
        ([100, 100, 100].as_slice(), Dtype::UInt16)
    );
    assert_eq!(vessels.axes.as_str(), "zyx");
    assert_eq!(spec("skan-scripts/OP_1_Rendered_Paths.tif").shape, [60, 512, 512]);
}

#[test]
fn sets_and_slides_open_as_one_image() {
    let Some(data) = data() else { return };
    let open = |name: &str| {
        let path = data.join("formats").join(name).display().to_string();
        open_with_info(&path, &OpenOptions::default()).unwrap()
    };
    // Five files of one plane each, described by a companion file.
    let folder = "viv-fixtures/sites/avivator/data";
    let set = open(&format!("{folder}/multifile-Z3.ome.tiff"));
    assert_eq!(
        (set.info.shape.as_slice(), set.info.axes.as_str()),
        ([5, 24, 18].as_slice(), "zyx")
    );
    let whole = read_whole(&*set.source).unwrap();
    let again = read_whole(&*open(&format!("{folder}/multifile-Z1.ome.tiff")).source).unwrap();
    assert_eq!(whole.bytes(), again.bytes());
    let stack = open(&format!("{folder}/multifile-Z*.ome.tiff"));
    assert_eq!(stack.info.shape, [5, 24, 18]);
    assert_eq!(whole.bytes(), read_whole(&*stack.source).unwrap().bytes());

    let slide = open("libvips-samples/test/test-suite/images/CMU-1-Small-Region.svs");
    assert_eq!(
        (slide.info.shape.as_slice(), slide.info.axes.as_str()),
        ([2967, 2220, 3].as_slice(), "yxc")
    );
    assert_eq!(slide.info.chunks, [240, 240, 3]);
    assert_eq!(slide.info.spacing[..2], [0.499, 0.499]);
    assert_eq!(slide.info.codecs, ["jpeg"]);
    let ome = open("libvips-samples/test/test-suite/images/multi-channel-z-series.ome.tif");
    assert_eq!(
        (ome.info.shape.as_slice(), ome.info.axes.as_str()),
        ([3, 5, 167, 439].as_slice(), "czyx")
    );
}
