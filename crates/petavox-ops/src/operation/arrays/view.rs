//! What numpy's structural operations have in common: every axis of the output shows an axis of the input, or nothing, and
//! says for each of its samples where that stands. Samples are moved, never changed.

use petavox_core::{
    Axes, Block, Boundary, ChunkGrid, Dtype, Element as _, Error, ImageSpec, MAX_NDIM, Region,
    Result, dispatch,
};
use petavox_engine::{BlockCall, BlockOp, Need, Node};
use petavox_kernels::gather::{Origin, Run, gather};
use std::sync::Arc;

/// Where the samples along one axis of the output stand.
#[derive(Clone, Debug)]
pub(super) enum Along {
    /// Sample `i` at `start + step * i`.
    Line { start: i64, step: i64 },
    /// Sample `i` at `i / times`.
    Each { times: usize },
    /// Sample `i` at `i - before`, by a boundary rule outside `0..len`.
    Outside { before: usize, len: usize, rule: Boundary },
    /// Sample `i` at `i - before`, outside `0..len` one of two values.
    Framed { before: usize, len: usize, low: [u8; 8], high: [u8; 8] },
    /// Samples at these positions.
    List(Arc<Vec<usize>>),
}

/// Samples that lie further apart than this are read apart; more of them along a row, which is read as a whole.
const WIDE: i64 = 4;
const WIDE_IN_ROW: i64 = 4096;
/// Parts that are read apart, along one axis and in all.
const MOST: usize = 128;
const MOST_IN_ALL: usize = 256;

/// Samples from `at` on, each `step` after the one before; a value if `at` is `None`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Piece {
    len: usize,
    from: Result<(usize, i64), [u8; 8]>,
}

impl Along {
    /// A whole axis as it is.
    pub(super) fn whole() -> Along {
        Along::Line { start: 0, step: 1 }
    }

    /// The samples `lo..lo + n` of the output, in as few pieces as this finds.
    fn pieces(&self, lo: usize, n: usize) -> Vec<Piece> {
        match self {
            _ if n == 0 => vec![],
            Along::Line { start, step } => {
                vec![Piece { len: n, from: Ok(((start + step * lo as i64) as usize, *step)) }]
            }
            Along::Each { times } => join((lo..lo + n).map(|i| i / times)),
            Along::Outside { before, len, rule } => {
                join((lo..lo + n).map(|i| rule.map(i as i64 - *before as i64, *len).unwrap_or(0)))
            }
            Along::List(at) => join(at[lo..lo + n].iter().copied()),
            Along::Framed { before, len, low, high } => {
                let (a, b) = ((*before).clamp(lo, lo + n), (before + len).clamp(lo, lo + n));
                [
                    Piece { len: a - lo, from: Err(*low) },
                    Piece { len: b - a, from: Ok((a.saturating_sub(*before), 1)) },
                    Piece { len: lo + n - b, from: Err(*high) },
                ]
                .into_iter()
                .filter(|p| p.len > 0)
                .collect()
            }
        }
    }

    /// The samples of the input that stand between those that `lo..lo + n` needs, as `(first, count)`.
    fn span(&self, lo: usize, n: usize) -> (usize, usize) {
        let mut span: Option<(usize, usize)> = None;
        let mut add = |a: usize, b: usize| {
            let (a, b) = (a.min(b), a.max(b) + 1);
            span = Some(span.map_or((a, b), |(x, y)| (x.min(a), y.max(b))));
        };
        match self {
            Along::List(at) => at[lo..lo + n].iter().for_each(|&x| add(x, x)),
            Along::Outside { before, len, rule } => {
                let start = lo as i64 - *before as i64;
                let (a, b) = rule.span(start, start + n as i64, *len);
                if a < b {
                    add(a, b - 1);
                }
            }
            Along::Each { times } if n > 0 => add(lo / times, (lo + n - 1) / times),
            _ => {
                for piece in self.pieces(lo, n) {
                    if let Ok((at, step)) = piece.from {
                        add(at, (at as i64 + step * (piece.len as i64 - 1)) as usize);
                    }
                }
            }
        }
        span.map_or((0, 0), |(a, b)| (a, b - a))
    }

