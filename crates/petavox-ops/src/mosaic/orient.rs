//! Cameras that are mounted turned or mirrored: tiles as they lie under the stage.

use petavox_core::{
    Axes, Block, ChunkGrid, Error, ImageSpec, Region, Result, Source, dispatch, strides,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// One of the eight ways in which a camera's image can lie: first rows and columns may be exchanged, then their order be reversed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Orientation {
    transposes: bool,
    flips: [bool; 2],
}

/// Names, whether rows and columns are exchanged, and whether y and x are reversed then. The turns are numpy's `rot90`, counter-clockwise.
const NAMES: [(&str, bool, [bool; 2]); 8] = [
    ("none", false, [false, false]),
    ("flip-x", false, [false, true]),
    ("flip-y", false, [true, false]),
    ("rot180", false, [true, true]),
    ("transpose", true, [false, false]),
    ("rot90", true, [true, false]),
    ("rot270", true, [false, true]),
    ("anti-transpose", true, [true, true]),
];

impl Orientation {
    /// All eight, as they are first.
    pub fn all() -> [Orientation; 8] {
        NAMES.map(|(_, transposes, flips)| Orientation { transposes, flips })
    }

    /// Parses a name.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] that lists the names.
    pub fn parse(name: &str) -> Result<Orientation> {
        let found = NAMES.iter().find(|(n, ..)| *n == name);
        found
            .map(|(_, transposes, flips)| Orientation { transposes: *transposes, flips: *flips })
            .ok_or_else(|| {
                let names: Vec<&str> = NAMES.iter().map(|n| n.0).collect();
                Error::argument("orientation", name, format!("one of {}", names.join(", ")))
            })
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        let own = |n: &&(&str, bool, [bool; 2])| (n.1, n.2) == (self.transposes, self.flips);
        NAMES.iter().find(own).map_or("none", |n| n.0)
    }

    /// True if images stay as they are.
    pub fn is_none(self) -> bool {
        self == Orientation::default()
    }

    /// True if rows become columns.
    pub fn transposes(self) -> bool {
        self.transposes
    }

    /// The place in the camera's image, of these numbers of rows and columns, that is seen at a place of the turned one.
    pub(super) fn back(self, [y, x]: [i64; 2], shape: [usize; 2]) -> [i64; 2] {
        let turned = if self.transposes { [shape[1], shape[0]] } else { shape };
        let at = |v: i64, k: usize| if self.flips[k] { turned[k] as i64 - 1 - v } else { v };
        let (y, x) = (at(y, 0), at(x, 1));
        if self.transposes { [x, y] } else { [y, x] }
    }
}

impl TryFrom<String> for Orientation {
    type Error = Error;

    fn try_from(name: String) -> Result<Orientation> {
        Orientation::parse(&name)
    }
}

impl From<Orientation> for String {
    fn from(orientation: Orientation) -> String {
        orientation.name().to_owned()
    }
}

/// How a tile's file is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct View {
    /// How the camera's image lies under the stage.
    pub(super) orientation: Option<Orientation>,
    /// Colours that lie side by side become planes of their own, before the others.
    pub(super) is_planar: bool,
}

