//! The main job, volume to table: the same bytes however the volume is stored and the run is made, the topology kept, and
//! interrupted runs continued.

mod topology;
mod volumes;

use petavox::{
    CancelToken, Error, Image, Progress, Region, RunOptions, SaveOptions, SkeletonDone,
    SkeletonJob, SkeletonOptions, ThinMethod, Threshold, skeleton,
};
use petavox_ops::phantom::{VesselOptions, Vessels};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use topology::{Betti, betti};

/// What a run left: the table's bytes, and the skeleton's samples.
#[derive(PartialEq)]
struct Left {
    table: Vec<u8>,
    skeleton: Vec<u8>,
}

fn left(dir: &Path) -> Left {
    let image = Image::open(&dir.join("skeleton.zarr").to_string_lossy()).unwrap();
    Left {
        table: std::fs::read(dir.join("branches.parquet")).unwrap(),
        skeleton: image.compute(&RunOptions::default()).unwrap().bytes().to_vec(),
    }
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(dir)
        .unwrap()
        .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn run(threads: usize, memory: Option<u64>) -> RunOptions {
    RunOptions {
        n_threads: Some(threads),
        memory_bytes: Some(memory.unwrap_or(1 << 30)),
        ..RunOptions::default()
    }
}

/// Runs the job in the smallest budget that it accepts, and `slack_bytes` more.
///
/// At the very smallest, blocks are single rows and every one decodes its chunks anew, which takes its time.
fn smallest(
    image: &Image,
    dir: &Path,
    job: &SkeletonJob,
    threads: usize,
    slack_bytes: u64,
) -> (u64, SkeletonDone) {
    let refused = skeleton(image, dir, job, &run(threads, Some(1 << 20))).err();
    let Some(Error::Budget { needed, .. }) = refused else { panic!("1 MiB: {refused:?}") };
    // The first number that is named works.
    let memory = needed + slack_bytes;
    (memory, skeleton(image, dir, job, &run(threads, Some(memory))).unwrap())
}

fn phantom(n: [usize; 3], fraction: f64) -> Image {
    let options = VesselOptions { fraction, trunk_radius: Some(3.0), ..VesselOptions::default() };
    let vessels = Vessels::new(n, &options).unwrap();
    let block = vessels.image(&Region::whole(&n)).unwrap();
    let spec = petavox::ImageSpec::new(n.to_vec(), petavox::Dtype::Float32)
        .unwrap()
        .with_spacing(&[2.0, 0.5, 0.5], Some("micrometer".into()))
        .unwrap();
    Image::from_block(spec, block).unwrap()
}

fn grey_job(method: ThinMethod) -> SkeletonJob {
    let options = SkeletonOptions {
        sigma: vec![0.8],
        threshold: Threshold::Otsu,
        min_size: 20,
        method: Some(method),
        ..SkeletonOptions::default()
    };
    SkeletonJob { options, overwrite: true, command: "petavox".into(), ..SkeletonJob::default() }
}

fn mask_job(method: ThinMethod) -> SkeletonJob {
    let options =
        SkeletonOptions { is_mask: true, method: Some(method), ..SkeletonOptions::default() };
    SkeletonJob { options, overwrite: true, command: "petavox".into(), ..SkeletonJob::default() }
}

/// The volume stored with these chunks; 0 is the whole axis.
fn stored(image: &Image, dir: &Path, ending: &str, chunk: &[usize]) -> Image {
    let shape = &image.spec().shape;
    let chunk: Vec<usize> = shape
        .iter()
        .enumerate()
        .map(|(a, &n)| match chunk[a % chunk.len()] {
            0 => n,
            c => c.min(n),
        })
        .collect();
    let path = dir
        .join(format!("in{}.{ending}", chunk.iter().map(|c| format!("-{c}")).collect::<String>()));
    let options = SaveOptions {
        chunk_shape: (ending == "zarr").then_some(chunk),
        n_levels: Some(1),
        overwrite: true,
        ..SaveOptions::default()
    };
    image.save(&path, &options, &run(2, None)).unwrap();
    let stored = Image::open(&path.to_string_lossy()).unwrap();
    stored
        .with_axes(image.spec().axes.as_str())
        .unwrap()
        .with_spacing(&image.spec().spacing.values)
        .unwrap()
}

/// A way to store a volume and to run the job on it: kind of file, chunk shape (0 is the whole axis), threads, and whether in the
/// smallest budget that is accepted.
type Way = (&'static str, &'static [usize], usize, bool);

const WAYS: [Way; 9] = [
    ("zarr", &[17], 2, false),
    ("zarr", &[64], 3, true),
    ("zarr", &[96], 1, true),
    ("zarr", &[128], 2, false),
    ("zarr", &[257], 3, false),
    ("zarr", &[31, 0, 0], 2, true),
    ("zarr", &[1, 0, 0], 2, true),
    ("tif", &[0], 2, true),
    ("npy", &[0], 3, true),
];

/// Runs the job on a volume that is stored and run in many ways, and gives the mask and the skeleton.
fn one_and_the_same(image: &Image, job: &SkeletonJob) -> (SkeletonDone, Left) {
    one_and_the_same_in(image, job, &WAYS)
}

fn one_and_the_same_in(image: &Image, job: &SkeletonJob, ways: &[Way]) -> (SkeletonDone, Left) {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let whole = stored(image, dir.path(), "npy", &[0]);
    let done = skeleton(&whole, &out, job, &run(1, None)).unwrap();
    let want = left(&out);
    for &(ending, chunk, threads, tight) in ways {
        let chunk: Vec<usize> = match image.spec().ndim() {
            2 if chunk.len() == 3 => vec![chunk[0], 0],
            _ => chunk.to_vec(),
        };
        let image = stored(image, dir.path(), ending, &chunk);
        let again = if tight {
            smallest(&image, &out, job, threads, if ending == "zarr" { 2 << 20 } else { 256 << 10 })
                .1
        } else {
            skeleton(&image, &out, job, &run(threads, None)).unwrap()
        };
        let about = format!("{ending} {chunk:?}, {threads} threads, tight {tight}");
        assert!(left(&out) == want, "{about}");
        assert_eq!(
            (again.n_mask_voxels, again.n_branches),
            (done.n_mask_voxels, done.n_branches),
            "{about}"
        );
        let beside: Vec<String> =
            names(dir.path()).into_iter().filter(|n| !n.starts_with("in-")).collect();
        assert_eq!(beside, ["out"], "{about}");
    }
    assert!(done.n_branches > 0);
    (done, want)
}

/// The mask of a grey job, made step by step.
fn mask_of(image: &Image, job: &SkeletonJob) -> Vec<u8> {
    let options = &job.options;
    let image = if options.is_mask {
        image.apply("not_equal:value=0").unwrap()
    } else {
        let all = image.spec().ndim();
        // Integers are smoothed as floats.
        image
            .apply("astype:dtype=float32")
            .and_then(|i| i.apply(&format!("gaussian:sigma={}", options.sigma[0])))
            .and_then(|i| i.apply("threshold:method=otsu"))
            .and_then(|i| {
                i.apply(&format!(
                    "remove_small_objects:min_size={}:connectivity={all}",
                    options.min_size
                ))
            })
            .unwrap()
    };
    image.compute(&run(2, None)).unwrap().bytes().to_vec()
}

fn keeps_topology(image: &Image, job: &SkeletonJob, skeleton: &Left) -> Betti {
    let shape = &image.spec().shape;
    let mask = mask_of(image, job);
    let thin: Vec<u8> = skeleton.skeleton.chunks_exact(4).map(|l| u8::from(l != [0; 4])).collect();
    let numbers = betti(&mask, shape);
    assert_eq!(numbers, betti(&thin, shape));
    assert!(mask.iter().zip(&thin).all(|(m, t)| t <= m), "the skeleton lies in the mask");
    numbers
}

#[test]
fn a_phantom_gives_the_same_bytes_however_it_is_cut_and_keeps_its_topology() {
    let image = phantom([50, 72, 96], 0.08);
    let job = grey_job(ThinMethod::Parity);
    let (done, left) = one_and_the_same(&image, &job);
    assert!(done.n_branches > 10, "{}", done.n_branches);
    keeps_topology(&image, &job, &left);
    assert_eq!(
        mask_of(&image, &job).iter().filter(|m| **m != 0).count() as u64,
        done.n_mask_voxels
    );
}

#[test]
fn lee_gives_the_same_bytes_however_the_phantom_is_cut() {
    one_and_the_same(&phantom([40, 60, 80], 0.08), &grey_job(ThinMethod::Lee));
}

#[test]
fn zhang_gives_the_same_bytes_however_an_image_is_cut() {
    let vessels = Vessels::new(
        [1, 150, 230],
        &VesselOptions { fraction: 0.2, trunk_radius: Some(4.0), ..VesselOptions::default() },
    )
    .unwrap();
    let block = vessels.image(&Region::whole(&[1, 150, 230])).unwrap();
    let samples: Vec<f32> = block.typed::<f32>().unwrap().to_vec();
    let image = Image::from_vec(&[150, 230], samples).unwrap();
    one_and_the_same(&image, &grey_job(ThinMethod::Zhang));
    let job = grey_job(ThinMethod::Parity);
    let (_, left) = one_and_the_same(&image, &job);
    keeps_topology(&image, &job, &left);
}

#[test]
fn parity_keeps_the_topology_of_random_fields() {
    let mut state = 9u64;
    for (k, shape) in [[7, 9, 66], [12, 12, 12], [1, 20, 30], [5, 30, 11], [16, 3, 40], [9, 10, 64]]
        .iter()
        .cycle()
        .take(30)
        .enumerate()
    {
        let n: usize = shape.iter().product();
        let samples: Vec<u8> = (0..n)
            .map(|_| {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                u8::from((state >> 33) % 10 < 2 + (k as u64 % 7))
            })
            .collect();
        let image = Image::from_vec(shape, samples.clone()).unwrap();
        let thin = image.apply("skeletonize").unwrap().compute(&run(2, None)).unwrap();
        assert_eq!(betti(&samples, shape), betti(thin.bytes(), shape), "field {k} {shape:?}");
    }
}

fn data(name: &str) -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let root =
        std::env::var_os("PETAVOX_DATA").map_or_else(|| PathBuf::from(beside), PathBuf::from);
    Some(root.join("skeleton").join(name)).filter(|p| p.exists())
}

