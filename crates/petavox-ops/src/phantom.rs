//! A made-up vessel tree of any size, any part of which can be computed by itself: for the demo, tests and benchmarks.
//!
//! Trees grow from the faces of the volume: tortuous tubes that taper, and split in two by Murray's law (the cubes of the
//! radii add up), until their tips are about a voxel thick. The samples are a soft profile across the tubes plus noise that is
//! a hash of the coordinates. Only additions, multiplications, divisions and square roots are used, so that the same seed
//! gives the same bits on every machine, and for every division into regions.

mod image;

pub use image::VesselImage;

use petavox_core::{Block, Dtype, Error, Region, Result};

/// What the vessels look like.
#[derive(Clone, Copy, Debug)]
pub struct VesselOptions {
    /// Another number, another tree.
    pub seed: u64,
    /// The part of the volume that vessels fill, about.
    pub fraction: f64,
    /// Radius of a tree's trunk, in voxels; `None` for a 45th of the shortest axis, between 3 and 14.
    pub trunk_radius: Option<f32>,
    /// Standard deviation of the noise; vessels are about 0.8 brighter than the background of 0.1.
    pub noise: f32,
}

impl Default for VesselOptions {
    fn default() -> VesselOptions {
        VesselOptions { seed: 1, fraction: 0.019, trunk_radius: None, noise: 0.08 }
    }
}

/// A tube with round ends, its radius changing evenly from `ra` at `a` to `rb` at `b`. Coordinates are (z, y, x).
#[derive(Clone, Copy, Debug)]
struct Tube {
    a: [f32; 3],
    b: [f32; 3],
    ra: f32,
    rb: f32,
}

/// A vessel tree in a volume.
///
/// ```
/// use petavox_core::Region;
/// use petavox_ops::phantom::{VesselOptions, Vessels};
/// let vessels = Vessels::new([64, 64, 64], &VesselOptions::default())?;
/// let whole = vessels.mask(&Region::whole(&[64, 64, 64]))?;
/// let part = vessels.mask(&Region::new([10, 20, 30], [1, 1, 5]))?;
/// let at = (10 * 64 + 20) * 64 + 30;
/// assert_eq!(part.typed::<u8>()?, &whole.typed::<u8>()?[at..at + 5]);
/// # Ok::<(), petavox_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Vessels {
    shape: [usize; 3],
    options: VesselOptions,
    tubes: Vec<Tube>,
    /// For every cell of [`CELL`] voxels, which tubes come near it: `members[starts[cell]..starts[cell + 1]]`.
    starts: Vec<u32>,
    members: Vec<u32>,
}

/// Edge of a cell of the index, in voxels.
const CELL: usize = 64;
/// Half the width of the soft wall of a vessel, in voxels.
const SOFT: f32 = 1.5;
/// Vessels end when they would get thinner than this.
const MIN_RADIUS: f32 = 1.3;

/// splitmix64.
struct Random(u64);

impl Random {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// Evenly in 0..1.
    fn unit(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1u64 << 24) as f32
    }

    fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// A direction, evenly over the sphere.
    fn direction(&mut self) -> [f32; 3] {
        loop {
            let v = [0; 3].map(|_| self.between(-1.0, 1.0));
            let square = dot(v, v);
            if square > 0.01 && square <= 1.0 {
                return scaled(v, 1.0 / square.sqrt());
            }
        }
    }
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn dot(a: [f32; 3], b: [f32; 3]) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn scaled(a: [f32; 3], by: f32) -> [f32; 3] {
    a.map(|v| v * by)
}

