//! Connected components of a mask bigger than memory: the fold that finds them, cell by cell of a fixed grid.
//!
//! Every cell is labelled by itself; the outermost planes of cells wait until all neighbours have come, so that what is
//! held grows with the frontier and the number of components, never with the image.

use petavox_core::{Block, ChunkGrid, Error, ImageSpec, Region, Result};
use petavox_engine::{
    FoldOp, Node, Part, Value, from_bytes, part, to_bytes, value_from_bytes, value_to_bytes,
};
use petavox_kernels::label::{
    Component, ComponentTable, Components, Neighbours, Of, label_block, runs_bytes, touching,
};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;

/// The components of a mask, or of its background. The value is a [`Labelling`].
///
/// # Errors
/// If the image is not a mask, or not of integers for components of equal values.
pub(crate) fn components(image: &Arc<Node>, of: Of, neighbours: &Neighbours) -> Result<Arc<Node>> {
    let fold = ComponentsFold { of, neighbours: neighbours.clone() };
    Node::fold(Arc::new(fold), image.clone(), vec![])
}

/// The grid in whose cells components are found; it depends on the image only.
pub(crate) fn cell_grid(shape: &[usize]) -> ChunkGrid {
    let n = shape.len();
    let sizes = [256, 128, 32];
    let cell: Vec<usize> = (0..n).map(|a| if n - a <= 3 { sizes[n - a - 1] } else { 1 }).collect();
    let cell = if n == 2 { vec![512, 1024] } else { cell };
    let cell = if n == 1 { vec![1 << 19] } else { cell };
    ChunkGrid::new(shape, &cell)
}

/// Bytes that labelling one cell takes.
pub(crate) fn cell_bytes(shape: &[usize]) -> usize {
    runs_bytes(cell_grid(shape).chunk())
}

/// What is known of a mask's components.
#[derive(Serialize, Deserialize)]
pub(crate) struct Labelling {
    /// The cells.
    pub(crate) grid: ChunkGrid,
    /// Per cell: its number in the table, and how many labels it has.
    pub(crate) cells: Vec<(usize, usize)>,
    pub(crate) table: ComponentTable,
}

struct ComponentsFold {
    of: Of,
    neighbours: Neighbours,
}

/// A labelled cell on its way to the merged state.
struct Cell {
    grid: Arc<ChunkGrid>,
    number: usize,
    region: Region,
    found: Vec<Component>,
    /// The outermost planes, first and last, per axis.
    faces: Vec<[Block; 2]>,
}

/// A cell whose neighbours have not all come.
#[derive(Serialize, Deserialize)]
struct Waiting {
    base: usize,
    #[serde(with = "planes")]
    faces: Vec<[Block; 2]>,
    n_missing: usize,
}

#[derive(Serialize, Deserialize)]
struct State {
    grid: ChunkGrid,
    components: Components,
    cells: HashMap<usize, (usize, usize)>,
    waiting: HashMap<usize, Waiting>,
    face_bytes: u64,
    n_components: u64,
}

enum Merged {
    Cells(Vec<Cell>),
    State(Box<State>),
}

impl State {
    fn new(grid: ChunkGrid) -> State {
        State {
            grid,
            components: Components::default(),
            cells: HashMap::new(),
            waiting: HashMap::new(),
            face_bytes: 0,
            n_components: 0,
        }
    }
}

