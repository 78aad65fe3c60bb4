//! One plan, any executor: computations that several processes share give the same files as one process.

use petavox::cluster::{Job, OutputInfo, Shared, Wants};
use petavox::{
    Image, ImageSpec, Region, RunOptions, SaveOptions, SharedOutput, SkeletonJob, SkeletonOptions,
};
use std::collections::BTreeMap;
use std::path::Path;

type Values = Vec<((usize, usize), Vec<u8>)>;

/// Runs every stage in tasks of one to three blocks, each in the next of several processes (each with a plan and values of its own),
/// some tasks twice as a scheduler does that lost a worker. Returns values, volumes and pieces.
struct Done {
    values: Values,
    volumes: Vec<Vec<u8>>,
    pieces: Vec<(Region, Vec<u8>)>,
    n_tasks: usize,
}

fn borrowed(values: &Values) -> Vec<((usize, usize), &[u8])> {
    values.iter().map(|(k, v)| (*k, v.as_slice())).collect()
}

fn carry_out(processes: &[Shared], run: &RunOptions) -> Done {
    let mut done = Done { values: vec![], volumes: vec![], pieces: vec![], n_tasks: 0 };
    let stages = processes[0].stages();
    for (s, stage) in stages.iter().enumerate() {
        processes[0].prepare(s).unwrap();
        let is_stored = |o: &OutputInfo| matches!(o, OutputInfo::Written | OutputInfo::StoredSweep);
        let stores = stage.outputs.iter().any(is_stored);
        let n_missing = || processes[0].missing(s, 0..stage.n_blocks).unwrap().len();
        let n_before = n_missing();
        let mut parts: Vec<Vec<Vec<u8>>> = vec![];
        let (mut start, mut k) = (0, 0);
        while start < stage.n_blocks {
            let end = (start + 1 + k % 3).min(stage.n_blocks);
            let values = borrowed(&done.values);
            let process = &processes[k % processes.len()];
            let mut made = process.run(s, start..end, &values).unwrap();
            if k % 4 == 1 {
                made = processes[(k + 1) % processes.len()].run(s, start..end, &values).unwrap();
            }
            parts.push(made.parts);
            done.pieces.extend(made.pieces.into_iter().map(|p| (p.region, p.bytes)));
            (start, k) = (end, k + 1);
        }
        done.n_tasks += k;
        // Samples that come back are nowhere; what is stored is found whole, and was not there before.
        assert_eq!(n_missing(), 0);
        let comes_back = !done.pieces.is_empty();
        assert_eq!(n_before, if stores && !comes_back { stage.n_blocks } else { 0 });
        let mut finished = vec![];
        for (output, info) in stage.outputs.iter().enumerate() {
            let values = borrowed(&done.values);
            let theirs: Vec<&[u8]> = parts.iter().map(|p| p[output].as_slice()).collect();
            let halves: Vec<Vec<u8>> = theirs
                .chunks(2)
                .map(|pair| processes[0].merge(s, output, pair, &values).unwrap())
                .collect();
            let halves: Vec<&[u8]> = halves.iter().map(Vec::as_slice).collect();
            let last = processes.last().unwrap();
            let merged = last.merge(s, output, &halves, &values).unwrap();
            match info {
                OutputInfo::Written => {}
                OutputInfo::Value => {
                    let value = last.finish(s, output, Some(&merged), &values).unwrap();
                    finished.push(((s, output), value));
                }
                OutputInfo::Volume => done.volumes.push(merged),
                OutputInfo::JoinedSweep => {
                    last.sweep(s, output, Some(&merged), &values, run).unwrap()
                }
                OutputInfo::StoredSweep => last.sweep(s, output, None, &values, run).unwrap(),
            }
        }
        done.values.extend(finished);
    }
    done
}

/// Small tasks: the plan of a small machine.
fn job(wants: Wants, folder: &Path) -> Job {
    Job::new(wants, 64 << 20, 12, folder.to_owned())
}

fn processes(image: &Image, job: &Job) -> Vec<Shared> {
    let travelled = || Image::from_plan(&image.to_plan().unwrap()).unwrap();
    let mut all = vec![Shared::start(image.node(), job.clone()).unwrap()];
    all.extend((0..2).map(|_| Shared::new(travelled().node(), job.clone()).unwrap()));
    all
}

fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    fn visit(dir: &Path, at: &Path, all: &mut BTreeMap<String, Vec<u8>>) {
        for entry in std::fs::read_dir(at).unwrap().flatten() {
            if entry.path().is_dir() {
                visit(dir, &entry.path(), all);
            } else {
                let name = entry.path().strip_prefix(dir).unwrap().to_string_lossy().into_owned();
                all.insert(name, std::fs::read(entry.path()).unwrap());
            }
        }
    }
    let mut all = BTreeMap::new();
    visit(dir, dir, &mut all);
    all
}

