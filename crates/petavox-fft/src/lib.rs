//! Plans of Fourier transforms of lines of `f32` and `f64` samples: rustfft and realfft behind trait objects.
//!
//! Both libraries are generic and large. What they are for the two precisions is compiled here, once: not again with everything that
//! transforms something, its tests, and each of its changes.
//!
//! ```
//! use petavox_fft::{Complex, Direction, Real};
//!
//! let plan = f64::planner().complex(4, Direction::Forward);
//! let mut line = [1.0, 0.0, 0.0, 0.0].map(|re| Complex::new(re, 0.0));
//! plan.process(&mut line);
//! assert_eq!(line, [Complex::new(1.0, 0.0); 4]);
//! ```

pub use num_complex::Complex;
pub use realfft::{ComplexToReal, RealToComplex};
pub use rustfft::num_traits::Float;
pub use rustfft::{Fft, FftDirection as Direction};

use realfft::RealFftPlanner;
use rustfft::{FftNum, FftPlanner};
use std::sync::Arc;

/// Makes plans and keeps them: one that was made before, and what plans have in common, is not made again.
pub trait Planner<T>: Send {
    /// Complex to complex, in place, without a factor.
    fn complex(&mut self, n: usize, direction: Direction) -> Arc<dyn Fft<T>>;
    /// `n` real samples to the first `n / 2 + 1` of their transform.
    fn forward(&mut self, n: usize) -> Arc<dyn RealToComplex<T>>;
    /// The first `n / 2 + 1` samples of a transform to `n` real ones, without a factor.
    fn inverse(&mut self, n: usize) -> Arc<dyn ComplexToReal<T>>;
}

/// Samples of lines: `f32` and `f64`.
pub trait Real: FftNum + Float {
    /// A planner without plans.
    fn planner() -> Box<dyn Planner<Self>>;
}

impl Real for f32 {
    fn planner() -> Box<dyn Planner<f32>> {
        Box::new(Plans::<f32>::new())
    }
}

impl Real for f64 {
    fn planner() -> Box<dyn Planner<f64>> {
        Box::new(Plans::<f64>::new())
    }
}

struct Plans<T: FftNum> {
    complex: FftPlanner<T>,
    real: RealFftPlanner<T>,
}

impl<T: FftNum> Plans<T> {
    fn new() -> Plans<T> {
        Plans { complex: FftPlanner::new(), real: RealFftPlanner::new() }
    }
}

impl<T: FftNum> Planner<T> for Plans<T> {
    fn complex(&mut self, n: usize, direction: Direction) -> Arc<dyn Fft<T>> {
        self.complex.plan_fft(n, direction)
    }

    fn forward(&mut self, n: usize) -> Arc<dyn RealToComplex<T>> {
        self.real.plan_fft_forward(n)
    }

    fn inverse(&mut self, n: usize) -> Arc<dyn ComplexToReal<T>> {
        self.real.plan_fft_inverse(n)
    }
}