impl FoldOp for ComponentsFold {
    fn name(&self) -> &'static str {
        "components"
    }

    fn params(&self) -> serde_json::Value {
        let marks: Vec<u8> = self.neighbours.marks().iter().map(|m| u8::from(*m)).collect();
        let of = match self.of {
            Of::Foreground => "mask".to_owned(),
            Of::Background => "holes".to_owned(),
            Of::Values(background) => format!("values but {background:?}"),
        };
        serde_json::json!({ "structure": marks, "of": of })
    }

    fn accept(&self, input: &ImageSpec) -> Result<()> {
        match self.of {
            Of::Values(_) if !input.dtype.is_float() => Ok(()),
            Of::Values(_) => Err(Error::dtype("label", input.dtype, "bool and integers")),
            _ => crate::operation::needs_mask("label", input),
        }
    }

    fn state_bytes(&self, input: &ImageSpec) -> u64 {
        // The frontier: one layer of cells' faces, and some components (a noisy mask's: a byte for every 64 samples); more is
        // reserved as it comes.
        let frontier: usize = input.shape[1..].iter().product();
        8 * frontier as u64 + (1 << 20) + input.len() as u64 / 64
    }

    fn map_bytes(&self, input: &ImageSpec, _region: &Region) -> u64 {
        cell_bytes(&input.shape) as u64
    }

    fn part_bytes(&self, part: &Part) -> u64 {
        match part.downcast_ref::<Merged>() {
            // Union-find, first voxels and sizes, with room for vectors that double.
            Some(Merged::State(state)) => {
                state.face_bytes + 48 * state.n_components + 96 * state.cells.len() as u64
            }
            _ => 0,
        }
    }

    fn cell(&self, input: &ImageSpec) -> Option<Vec<usize>> {
        Some(cell_grid(&input.shape).chunk().to_vec())
    }

    fn cost_ns(&self) -> f64 {
        1.5
    }

    fn map(&self, block: &Block, input: &ImageSpec) -> Result<Part> {
        let grid = Arc::new(cell_grid(&input.shape));
        let mut cells = Vec::new();
        for number in grid.meeting(block.region()) {
            let region = grid.region(number);
            if !block.region().contains(&region) {
                return Err(Error::internal(
                    "components",
                    format!("cell {region} of block {}", block.region()),
                ));
            }
            let runs = label_block(block, &region, self.of, &self.neighbours)?;
            let faces = (0..region.ndim()).map(|a| runs.faces(a)).collect::<Result<Vec<_>>>()?;
            let found = runs.components().to_vec();
            cells.push(Cell { grid: grid.clone(), number, region, found, faces });
        }
        Ok(Box::new(Merged::Cells(cells)))
    }

    fn merge(&self, left: Part, right: Part) -> Result<Part> {
        let mut state = self.state(left)?;
        match part::<Merged>(right)? {
            Merged::Cells(cells) => self.add(&mut state, cells)?,
            Merged::State(right) => self.join(&mut state, *right)?,
        }
        Ok(Box::new(Merged::State(state)))
    }

    fn part_to_bytes(&self, part: Part) -> Result<Vec<u8>> {
        to_bytes(&self.state(part)?)
    }

    fn part_from_bytes(&self, bytes: &[u8]) -> Result<Part> {
        Ok(Box::new(Merged::State(from_bytes(bytes)?)))
    }

    fn value_to_bytes(&self, value: &Value) -> Result<Vec<u8>> {
        value_to_bytes::<Labelling>(value)
    }

    fn value_from_bytes(&self, bytes: &[u8]) -> Result<Value> {
        value_from_bytes::<Labelling>(bytes)
    }

    fn finish(&self, merged: Option<Part>, input: &ImageSpec) -> Result<Value> {
        let grid = cell_grid(&input.shape);
        let state = match merged {
            Some(merged) => self.state(merged)?,
            None => Box::new(State::new(grid.clone())),
        };
        let cells = (0..grid.len())
            .map(|n| {
                state
                    .cells
                    .get(&n)
                    .copied()
                    .ok_or_else(|| Error::internal("components", "a cell is missing"))
            })
            .collect::<Result<Vec<_>>>()?;
        let table = state.components.finish();
        let json = serde_json::json!({ "n_components": table.sizes().len() });
        Ok(Value::new(Labelling { grid, cells, table }, json))
    }
}

impl ComponentsFold {
    /// A part as a state, to which more can be added.
    fn state(&self, merged: Part) -> Result<Box<State>> {
        match part::<Merged>(merged)? {
            Merged::State(state) => Ok(state),
            Merged::Cells(cells) => {
                let grid = cells.first().map(|c| c.grid.as_ref().clone());
                let grid = grid.ok_or_else(|| Error::internal("components", "no cells"))?;
                let mut state = Box::new(State::new(grid));
                self.add(&mut state, cells)?;
                Ok(state)
            }
        }
    }

    /// Joins two states: only cells that wait in one have neighbours in the other.
    fn join(&self, left: &mut State, right: State) -> Result<()> {
        let base = left.components.append(right.components);
        left.cells.extend(right.cells.into_iter().map(|(cell, (at, n))| (cell, (at + base, n))));
        left.n_components += right.n_components;
        let mut theirs: Vec<(usize, Waiting)> = right.waiting.into_iter().collect();
        theirs.iter_mut().for_each(|(_, cell)| cell.base += base);
        for (number, cell) in &mut theirs {
            cell.n_missing -= self.meet(left, *number, cell.base, &cell.faces)?;
        }
        for (number, cell) in theirs.into_iter().filter(|(_, cell)| cell.n_missing > 0) {
            left.face_bytes += face_bytes(&cell.faces);
            left.waiting.insert(number, cell);
        }
        Ok(())
    }