/// A source as it lies under the stage.
///
/// # Errors
/// [`Error::InvalidArgument`] for images that have no axes y and x.
pub(super) fn viewed(source: Arc<dyn Source>, view: View) -> Result<Arc<dyn Source>> {
    let spec = source.spec().clone();
    let n = spec.ndim();
    let how = view.orientation.unwrap_or_default();
    let moves = view.is_planar && n > 1 && spec.axes.position('c') == Some(n - 1);
    if how.is_none() && !moves {
        return Ok(source);
    }
    let mut axes: Vec<(usize, bool)> = (0..n).map(|a| (a, false)).collect();
    if !how.is_none() {
        let (Some(y), Some(x)) = (spec.axes.position('y'), spec.axes.position('x')) else {
            let expected = "tiles with axes y and x";
            return Err(Error::argument(
                "orientation",
                format!("tiles of {}", spec.axes),
                expected,
            ));
        };
        let from = if how.transposes { [x, y] } else { [y, x] };
        (axes[y], axes[x]) = ((from[0], how.flips[0]), (from[1], how.flips[1]));
    }
    let mut letters: Vec<char> = spec.axes.as_str().chars().collect();
    if moves {
        // After the time, as OME-Zarr has it.
        let to = usize::from(letters.first() == Some(&'t'));
        axes[to..].rotate_right(1);
        letters[to..].rotate_right(1);
    }
    let shape: Vec<usize> = axes.iter().map(|(b, _)| spec.shape[*b]).collect();
    let chunk = axes.iter().zip(&shape).map(|(&(b, is_back), &len)| {
        let chunk = source.grid().chunk()[b].max(1);
        // Chunks that are counted from the other end would not be whole ones.
        if is_back && !len.is_multiple_of(chunk) { len } else { chunk }
    });
    let grid = ChunkGrid::new(&shape, &chunk.collect::<Vec<_>>());
    let letters = Axes::parse(&letters.iter().collect::<String>())?;
    let mut seen = ImageSpec::new(shape, spec.dtype)?.with_axes(letters)?;
    seen.spacing.unit = spec.spacing.unit.clone();
    for (a, (b, _)) in axes.iter().enumerate() {
        (seen.spacing.values[a], seen.origin[a]) = (spec.spacing.values[*b], spec.origin[*b]);
    }
    Ok(Arc::new(Turned { inner: source, spec: seen, grid, axes }))
}

struct Turned {
    inner: Arc<dyn Source>,
    spec: ImageSpec,
    grid: ChunkGrid,
    /// For each axis the file's, and whether it runs backwards.
    axes: Vec<(usize, bool)>,
}

impl Turned {
    /// The part of the camera's image that a part shows.
    fn inside(&self, region: &Region) -> Region {
        let (mut start, mut shape) = (region.start().to_vec(), region.shape().to_vec());
        for (a, &(b, is_back)) in self.axes.iter().enumerate() {
            shape[b] = region.shape()[a];
            start[b] =
                if is_back { self.spec.shape[a] as i64 - region.end(a) } else { region.start()[a] };
        }
        Region::new(start, shape)
    }
}

impl Source for Turned {
    fn spec(&self) -> &ImageSpec {
        &self.spec
    }

    fn grid(&self) -> &ChunkGrid {
        &self.grid
    }

    fn reads_below_chunk(&self) -> bool {
        self.inner.reads_below_chunk()
    }

    fn is_memory(&self) -> bool {
        self.inner.is_memory()
    }

    fn scratch_bytes(&self, region: &Region) -> u64 {
        let own = (region.len() * self.spec.dtype.size()) as u64;
        own + self.inner.scratch_bytes(&self.inside(region))
    }

    fn read(&self, out: &mut Block) -> Result<()> {
        let region = out.region().clone();
        if region.is_empty() {
            return Ok(());
        }
        let from = self.inside(&region);
        let mut block = Block::zeros(from.clone(), self.spec.dtype)?;
        self.inner.read(&mut block)?;
        let steps = strides(from.shape());
        let last = region.ndim() - 1;
        // How far apart neighbours along an axis lie, and where the first of them is.
        let along = |a: usize| {
            let (b, is_back) = self.axes[a];
            let step = steps[b] as i64;
            match is_back {
                true => (-step, (region.shape()[a] as i64 - 1) * step),
                false => (step, 0),
            }
        };
        let axes: Vec<(i64, i64)> = (0..=last).map(along).collect();
        dispatch!(block.dtype(), T => {
            let samples = block.typed::<T>()?;
            let to = out.typed_mut::<T>()?;
            let mut at = 0;
            region.for_each_row(|p| {
                let place = |a: usize| axes[a].1 + axes[a].0 * (p[a] - region.start()[a]);
                let mut i: i64 = (0..=last).map(place).sum();
                for value in &mut to[at..at + region.row_len()] {
                    *value = samples[i as usize];
                    i += axes[last].0;
                }
                at += region.row_len();
            });
        });
        Ok(())
    }

