//! A budget that is too small is refused once, with one that works for all that is to be done; failures that may be mended
//! leave what was done to whoever resumes.

use petavox::{
    Error, Image, Region, RunOptions, SaveOptions, SkeletonJob, SkeletonOptions, Threshold,
    skeleton,
};
use petavox_ops::phantom::{VesselOptions, Vessels};
use std::path::Path;

fn run(memory: u64) -> RunOptions {
    RunOptions { n_threads: Some(2), memory_bytes: Some(memory), ..RunOptions::default() }
}

/// Bytes that a first refusal names; the second try must not be refused.
fn named<T>(mut attempt: impl FnMut(&RunOptions) -> petavox::Result<T>) -> u64 {
    match attempt(&run(20 << 20)) {
        Err(Error::Budget { needed, .. }) => {
            if let Err(second) = attempt(&run(needed)) {
                panic!("{needed} bytes were named, and then: {second}");
            }
            needed
        }
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("20 MiB were accepted"),
    }
}

fn phantom(n: [usize; 3]) -> Image {
    let vessels = Vessels::new(n, &VesselOptions::default()).unwrap();
    let spec = petavox::ImageSpec::new(n.to_vec(), petavox::Dtype::Float32).unwrap();
    Image::from_block(spec, vessels.image(&Region::whole(&n)).unwrap()).unwrap()
}

fn save_as(chunk: &[usize], levels: usize) -> SaveOptions {
    SaveOptions {
        chunk_shape: Some(chunk.to_vec()),
        n_levels: Some(levels),
        overwrite: true,
        ..SaveOptions::default()
    }
}

#[test]
fn saving_levels_and_chains_is_refused_once() {
    let dir = tempfile::tempdir().unwrap();
    let image = phantom([64, 96, 80]);
    let chains: [&[&str]; 4] = [
        &[],
        &["gaussian:sigma=2"],
        &["gaussian:sigma=1", "threshold:method=otsu", "binary_closing:iterations=2", "label"],
        &["greater:value=0.4", "skeletonize:method=parity"],
    ];
    for (chunk, ending) in
        [([64, 96, 80], "zarr"), ([16, 32, 80], "zarr"), ([1, 64, 64], "ome.tif")]
    {
        for steps in chains {
            let mut node = image.clone();
            for step in steps {
                node = node.apply(step).unwrap();
            }
            let out = dir.path().join(format!("o.{ending}"));
            named(|options| node.save(&out, &save_as(&chunk, 3), options));
            named(|options| node.plan_save(&out, &save_as(&chunk, 3), options));
        }
    }
}

fn job(options: SkeletonOptions) -> SkeletonJob {
    SkeletonJob { options, overwrite: true, ..SkeletonJob::default() }
}

#[test]
fn skeleton_analysis_is_refused_once() {
    let dir = tempfile::tempdir().unwrap();
    let image = phantom([48, 200, 240]);
    let mut sizes = Vec::new();
    for intensity in [false, true] {
        for threshold in [Threshold::Otsu, Threshold::Value(0.45)] {
            let options = SkeletonOptions {
                sigma: vec![1.0],
                threshold,
                min_size: 20,
                intensity,
                ..SkeletonOptions::default()
            };
            let (job, out) = (job(options), dir.path().join("out"));
            sizes.push(named(|options| skeleton(&image, &out, &job, options)));
        }
    }
    assert!(sizes.iter().all(|s| *s < 80 << 20), "{sizes:?}");
}

fn names(dir: &Path) -> Vec<String> {
    std::fs::read_dir(dir)
        .unwrap()
        .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
        .collect()
}

#[test]
fn what_was_done_stays_after_a_failure_if_the_run_was_to_be_resumed() {
    let dir = tempfile::tempdir().unwrap();
    // A slice of a stack is damaged: the run fails when it comes to it.
    let slices = dir.path().join("slices");
    std::fs::create_dir(&slices).unwrap();
    let image = phantom([8, 64, 64]);
    for z in 0..8 {
        let plane = image.apply(&format!("index:items={z}")).unwrap();
        let path = slices.join(format!("{z}.tif"));
        plane.save(&path, &SaveOptions::default(), &run(1 << 30)).unwrap();
    }
    let bad = slices.join("6.tif");
    let whole = std::fs::read(&bad).unwrap();
    let damaged: Vec<u8> = whole
        .iter()
        .enumerate()
        .map(|(i, b)| if (600..900).contains(&i) { !b } else { *b })
        .collect();
    std::fs::write(&bad, &damaged).unwrap();
    let stack = Image::open(&slices.to_string_lossy()).unwrap();
    if stack.compute(&run(1 << 30)).is_ok() {
        std::fs::write(&bad, &whole[..whole.len() / 2]).unwrap();
    }
    let place = dir.path().join("place");
    std::fs::create_dir(&place).unwrap();
    let out = place.join("o.zarr");
    for (resume, left) in [(false, 0), (true, 1)] {
        let options = SaveOptions { resume, ..save_as(&[1, 64, 64], 1) };
        assert!(
            Image::open(&slices.to_string_lossy())
                .and_then(|i| i.save(&out, &options, &run(1 << 30)))
                .is_err()
        );
        assert_eq!(names(&place).len(), left, "resume: {resume}: {:?}", names(&place));
    }
}

#[test]
fn samples_that_are_not_numbers_are_reported_with_the_name_of_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let mut samples = vec![0.5f32; 8 * 9 * 10];
    samples[77] = f32::NAN;
    let path = dir.path().join("broken.npy");
    let image = Image::from_vec(&[8, 9, 10], samples).unwrap();
    image.save(&path, &SaveOptions::default(), &run(1 << 30)).unwrap();
    let image = Image::open(&path.to_string_lossy()).unwrap();
    let error =
        skeleton(&image, &dir.path().join("out"), &job(SkeletonOptions::default()), &run(1 << 30))
            .err()
            .unwrap()
            .to_string();
    assert!(error.contains("NaN") && error.contains("broken.npy"), "{error}");
}
