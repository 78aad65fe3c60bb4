//! One cell: its runs of equal labels, and what is gathered of each label along them.

use super::Wants;
use super::index::Index;
use super::intensity::{ImagePart, Row};
use super::moments::{self, CellMoments};
use super::outline;
use super::part::Part;
use petavox_core::{Block, Dtype, Error, Region, Result, strides};

/// One image of a cell, somewhere in memory.
#[derive(Clone)]
pub struct Plane<'a> {
    /// Samples as unsigned integers of `word` bytes, which hold the sample's bits.
    pub bytes: &'a [u8],
    /// 1, 2, 4 or 8.
    pub word: usize,
    /// What the bits are.
    pub dtype: Dtype,
    /// Where the cell's first sample is, in words.
    pub first: usize,
    /// Words from one sample to the next, per axis.
    pub strides: Vec<usize>,
}

/// Where the samples of one cell lie: labels, and images.
pub struct CellView<'a> {
    /// Integers; the words around the cell, as many as [`Wants::halo`] tells, are there too.
    pub labels: Plane<'a>,
    /// Any dtypes.
    pub images: Vec<Plane<'a>>,
    /// The cell.
    pub region: Region,
    /// The whole image's shape.
    pub whole: Vec<usize>,
}

impl<'a> CellView<'a> {
    pub(super) fn of_block(labels: &'a Block, images: &[&'a Block]) -> Result<CellView<'a>> {
        let plane = |b: &'a Block| Plane {
            bytes: b.bytes(),
            word: b.dtype().size(),
            dtype: b.dtype(),
            first: 0,
            strides: strides(b.shape()),
        };
        let region = labels.region().clone();
        let whole = (0..region.ndim()).map(|a| region.end(a).max(0) as usize).collect();
        Ok(CellView {
            labels: plane(labels),
            images: images.iter().map(|i| plane(i)).collect(),
            region,
            whole,
        })
    }

    /// A cell of a block of labels.
    ///
    /// # Errors
    /// [`Error::Internal`] if the block does not hold it.
    pub fn inside(block: &'a Block, region: Region, whole: &[usize]) -> Result<CellView<'a>> {
        if !block.region().contains(&region) {
            return Err(Error::internal("measure", format!("{region} of {}", block.region())));
        }
        let mut view = CellView::of_block(block, &[])?;
        view.labels.first = block.region().offset_of(region.start());
        Ok(CellView { region, whole: whole.to_vec(), ..view })
    }

    pub(super) fn with_halo(mut self, padded: &'a Block, halo: usize) -> CellView<'a> {
        let steps = strides(padded.shape());
        self.labels = Plane {
            bytes: padded.bytes(),
            first: steps.iter().map(|s| s * halo).sum(),
            strides: steps,
            ..self.labels
        };
        self
    }
}

/// A run of one label along the last axis.
pub(super) struct Run {
    /// The label's place.
    pub(super) who: u32,
    /// Number of the row.
    pub(super) row: u32,
    /// First sample in the row, and how many.
    pub(super) from: u32,
    pub(super) len: u32,
}

/// What every label of a cell has; places are relative to the cell.
#[derive(Clone)]
pub(super) struct Basic {
    pub(super) count: u64,
    pub(super) lo: [u32; 8],
    pub(super) hi: [u32; 8],
    pub(super) sums: [u64; 8],
}

const NOTHING: Basic = Basic { count: 0, lo: [u32::MAX; 8], hi: [0; 8], sums: [0; 8] };

/// The rows of a cell: their places, and where they begin in memory.
pub(super) struct Rows {
    pub(super) points: Vec<u32>,
    pub(super) n_outer: usize,
    pub(super) len: usize,
    pub(super) count: usize,
}

impl Rows {
    pub(super) fn new(region: &Region) -> Rows {
        let n_outer = region.ndim() - 1;
        let local = Region::whole(region.shape());
        let mut points = vec![];
        let mut count = 0;
        local.for_each_row(|p| {
            points.extend(p[..n_outer].iter().map(|x| *x as u32));
            count += 1;
        });
        Rows { points, n_outer, len: region.row_len(), count }
    }

    pub(super) fn point(&self, row: usize) -> &[u32] {
        &self.points[row * self.n_outer..][..self.n_outer]
    }

    pub(super) fn begin(&self, plane: &Plane<'_>, row: usize) -> usize {
        self.point(row)
            .iter()
            .zip(&plane.strides)
            .fold(plane.first, |at, (p, s)| at + *p as usize * s)
    }
}

/// Everything wanted of a cell, by label.
pub(super) fn look(view: &CellView<'_>, wants: &Wants) -> Result<Vec<(u64, Part)>> {
    let region = &view.region;
    let n = region.ndim();
    if region.is_empty() || n == 0 {
        return Ok(vec![]);
    }
    if view.labels.dtype.is_float() {
        return Err(Error::dtype("measure (labels)", view.labels.dtype, "bool and integers"));
    }
    let rows = Rows::new(region);
    let mut found = Found { index: Index::new(), basic: vec![], runs: vec![] };
    let keep_runs = wants.seconds || wants.hull || wants.powers > 0 || !view.images.is_empty();
    match view.labels.word {
        1 => found.scan::<u8>(view, &rows, keep_runs)?,
        2 => found.scan::<u16>(view, &rows, keep_runs)?,
        4 => found.scan::<u32>(view, &rows, keep_runs)?,
        _ => found.scan::<u64>(view, &rows, keep_runs)?,
    }
    let mut parts: Vec<Part> = found.basic.iter().map(|b| Part::new(b, region)).collect();
    if wants.seconds {
        seconds(&mut parts, &found.runs, &rows, region);
    }
    if wants.hull {
        ends(&mut parts, &found.runs, &rows, region);
    }
    images(&mut parts, &found, view, &rows, wants)?;
    moments_of(&mut parts, &found, view, &rows, wants)?;
    if wants.halo() > 0 {
        outline::count(&mut parts, &mut found.index, view, wants)?;
    }
    Ok(found.index.labels.into_iter().zip(parts).collect())
}

struct Found {
    index: Index,
    basic: Vec<Basic>,
    runs: Vec<Run>,
}

/// Unsigned words that labels are read as.
pub(super) trait Word: bytemuck::Pod + Eq {
    fn wide(self) -> u64;
}

macro_rules! words {
    ($($ty:ident)*) => { $(impl Word for $ty {
        #[inline(always)]
        fn wide(self) -> u64 { self.into() }
    })* };
}

words!(u8 u16 u32 u64);

pub(super) fn words<'a, T: Word>(plane: &Plane<'a>) -> Result<&'a [T]> {
    bytemuck::try_cast_slice(plane.bytes).map_err(|e| Error::internal("measure", e))
}

