//! A lazy image travels as text: what was written down and read again computes the same.

use petavox_core::{Block, ChunkGrid, Dtype, ImageSpec, Region, Result, Sink, Source};
use petavox_engine::Node;
use petavox_engine::explain::NodeDoc;
use petavox_ops::operation::internal::{bits, describe, max_projection};
use petavox_ops::{apply, operations, read_plan, write_plan};
use std::sync::Arc;

/// An image that has a name.
struct Named(ImageSpec, ChunkGrid);

impl Source for Named {
    fn spec(&self) -> &ImageSpec {
        &self.0
    }
    fn grid(&self) -> &ChunkGrid {
        &self.1
    }
    fn scratch_bytes(&self, _: &Region) -> u64 {
        0
    }
    fn read(&self, out: &mut Block) -> Result<()> {
        out.fill(1.0);
        Ok(())
    }
    fn locator(&self) -> Option<String> {
        Some("cells.tif".into())
    }
}

/// Forgets what is written.
impl Sink for Named {
    fn spec(&self) -> &ImageSpec {
        &self.0
    }
    fn grid(&self) -> &ChunkGrid {
        &self.1
    }
    fn scratch_bytes(&self, _: &Region) -> u64 {
        0
    }
    fn write(&self, block: &Block) -> Result<()> {
        assert!(self.0.region().contains(block.region()));
        Ok(())
    }
    fn holds(&self, _: &Region) -> Result<bool> {
        Ok(false)
    }
    fn finish(&self) -> Result<()> {
        Ok(())
    }
    fn abandon(&self) {}
}

fn named() -> Arc<dyn Source> {
    let spec = ImageSpec::new([8, 16, 16], Dtype::UInt8)
        .unwrap()
        .with_spacing(&[0.3], Some("micrometer".into()));
    let spec = spec.unwrap();
    Arc::new(Named(spec.clone(), ChunkGrid::new(&spec.shape, &spec.shape)))
}

fn travelled(image: &Arc<Node>) -> Arc<Node> {
    let text = serde_json::to_string(&write_plan(image)).unwrap();
    let nodes: Vec<NodeDoc> = serde_json::from_str(&text).unwrap();
    read_plan(&nodes, &|path: &str| {
        assert_eq!(path, "cells.tif");
        Ok(named())
    })
    .unwrap()
}

#[test]
fn every_operation_survives_the_journey_as_text() {
    for operation in operations() {
        let grey = Node::source(named());
        let mask = apply(&grey, "greater:value=0.1").unwrap();
        let wide = apply(&grey, "astype:dtype=uint16").unwrap();
        let inputs = [&grey, &mask, &wide];
        let image = inputs.iter().find_map(|input| apply(input, operation.example).ok());
        let Some(image) = image else {
            // Some take grey values, some masks, some 16 bits; one of these inputs must do.
            panic!("{} does not take its own example", operation.name)
        };
        assert_eq!(travelled(&image).id(), image.id(), "{}", operation.name);
    }
}

#[test]
fn chains_with_values_and_internal_operations_survive_too() {
    let image = Node::source(named());
    let described =
        describe::describe(&image, image.spec().with_spacing(&[2.0, 1.0, 1.0], None).unwrap())
            .unwrap();
    let smooth = apply(&described, "gaussian:sigma=1,2,2:mode=constant:cval=3").unwrap();
    let mask = apply(&smooth, "threshold:method=otsu").unwrap();
    let clean = apply(&mask, "remove_small_objects:min_size=20").unwrap();
    let opened = apply(&clean, "binary_opening:size=1,3,3:border_value=1").unwrap();
    for node in [bits::pack(&opened).unwrap(), max_projection::max_projection(&smooth).unwrap()] {
        assert_eq!(travelled(&node).id(), node.id());
    }
}

#[test]
fn a_plan_that_makes_no_sense_is_refused() {
    let image = apply(&Node::source(named()), "gaussian:sigma=1").unwrap();
    let open = |_: &str| Ok(named());
    let nodes = write_plan(&image);
    assert!(read_plan(&[], &open).is_err());
    assert!(read_plan(&nodes[1..], &open).unwrap_err().to_string().contains("before its input"));
    let mut unknown = nodes.clone();
    unknown[1].op = "sharpen".into();
    assert!(read_plan(&unknown, &open).unwrap_err().to_string().contains("operation 'sharpen'"));
    let mut nameless = nodes;
    nameless[0].params = serde_json::Value::Null;
    assert!(read_plan(&nameless, &open).is_err());
}

#[test]
fn an_image_without_axes_is_taken_or_refused_and_nothing_panics() {
    use petavox_engine::{RunContext, RunOptions, Target, execute, plan};
    for dtype in [Dtype::Float32, Dtype::UInt8, Dtype::Bool] {
        let spec = ImageSpec::new([], dtype).unwrap();
        for operation in operations() {
            let source = Node::source(Arc::new(Named(spec.clone(), ChunkGrid::new(&[], &[]))));
            // Bare and with the example's parameters.
            for step in [operation.name, operation.example] {
                let Ok(node) = apply(&source, step) else { continue };
                let context = RunContext::new(&RunOptions::default()).unwrap();
                let grid = ChunkGrid::new(&node.spec().shape, &node.spec().shape);
                let sink = Arc::new(Named(node.spec().clone(), grid));
                let target = Target { node, sink: Some(sink) };
                let done = plan(&[target], &context.plan_options())
                    .and_then(|plan| execute(&plan, &context).map(|_| ()));
                if let Err(e) = done {
                    assert!(!matches!(e, petavox_core::Error::Internal { .. }), "{step}: {e}");
                }
            }
        }
    }
}