    fn add(&self, state: &mut State, cells: Vec<Cell>) -> Result<()> {
        cells.into_iter().try_for_each(|cell| self.add_cell(state, cell))
    }

    fn add_cell(&self, state: &mut State, cell: Cell) -> Result<()> {
        let base = state.components.add_block(&cell.region, cell.grid.shape(), &cell.found);
        state.cells.insert(cell.number, (base, cell.found.len()));
        state.n_components += cell.found.len() as u64;
        let n_neighbours = neighbours(&state.grid, cell.number).len();
        let n_missing = n_neighbours - self.meet(state, cell.number, base, &cell.faces)?;
        if n_missing > 0 {
            state.face_bytes += face_bytes(&cell.faces);
            state.waiting.insert(cell.number, Waiting { base, faces: cell.faces, n_missing });
        }
        Ok(())
    }

    /// Joins the components of a cell with those of its neighbours that wait for it. Tells how many that were.
    fn meet(
        &self,
        state: &mut State,
        number: usize,
        base: usize,
        faces: &[[Block; 2]],
    ) -> Result<usize> {
        let mut n_met = 0;
        for (number, direction) in neighbours(&state.grid, number) {
            let Some(other) = state.waiting.get_mut(&number) else { continue };
            // Any axis along which the two differ will do: both planes hold the edge or corner at which they meet.
            let axis = direction.iter().position(|d| *d != 0).unwrap_or(0);
            let mine = &faces[axis][usize::from(direction[axis] > 0)];
            let theirs = &other.faces[axis][usize::from(direction[axis] < 0)];
            let other_base = other.base;
            let components = &mut state.components;
            touching(mine, theirs, &self.neighbours, &mut |a, b| {
                components.join((base, a), (other_base, b))
            })?;
            n_met += 1;
            other.n_missing -= 1;
            if other.n_missing == 0 {
                state.face_bytes -= face_bytes(&other.faces);
                state.waiting.remove(&number);
            }
        }
        Ok(n_met)
    }
}

/// The cells around a cell, with the direction in which they lie.
fn neighbours(grid: &ChunkGrid, number: usize) -> Vec<(usize, Vec<i64>)> {
    let index = grid.index(number);
    let counts = grid.counts();
    let around = ChunkGrid::new(&vec![3; index.len()], &vec![1; index.len()]);
    (0..around.len())
        .filter_map(|k| {
            let direction: Vec<i64> = around.index(k).iter().map(|i| *i as i64 - 1).collect();
            let there: Vec<i64> =
                index.iter().zip(&direction).map(|(i, d)| *i as i64 + d).collect();
            let inside = there.iter().zip(&counts).all(|(t, c)| (0..*c as i64).contains(t));
            if !inside || direction.iter().all(|d| *d == 0) {
                return None;
            }
            let there: Vec<usize> = there.into_iter().map(|t| t as usize).collect();
            Some((grid.number(&there), direction))
        })
        .collect()
}

fn face_bytes(faces: &[[Block; 2]]) -> u64 {
    faces.iter().flatten().map(|f| f.bytes().len() as u64).sum()
}

/// Planes of labels on their way to another machine.
mod planes {
    use petavox_core::{Block, Region};
    use serde::de::Error as _;
    use serde::ser::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    type Planes = Vec<[(Region, Vec<u32>); 2]>;

    pub(super) fn serialize<S: Serializer>(
        planes: &[[Block; 2]],
        to: S,
    ) -> Result<S::Ok, S::Error> {
        let labels = |b: &Block| {
            let labels = b.typed::<u32>().map_err(S::Error::custom)?.to_vec();
            Ok((b.region().clone(), labels))
        };
        let planes: Result<Planes, S::Error> =
            planes.iter().map(|[a, b]| Ok([labels(a)?, labels(b)?])).collect();
        planes?.serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<[Block; 2]>, D::Error> {
        let block =
            |(region, labels)| Block::from_vec::<u32>(region, labels).map_err(D::Error::custom);
        let planes = Planes::deserialize(from)?;
        planes.into_iter().map(|[a, b]| Ok([block(a)?, block(b)?])).collect()
    }
}
