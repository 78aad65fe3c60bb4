//! Operations that take values only, and images without axes: what a fold found is an image of one sample, for others to use.

use petavox_core::{Block, ChunkGrid, Dtype, ImageSpec, Region, Result, Sink, Source};
use petavox_engine::{
    BlockCall, BlockOp, FoldOp, Need, Node, Part, RunContext, RunOptions, Target, Value, execute,
    part, plan,
};
use std::sync::{Arc, Mutex};

struct Stored {
    spec: ImageSpec,
    grid: ChunkGrid,
    whole: Mutex<Block>,
}

impl Stored {
    fn new(shape: &[usize], chunk: &[usize], samples: Vec<i64>) -> Arc<Stored> {
        let spec = ImageSpec::new(shape, Dtype::Int64).unwrap();
        let whole = Mutex::new(Block::from_vec(spec.region(), samples).unwrap());
        Arc::new(Stored { grid: ChunkGrid::new(shape, chunk), spec, whole })
    }
    fn samples(&self) -> Vec<i64> {
        self.whole.lock().unwrap().typed::<i64>().unwrap().to_vec()
    }
}

impl Source for Stored {
    fn spec(&self) -> &ImageSpec {
        &self.spec
    }
    fn grid(&self) -> &ChunkGrid {
        &self.grid
    }
    fn scratch_bytes(&self, _: &Region) -> u64 {
        0
    }
    fn read(&self, out: &mut Block) -> Result<()> {
        out.copy_from(&self.whole.lock().unwrap())
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
        self.whole.lock().unwrap().copy_from(block)
    }
    fn holds(&self, _: &Region) -> Result<bool> {
        Ok(false)
    }
    fn finish(&self) -> Result<()> {
        Ok(())
    }
    fn abandon(&self) {}
}

struct Sum;

impl FoldOp for Sum {
    petavox_engine::travels!(part: i64, value: i64);

    fn name(&self) -> &'static str {
        "sum"
    }
    fn params(&self) -> serde_json::Value {
        serde_json::Value::Null
    }
    fn accept(&self, _: &ImageSpec) -> Result<()> {
        Ok(())
    }
    fn state_bytes(&self, _: &ImageSpec) -> u64 {
        8
    }
    fn map(&self, block: &Block, _: &ImageSpec) -> Result<Part> {
        Ok(Box::new(block.typed::<i64>()?.iter().sum::<i64>()))
    }
    fn merge(&self, left: Part, right: Part) -> Result<Part> {
        Ok(Box::new(part::<i64>(left)? + part::<i64>(right)?))
    }
    fn finish(&self, merged: Option<Part>, _: &ImageSpec) -> Result<Value> {
        let sum = merged.map(part::<i64>).transpose()?.unwrap_or(0);
        Ok(Value::new(sum, sum.into()))
    }
}

/// The image of one sample that holds a fold's value.
struct AsImage(Option<i64>);

impl BlockOp for AsImage {
    fn name(&self) -> &'static str {
        "as_image"
    }
    fn params(&self) -> serde_json::Value {
        serde_json::Value::Null
    }
    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        assert!(inputs.is_empty());
        ImageSpec::new([], Dtype::Int64)
    }
    fn needs(&self, _: &[&ImageSpec], _: &Region) -> Vec<Need> {
        vec![]
    }
    fn bind(&self, values: &[Value]) -> Result<Option<Arc<dyn BlockOp>>> {
        Ok(Some(Arc::new(AsImage(Some(*values[0].get::<i64>()?)))))
    }
    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        call.output.typed_mut::<i64>()?[0] = self.0.unwrap();
        Ok(())
    }
}

/// `a - b`, where `b` has one sample.
struct MinusOne;

impl BlockOp for MinusOne {
    fn name(&self) -> &'static str {
        "minus_one"
    }
    fn params(&self) -> serde_json::Value {
        serde_json::Value::Null
    }
    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        Ok(inputs[0].clone())
    }
    fn needs(&self, _: &[&ImageSpec], target: &Region) -> Vec<Need> {
        vec![Need::inside(target.clone()), Need::inside(Region::whole(&[]))]
    }
    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        let b = call.inputs[1].typed::<i64>()?[0];
        let a = call.inputs[0].typed::<i64>()?;
        call.output.typed_mut::<i64>()?.iter_mut().zip(a).for_each(|(o, a)| *o = a - b);
        Ok(())
    }
}

fn one_of(image: &Arc<Node>) -> Arc<Node> {
    let sum = Node::fold(Arc::new(Sum), image.clone(), vec![]).unwrap();
    Node::block(Arc::new(AsImage(None)), vec![], vec![sum]).unwrap()
}

fn compute(node: &Arc<Node>, chunk: &[usize]) -> Vec<i64> {
    let options = RunOptions { n_threads: Some(2), ..RunOptions::default() };
    let context = RunContext::new(&options).unwrap();
    let sink = Stored::new(&node.spec().shape, chunk, vec![0; node.spec().len()]);
    let targets = [Target { node: node.clone(), sink: Some(sink.clone()) }];
    execute(&plan(&targets, &context.plan_options()).unwrap(), &context).unwrap();
    sink.samples()
}

#[test]
fn a_value_is_an_image_of_one_sample() {
    let x = Node::source(Stored::new(&[3, 4], &[2, 3], (0..12).collect()));
    let one = one_of(&x);
    assert_eq!(compute(&one, &[]), [66]);
    // The sum of the image of one sample, read from an image without axes.
    let stored = Node::source(Stored::new(&[], &[], vec![5]));
    assert_eq!(compute(&one_of(&stored), &[]), [5]);
    assert_eq!(compute(&one_of(&one), &[]), [66]);
}

#[test]
fn a_value_is_used_in_the_arithmetic_of_the_image_it_came_from() {
    for chunk in [[3, 4], [1, 4], [2, 3]] {
        let x = Node::source(Stored::new(&[3, 4], &chunk, (0..12).collect()));
        let less = Node::block(Arc::new(MinusOne), vec![x.clone(), one_of(&x)], vec![]).unwrap();
        let want: Vec<i64> = (0..12).map(|v| v - 66).collect();
        assert_eq!(compute(&less, &chunk), want);
        let again = Node::block(Arc::new(MinusOne), vec![less.clone(), one_of(&less)], vec![]);
        let sum: i64 = want.iter().sum();
        let want: Vec<i64> = want.iter().map(|v| v - sum).collect();
        assert_eq!(compute(&again.unwrap(), &[2, 2]), want);
    }
}
