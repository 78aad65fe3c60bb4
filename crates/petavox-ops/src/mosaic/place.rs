//! Where a tile lies in the mosaic.

use petavox_core::{Error, Region, Result};
use petavox_kernels::blend::{Shift, Warp};
use petavox_kernels::interpolate::{Interpolant, PointMap};

/// From a place in the mosaic to a place in the tile, both counted in samples.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// Only moved.
    Moved(Shift),
    /// Turned, scaled or sheared, or moved with cubic interpolation.
    Warped {
        /// The map, of places from which `by` was subtracted.
        warp: Warp,
        /// Per axis of the mosaic; 0 along axes that the map moves.
        by: Vec<i64>,
        /// The part of the mosaic that the tile covers.
        covers: Region,
    },
}

impl Place {
    /// The part of the mosaic that a tile of `shape` covers.
    pub(super) fn covers(&self, shape: &[usize]) -> Region {
        match self {
            Place::Moved(shift) => shift.covers(shape),
            Place::Warped { covers, .. } => covers.clone(),
        }
    }

    /// The part of the tile that is read for a part of what it covers.
    pub(super) fn needs(&self, target: &Region, shape: &[usize]) -> Region {
        match self {
            Place::Moved(shift) => shift.needs(target),
            Place::Warped { warp, by, .. } => {
                let back: Vec<i64> = by.iter().map(|b| -b).collect();
                warp.needs(&target.translate(&back), shape)
            }
        }
    }
}

/// A square matrix and an offset: `matrix · p + offset`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Affine {
    pub(super) matrix: Vec<Vec<f64>>,
    pub(super) offset: Vec<f64>,
}

impl Affine {
    /// Only moved.
    pub(super) fn moved(offset: Vec<f64>) -> Affine {
        let n = offset.len();
        let one = |a: usize, b: usize| if a == b { 1.0 } else { 0.0 };
        Affine { matrix: (0..n).map(|a| (0..n).map(|b| one(a, b)).collect()).collect(), offset }
    }

    /// The image of a point.
    pub(super) fn apply(&self, p: &[f64]) -> Vec<f64> {
        let row =
            |(line, o): (&Vec<f64>, &f64)| o + line.iter().zip(p).map(|(m, x)| m * x).sum::<f64>();
        self.matrix.iter().zip(&self.offset).map(row).collect()
    }

    /// True if it only moves.
    pub(super) fn is_move(&self) -> bool {
        let near = |v: f64, want: f64| (v - want).abs() < 1e-12;
        self.matrix.iter().enumerate().all(|(a, row)| {
            row.iter().enumerate().all(|(b, v)| near(*v, if a == b { 1.0 } else { 0.0 }))
        })
    }

    /// The map back.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if there is none.
    pub(super) fn inverse(&self) -> Result<Affine> {
        let n = self.offset.len();
        let mut rows: Vec<Vec<f64>> = self
            .matrix
            .iter()
            .enumerate()
            .map(|(a, row)| {
                let unit = (0..n).map(|b| if a == b { 1.0 } else { 0.0 });
                row.iter().copied().chain(unit).collect()
            })
            .collect();
        for a in 0..n {
            let largest = |r: &usize| rows[*r][a].abs();
            let pivot = (a..n).max_by(|r, s| largest(r).total_cmp(&largest(s))).unwrap_or(a);
            rows.swap(a, pivot);
            let by = rows[a][a];
            if !by.is_finite() || by.abs() < 1e-12 {
                let expected = "a matrix that can be inverted";
                return Err(Error::argument("affine", format!("{:?}", self.matrix), expected));
            }
            rows[a].iter_mut().for_each(|v| *v /= by);
            let row = rows[a].clone();
            for (_, other) in rows.iter_mut().enumerate().filter(|(r, _)| *r != a) {
                let by = other[a];
                other.iter_mut().zip(&row).for_each(|(o, v)| *o -= by * v);
            }
        }
        let matrix: Vec<Vec<f64>> = rows.into_iter().map(|row| row[n..].to_vec()).collect();
        let back = Affine { matrix, offset: vec![0.0; n] };
        let offset = back.apply(&self.offset).into_iter().map(|v| -v).collect();
        Ok(Affine { offset, ..back })
    }
}