fn opened(name: &str) -> Option<Image> {
    let Some(path) = data(name) else {
        use std::io::Write;
        let _ = writeln!(std::io::stderr(), "skipped: no test data (set PETAVOX_DATA)");
        return None;
    };
    Some(Image::open(&path.to_string_lossy()).unwrap())
}

#[test]
fn real_vessels_give_the_same_bytes_however_they_are_cut_and_keep_their_topology() {
    let Some(raw) = opened("vesselexpress/Train_000.tif") else { return };
    let job = grey_job(ThinMethod::Parity);
    let (_, left) = one_and_the_same(&raw, &job);
    keeps_topology(&raw, &job, &left);
    let Some(mask) = opened("vesselexpress/Train_Binary_000.tif") else { return };
    let job = mask_job(ThinMethod::Parity);
    let (_, left) = one_and_the_same(&mask, &job);
    assert_eq!(keeps_topology(&mask, &job, &left).loops, 6);
    one_and_the_same(&mask, &mask_job(ThinMethod::Lee));
}

#[test]
fn real_masks_give_the_same_bytes_however_they_are_cut_and_keep_their_topology() {
    let neuron = opened("skan-scripts/OP_1_Rendered_Paths.tif");
    let aneurysm = data("voreen/aneurysm_mask.raw").map(|path| volumes::raw(&path, [84, 83, 83]));
    let testvol = data("skeleton3d-matlab/testvol.mat").map(|path| volumes::mat(&path));
    let (Some(neuron), Some(aneurysm), Some(testvol)) = (neuron, aneurysm, testvol) else { return };
    let neuron = neuron.with_axes("zyx").unwrap();
    // Voxels of the mask, branches, and loops: counted by numpy, skan and scikit-image.
    let expected = [
        (neuron, [9.1006, 3.0335, 3.0335], 1738, 92, 4),
        (aneurysm, [0.6; 3], 27879, 3, 0),
        (testvol, [1.0; 3], 16366, 110, 11),
    ];
    for (k, (mask, spacing, n_voxels, n_branches, loops)) in expected.into_iter().enumerate() {
        let mask = mask.with_spacing(&spacing).unwrap();
        let job = mask_job(ThinMethod::Parity);
        // Few ways for the biggest.
        let ways = if k == 0 { &WAYS[3..6] } else { &WAYS };
        let (done, left) = one_and_the_same_in(&mask, &job, ways);
        assert_eq!((done.n_mask_voxels, done.n_branches), (n_voxels, n_branches), "volume {k}");
        assert_eq!(keeps_topology(&mask, &job, &left).loops, loops, "volume {k}");
    }
}