    fn locator(&self) -> Option<String> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use petavox_store::MemorySource;

    fn source() -> Arc<dyn Source> {
        let spec = ImageSpec::new([2, 3, 2], petavox_core::Dtype::UInt8).unwrap();
        let spec = spec.with_axes(Axes::parse("yxc").unwrap()).unwrap();
        let block = Block::from_vec(Region::whole(&[2, 3, 2]), (0..12u8).collect()).unwrap();
        Arc::new(MemorySource::new(spec, block).unwrap())
    }

    /// The even samples, which are those of the first colour.
    fn seen(name: &str, part: Option<Region>) -> (Vec<usize>, Vec<u8>) {
        let orientation = Some(Orientation::parse(name).unwrap());
        let source = viewed(source(), View { orientation, is_planar: false }).unwrap();
        let region = part.unwrap_or_else(|| source.spec().region());
        let mut block = Block::zeros(region, source.spec().dtype).unwrap();
        source.read(&mut block).unwrap();
        let all = block.typed::<u8>().unwrap();
        assert!(all.chunks(2).all(|c| c[1] == c[0] + 1), "{name}: colours stay together");
        (source.spec().shape.clone(), all.iter().step_by(2).map(|v| v / 2).collect())
    }

    #[test]
    fn the_eight_orientations_are_numpys() {
        // numpy: a = arange(6).reshape(2, 3); fliplr, flipud, rot90 and so on.
        let expected: [(&str, [usize; 2], [u8; 6]); 8] = [
            ("none", [2, 3], [0, 1, 2, 3, 4, 5]),
            ("flip-x", [2, 3], [2, 1, 0, 5, 4, 3]),
            ("flip-y", [2, 3], [3, 4, 5, 0, 1, 2]),
            ("rot180", [2, 3], [5, 4, 3, 2, 1, 0]),
            ("transpose", [3, 2], [0, 3, 1, 4, 2, 5]),
            ("rot90", [3, 2], [2, 5, 1, 4, 0, 3]),
            ("rot270", [3, 2], [3, 0, 4, 1, 5, 2]),
            ("anti-transpose", [3, 2], [5, 2, 4, 1, 3, 0]),
        ];
        for (name, shape, samples) in expected {
            let (got_shape, got) = seen(name, None);
            assert_eq!((&got_shape[..2], &got[..]), (&shape[..], &samples[..]), "{name}");
            let how = Orientation::parse(name).unwrap();
            assert_eq!(how.name(), name);
            for i in 0..6i64 {
                let [y, x] = how.back([i / shape[1] as i64, i % shape[1] as i64], [2, 3]);
                assert_eq!(samples[i as usize] as i64, y * 3 + x, "{name}");
            }
        }
        assert!(Orientation::parse("left").unwrap_err().to_string().contains("anti-transpose"));
    }

    #[test]
    fn parts_are_read_as_of_the_whole() {
        for how in Orientation::all() {
            let (shape, whole) = seen(how.name(), None);
            let part = Region::new([1, 0, 0], [1, shape[1], 2]);
            assert_eq!(
                seen(how.name(), Some(part)).1,
                whole[shape[1]..2 * shape[1]],
                "{}",
                how.name()
            );
        }
    }

    #[test]
    fn colours_become_planes() {
        let orientation = Some(Orientation::parse("flip-x").unwrap());
        let source = viewed(source(), View { orientation, is_planar: true }).unwrap();
        assert_eq!(
            (&source.spec().shape[..], source.spec().axes.as_str()),
            (&[2, 2, 3][..], "cyx")
        );
        let mut block = Block::zeros(source.spec().region(), source.spec().dtype).unwrap();
        source.read(&mut block).unwrap();
        assert_eq!(block.typed::<u8>().unwrap(), [4, 2, 0, 10, 8, 6, 5, 3, 1, 11, 9, 7]);
    }
}