/// How values between samples are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Between {
    Nearest,
    Linear,
    Cubic,
}

impl Between {
    pub(super) fn parse(name: &str) -> Result<Between> {
        Ok(match name {
            "nearest" => Between::Nearest,
            "linear" => Between::Linear,
            "cubic" => Between::Cubic,
            _ => {
                let expected = "one of nearest, linear, cubic";
                return Err(Error::argument("interpolation", name, expected));
            }
        })
    }

    fn interpolant(self) -> Interpolant {
        match self {
            Between::Nearest => Interpolant::Spline(0),
            Between::Linear => Interpolant::Spline(1),
            Between::Cubic => Interpolant::Spline(3),
        }
    }
}

/// The place of a tile of `shape` in a mosaic, of which `forward` is what moves the space axes `spatial`, and `fixed` the places along the
/// other axes.
///
/// # Errors
/// [`Error::InvalidArgument`] for a map that cannot be inverted.
pub(super) fn place(
    forward: &Affine,
    spatial: &[usize],
    fixed: &[i64],
    shape: &[usize],
    between: Between,
) -> Result<Place> {
    let whole = |position: &[f64]| {
        let mut full: Vec<f64> = fixed.iter().map(|f| *f as f64).collect();
        spatial.iter().zip(position).for_each(|(&a, p)| full[a] = *p);
        Shift::new(&full)
    };
    if forward.is_move() && between == Between::Nearest {
        let rounded: Vec<f64> = forward.offset.iter().map(|p| (p + 0.5 - 1e-9).floor()).collect();
        return Ok(Place::Moved(whole(&rounded)));
    }
    if forward.is_move() {
        let shift = whole(&forward.offset);
        if between == Between::Linear || shift.fraction.iter().all(|f| *f == 0.0) {
            return Ok(Place::Moved(shift));
        }
    }
    let back = forward.inverse()?;
    // The corners say what is covered.
    let n = spatial.len();
    let margin = if between == Between::Nearest { 0.5 - 1e-9 } else { 0.0 };
    let (mut low, mut high) = (vec![f64::INFINITY; n], vec![f64::NEG_INFINITY; n]);
    for corner in 0..1usize << n {
        let c: Vec<f64> = (0..n)
            .map(|k| match corner >> k & 1 {
                0 => -margin,
                _ => shape[spatial[k]] as f64 - 1.0 + margin,
            })
            .collect();
        for (k, p) in forward.apply(&c).into_iter().enumerate() {
            low[k] = low[k].min(p);
            high[k] = high[k].max(p);
        }
    }
    let mut start = fixed.to_vec();
    let mut extent = shape.to_vec();
    for (k, &a) in spatial.iter().enumerate() {
        let (lo, hi) = ((low[k] - 1e-6).ceil(), (high[k] + 1e-6).floor());
        if !(lo.abs() < 1e15 && hi.abs() < 1e15) {
            let expected = "a place that can be counted in samples";
            return Err(Error::argument("affine", format!("{forward:?}"), expected));
        }
        start[a] = lo as i64;
        extent[a] = (hi - lo + 1.0).max(0.0) as usize;
    }
    let first = spatial.first().copied().unwrap_or(0);
    let after = shape.len() - spatial.last().map_or(0, |l| l + 1);
    let by = (0..shape.len()).map(|a| if spatial.contains(&a) { 0 } else { fixed[a] }).collect();
    Ok(Place::Warped {
        warp: Warp {
            map: PointMap::Affine { matrix: back.matrix, offset: back.offset },
            carried: (first, after),
            interpolant: between.interpolant(),
        },
        by,
        covers: Region::new(start, extent),
    })
}