fn plus(a: [f32; 3], b: [f32; 3]) -> [f32; 3] {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

fn normalised(a: [f32; 3]) -> [f32; 3] {
    scaled(a, 1.0 / dot(a, a).sqrt().max(1e-6))
}

impl Vessels {
    /// Grows the trees of a volume of this shape (z, y, x).
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if the fraction is not within 0 to 0.3, the trunk radius not within 1.5 to 100, the noise
    /// not within 0 to 10, or an axis empty or longer than a million voxels.
    pub fn new(shape: [usize; 3], options: &VesselOptions) -> Result<Vessels> {
        let shortest = shape.iter().copied().min().unwrap_or(0);
        let trunk = options.trunk_radius.unwrap_or((shortest as f32 / 45.0).clamp(3.0, 14.0));
        if shape.iter().any(|n| !(1..=1_000_000).contains(n)) {
            return Err(Error::argument("shape", format!("{shape:?}"), "1 to 1,000,000 per axis"));
        }
        if !(0.0..=0.3).contains(&options.fraction) {
            return Err(Error::argument("fraction", options.fraction, "0 to 0.3"));
        }
        if !(1.5..=100.0).contains(&trunk) {
            return Err(Error::argument("trunk_radius", trunk, "1.5 to 100 voxels"));
        }
        if !(0.0..=10.0).contains(&options.noise) {
            return Err(Error::argument("noise", options.noise, "0 to 10"));
        }
        let mut random = Random(mix(options.seed));
        let size = shape.map(|n| n as f32);
        let goal = options.fraction * size.iter().map(|&n| f64::from(n)).product::<f64>();
        let mut tubes = vec![];
        let mut filled = 0.0;
        // Later trunks are thinner, to fill what the first ones leave.
        let mut radius = trunk;
        while filled < goal {
            let before = filled;
            grow(&mut tubes, &mut filled, goal, size, radius, &mut random);
            radius = (radius * 0.93).max(trunk * 0.7).max(MIN_RADIUS * 1.1);
            if filled <= before {
                break;
            }
        }
        let mut vessels =
            Vessels { shape, options: *options, tubes, starts: vec![], members: vec![] };
        vessels.index();
        Ok(vessels)
    }

    /// Voxels per axis (z, y, x).
    pub fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// The image: `float32`, vessels bright and soft-walled on a noisy background. A threshold of 0.5 after light smoothing
    /// gives about [`Vessels::mask`].
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if the region is not a 3-D one inside the volume; [`Error::Io`] if memory is short.
    pub fn image(&self, region: &Region) -> Result<Block> {
        let mut block = Block::zeros(region.clone(), Dtype::Float32)?;
        let values = block.typed_mut::<f32>()?;
        self.depths(region, values)?;
        let row = region.shape()[2].max(1);
        let mut rows = values.chunks_exact_mut(row);
        region.for_each_row(|p| {
            let Some(values) = rows.next() else { return };
            let rank = ((p[0] as u64 * self.shape[1] as u64) + p[1] as u64) * self.shape[2] as u64
                + p[2] as u64;
            for (i, v) in values.iter_mut().enumerate() {
                let t = ((*v + SOFT) / (2.0 * SOFT)).clamp(0.0, 1.0);
                let wall = t * t * (3.0 - 2.0 * t);
                *v = 0.1 + 0.8 * wall + self.options.noise * self.noise(rank + i as u64);
            }
        });
        Ok(block)
    }

    /// The vessels themselves: `bool`, true inside.
    ///
    /// # Errors
    /// As [`Vessels::image`].
    pub fn mask(&self, region: &Region) -> Result<Block> {
        let mut depths = vec![0.0; region.len()];
        self.depths(region, &mut depths)?;
        let mut block = Block::zeros(region.clone(), Dtype::Bool)?;
        for (m, d) in block.typed_mut::<u8>()?.iter_mut().zip(depths) {
            *m = u8::from(d > 0.0);
        }
        Ok(block)
    }

    /// About normal with mean 0 and deviation 1: four even numbers added.
    fn noise(&self, rank: u64) -> f32 {
        let h = mix(rank ^ self.options.seed.wrapping_mul(0xd6e8_feb8_6659_fd93));
        let sum = (h & 0xffff) + (h >> 16 & 0xffff) + (h >> 32 & 0xffff) + (h >> 48);
        (sum as f32 - 131_070.0) / 37_837.0
    }

    /// How deep each voxel lies in the tube it is deepest in; -[`SOFT`] or less outside.
    fn depths(&self, region: &Region, out: &mut [f32]) -> Result<()> {
        let whole = Region::whole(&self.shape);
        if region.ndim() != 3 || !whole.contains(region) {
            return Err(Error::argument("region", region, format!("a region inside {whole}")));
        }
        out.fill(-SOFT);
        for id in self.near(region) {
            let tube = &self.tubes[id as usize];
            let Some(part) = tube.reach().and_then(|r| r.intersect(region)) else { continue };
            let along = plus(tube.b, scaled(tube.a, -1.0));
            let per_square = 1.0 / dot(along, along).max(1e-6);
            part.for_each_row(|p| {
                let start = region.offset_of(p);
                let from = [p[0] as f32 - tube.a[0], p[1] as f32 - tube.a[1]];
                let fixed = from[0] * along[0] + from[1] * along[1];
                for (i, v) in out[start..start + part.shape()[2]].iter_mut().enumerate() {
                    let x = (p[2] + i as i64) as f32 - tube.a[2];
                    let t = ((fixed + x * along[2]) * per_square).clamp(0.0, 1.0);
                    let gap = [from[0] - t * along[0], from[1] - t * along[1], x - t * along[2]];
                    let depth = tube.ra + t * (tube.rb - tube.ra) - dot(gap, gap).sqrt();
                    *v = v.max(depth);
                }
            });
        }
        Ok(())
    }

    /// The tubes that may reach into a region, each once.
    fn near(&self, region: &Region) -> Vec<u32> {
        let mut found = vec![];
        if !region.is_empty() {
            self.for_cells(region, |cell| {
                let range = self.starts[cell] as usize..self.starts[cell + 1] as usize;
                found.extend_from_slice(&self.members[range]);
            });
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    fn for_cells(&self, region: &Region, mut f: impl FnMut(usize)) {
        let cells = self.shape.map(|n| n.div_ceil(CELL));
        let range =
            |a: usize| region.start()[a] as usize / CELL..(region.end(a) as usize).div_ceil(CELL);
        for z in range(0) {
            for y in range(1) {
                for x in range(2) {
                    f((z * cells[1] + y) * cells[2] + x);
                }
            }
        }
    }

    fn index(&mut self) {
        let whole = Region::whole(&self.shape);
        let n_cells: usize = self.shape.iter().map(|n| n.div_ceil(CELL)).product();
        let reach: Vec<Option<Region>> =
            self.tubes.iter().map(|t| t.reach().and_then(|r| r.intersect(&whole))).collect();
        let mut counts = vec![0u32; n_cells + 1];
        for region in reach.iter().flatten() {
            self.for_cells(region, |cell| counts[cell + 1] += 1);
        }
        for cell in 0..n_cells {
            counts[cell + 1] += counts[cell];
        }
        let mut next = counts.clone();
        let mut members = vec![0; counts[n_cells] as usize];
        for (id, region) in reach.iter().enumerate() {
            let Some(region) = region else { continue };
            self.for_cells(region, |cell| {
                members[next[cell] as usize] = id as u32;
                next[cell] += 1;
            });
        }
        (self.starts, self.members) = (counts, members);
    }
}

impl Tube {
    /// The box outside which the tube's wall ends.
    fn reach(&self) -> Option<Region> {
        let r = self.ra.max(self.rb) + SOFT + 1.0;
        let low = [0, 1, 2].map(|a| (self.a[a].min(self.b[a]) - r).floor() as i64);
        let high = [0, 1, 2].map(|a| (self.a[a].max(self.b[a]) + r).ceil() as i64);
        let shape = [0, 1, 2].map(|a| (high[a] - low[a]).max(0) as usize);
        Some(Region::new(low, shape)).filter(|r| !r.is_empty())
    }
}

/// Grows one tree from a face of the volume, until it ends or the goal is reached.
fn grow(
    tubes: &mut Vec<Tube>,
    filled: &mut f64,
    goal: f64,
    size: [f32; 3],
    trunk: f32,
    random: &mut Random,
) {
    // A point of a face, heading inwards.
    let axis = (random.bits() % 3) as usize;
    let mut at = [0, 1, 2].map(|a| random.between(0.15, 0.85) * size[a]);
    let mut heading = [0.0; 3];
    let from_low = random.bits() & 1 == 0;
    at[axis] = if from_low { 0.0 } else { size[axis] - 1.0 };
    heading[axis] = if from_low { 1.0 } else { -1.0 };
    // Thick branches first, so that the goal cuts only twigs.
    let mut tips = std::collections::VecDeque::from([(at, heading, trunk)]);
    let mut is_trunk = true;
    while let Some((mut at, mut heading, mut radius)) = tips.pop_front() {
        let mut left = radius * random.between(9.0, 18.0) + 8.0;
        while left > 0.0 && radius >= MIN_RADIUS {
            if *filled >= goal {
                return;
            }
            let step = radius * 1.2 + 2.0;
            let wobble = scaled(random.direction(), 0.38);
            // Turn back before leaving; the trunk comes from outside.
            let inwards = [0, 1, 2].map(|a| {
                let margin = (0.07 * size[a]).max(1.0);
                let (low, high) = (margin - at[a], at[a] - (size[a] - margin));
                0.5 * ((low / margin).clamp(0.0, 1.0) - (high / margin).clamp(0.0, 1.0))
            });
            let pull = if is_trunk { [0.0; 3] } else { inwards };
            heading = normalised(plus(plus(heading, wobble), pull));
            let next = plus(at, scaled(heading, step));
            let narrow = radius * 0.992;
            tubes.push(Tube { a: at, b: next, ra: radius, rb: narrow });
            *filled += f64::from(radius * radius * step) * std::f64::consts::PI;
            (at, radius, left) = (next, narrow, left - step);
            if (0..3).any(|a| at[a] < -radius || at[a] > size[a] + radius) {
                left = f32::NEG_INFINITY;
            }
        }
        is_trunk = false;
        if left == f32::NEG_INFINITY || radius < MIN_RADIUS {
            continue;
        }
        // The cubes of 0.86 and 0.71, and of 0.79 and 0.79, add up to nearly 1.
        let even = random.unit() < 0.4;
        let (big, small) = if even { (0.79, 0.79) } else { (0.86, 0.71) };
        let r = random.direction();
        let side = normalised(plus(r, scaled(heading, -dot(r, heading))));
        let (little, much) = if even { (0.55, 0.6) } else { (0.25, 0.95) };
        for (ratio, turn) in [(big, little), (small, -much)] {
            let towards = normalised(plus(heading, scaled(side, turn)));
            tips.push_back((at, towards, radius * ratio));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_region_is_cut_from_the_same_volume() {
        let shape = [70, 90, 130];
        let options = VesselOptions { fraction: 0.05, ..VesselOptions::default() };
        let vessels = Vessels::new(shape, &options).unwrap();
        let (whole, mask) = (
            vessels.image(&Region::whole(&shape)).unwrap(),
            vessels.mask(&Region::whole(&shape)).unwrap(),
        );
        for (start, part) in
            [([0, 0, 0], [1, 90, 130]), ([60, 60, 61], [10, 30, 69]), ([3, 64, 63], [66, 1, 2])]
        {
            let region = Region::new(start, part);
            let mut cut = Block::zeros(region.clone(), Dtype::Float32).unwrap();
            cut.copy_from(&whole).unwrap();
            assert_eq!(cut.bytes(), vessels.image(&region).unwrap().bytes());
            let mut cut = Block::zeros(region.clone(), Dtype::Bool).unwrap();
            cut.copy_from(&mask).unwrap();
            assert_eq!(cut.bytes(), vessels.mask(&region).unwrap().bytes());
        }
    }

    #[test]
    fn the_fraction_is_about_what_was_asked_for() {
        let shape = [96, 128, 128];
        for fraction in [0.0, 0.019, 0.05] {
            let options = VesselOptions { fraction, ..VesselOptions::default() };
            let mask = Vessels::new(shape, &options).unwrap().mask(&Region::whole(&shape)).unwrap();
            let set = mask.bytes().iter().filter(|&&m| m != 0).count();
            let found = set as f64 / mask.bytes().len() as f64;
            assert!((0.6 * fraction..=1.3 * fraction).contains(&found), "{fraction} {found}");
        }
    }

    #[test]
    fn bad_options_are_errors() {
        let bad = VesselOptions { fraction: 0.9, ..VesselOptions::default() };
        assert!(Vessels::new([9, 9, 9], &bad).is_err());
        assert!(Vessels::new([0, 9, 9], &VesselOptions::default()).is_err());
        let vessels = Vessels::new([9, 9, 9], &VesselOptions::default()).unwrap();
        assert!(vessels.image(&Region::new([0, 0, 5], [1, 1, 9])).is_err());
    }
}