    /// The parts of the input that `lo..lo + n` needs, as `(first, count)`, rising; none if only values are shown. Positions that lie
    /// further apart than `wide` are in parts of their own, if that does not make too many.
    fn parts(&self, lo: usize, n: usize, wide: i64) -> Vec<(usize, usize)> {
        let (first, count) = self.span(lo, n);
        if count as i64 <= wide {
            return Some((first, count)).filter(|s| s.1 > 0).into_iter().collect();
        }
        let mut places: Vec<(usize, usize)> = match self {
            Along::List(at) => {
                let mut at = at[lo..lo + n].to_vec();
                at.sort_unstable();
                at.into_iter().map(|p| (p, 1)).collect()
            }
            Along::Line { .. } if self.is_apart(n, wide) => {
                let mut each: Vec<_> = (lo..lo + n).map(|i| self.span(i, 1)).collect();
                each.sort_unstable();
                each
            }
            // One end and the other.
            Along::Outside { before, len, rule: Boundary::Wrap } if n < *len => {
                let cut = (before + len - lo % len) % len;
                let cut = if cut == 0 || cut >= n { n } else { cut };
                let mut ends = vec![self.span(lo, cut)];
                ends.extend((cut < n).then(|| self.span(lo + cut, n - cut)));
                ends.sort_unstable();
                ends
            }
            _ => vec![(first, count)],
        };
        places.dedup_by(|b, a| {
            let near = b.0 as i64 - (a.0 + a.1) as i64 <= wide;
            if near {
                a.1 = (b.0 + b.1).max(a.0 + a.1) - a.0;
            }
            near
        });
        let together = places.len().div_ceil(MOST).max(1);
        let hull = |p: &[(usize, usize)]| match (p.first(), p.last()) {
            (Some(a), Some(b)) => (a.0, b.0 + b.1 - a.0),
            _ => (0, 0),
        };
        places.chunks(together).map(hull).collect()
    }

    /// True for a few samples in big steps: each is a part of its own.
    fn is_apart(&self, n: usize, wide: i64) -> bool {
        matches!(self, Along::Line { step, .. } if step.abs() > wide && n <= MOST)
    }

    fn is_line(&self) -> bool {
        matches!(self, Along::Line { .. } | Along::Framed { .. })
    }
}

/// Positions as runs of one step each, no longer than [`WIDE`].
fn join(positions: impl Iterator<Item = usize>) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    for p in positions {
        if let Some(Piece { len, from: Ok((at, step)) }) = pieces.last_mut() {
            let next = p as i64 - *at as i64;
            let first = *len == 1 && next.abs() <= WIDE;
            if first || (*len > 1 && next == *step * *len as i64) {
                *step = if *len == 1 { next } else { *step };
                *len += 1;
                continue;
            }
        }
        pieces.push(Piece { len: 1, from: Ok((p, 1)) });
    }
    pieces
}

/// An axis of the output: the axis of the input it shows, and how.
#[derive(Clone, Debug)]
pub(super) struct OutAxis {
    pub(super) from: Option<usize>,
    pub(super) along: Along,
}

/// An operation that moves samples.
pub(super) struct View {
    pub(super) name: &'static str,
    pub(super) params: serde_json::Value,
    /// What comes out, and the shape that goes in.
    pub(super) spec: ImageSpec,
    pub(super) input: Vec<usize>,
    pub(super) axes: Vec<OutAxis>,
    /// Per axis of the input that no output axis shows: the position it is held at.
    pub(super) held: Vec<usize>,
}

/// Positions whose runs are kept in memory at one time, per axis.
const WINDOW: usize = 4096;

impl View {
    /// The node of this view of `input`.
    ///
    /// # Errors
    /// [`Error::Internal`] if it was made for another shape.
    pub(super) fn of(self, input: &Arc<Node>) -> Result<Arc<Node>> {
        Node::block(Arc::new(self), vec![input.clone()], vec![])
    }

    /// The region of the input whose extent along each axis of the output is given.
    fn region(&self, spans: &[(usize, usize)]) -> Region {
        let mut start: Vec<i64> = self.held.iter().map(|&h| h as i64).collect();
        let mut shape = vec![1; start.len()];
        for (axis, &(first, n)) in self.axes.iter().zip(spans) {
            match axis.from {
                Some(k) => (start[k], shape[k]) = (first as i64, n),
                // A new axis without samples.
                None if n == 0 => shape.fill(0),
                None => {}
            }
        }
        Region::new(start, shape)
    }

    /// The runs along an axis of what `has` holds; the rest is kept.
    fn runs(&self, axis: usize, from: (usize, usize), has: &Region, stride: usize) -> Vec<Run> {
        let OutAxis { from: source, along } = &self.axes[axis];
        let held = match source {
            // Another axis shows values only, whatever stands here.
            _ if has.is_empty() => 0..usize::MAX,
            Some(a) => has.start()[*a] as usize..has.end(*a) as usize,
            None => 0..1,
        };
        let run = |piece: Piece| Run {
            len: piece.len,
            origin: match piece.from {
                Err(value) => Origin::Value(value),
                Ok((at, step)) if held.contains(&at) => Origin::Input {
                    place: (at - held.start) * stride,
                    step: step as isize * stride as isize,
                },
                Ok(_) => Origin::Kept,
            },
        };
        let (lo, n) = from;
        if along.is_apart(n, self.wide(axis)) {
            return (lo..lo + n).flat_map(|i| along.pieces(i, 1)).map(run).collect();
        }
        along.pieces(lo, n).into_iter().map(run).collect()
    }

