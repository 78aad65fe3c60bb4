//! Surfaces of blocks, and of all blocks together: vertices are known by the edge between samples that they lie on.

pub use super::cube::Faces;
use super::cube::{CORNERS, EDGES, each_loop, ends};
use super::polygon::triangles;
use petavox_core::{Block, Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Where the surface cuts an edge.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Vertex {
    /// The edge: three times the raster number of its lower sample, and its axis from the last on.
    pub edge: u64,
    /// Its place along the axes.
    pub place: [f32; 3],
    /// Down the gradient, the sum over all cubes around; not normalised.
    pub normal: [f64; 3],
    /// The largest difference between samples of a cube around.
    pub value: f32,
}

/// What blocks tell of a surface.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Piece {
    /// In no order; those at blocks' borders are told by several.
    pub vertices: Vec<Vertex>,
    /// Twelve times the raster number of the cube and the triangle's number there, and its vertices' edges.
    pub triangles: Vec<(u64, [u64; 3])>,
}

/// A surface of triangles.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Mesh {
    /// Places along the axes, in the raster order of the edges they lie on.
    pub vertices: Vec<[f32; 3]>,
    /// Vertices of the triangles, in the raster order of the cubes they lie in; counter-clockwise as seen from below the level.
    pub faces: Vec<[u32; 3]>,
    /// Down the gradient, of length 1.
    pub normals: Vec<[f32; 3]>,
    /// The largest difference between samples around each vertex.
    pub values: Vec<f32>,
}

impl Piece {
    /// Bytes that it takes.
    pub fn bytes(&self) -> usize {
        self.vertices.capacity() * size_of::<Vertex>()
            + self.triangles.capacity() * size_of::<(u64, [u64; 3])>()
    }
}

/// The surface in a block that [`corners`](super::corners) filled, of a volume of `shape` samples that are `step` apart.
///
/// # Errors
/// [`Error::Internal`] if the block is not such a block.
pub fn pieces(
    block: &Block,
    shape: &[usize; 3],
    level: f64,
    step: usize,
    faces: Faces,
) -> Result<Piece> {
    let region = block.region();
    if region.ndim() != 4 || region.shape()[3] != CORNERS || region.start()[3] != 0 {
        return Err(Error::internal("pieces", format!("a block of {region}")));
    }
    let mut made = Making { piece: Piece::default(), known: HashMap::new(), shape, step, faces };
    let cubes = &region.shape()[..3];
    for (k, samples) in block.typed::<f32>()?.chunks_exact(CORNERS).enumerate() {
        let above = samples.iter().filter(|v| f64::from(**v) - level > 0.0).count();
        if above == 0 || above == CORNERS || samples[0].is_nan() {
            continue;
        }
        let at = [k / (cubes[1] * cubes[2]), k / cubes[2] % cubes[1], k % cubes[2]];
        let at = std::array::from_fn(|a| at[a] as u64 + region.start()[a] as u64);
        made.cube(at, &std::array::from_fn(|c| f64::from(samples[c]) - level));
    }
    Ok(made.piece)
}

struct Making<'a> {
    piece: Piece,
    known: HashMap<u64, usize>,
    shape: &'a [usize; 3],
    step: usize,
    faces: Faces,
}

impl Making<'_> {
    fn rank(&self, at: [u64; 3]) -> u64 {
        (at[0] * self.shape[1] as u64 + at[1]) * self.shape[2] as u64 + at[2]
    }

    fn cube(&mut self, at: [u64; 3], values: &[f64; CORNERS]) {
        let high = values.iter().copied().fold(f64::MIN, f64::max);
        let low = values.iter().copied().fold(f64::MAX, f64::min);
        let order = 12 * self.rank(at);
        let mut n_triangles = 0;
        let mut points = [[0.0; 3]; EDGES];
        let mut edges = [0u64; EDGES];
        each_loop(values, self.faces, |line| {
            for (i, edge) in line.iter().enumerate() {
                let (a, b) = ends(*edge);
                let weights = [a, b].map(|c| 1.0 / (f64::EPSILON + values[c].abs()));
                let share = weights[1] / (weights[0] + weights[1]);
                let corner: [u64; 3] = std::array::from_fn(|axis| (a >> (2 - axis) & 1) as u64);
                let along = 2 - edge % 3;
                points[i] = corner.map(|c| c as f64);
                points[i][along] = share;
                let lower = std::array::from_fn(|axis| at[axis] + corner[axis]);
                edges[i] = 3 * self.rank(lower) + (edge % 3) as u64;
                let slope = |corner: usize, axis: usize| {
                    let bit = 1 << (2 - axis);
                    values[corner & !bit] - values[corner | bit]
                };
                let normal = std::array::from_fn(|axis| {
                    // In single precision, so that sums do not depend on their order.
                    let sum = weights[0] * slope(a, axis) + weights[1] * slope(b, axis);
                    f64::from((sum / (weights[0] + weights[1])) as f32)
                });
                let place = std::array::from_fn(|axis| {
                    ((at[axis] as f64 + points[i][axis]) * self.step as f64) as f32
                });
                let value = (high - low) as f32;
                self.add(Vertex { edge: edges[i], place, normal, value });
            }
            triangles(line, &points[..line.len()], &mut |t| {
                self.piece.triangles.push((order + n_triangles, t.map(|i| edges[i])));
                n_triangles += 1;
            });
        });
    }

    fn add(&mut self, vertex: Vertex) {
        let number = *self.known.entry(vertex.edge).or_insert(self.piece.vertices.len());
        match self.piece.vertices.get_mut(number) {
            Some(known) => merge(known, &vertex),
            None => self.piece.vertices.push(vertex),
        }
    }
}

fn merge(known: &mut Vertex, other: &Vertex) {
    (0..3).for_each(|a| known.normal[a] += other.normal[a]);
    known.value = known.value.max(other.value);
}

/// The surface of all pieces.
///
/// # Errors
/// [`Error::InvalidArgument`] if it has more vertices than numbers of 32 bits count.
pub fn join(mut piece: Piece) -> Result<Mesh> {
    piece.vertices.sort_unstable_by_key(|v| v.edge);
    piece.vertices.dedup_by(|other, known| {
        let same = other.edge == known.edge;
        if same {
            merge(known, other);
        }
        same
    });
    if u32::try_from(piece.vertices.len()).is_err() {
        let expected = "fewer than 4 billion; take a larger step_size, or parts of the image";
        let given = format!("{} vertices", piece.vertices.len());
        return Err(Error::argument("marching_cubes", given, expected));
    }
    piece.triangles.sort_unstable_by_key(|t| t.0);
    let number = |edge: &u64| piece.vertices.partition_point(|v| v.edge < *edge) as u32;
    let faces = piece.triangles.iter().map(|(_, t)| t.each_ref().map(number)).collect();
    let unit = |v: &Vertex| {
        let length = v.normal.iter().map(|n| n * n).sum::<f64>().sqrt();
        v.normal.map(|n| if length > 0.0 { (n / length) as f32 } else { 0.0 })
    };
    Ok(Mesh {
        faces,
        normals: piece.vertices.iter().map(unit).collect(),
        values: piece.vertices.iter().map(|v| v.value).collect(),
        vertices: piece.vertices.iter().map(|v| v.place).collect(),
    })
}