impl Found {
    fn scan<T: Word>(&mut self, view: &CellView<'_>, rows: &Rows, keep: bool) -> Result<()> {
        let plane = &view.labels;
        let all = words::<T>(plane)?;
        // Labels narrower than their words were looked at when they were widened.
        let largest = if plane.dtype.is_signed() && plane.word == plane.dtype.size() {
            u64::MAX >> (65 - 8 * plane.word as u32)
        } else {
            u64::MAX
        };
        let mut negative = false;
        for r in 0..rows.count {
            let row = &all[rows.begin(plane, r)..][..rows.len];
            let mut x = 0;
            while x < row.len() {
                let label = row[x];
                let end = run_end(row, x);
                let wide = label.wide();
                if wide != 0 {
                    negative |= wide > largest;
                    let who = self.index.of(wide);
                    if who as usize == self.basic.len() {
                        self.basic.push(NOTHING);
                    }
                    self.basic[who as usize].add(rows.point(r), x as u32, end as u32);
                    if keep {
                        self.runs.push(Run {
                            who,
                            row: r as u32,
                            from: x as u32,
                            len: (end - x) as u32,
                        });
                    }
                }
                x = end;
            }
        }
        if negative {
            return Err(Error::argument("labels", "a negative label", "labels of 0 and more"));
        }
        Ok(())
    }
}

/// Where the run that begins at `x` ends.
#[inline(always)]
fn run_end<T: Word>(row: &[T], x: usize) -> usize {
    let label = row[x];
    let mut end = x + 1;
    // Sixteen at a time, without branches, as long as all are the same.
    while let Some(some) = row.get(end..end + 16) {
        if some.iter().fold(false, |other, l| other | (*l != label)) {
            break;
        }
        end += 16;
    }
    while end < row.len() && row[end] == label {
        end += 1;
    }
    end
}

impl Basic {
    #[inline(always)]
    fn add(&mut self, point: &[u32], from: u32, end: u32) {
        let n = u64::from(end - from);
        self.count += n;
        for (a, &p) in point.iter().enumerate() {
            self.lo[a] = self.lo[a].min(p);
            self.hi[a] = self.hi[a].max(p + 1);
            self.sums[a] += u64::from(p) * n;
        }
        let last = point.len();
        self.lo[last] = self.lo[last].min(from);
        self.hi[last] = self.hi[last].max(end);
        self.sums[last] += (u64::from(from) + u64::from(end) - 1) * n / 2;
    }
}