    /// Gaps up to this are read with what lies around them.
    fn wide(&self, axis: usize) -> i64 {
        let last = self.input.len().checked_sub(1);
        if self.axes[axis].from == last { WIDE_IN_ROW } else { WIDE }
    }

    /// The windows of an axis of the target: what is done at one time.
    fn windows(&self, axis: usize, lo: usize, n: usize) -> Vec<(usize, usize)> {
        let most = if self.axes[axis].along.is_line() { n.max(1) } else { WINDOW };
        (0..n).step_by(most).map(|k| (lo + k, most.min(n - k))).collect()
    }
}

impl BlockOp for View {
    fn name(&self) -> &'static str {
        self.name
    }

    fn params(&self) -> serde_json::Value {
        self.params.clone()
    }

    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        if inputs[0].shape != self.input || inputs[0].dtype != self.spec.dtype {
            let given = format!("{:?} {}", inputs[0].shape, inputs[0].dtype);
            return Err(Error::internal(self.name, given));
        }
        Ok(self.spec.clone())
    }

    fn needs(&self, _inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        let spans: Vec<(usize, usize)> = self
            .axes
            .iter()
            .enumerate()
            .map(|(a, axis)| axis.along.span(target.start()[a] as usize, target.shape()[a]))
            .collect();
        vec![Need::inside(self.region(&spans))]
    }

    fn parts(&self, _inputs: &[&ImageSpec], target: &Region) -> Vec<(usize, Need)> {
        let spans = |a: usize| {
            let (lo, n) = (target.start()[a] as usize, target.shape()[a]);
            self.axes[a].along.parts(lo, n, self.wide(a))
        };
        let mut parts: Vec<Vec<(usize, usize)>> = (0..self.axes.len()).map(spans).collect();
        while parts.iter().map(Vec::len).product::<usize>() > MOST_IN_ALL {
            // The inner axes' parts are the smallest.
            let Some(split) = parts.iter_mut().rfind(|p| p.len() > 1) else { break };
            let (first, last) = (split[0], split[split.len() - 1]);
            *split = vec![(first.0, last.0 + last.1 - first.0)];
        }
        let counts: Vec<usize> = parts.iter().map(Vec::len).collect();
        let all = ChunkGrid::new(&counts, &vec![1; counts.len()]);
        let part = |number: usize| {
            let index = all.index(number);
            let spans: Vec<_> = index.iter().zip(&parts).map(|(i, p)| p[*i]).collect();
            (0, Need::inside(self.region(&spans)))
        };
        (0..all.len()).map(part).collect()
    }

    fn scratch_bytes(&self, _inputs: &[&ImageSpec], target: &Region) -> u64 {
        let lists = (0..self.axes.len()).filter(|&a| !self.axes[a].along.is_line());
        let runs: usize = lists.map(|a| target.shape()[a].min(WINDOW)).sum();
        (runs * 2 * (size_of::<Run>() + size_of::<Piece>())) as u64
    }

    fn cost_ns(&self) -> f64 {
        0.3
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        // Values are shown where nothing is needed of the input, too.
        let nothing = Region::new(vec![0; self.input.len()], vec![0; self.input.len()]);
        let nothing = Block::zeros(nothing, self.spec.dtype)?;
        let inputs = if call.inputs.is_empty() { &[&nothing][..] } else { call.inputs };
        let target = call.output.region().clone();
        let n = self.axes.len();
        let windows: Vec<Vec<(usize, usize)>> = (0..n)
            .map(|a| self.windows(a, target.start()[a] as usize, target.shape()[a]))
            .collect();
        let counts: Vec<usize> = windows.iter().map(Vec::len).collect();
        let all = ChunkGrid::new(&counts, &vec![1; n]);
        for input in inputs {
            let strides = input.strides();
            let stride = |a: usize| self.axes[a].from.map_or(0, |k| strides[k]);
            for number in 0..all.len() {
                let index = all.index(number);
                let runs: Vec<Vec<Run>> = (0..n)
                    .map(|a| {
                        let (lo, len) = windows[a][index[a]];
                        let before = lo - target.start()[a] as usize;
                        let kept = |len| Run { len, origin: Origin::Kept };
                        let mut runs = vec![kept(before)];
                        runs.extend(self.runs(a, (lo, len), input.region(), stride(a)));
                        runs.push(kept(target.shape()[a] - before - len));
                        runs.retain(|r| r.len > 0);
                        runs
                    })
                    .collect();
                gather(input, call.output, &runs.iter().map(Vec::as_slice).collect::<Vec<_>>())?;
            }
        }
        Ok(())
    }
}

