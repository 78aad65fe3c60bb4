//! The same samples under another description: axes, spacing or origin that the user knows better than the file.

use crate::Params;
use petavox_core::{Block, ChunkGrid, Error, ImageSpec, Region, Result, Source};
use petavox_engine::{BlockCall, BlockOp, Kind, Need, Node};
use std::sync::Arc;

struct Describe {
    spec: ImageSpec,
}

/// The image's samples with the axes, spacing and origin of `spec`.
///
/// # Errors
/// [`Error::InvalidArgument`] if the shape or dtype of `spec` is not the image's.
pub fn describe(input: &Arc<Node>, spec: ImageSpec) -> Result<Arc<Node>> {
    Node::block(Arc::new(Describe { spec }), vec![input.clone()], vec![])
}

/// [`describe`] from a written plan.
///
/// # Errors
/// If the parameters are not those of a description.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let mut spec = input.spec().clone();
    if let Some(axes) = params.parsed("axes")? {
        spec.axes = axes;
    }
    if let Some(spacing) = params.parsed("spacing")? {
        spec.spacing = spacing;
    }
    if let Some(origin) = params.parsed("origin")? {
        spec.origin = origin;
    }
    let n = spec.ndim();
    if spec.axes.ndim() != n || spec.spacing.values.len() != n || spec.origin.len() != n {
        return Err(Error::argument(
            "describe",
            "another number of axes",
            format!("{n}, as the image has"),
        ));
    }
    describe(input, spec)
}

/// What reads an image that was opened, perhaps under another description, and not computed.
pub fn source_of(node: &Node) -> Option<Arc<dyn Source>> {
    match (node.kind(), node.inputs()) {
        (Kind::Source(source), _) => Some(source.clone()),
        (Kind::Block(op), [input]) if op.name() == "describe" => {
            Some(Arc::new(Described { source: source_of(input)?, spec: node.spec().clone() }))
        }
        _ => None,
    }
}

struct Described {
    source: Arc<dyn Source>,
    spec: ImageSpec,
}

impl Source for Described {
    fn spec(&self) -> &ImageSpec {
        &self.spec
    }

    fn grid(&self) -> &ChunkGrid {
        self.source.grid()
    }

    fn reads_below_chunk(&self) -> bool {
        self.source.reads_below_chunk()
    }

    fn is_memory(&self) -> bool {
        self.source.is_memory()
    }

    fn scratch_bytes(&self, region: &Region) -> u64 {
        self.source.scratch_bytes(region)
    }

    fn read(&self, out: &mut Block) -> Result<()> {
        self.source.read(out)
    }

    fn locator(&self) -> Option<String> {
        // Opened by its name it would have the description of its file.
        None
    }
}

impl BlockOp for Describe {
    fn name(&self) -> &'static str {
        "describe"
    }

    fn params(&self) -> serde_json::Value {
        serde_json::json!({
            "axes": self.spec.axes, "spacing": self.spec.spacing, "origin": self.spec.origin,
        })
    }

    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        let (has, says) = (inputs[0], &self.spec);
        if has.shape != says.shape || has.dtype != says.dtype {
            let given = format!("{:?} {}", says.shape, says.dtype);
            return Err(Error::argument(
                "describe",
                given,
                format!("{:?} {}", has.shape, has.dtype),
            ));
        }
        Ok(says.clone())
    }

    fn needs(&self, _inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        vec![Need::inside(target.clone())]
    }

    fn cost_ns(&self) -> f64 {
        0.1
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        call.output.copy_from(call.inputs[0])
    }
}
