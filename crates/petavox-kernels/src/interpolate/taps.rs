//! Which samples make a value between them, and with which weights.

/// How values between samples are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interpolant {
    /// A B-spline of order 0 to 5; from 2 on, of coefficients that [`spline_filter`](super::spline_filter) makes.
    Spline(u8),
    /// The cubic convolution of Keys with a = -1/2, of the samples themselves.
    Cubic,
}

/// The most taps along one axis.
pub(super) const MOST_TAPS: usize = 6;

impl Interpolant {
    /// Taps along an axis.
    #[inline(always)]
    pub fn n_taps(self) -> usize {
        match self {
            Interpolant::Spline(order) => order as usize + 1,
            Interpolant::Cubic => 4,
        }
    }

    /// True if values are those of single samples.
    pub fn is_nearest(self) -> bool {
        self == Interpolant::Spline(0)
    }

    /// The place of the first tap for a coordinate.
    #[inline(always)]
    pub(super) fn first(self, c: f64) -> i64 {
        // Far outside every image, so that sums with it do not overflow.
        const FAR: f64 = 1e15;
        let c = c.clamp(-FAR, FAR);
        match self {
            Interpolant::Spline(order) => {
                let middle = if order & 1 == 1 { c.floor() } else { (c + 0.5).floor() };
                middle as i64 - i64::from(order / 2)
            }
            Interpolant::Cubic => c.floor() as i64 - 1,
        }
    }

    /// The places `first..end` of the taps for a coordinate.
    pub(super) fn places(self, c: f64) -> (i64, i64) {
        let first = self.first(c);
        (first, first + self.n_taps() as i64)
    }

    /// The weights of the taps for a coordinate; [`Interpolant::n_taps`] of them.
    #[inline(always)]
    pub(super) fn weights(self, c: f64) -> [f64; MOST_TAPS] {
        match self {
            Interpolant::Spline(0) => [1.0, 0.0, 0.0, 0.0, 0.0, 0.0],
            Interpolant::Spline(1) => {
                let low = 1.0 - (c - c.floor());
                [low, 1.0 - low, 0.0, 0.0, 0.0, 0.0]
            }
            Interpolant::Spline(order) => spline(order, c),
            Interpolant::Cubic => keys(c - c.floor()),
        }
    }
}

/// A B-spline's values at the taps (Unser, Aldroubi and Eden 1991); the last is what is missing to 1, as scipy has it.
fn spline(order: u8, c: f64) -> [f64; MOST_TAPS] {
    let x = c - if order & 1 == 1 { c.floor() } else { (c + 0.5).floor() };
    let z = 1.0 - x;
    let mut w = [0.0; MOST_TAPS];
    match order {
        2 => {
            let y = 0.5 - x;
            w[0] = 0.5 * y * y;
            w[1] = 0.75 - x * x;
        }
        3 => {
            let middle = |d: f64| (d * d * (d - 2.0) * 3.0 + 4.0) / 6.0;
            w[0] = z * z * z / 6.0;
            w[1] = middle(x);
            w[2] = middle(z);
        }
        4 => {
            let side = |d: f64| d * (d * (d * (5.0 - d) / 6.0 - 1.25) + 5.0 / 24.0) + 55.0 / 96.0;
            let (square, y) = (x * x, 0.5 - x);
            w[0] = (y * y) * (y * y) / 24.0;
            w[1] = side(1.0 + x);
            w[2] = square * (square * 0.25 - 0.625) + 115.0 / 192.0;
            w[3] = side(z);
        }
        _ => {
            let near = |d: f64| d * d * (d * d * (0.25 - d / 12.0) - 0.5) + 0.55;
            let far =
                |d: f64| d * (d * (d * (d * (d / 24.0 - 0.375) + 1.25) - 1.75) + 0.625) + 0.425;
            w[0] = z * (z * z) * (z * z) / 120.0;
            w[1] = far(1.0 + x);
            w[2] = near(x);
            w[3] = near(z);
            w[4] = far(1.0 + z);
        }
    }
    let n = order as usize;
    w[n] = w[..n].iter().fold(1.0, |rest, v| rest - v);
    w
}

/// Keys' weights for a coordinate `x` behind the second tap.
fn keys(x: f64) -> [f64; MOST_TAPS] {
    let (x2, x3) = (x * x, x * x * x);
    [
        -0.5 * x + x2 - 0.5 * x3,
        1.0 - 2.5 * x2 + 1.5 * x3,
        0.5 * x + 2.0 * x2 - 1.5 * x3,
        -0.5 * x2 + 0.5 * x3,
        0.0,
        0.0,
    ]
}
