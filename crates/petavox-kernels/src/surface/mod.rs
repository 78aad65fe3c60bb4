//! Surfaces of one level through a volume, by marching cubes (W. Lorensen and H. Cline, 1987), with ambiguous faces decided by what the
//! samples say there (G. Nielson and B. Hamann, 1991). There is no table of cases: the lines that the surface draws on a cube's faces are
//! followed around the cube, and what they enclose is cut into triangles.

mod cube;
mod mesh;
mod polygon;

pub use cube::{CORNERS, corners};
pub use mesh::{Faces, Mesh, Piece, Vertex, join, pieces};