/// What an axis of a derived image is called, and where its samples lie.
pub(super) enum Named {
    /// As an axis of the input, `origin` samples further and `times` as far apart.
    Axis { from: usize, origin: f64, times: f64 },
    /// New, under this letter, or one that is free.
    New(Option<char>),
}

impl Named {
    /// The axis `from` as it is.
    pub(super) fn same(from: usize) -> Named {
        Named::Axis { from, origin: 0.0, times: 1.0 }
    }
}

/// The spec of an image whose axes are `named`, each with its extent.
///
/// # Errors
/// [`Error::InvalidArgument`] for more axes or bytes than images can have.
pub(super) fn derived(op: &str, input: &ImageSpec, named: &[(Named, usize)]) -> Result<ImageSpec> {
    if named.len() > MAX_NDIM {
        let given = format!("{} axes", named.len());
        return Err(Error::argument(op, given, format!("at most {MAX_NDIM}")));
    }
    let shape: Vec<usize> = named.iter().map(|(_, n)| *n).collect();
    let mut spec = ImageSpec::new(shape, input.dtype)?;
    let usual: Vec<char> = spec.axes.as_str().chars().collect();
    let letters: Vec<char> = input.axes.as_str().chars().collect();
    // A letter that is taken out here does not come back with another meaning.
    let chosen = named.iter().filter_map(|(name, _)| match name {
        Named::New(letter) => *letter,
        Named::Axis { .. } => None,
    });
    let mut taken: Vec<char> = letters.iter().copied().chain(chosen).collect();
    let mut order = String::new();
    for (a, (name, _)) in named.iter().enumerate() {
        match name {
            Named::Axis { from, origin, times } => {
                order.push(letters[*from]);
                let spacing = input.spacing.values[*from];
                spec.origin[a] = input.origin[*from] + origin * spacing;
                spec.spacing.values[a] = spacing * times;
            }
            Named::New(Some(letter)) => order.push(*letter),
            Named::New(None) => {
                // Its place says what it may be; else what images have most often.
                let free = [usual[a]].into_iter().chain("ctzyxwvu".chars()).chain('a'..='z');
                let letter = free.into_iter().find(|l| !taken.contains(l)).unwrap_or('a');
                taken.push(letter);
                order.push(letter);
            }
        }
    }
    spec.axes = Axes::parse(&order)?;
    spec.spacing.unit = input.spacing.unit.clone();
    Ok(spec)
}

/// The axis that a letter or a number means; a negative number counts from the last.
///
/// # Errors
/// [`Error::InvalidArgument`] that names the axes.
pub(super) fn axis_of(op: &str, spec: &ImageSpec, given: &serde_json::Value) -> Result<usize> {
    let n = spec.ndim() as i64;
    let number = match given {
        serde_json::Value::String(s) => {
            let mut letters = s.chars();
            let letter = letters.next().filter(|_| letters.next().is_none());
            let by_letter = letter.and_then(|c| spec.axes.position(c)).map(|a| a as i64);
            by_letter.or_else(|| s.parse().ok())
        }
        other => other.as_i64(),
    };
    let from_first = number.map(|a| if a < 0 { a + n } else { a });
    from_first.filter(|a| (0..n).contains(a)).map(|a| a as usize).ok_or_else(|| {
        let expected = format!("-{n} to {}, or a letter of {}", n - 1, spec.axes);
        Error::argument(format!("{op}: axis"), given, expected)
    })
}

/// The bytes of a sample of this value: a number, or one of the words nan, inf and -inf, which JSON has no numbers for.
///
/// # Errors
/// [`Error::InvalidArgument`] if it is neither, or an integer that the dtype does not have.
pub(super) fn sample_bytes(op: &str, dtype: Dtype, value: &serde_json::Value) -> Result<[u8; 8]> {
    let wrong = || Error::argument(op, value, format!("a value of {dtype}"));
    let truth = value.as_bool().map(|b| f64::from(u8::from(b)));
    let word = value.as_str().and_then(|s| s.parse().ok());
    let number: f64 = value.as_f64().or(truth).or(word).ok_or_else(wrong)?;
    let mut bytes = [0; 8];
    match (dtype, value.as_i64(), value.as_u64()) {
        // Integers beyond 2^53 must not go through a double.
        (Dtype::Int64, Some(i), _) => return Ok(i.to_ne_bytes()),
        (Dtype::UInt64, _, Some(u)) => return Ok(u.to_ne_bytes()),
        (Dtype::Bool, ..) => {
            bytes[0] = u8::from(number != 0.0);
            return Ok(bytes);
        }
        _ => {}
    }
    let whole = value.is_i64() || value.is_u64();
    dispatch!(dtype, T => {
        let sample = T::from_f64(number);
        if whole && dtype.is_integer() && sample.to_f64() != number {
            return Err(wrong());
        }
        bytes[..size_of::<T>()].copy_from_slice(bytemuck::bytes_of(&sample));
    });
    Ok(bytes)
}
