//! numpy's structural operations: numpy's own results, and that only what is shown is read.

use petavox_core::{Block, ChunkGrid, Dtype, ImageSpec, Region, Result, Sink, Source};
use petavox_engine::{Node, RunContext, RunOptions, Target, execute, plan};
use petavox_ops::apply_to;
use serde_json::{Value as Json, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// An image in memory that counts the samples it gives.
struct Stored {
    spec: ImageSpec,
    grid: ChunkGrid,
    first: i32,
    n_read: AtomicUsize,
    written: Mutex<Option<Block>>,
}

impl Stored {
    fn new(shape: &[usize], chunk: &[usize], first: i32) -> Arc<Stored> {
        let spec = ImageSpec::new(shape, Dtype::Int32).unwrap();
        let grid = ChunkGrid::new(shape, chunk);
        Arc::new(Stored {
            spec,
            grid,
            first,
            n_read: AtomicUsize::new(0),
            written: Mutex::new(None),
        })
    }
    fn n_read(&self) -> usize {
        self.n_read.load(Ordering::Relaxed)
    }
}

impl Source for Stored {
    fn spec(&self) -> &ImageSpec {
        &self.spec
    }
    fn grid(&self) -> &ChunkGrid {
        &self.grid
    }
    fn reads_below_chunk(&self) -> bool {
        true
    }
    fn scratch_bytes(&self, _: &Region) -> u64 {
        0
    }
    fn read(&self, out: &mut Block) -> Result<()> {
        assert!(self.spec.region().contains(out.region()));
        self.n_read.fetch_add(out.region().len(), Ordering::Relaxed);
        let region = out.region().clone();
        let samples = out.typed_mut::<i32>()?;
        let (mut at, width) = (0, region.row_len());
        region.for_each_row(|p| {
            let place = self.spec.region().offset_of(p) as i32 + self.first;
            (0..width).for_each(|x| samples[at + x] = place + x as i32);
            at += width;
        });
        Ok(())
    }
    fn locator(&self) -> Option<String> {
        None
    }
}

impl Sink for Stored {
    fn spec(&self) -> &ImageSpec {
        &self.spec
    }
    fn grid(&self) -> &ChunkGrid {
        &self.grid
    }
    fn scratch_bytes(&self, _: &Region) -> u64 {
        0
    }
    fn write(&self, block: &Block) -> Result<()> {
        let mut written = self.written.lock().unwrap();
        if written.is_none() {
            *written = Some(Block::zeros(self.spec.region(), self.spec.dtype)?);
        }
        written.as_mut().unwrap().copy_from(block)
    }
    fn holds(&self, _: &Region) -> Result<bool> {
        Ok(false)
    }
    fn finish(&self) -> Result<()> {
        Ok(())
    }
    fn abandon(&self) {}
}

fn bound(op: &str, images: &[Arc<Stored>], params: Json) -> Result<Arc<Node>> {
    let nodes: Vec<_> = images.iter().map(|i| Node::source(i.clone())).collect();
    apply_to(&nodes, op, params.as_object().cloned().unwrap())
}

/// The samples, written in chunks, and the memory that one task was planned to take.
fn computed(node: &Arc<Node>, chunk: &[usize]) -> (Vec<i32>, u64) {
    let options = RunOptions { n_threads: Some(2), ..RunOptions::default() };
    let context = RunContext::new(&options).unwrap();
    let sink = Stored::new(&node.spec().shape, chunk, 0);
    let targets = [Target { node: node.clone(), sink: Some(sink.clone()) }];
    let plan = plan(&targets, &context.plan_options()).unwrap();
    execute(&plan, &context).unwrap();
    let task = plan.stages.iter().map(|s| s.task_bytes).max().unwrap();
    let written = sink.written.lock().unwrap();
    (written.as_ref().map_or(vec![], |b| b.typed::<i32>().unwrap().to_vec()), task)
}

#[test]
fn results_are_numpys() {
    let golden: Json = serde_json::from_str(include_str!("golden/arrays.json")).unwrap();
    let shape = |v: &Json| -> Vec<usize> { serde_json::from_value(v.clone()).unwrap() };
    for case in golden["cases"].as_array().unwrap() {
        let shapes = case["shapes"].as_array().unwrap();
        let image = |(k, s): (usize, &Json)| Stored::new(&shape(s), &shape(s), 1000 * k as i32);
        let images: Vec<_> = shapes.iter().enumerate().map(image).collect();
        let about = format!("{} {} of {}", case["op"], case["params"], case["shapes"]);
        let node = bound(case["op"].as_str().unwrap(), &images, case["params"].clone());
        let node = node.unwrap_or_else(|e| panic!("{about}: {e}"));
        assert_eq!(node.spec().shape, shape(&case["shape"]), "{about}");
        let chunk: Vec<usize> = node.spec().shape.iter().map(|n| n.div_ceil(2)).collect();
        let want: Vec<i32> = serde_json::from_value(case["samples"].clone()).unwrap();
        assert_eq!(computed(&node, &chunk).0, want, "{about}");
    }
}

#[test]
fn scattered_positions_are_read_apart() {
    let image = Stored::new(&[4000, 30, 30], &[1, 30, 30], 0);
    let at: Vec<usize> = (0..200).map(|i| i * 7919 % 4000).collect();
    let node = bound("take", std::slice::from_ref(&image), json!({ "indices": at })).unwrap();
    let (samples, task) = computed(&node, &[64, 30, 30]);
    assert_eq!(samples[900], at[1] as i32 * 900);
    // Neighbours among them are read with what is between.
    assert!(image.n_read() < 2 * 200 * 900, "{} samples for {}", image.n_read(), 200 * 900);
    assert!(task < 8 * 64 * 900 * 4, "{task} bytes");
}

#[test]
fn samples_far_apart_along_an_axis_are_read_apart() {
    let image = Stored::new(&[4000, 30, 30], &[1, 30, 30], 0);
    let node =
        bound("index", std::slice::from_ref(&image), json!({ "items": ["../-100"] })).unwrap();
    computed(&node, &[10, 30, 30]);
    assert_eq!(image.n_read(), 40 * 900);
}

#[test]
fn rolled_and_wrapped_images_are_read_once() {
    for (op, params) in [
        ("roll", json!({"shift": [333, 100, 7], "axis": [0, 1, 2]})),
        ("pad", json!({"pad_width": [[50, 30], [10, 10], [0, 0]], "mode": "wrap"})),
    ] {
        let image = Stored::new(&[1000, 200, 10], &[1, 200, 10], 0);
        let node = bound(op, std::slice::from_ref(&image), params).unwrap();
        computed(&node, &[100, 60, 10]);
        let n = node.spec().len();
        assert!(image.n_read() <= n + n / 20, "{op}: {} of {n}", image.n_read());
    }
}

#[test]
fn a_thousand_images_are_joined_quickly_and_each_is_read_once() {
    let images: Vec<_> = (0..1000).map(|k| Stored::new(&[3, 40, 40], &[1, 40, 40], k)).collect();
    for (op, chunk) in [("concatenate", &[8, 40, 40][..]), ("stack", &[8, 3, 40, 40])] {
        images.iter().for_each(|i| i.n_read.store(0, Ordering::Relaxed));
        let started = std::time::Instant::now();
        let node = bound(op, &images, json!({})).unwrap();
        let context = RunContext::new(&RunOptions::default()).unwrap();
        let sink = Stored::new(&node.spec().shape, chunk, 0);
        let target = Target { node: node.clone(), sink: Some(sink) };
        plan(&[target], &context.plan_options()).unwrap();
        let secs = started.elapsed().as_secs_f64();
        assert!(secs < 10.0, "{op} was planned in {secs} s");
        let (samples, task) = computed(&node, chunk);
        assert_eq!(samples[4800 * 7 + 1], 8);
        assert!(images.iter().all(|i| i.n_read() == 4800), "{op}");
        assert!(task < 16 << 20, "{op}: {task} bytes");
    }
}

#[test]
fn reshaped_images_are_read_once() {
    for (from, to, chunk) in [
        (vec![100, 90, 30], vec![270_000], vec![1000]),
        (vec![270_000], vec![100, 90, 30], vec![10, 90, 30]),
        (vec![100, 90, 30], vec![10, 10, 2700], vec![3, 4, 500]),
    ] {
        let image = Stored::new(&from, &from, 0);
        let node = bound("reshape", std::slice::from_ref(&image), json!({ "shape": to })).unwrap();
        let (samples, _) = computed(&node, &chunk);
        assert!(samples.iter().enumerate().all(|(i, v)| i as i32 == *v));
        assert!(image.n_read() <= 270_000 * 13 / 10, "{to:?}: {}", image.n_read());
    }
}

#[test]
fn what_cannot_be_done_says_what_can() {
    let image = Stored::new(&[4, 6], &[4, 6], 0);
    let other = Stored::new(&[4, 5], &[4, 5], 0);
    let one = std::slice::from_ref(&image);
    for (op, params, says) in [
        (
            "pad",
            json!({"pad_width": 1, "mode": "mean"}),
            "constant, edge, reflect, symmetric or wrap",
        ),
        ("pad", json!({"pad_width": -1}), "[before, after]"),
        ("pad", json!({"pad_width": 1, "constant_values": 1e12 as i64}), "a value of int32"),
        ("roll", json!({"shift": 1}), "flatten"),
        ("take", json!({"indices": [4]}), "-4 to 3"),
        ("reshape", json!({"shape": [5, -1]}), "product is 24"),
        ("reshape", json!({"shape": [-1, -1]}), "one of them may be -1"),
        ("transpose", json!({"axes": [0, 0]}), "once"),
        ("broadcast_to", json!({"shape": [4, 7]}), "broadcasts"),
        ("squeeze", json!({"axis": 0}), "axes of one sample"),
        ("expand_dims", json!({"axis": [0, 0]}), "different numbers"),
        ("repeat", json!({"repeats": [1, 2]}), "or 4 of them"),
    ] {
        let message = bound(op, one, params).unwrap_err().to_string();
        assert!(message.contains(says), "{op}: {message}");
    }
    let message = bound("concatenate", &[image.clone(), other.clone()], json!({})).unwrap_err();
    assert!(message.to_string().contains("image 1 of shape [4, 5]"), "{message}");
    assert!(bound("stack", &[image, other], json!({})).is_err());
}
