//! The surface of one level through a volume, as a fold: blocks tell their triangles, whose vertices are known by the edges they lie on.

use petavox_core::{Block, Dtype, Error, ImageSpec, Region, Result};
use petavox_engine::{BlockCall, BlockOp, FoldOp, Need, Node, Part, Value, part};
use petavox_kernels::surface::{CORNERS, Faces, Mesh, Piece, corners, join, pieces};
use std::sync::Arc;

/// What surface is found, and how.
#[derive(Clone, Copy, Debug)]
pub struct SurfaceOptions {
    /// The level.
    pub level: f64,
    /// From sample to sample, in the coordinates of vertices.
    pub step: usize,
    /// Ambiguous faces are decided by their samples, not always the same way.
    pub interpolated: bool,
    /// What the pieces may take at most while they are gathered.
    pub max_bytes: u64,
}

/// The surface in an image of three axes; the value is a [`Mesh`].
///
/// # Errors
/// For other images, for axes of fewer than two samples, and a mask of another shape or dtype.
pub fn surface(
    image: &Arc<Node>,
    mask: Option<&Arc<Node>>,
    options: SurfaceOptions,
) -> Result<Arc<Node>> {
    let Ok(shape) = <[usize; 3]>::try_from(&image.spec().shape[..]) else {
        let given = format!("{} axes", image.spec().ndim());
        return Err(Error::argument("marching_cubes", given, "three axes"));
    };
    if shape.iter().any(|n| *n < 2) {
        let expected = "two samples or more along every axis";
        return Err(Error::argument("marching_cubes", format!("an image of {shape:?}"), expected));
    }
    let mut inputs = vec![crate::operation::arrays::astype::cast(image, Dtype::Float32)?];
    if let Some(mask) = mask {
        if mask.spec().shape != shape {
            let given = format!("shape {:?}", mask.spec().shape);
            return Err(Error::argument("marching_cubes: mask", given, format!("{shape:?}")));
        }
        crate::operation::needs_mask("marching_cubes", mask.spec())?;
        inputs.push(mask.clone());
    }
    let cubes = Node::block(Arc::new(Cubes), inputs, vec![])?;
    Node::fold(Arc::new(Surface { options, shape }), cubes, vec![])
}

/// The corners of the cubes between samples.
struct Cubes;

impl BlockOp for Cubes {
    fn name(&self) -> &'static str {
        "cubes"
    }

    fn params(&self) -> serde_json::Value {
        serde_json::json!({})
    }

    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        let shape: Vec<usize> = inputs[0].shape.iter().map(|n| n - 1).collect();
        crate::operation::arrays::with_last_axes("cubes", inputs[0], &shape, &[CORNERS])
    }

    fn needs(&self, inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        let cubes = Region::new(&target.start()[..3], &target.shape()[..3]);
        let grown = if target.is_empty() { cubes } else { cubes.grow(&[0; 3], &[1; 3]) };
        vec![Need::inside(grown); inputs.len()]
    }

    fn cost_ns(&self) -> f64 {
        1.0
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        corners(call.inputs[0], call.inputs.get(1).copied(), call.output)
    }
}

struct Surface {
    options: SurfaceOptions,
    shape: [usize; 3],
}

impl FoldOp for Surface {
    petavox_engine::travels!(part: Piece, value: Mesh);

    fn name(&self) -> &'static str {
        "surface"
    }

    fn params(&self) -> serde_json::Value {
        let SurfaceOptions { level, step, interpolated, .. } = self.options;
        serde_json::json!({
            "level": crate::params::number_json(level), "step": step, "interpolated": interpolated,
        })
    }

    fn accept(&self, _input: &ImageSpec) -> Result<()> {
        Ok(())
    }

    fn state_bytes(&self, input: &ImageSpec) -> u64 {
        (input.bytes() * 16).min(self.options.max_bytes)
    }

    fn cell(&self, _input: &ImageSpec) -> Option<Vec<usize>> {
        Some(vec![1, 1, 1, CORNERS])
    }

    fn any_order(&self) -> bool {
        true
    }

    fn map_bytes(&self, _input: &ImageSpec, region: &Region) -> u64 {
        // Three vertices with their places in a table, and four triangles, for every cube at worst; few are cut at all.
        (region.len() / CORNERS * 160) as u64
    }

    fn map(&self, block: &Block, _input: &ImageSpec) -> Result<Part> {
        let SurfaceOptions { level, step, interpolated, .. } = self.options;
        let faces = if interpolated { Faces::Interpolated } else { Faces::Apart };
        Ok(Box::new(pieces(block, &self.shape, level, step, faces)?))
    }

    fn merge(&self, left: Part, right: Part) -> Result<Part> {
        let (mut left, right) = (part::<Piece>(left)?, part::<Piece>(right)?);
        left.vertices.extend(right.vertices);
        left.triangles.extend(right.triangles);
        // The mesh itself is made beside the pieces.
        let bytes = 2 * left.bytes() as u64;
        if bytes > self.options.max_bytes {
            let what = format!("a surface of {} triangles so far", left.triangles.len());
            return Err(Error::Budget { what, needed: 4 * bytes, budget: self.options.max_bytes });
        }
        Ok(Box::new(left))
    }

    fn finish(&self, merged: Option<Part>, _input: &ImageSpec) -> Result<Value> {
        let mesh = join(merged.map(part::<Piece>).transpose()?.unwrap_or_default())?;
        let json =
            serde_json::json!({ "vertices": mesh.vertices.len(), "faces": mesh.faces.len() });
        Ok(Value::new(mesh, json))
    }
}