/// Cancels the run after so many steps.
struct CancelAfter {
    left: AtomicU64,
    cancel: CancelToken,
}

impl Progress for CancelAfter {
    fn begin(&self, _: &str, _: u64) {}
    fn advance(&self, n_blocks: u64, _: u64) {
        let before = self.left.load(Ordering::Relaxed);
        self.left.store(before.saturating_sub(n_blocks), Ordering::Relaxed);
        if before <= n_blocks {
            self.cancel.cancel();
        }
    }
    fn end(&self) {}
}

fn cancelled_after(k: u64, threads: usize, memory: u64) -> RunOptions {
    let cancel = CancelToken::new();
    let progress = Arc::new(CancelAfter { left: AtomicU64::new(k), cancel: cancel.clone() });
    RunOptions { progress, cancel, ..run(threads, Some(memory)) }
}

#[test]
fn a_run_that_is_interrupted_anywhere_is_continued_to_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let image = stored(&phantom([40, 60, 80], 0.08), dir.path(), "zarr", &[8, 30, 40]);
    let out = dir.path().join("out");
    for method in [ThinMethod::Parity, ThinMethod::Lee] {
        let mut job = grey_job(method);
        let (memory, _) = smallest(&image, &out, &job, 2, 2 << 20);
        let want = left(&out);
        std::fs::remove_dir_all(&out).unwrap();
        let (mut interrupted, mut resumed) = (0, 0);
        job.overwrite = false;
        for k in [1, 2, 3, 5, 8, 12, 17, 23, 31, 45, 70, 100] {
            job.resume = false;
            match skeleton(&image, &out, &job, &cancelled_after(k, 2, memory)) {
                Err(Error::Cancelled) => interrupted += 1,
                Ok(_) => {
                    std::fs::remove_dir_all(&out).unwrap();
                    continue;
                }
                Err(e) => panic!("{e}"),
            }
            assert!(!out.exists(), "nothing has the final name after {k} steps");
            job.resume = true;
            // Interrupted once more on the way, and continued with other threads and memory.
            match skeleton(&image, &out, &job, &cancelled_after(k / 2 + 1, 1, memory)) {
                Err(Error::Cancelled) => {
                    let done = skeleton(&image, &out, &job, &run(3, None)).unwrap();
                    resumed += u64::from(done.resumed);
                }
                Ok(done) => resumed += u64::from(done.resumed),
                Err(e) => panic!("{e}"),
            }
            assert!(left(&out) == want, "{method:?} interrupted after {k} steps");
            let beside: Vec<String> =
                names(dir.path()).into_iter().filter(|n| !n.starts_with("in-")).collect();
            assert_eq!(beside, ["out"]);
            std::fs::remove_dir_all(&out).unwrap();
        }
        assert!(interrupted >= 4, "{interrupted} interrupted");
        assert_eq!(resumed, interrupted);
    }
}

