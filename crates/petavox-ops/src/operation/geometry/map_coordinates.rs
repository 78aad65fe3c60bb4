//! `map_coordinates`: samples at points that an image lists.

use super::sampled::{How, accept};
use crate::Params;
use petavox_core::{Block, Error, ImageSpec, Region, Result};
use petavox_engine::{BlockCall, BlockOp, Need, Node};
use petavox_kernels::interpolate::{Points, Sampling, points_reach, resample_points};
use serde_json::Value as Json;
use std::sync::Arc;

struct MapCoordinates {
    how: How,
    /// Coordinates that are known beforehand, an axis after another.
    listed: Option<Vec<Vec<f64>>>,
}

/// The samples of the first image at the points of the second, whose first axis counts the first's axes (scipy.ndimage.map_coordinates); or at
/// the points of a list, `coordinates`: those of all points along the first axis, then along the second, and so on.
///
/// Of listed points each block reads the box around its own. Which samples a block of an image of points needs is known only when the
/// points are, so that the whole first image is held; where it does not fit the memory the plan is refused. The points themselves are
/// read block by block.
///
/// # Errors
/// If the second image does not list points of the first.
pub fn build(inputs: &[Arc<Node>], params: &mut Params) -> Result<Arc<Node>> {
    let (Some(image), 1..=2) = (inputs.first(), inputs.len()) else {
        let given = format!("{} images", inputs.len());
        return Err(Error::argument("map_coordinates", given, "an image and one of coordinates"));
    };
    accept(params.op(), image.spec())?;
    let n = image.spec().ndim();
    let listed = params.parsed::<Json>("coordinates")?;
    let mut how = How::take(params, image.spec(), "constant")?;
    let prepared = how.prepared(image, &(0..n).collect::<Vec<_>>())?;
    let Some(points) = inputs.get(1) else {
        let listed = listed.as_ref().and_then(|json| lists(json, n)).ok_or_else(|| {
            let given = listed.map_or_else(|| "nothing".into(), |l| l.to_string());
            let expected =
                format!("an image of points, or as many coordinates for each of {n} axes");
            Error::argument("map_coordinates: coordinates", given, expected)
        })?;
        let op = MapCoordinates { how, listed: Some(listed) };
        return Node::block(Arc::new(op), vec![prepared], vec![]);
    };
    let spec = points.spec();
    if spec.ndim() < 2 || spec.shape[0] != n || listed.is_some() {
        let expected = format!("{n} coordinates along the first axis, and at least one more axis");
        let given = format!("an image of {:?}", spec.shape);
        return Err(Error::argument("map_coordinates: coordinates", given, expected));
    }
    let op = MapCoordinates { how, listed: None };
    Node::block(Arc::new(op), vec![prepared, points.clone()], vec![])
}

/// As many numbers for each of `n` axes, nested or one after another.
fn lists(json: &Json, n: usize) -> Option<Vec<Vec<f64>>> {
    let of =
        |row: &Json| -> Option<Vec<f64>> { row.as_array()?.iter().map(Json::as_f64).collect() };
    let all: Vec<Vec<f64>> = match of(json) {
        Some(flat) if flat.len().is_multiple_of(n) && !flat.is_empty() => {
            flat.chunks(flat.len() / n).map(<[f64]>::to_vec).collect()
        }
        Some(_) => return None,
        None => json.as_array()?.iter().map(of).collect::<Option<_>>()?,
    };
    (all.len() == n && all.iter().all(|line| line.len() == all[0].len())).then_some(all)
}

impl MapCoordinates {
    fn sampling(&self) -> Sampling {
        Sampling {
            interpolant: self.how.interpolant,
            mode: self.how.mode,
            pad: self.how.npad as f64,
            lead: 0,
            trail: 0,
        }
    }
}

fn part<'a>(listed: &'a [Vec<f64>], target: &Region) -> Vec<&'a [f64]> {
    let from = target.start()[0].max(0) as usize;
    listed.iter().map(|line| &line[from..from + target.shape()[0]]).collect()
}

impl BlockOp for MapCoordinates {
    fn name(&self) -> &'static str {
        "map_coordinates"
    }

    fn params(&self) -> serde_json::Value {
        let mut params = self.how.params();
        if let Some(listed) = &self.listed {
            params.insert("coordinates".into(), serde_json::json!(listed));
        }
        params.into()
    }

    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        match &self.listed {
            Some(listed) => ImageSpec::new([listed[0].len()], self.how.dtype),
            None => ImageSpec::new(&inputs[1].shape[1..], self.how.dtype),
        }
    }

    fn needs(&self, inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        if let Some(listed) = &self.listed {
            let reach = points_reach(&part(listed, target), &inputs[0].shape, &self.sampling());
            return vec![Need::inside(reach)];
        }
        let n = inputs[0].ndim();
        let points = Region::new([&[0], target.start()].concat(), [&[n], target.shape()].concat());
        vec![Need::inside(inputs[0].region()), Need::inside(points)]
    }

    fn cost_ns(&self) -> f64 {
        10.0 + self.how.cost_ns(3)
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        let target = call.output.region().clone();
        let block = match &self.listed {
            Some(listed) => {
                let lines = part(listed, &target);
                let region = Region::new([0, target.start()[0]], [lines.len(), target.shape()[0]]);
                Some(Block::from_vec(region, lines.concat())?)
            }
            None => None,
        };
        let points = match &block {
            Some(block) => Points::Given(block),
            None => Points::Given(call.inputs[1]),
        };
        let shape = &call.specs[0].shape;
        resample_points(call.inputs[0], call.output, points, &self.sampling(), shape, call.cancel)
    }
}