/// Sums of products of two coordinates, of the image.
fn seconds(parts: &mut [Part], runs: &[Run], rows: &Rows, region: &Region) {
    let n = region.ndim();
    let n_pairs = n * (n + 1) / 2;
    let mut sums = vec![0u64; parts.len() * n_pairs];
    for run in runs {
        let point = rows.point(run.row as usize);
        let (from, len) = (u64::from(run.from), u64::from(run.len));
        let end = from + len;
        let line = (from + end - 1) * len / 2;
        let below = |m: u64| m * m.saturating_sub(1) * (2 * m).saturating_sub(1) / 6;
        let squares = below(end) - below(from);
        let sums = &mut sums[run.who as usize * n_pairs..][..n_pairs];
        let mut k = 0;
        for a in 0..n {
            for b in a..n {
                sums[k] += match (a + 1 == n, b + 1 == n) {
                    (true, _) => squares,
                    (false, true) => u64::from(point[a]) * line,
                    _ => u64::from(point[a]) * u64::from(point[b]) * len,
                };
                k += 1;
            }
        }
    }
    for (part, sums) in parts.iter_mut().zip(sums.chunks_exact(n_pairs)) {
        part.add_seconds(sums, region);
    }
}

/// The ends of runs, among which are the corners of the convex hull.
fn ends(parts: &mut [Part], runs: &[Run], rows: &Rows, region: &Region) {
    let n = region.ndim();
    for run in runs {
        let point = rows.point(run.row as usize);
        let mut end = [0i32; 3];
        for a in 0..(n - 1).min(2) {
            end[3 - n.min(3) + a] = (region.start()[a] + i64::from(point[a])) as i32;
        }
        let first = region.start()[n - 1] + i64::from(run.from);
        let hull = &mut parts[run.who as usize].hull;
        for x in [first, first + i64::from(run.len) - 1] {
            end[2] = x as i32;
            hull.push(end);
        }
    }
    parts.iter_mut().for_each(|p| p.prune_hull(n, 64));
}

fn images(
    parts: &mut [Part],
    found: &Found,
    view: &CellView<'_>,
    rows: &Rows,
    wants: &Wants,
) -> Result<()> {
    if !(wants.intensity || wants.squares || wants.values || !wants.edges.is_empty()) {
        return Ok(());
    }
    for plane in &view.images {
        parts.iter_mut().for_each(|p| p.images.push(ImagePart::new(plane.dtype, wants)));
        let k = parts.first().map_or(0, |p| p.images.len() - 1);
        let mut row = Row::default();
        let mut held = usize::MAX;
        for run in &found.runs {
            let r = run.row as usize;
            if r != held {
                row.read(plane, rows.begin(plane, r), rows.len)?;
                held = r;
            }
            let first = rank(view, rows, run);
            parts[run.who as usize].images[k].add(
                &row,
                run.from as usize,
                run.len as usize,
                first,
                wants,
            );
        }
        parts.iter_mut().for_each(|p| p.images[k].settle());
    }
    Ok(())
}

/// The raster number of a run's first sample in the whole image.
fn rank(view: &CellView<'_>, rows: &Rows, run: &Run) -> u64 {
    let n = view.whole.len();
    let point = rows.point(run.row as usize);
    let mut rank = 0u64;
    for a in 0..n {
        let at = if a + 1 == n { run.from } else { point[a] };
        rank = rank * view.whole[a] as u64 + (view.region.start()[a] + i64::from(at)) as u64;
    }
    rank
}

fn moments_of(
    parts: &mut [Part],
    found: &Found,
    view: &CellView<'_>,
    rows: &Rows,
    wants: &Wants,
) -> Result<()> {
    let n = view.region.ndim();
    let mut sets: Vec<(Option<usize>, usize)> = vec![];
    if wants.powers > 0 {
        sets.push((None, wants.powers));
    }
    if wants.weighted_powers > 0 {
        sets.extend((0..view.images.len()).map(|k| (Some(k), wants.weighted_powers)));
    }
    if sets.is_empty() {
        return Ok(());
    }
    for (which, (image, powers)) in sets.into_iter().enumerate() {
        let size = powers.pow(n as u32);
        let mut sums = vec![0.0; parts.len() * size];
        let mut row = Row::default();
        let mut held = usize::MAX;
        for run in &found.runs {
            let (who, r) = (run.who as usize, run.row as usize);
            let weights = match image.map(|k| &view.images[k]) {
                None => None,
                Some(plane) => {
                    if r != held {
                        row.read(plane, rows.begin(plane, r), rows.len)?;
                        row.as_doubles();
                        held = r;
                    }
                    Some(&row.doubles[run.from as usize..][..run.len as usize])
                }
            };
            let sums = &mut sums[who * size..][..size];
            moments::add_run(sums, powers, rows.point(r), run, &found.basic[who].lo[..n], weights);
        }
        for ((part, sums), basic) in parts.iter_mut().zip(sums.chunks_exact(size)).zip(&found.basic)
        {
            if which == 0 {
                let origin =
                    (0..n).map(|a| view.region.start()[a] + i64::from(basic.lo[a])).collect();
                part.moments.push(CellMoments {
                    origin,
                    cell: view.region.start().to_vec(),
                    sets: vec![],
                });
            }
            if let Some(mine) = part.moments.last_mut() {
                mine.sets.push(sums.to_vec());
            }
        }
    }
    Ok(())
}