/// Cancels the run when a stage of this name begins.
struct CancelAt(&'static str, CancelToken);

impl Progress for CancelAt {
    fn begin(&self, stage: &str, _: u64) {
        if stage == self.0 {
            self.1.cancel();
        }
    }
    fn advance(&self, _: u64, _: u64) {}
    fn end(&self) {}
}

#[test]
fn work_of_which_a_part_is_gone_is_not_continued() {
    let dir = tempfile::tempdir().unwrap();
    let image = stored(&phantom([30, 40, 50], 0.1), dir.path(), "zarr", &[8, 40, 50]);
    let (out, fresh) = (dir.path().join("out"), dir.path().join("fresh"));
    let mut job = grey_job(ThinMethod::Parity);
    skeleton(&image, &fresh, &job, &run(2, None)).unwrap();
    (job.overwrite, job.resume) = (false, true);
    // When the mask is journalled; then somebody, or a removal that was cut short, takes its file away.
    let cancel = CancelToken::new();
    let progress = Arc::new(CancelAt("radius", cancel.clone()));
    let options = RunOptions { progress, cancel, ..run(2, None) };
    let stopped = skeleton(&image, &out, &job, &options);
    assert!(matches!(stopped, Err(Error::Cancelled)));
    let hidden = names(dir.path()).into_iter().find(|n| n.starts_with(".out.partial")).unwrap();
    let work = dir.path().join(hidden).join("run");
    let volumes: Vec<String> = names(&work).into_iter().filter(|n| n.ends_with(".words")).collect();
    assert!(!volumes.is_empty());
    volumes.iter().for_each(|n| std::fs::remove_file(work.join(n)).unwrap());
    let done = skeleton(&image, &out, &job, &run(2, None)).unwrap();
    assert!(left(&out) == left(&fresh));
    assert!(!done.resumed);
}

#[test]
fn work_of_another_run_is_never_continued() {
    let dir = tempfile::tempdir().unwrap();
    let image = stored(&phantom([30, 40, 50], 0.1), dir.path(), "zarr", &[8, 40, 50]);
    let out = dir.path().join("out");
    let job = |min_size: u64, resume: bool| {
        let mut job = grey_job(ThinMethod::Parity);
        (job.options.min_size, job.resume, job.overwrite) = (min_size, resume, false);
        job
    };
    let fresh = dir.path().join("fresh");
    skeleton(&image, &fresh, &job(300, false), &run(2, None)).unwrap();
    let stopped = skeleton(&image, &out, &job(20, false), &cancelled_after(2, 2, 1 << 30));
    assert!(matches!(stopped, Err(Error::Cancelled)));
    let done = skeleton(&image, &out, &job(300, true), &run(2, None)).unwrap();
    assert!(!done.resumed);
    assert!(left(&out) == left(&fresh));
}

/// At the first step of the run, runs the same job a second time.
struct Meanwhile<F: Fn() + Send + Sync>(AtomicU64, F);

impl<F: Fn() + Send + Sync> Progress for Meanwhile<F> {
    fn begin(&self, _: &str, _: u64) {}
    fn advance(&self, _: u64, _: u64) {
        if self.0.fetch_add(1, Ordering::Relaxed) == 0 {
            (self.1)();
        }
    }
    fn end(&self) {}
}

#[test]
fn a_second_run_on_the_same_output_is_refused_and_does_the_first_no_harm() {
    let dir = tempfile::tempdir().unwrap();
    let image = phantom([30, 40, 50], 0.1);
    let (out, alone) = (dir.path().join("out"), dir.path().join("alone"));
    skeleton(&image, &alone, &grey_job(ThinMethod::Parity), &run(2, None)).unwrap();
    let (second_image, second_out) = (image.clone(), out.clone());
    let progress = Arc::new(Meanwhile(AtomicU64::new(0), move || {
        for resume in [false, true] {
            let job = SkeletonJob { resume, ..grey_job(ThinMethod::Parity) };
            let refused = skeleton(&second_image, &second_out, &job, &run(1, None));
            let message = refused.err().map(|e| e.to_string()).unwrap_or_default();
            assert!(message.contains("out"), "refused: {message}");
        }
    }));
    let options = RunOptions { progress, ..run(1, None) };
    skeleton(&image, &out, &grey_job(ThinMethod::Parity), &options).unwrap();
    assert!(left(&out) == left(&alone));
    assert_eq!(names(dir.path()), ["alone", "out"]);
}

#[test]
fn an_image_travels_as_text() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.npy");
    let run = petavox::RunOptions::default();
    let save = petavox::SaveOptions::default();
    petavox::Image::from_vec(&[4, 6], (0..24u16).collect())
        .unwrap()
        .save(&path, &save, &run)
        .unwrap();
    let image = petavox::Image::open(&path.to_string_lossy()).unwrap();
    let image = image.apply("gaussian:sigma=1").unwrap().apply("threshold:method=otsu").unwrap();
    let again = petavox::Image::from_plan(&image.to_plan().unwrap()).unwrap();
    let samples = |i: &petavox::Image| i.compute(&run).unwrap().typed::<u8>().unwrap().to_vec();
    assert_eq!(samples(&again), samples(&image));
    assert!(petavox::Image::from_plan("[{}]").is_err());
}