/// Blobs and tubes of a volume of several cells of components, in a file.
fn volume(dir: &Path) -> Image {
    let shape = [70, 150, 290];
    let samples = (0..shape.iter().product::<usize>()).map(|i| {
        let (z, y, x) = (i / (150 * 290), i / 290 % 150, i % 290);
        let tube = |a: f64, b: f64| ((a - 20.0).powi(2) + (b - 30.0).powi(2)) < 40.0;
        let wave =
            ((x as f64 / 9.0).sin() + (y as f64 / 7.0).cos() + (z as f64 / 5.0).sin()) * 30.0;
        let on = tube(z as f64, y as f64) || tube(z as f64 / 2.0, x as f64 / 3.0);
        (100.0 + wave + if on { 90.0 } else { 0.0 }) as u8
    });
    let image = Image::from_vec(&shape, samples.collect()).unwrap();
    let path = dir.join("volume.zarr");
    let save = SaveOptions { n_levels: Some(1), ..SaveOptions::default() };
    image.save(&path, &save, &RunOptions::default()).unwrap();
    Image::open(&path.to_string_lossy()).unwrap().with_spacing(&[2.0, 1.0, 1.0]).unwrap()
}

#[test]
fn files_written_by_several_processes_are_those_of_one() {
    let dir = tempfile::tempdir().unwrap();
    let run = RunOptions::default();
    let image = volume(dir.path());
    let steps: [&[&str]; 4] = [
        &["gaussian:sigma=1", "threshold:method=otsu"],
        &["threshold:method=otsu", "label:connectivity=3"],
        &["greater:value=150", "distance_transform_edt", "greater:value=1.5"],
        &["greater:value=150", "skeletonize"],
    ];
    for (n, steps) in steps.iter().enumerate() {
        let lazy = steps.iter().fold(image.clone(), |image, step| image.apply(step).unwrap());
        let save = SaveOptions { chunk_shape: Some(vec![32, 64, 64]), ..SaveOptions::default() };
        // The name is in the metadata.
        let (one, many) =
            (dir.path().join(format!("one/{n}.zarr")), dir.path().join(format!("{n}.zarr")));
        lazy.save(&one, &save, &run).unwrap();
        let output = SharedOutput::start(lazy.node(), &many, &save).unwrap();
        assert!(output.levels().len() > 1);
        for level in 0..output.levels().len() {
            let job = job(output.wants(level), &dir.path().join(format!("work-{n}-{level}")));
            let done = carry_out(&processes(&lazy, &job), &run);
            assert!(level > 0 || done.n_tasks > 3, "{steps:?}: {} tasks", done.n_tasks);
        }
        output.finish().unwrap();
        assert!(files(&one) == files(&many), "{steps:?}");
    }
}

#[test]
fn samples_come_back_in_pieces() {
    let dir = tempfile::tempdir().unwrap();
    let image = volume(dir.path()).apply("gaussian:sigma=2").unwrap();
    let want = image.compute(&RunOptions::default()).unwrap();
    let job = job(Wants::Samples { chunk: vec![1, 1, 1] }, dir.path());
    let done = carry_out(&processes(&image, &job), &RunOptions::default());
    let spec = ImageSpec::new(want.shape(), want.dtype()).unwrap();
    let mut got = petavox::Block::zeros(spec.region(), spec.dtype).unwrap();
    for (region, bytes) in done.pieces {
        got.copy_from(&petavox::Block::from_vec(region, bytes).unwrap()).unwrap();
    }
    assert!(got.bytes() == want.bytes());
}

#[test]
fn a_skeleton_analysed_by_several_processes_is_that_of_one() {
    let dir = tempfile::tempdir().unwrap();
    let run = RunOptions::default();
    let image = volume(dir.path());
    let options = SkeletonOptions { sigma: vec![1.0], min_size: 30, ..SkeletonOptions::default() };
    let analysis = SkeletonJob { options: options.clone(), prune: 2.0, ..SkeletonJob::default() };
    let one = dir.path().join("one");
    let local = petavox::skeleton(&image, &one, &analysis, &run).unwrap();
    let many = dir.path().join("many");
    let job = job(Wants::Skeleton(options), &dir.path().join("work"));
    let processes = processes(&image, &job);
    let done = carry_out(&processes, &run);
    let shared = processes[1]
        .analyse(&many, &analysis, &done.volumes[0], &borrowed(&done.values), &run)
        .unwrap();
    assert_eq!(local.threshold, shared.threshold);
    assert!(local.n_branches > 3);
    for part in ["skeleton.zarr", "branches.parquet"] {
        let (a, b) = (one.join(part), many.join(part));
        let same = if a.is_dir() {
            files(&a) == files(&b)
        } else {
            std::fs::read(a).unwrap() == std::fs::read(b).unwrap()
        };
        assert!(same, "{part}");
    }
}
