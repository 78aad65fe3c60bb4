//! How much a sample of a tile counts, by its place in the tile.

/// Weights along one axis of a tile, by coordinate.
#[derive(Clone, Debug, PartialEq)]
pub struct Ramp {
    /// At whole coordinates; empty where every sample counts the same.
    table: Vec<f64>,
    len: usize,
    /// How far outside the first and last centre a coordinate still is inside.
    slack: f64,
}

impl Ramp {
    /// Every sample counts the same.
    pub fn flat(len: usize, is_nearest: bool) -> Ramp {
        Ramp { table: Vec::new(), len, slack: slack(is_nearest) }
    }

    /// One period of a raised cosine: nearly nothing at the ends of the tile, 1 in its middle. Whatever the width of an overlap, weights
    /// change smoothly from one end of it to the other.
    pub fn cosine(len: usize, is_nearest: bool) -> Ramp {
        let at = |i: usize| {
            let s = ((i as f64 + 0.5) / len as f64 * std::f64::consts::PI).sin();
            s * s
        };
        Ramp { table: (0..len).map(at).collect(), len, slack: slack(is_nearest) }
    }

    /// The weight at a coordinate of the tile, 0 outside it.
    #[inline]
    pub fn at(&self, c: f64) -> f64 {
        let last = self.len as f64 - 1.0;
        if !(c >= -self.slack && c <= last + self.slack) {
            return 0.0;
        }
        if self.table.is_empty() {
            return 1.0;
        }
        let c = c.clamp(0.0, last);
        let i = c as usize;
        let f = c - i as f64;
        let low = self.table[i];
        if f == 0.0 { low } else { low * (1.0 - f) + self.table[(i + 1).min(self.len - 1)] * f }
    }
}

/// A hair for rounding where values lie between samples; half a sample where they are those of the nearest.
fn slack(is_nearest: bool) -> f64 {
    if is_nearest { 0.5 - 1e-9 } else { 1e-9 }
}
