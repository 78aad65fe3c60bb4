//! One pass decodes each chunk once, whatever the operations do with the axes.

use petavox_core::{Block, ChunkGrid, Dtype, ImageSpec, Region, Result, Source};
use petavox_engine::{Kind, Node, Plan, RunContext, RunOptions, Target, execute, plan};
use petavox_ops::apply;
use petavox_ops::operation::internal::max_projection::max_projection;
use std::sync::{Arc, Mutex};

/// An image that counts how often each of its chunks is decoded.
struct Counting {
    spec: ImageSpec,
    grid: ChunkGrid,
    times: Mutex<Vec<usize>>,
}

fn counting(shape: &[usize], chunk: &[usize]) -> Arc<Counting> {
    let spec = ImageSpec::new(shape.to_vec(), Dtype::UInt16).unwrap();
    let grid = ChunkGrid::new(shape, chunk);
    let times = Mutex::new(vec![0; grid.len()]);
    Arc::new(Counting { spec, grid, times })
}

impl Source for Counting {
    fn spec(&self) -> &ImageSpec {
        &self.spec
    }
    fn grid(&self) -> &ChunkGrid {
        &self.grid
    }
    fn scratch_bytes(&self, _: &Region) -> u64 {
        2 * self.grid.chunk().iter().product::<usize>() as u64
    }
    fn read(&self, out: &mut Block) -> Result<()> {
        let mut times = self.times.lock().unwrap();
        self.grid.meeting(out.region()).into_iter().for_each(|n| times[n] += 1);
        out.fill(3.0);
        Ok(())
    }
    fn locator(&self) -> Option<String> {
        None
    }
}

/// Runs a pass over all of `node` and tells what was planned.
fn walk(node: &Arc<Node>, memory: u64) -> Plan {
    let node = match node.kind() {
        Kind::Fold(_) | Kind::Sweep(_) => node.clone(),
        _ => max_projection(node).unwrap(),
    };
    let options =
        RunOptions { n_threads: Some(1), memory_bytes: Some(memory), ..RunOptions::default() };
    let context = RunContext::new(&options).unwrap();
    let plan = plan(&[Target { node, sink: None }], &context.plan_options()).unwrap();
    assert!(plan.peak_bytes() <= memory);
    execute(&plan, &context).unwrap();
    plan
}

#[test]
fn operations_that_change_the_shape_decode_each_chunk_once() {
    type Make = fn(&Arc<Node>) -> Result<Arc<Node>>;
    let cases: [(&str, Make); 12] = [
        ("select", |n| apply(n, "select:axis=z:index=5")),
        ("select the last axis", |n| apply(n, "select:axis=x:index=5")),
        ("select after smoothing", |n| {
            apply(&apply(n, "gaussian:sigma=1")?, "select:axis=y:index=5")
        }),
        ("transpose", |n| apply(n, "transpose")),
        ("index", |n| apply(n, "index:items=1..40/3,7,../-2")),
        ("flip after transpose", |n| apply(&apply(n, "transpose")?, "flip:axis=0")),
        ("repeat", |n| apply(n, "repeat:repeats=2:axis=0")),
        ("pad", |n| apply(n, "pad:pad_width=2:mode=edge")),
        ("downscale", |n| apply(n, "downscale:factors=2,3,1")),
        ("downscale twice", |n| apply(&apply(n, "downscale:factors=2")?, "downscale:factors=2")),
        ("max along z", |n| apply(n, "max:axis=0")),
        ("sum along x", |n| apply(n, "sum:axis=2")),
    ];
    let mib = 1 << 20;
    for chunk in [[1, 96, 128], [7, 33, 50], [48, 5, 128]] {
        for (name, make) in cases {
            for memory in [1024 * mib, 34 * mib] {
                let source = counting(&[48, 96, 128], &chunk);
                let plan = walk(&make(&Node::source(source.clone())).unwrap(), memory);
                let most = source.times.lock().unwrap().iter().copied().max();
                let stage = &plan.stages[0];
                assert_eq!(most, Some(1), "{name} of {chunk:?}: {:?} {memory}", stage.grid);
            }
        }
    }
}

#[test]
fn many_slices_are_reduced_along_the_stack_in_one_pass_and_little_memory() {
    let mib = 1 << 20;
    for step in ["sum:axis=0", "mean:axis=0:keepdims=true", "std:axis=0", "argmax:axis=0"] {
        let source = counting(&[300, 256, 256], &[1, 256, 256]);
        let image = apply(&Node::source(source.clone()), step).unwrap();
        let target = match image.spec().ndim() {
            2 => image,
            _ => apply(&image, "squeeze").unwrap(),
        };
        // The stack has 37.5 MiB; the process by itself takes most of the budget.
        let plan = walk(&target, 34 * mib);
        let most = source.times.lock().unwrap().iter().copied().max();
        assert_eq!(most, Some(1), "{step}: {:?}", plan.stages[0].grid);
        assert!(plan.choices[0].contains("in one pass ("), "{:?}", plan.choices);
    }
}
