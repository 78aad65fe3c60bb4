//! Transforms of all lines of a block along one axis, in place. Blocks hold complex samples; a real line of `n` samples lies packed in the
//! `n / 2 + 1` complex ones of its transform, two to each, so that real transforms are in place too.

use num_complex::Complex;
use petavox_core::{Error, Result};
use petavox_fft::{ComplexToReal, Direction, Fft, Real, RealToComplex};
use std::sync::Arc;

/// What is done with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// Complex to complex.
    Forward,
    /// Complex to complex, back; without the factor.
    Inverse,
    /// Real to the first half of its transform.
    RealForward,
    /// The first half of a transform to real; without the factor.
    RealInverse,
}

/// Whether samples are complex numbers of two `float32` or of two `float64`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// Two `float32`: one word of 64 bits.
    Single,
    /// Two `float64`: two words.
    Double,
}

impl Precision {
    /// Words of 64 bits in a complex sample.
    pub fn words(self) -> usize {
        match self {
            Precision::Single => 1,
            Precision::Double => 2,
        }
    }
}

/// How many lines that are not contiguous are gathered at once: neighbours share cache lines.
const TOGETHER: usize = 8;

enum Plan<T> {
    Complex(Arc<dyn Fft<T>>),
    Forward(Arc<dyn RealToComplex<T>>),
    Inverse(Arc<dyn ComplexToReal<T>>),
}

enum Typed {
    Single(Plan<f32>),
    Double(Plan<f64>),
}

/// The transform of lines of one length, made once and used for all of them.
pub struct Lines {
    n: usize,
    kind: LineKind,
    factor: f64,
    plan: Typed,
}

fn plan<T: Real>(n: usize, kind: LineKind) -> Plan<T> {
    let mut planner = T::planner();
    match kind {
        LineKind::Forward => Plan::Complex(planner.complex(n, Direction::Forward)),
        LineKind::Inverse => Plan::Complex(planner.complex(n, Direction::Inverse)),
        LineKind::RealForward => Plan::Forward(planner.forward(n)),
        LineKind::RealInverse => Plan::Inverse(planner.inverse(n)),
    }
}

impl Lines {
    /// Lines of `n` samples (real ones, if they are real on one side), multiplied by `factor` on the way.
    pub fn new(n: usize, kind: LineKind, precision: Precision, factor: f64) -> Lines {
        let plan = match precision {
            Precision::Single => Typed::Single(plan(n, kind)),
            Precision::Double => Typed::Double(plan(n, kind)),
        };
        Lines { n, kind, factor, plan }
    }

    /// Bytes that a transform of lines of `n` samples takes at most beside the samples: twiddle factors, and room for the lines that are
    /// being worked on. Lengths with a large prime factor are transformed as a convolution of more than twice the length.
    pub fn bytes(n: usize) -> usize {
        (16 * (6 * n + 64)).saturating_mul(2) + 16 * (TOGETHER + 2) * (n + 2)
    }

    /// Complex samples of a line.
    pub fn n_complex(&self) -> usize {
        match self.kind {
            LineKind::Forward | LineKind::Inverse => self.n,
            LineKind::RealForward | LineKind::RealInverse => self.n / 2 + 1,
        }
    }

    /// Transforms all lines of a block of `shape` along `axis`, in place; `words` holds its complex samples in C order.
    ///
    /// # Errors
    /// [`Error::Internal`] if shape, words and lines do not fit together.
    pub fn run(&self, words: &mut [u64], shape: &[usize], axis: usize) -> Result<()> {
        let unfit = || Error::internal("Lines::run", format!("{shape:?} along {axis}, {}", self.n));
        if shape.get(axis) != Some(&self.n_complex()) {
            return Err(unfit());
        }
        let inner = shape[axis + 1..].iter().product();
        let n_samples: usize = shape.iter().product();
        match &self.plan {
            Typed::Single(plan) => {
                let samples: &mut [Complex<f32>] =
                    bytemuck::try_cast_slice_mut(words).map_err(|_| unfit())?;
                let samples = samples.get_mut(..n_samples).ok_or_else(unfit)?;
                self.lines(plan, samples, inner, self.factor as f32)
            }
            Typed::Double(plan) => {
                let samples: &mut [Complex<f64>] =
                    bytemuck::try_cast_slice_mut(words).map_err(|_| unfit())?;
                let samples = samples.get_mut(..n_samples).ok_or_else(unfit)?;
                self.lines(plan, samples, inner, self.factor)
            }
        }
    }

    fn lines<T: Real + bytemuck::Pod>(
        &self,
        plan: &Plan<T>,
        samples: &mut [Complex<T>],
        inner: usize,
        factor: T,
    ) -> Result<()> {
        let n = self.n_complex();
        if samples.is_empty() {
            return Ok(());
        }
        let mut worker = Worker::new(plan, self.n, factor);
        if inner == 1 {
            return samples.chunks_exact_mut(n).try_for_each(|line| worker.line(line));
        }
        let zero = Complex::new(T::zero(), T::zero());
        let mut lines = vec![zero; TOGETHER * n];
        for outer in samples.chunks_exact_mut(n * inner) {
            for first in (0..inner).step_by(TOGETHER) {
                let width = TOGETHER.min(inner - first);
                for k in 0..n {
                    for (j, sample) in outer[k * inner + first..][..width].iter().enumerate() {
                        lines[j * n + k] = *sample;
                    }
                }
                for line in lines[..width * n].chunks_exact_mut(n) {
                    worker.line(line)?;
                }
                for k in 0..n {
                    for (j, sample) in outer[k * inner + first..][..width].iter_mut().enumerate() {
                        *sample = lines[j * n + k];
                    }
                }
            }
        }
        Ok(())
    }
}

/// A plan with the room that it works in.
struct Worker<'a, T> {
    plan: &'a Plan<T>,
    factor: T,
    scratch: Vec<Complex<T>>,
    /// The line's real side.
    real: Vec<T>,
}

impl<T: Real + bytemuck::Pod> Worker<'_, T> {
    fn new(plan: &Plan<T>, n: usize, factor: T) -> Worker<'_, T> {
        let (n_scratch, n_real) = match plan {
            Plan::Complex(plan) => (plan.get_inplace_scratch_len(), 0),
            Plan::Forward(plan) => (plan.get_scratch_len(), n),
            Plan::Inverse(plan) => (plan.get_scratch_len(), n),
        };
        let zero = Complex::new(T::zero(), T::zero());
        Worker { plan, factor, scratch: vec![zero; n_scratch], real: vec![T::zero(); n_real] }
    }

    fn line(&mut self, line: &mut [Complex<T>]) -> Result<()> {
        let refused = |e| Error::internal("Lines::line", e);
        let factor = self.factor;
        match self.plan {
            Plan::Complex(plan) => {
                plan.process_with_scratch(line, &mut self.scratch);
                scale(line, factor);
            }
            Plan::Forward(plan) => {
                let n = self.real.len();
                self.real.copy_from_slice(&bytemuck::cast_slice::<Complex<T>, T>(line)[..n]);
                plan.process_with_scratch(&mut self.real, line, &mut self.scratch)
                    .map_err(refused)?;
                scale(line, factor);
            }
            Plan::Inverse(plan) => {
                // The first sample and, of an even number, the last are their own conjugates: what is imaginary in them is not looked at.
                line[0].im = T::zero();
                let is_even = self.real.len().is_multiple_of(2);
                if let Some(last) = line.last_mut().filter(|_| is_even) {
                    last.im = T::zero();
                }
                plan.process_with_scratch(line, &mut self.real, &mut self.scratch)
                    .map_err(refused)?;
                let packed = bytemuck::cast_slice_mut::<Complex<T>, T>(line);
                packed.iter_mut().zip(&self.real).for_each(|(p, r)| *p = *r * factor);
            }
        }
        Ok(())
    }
}

fn scale<T: Real>(line: &mut [Complex<T>], factor: T) {
    if factor != T::one() {
        line.iter_mut().for_each(|c| *c = *c * factor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition.
    fn plain(line: &[Complex<f64>], sign: f64) -> Vec<Complex<f64>> {
        let n = line.len();
        let turn = |k: usize, x: usize| {
            let angle = sign * std::f64::consts::TAU * ((k * x) % n) as f64 / n as f64;
            Complex::new(angle.cos(), angle.sin())
        };
        (0..n).map(|k| (0..n).map(|x| line[x] * turn(k, x)).sum()).collect()
    }

    fn near(a: Complex<f64>, b: Complex<f64>) -> bool {
        (a - b).norm() < 1e-11
    }

    fn noise(n: usize) -> Vec<Complex<f64>> {
        (0..n).map(|i| Complex::new((i as f64 * 1.7).sin(), (i as f64 * 0.3).cos())).collect()
    }

    #[test]
    fn lines_along_every_axis_are_those_of_the_definition() {
        for shape in [[3, 5, 7], [1, 37, 10], [16, 1, 2]] {
            let samples = noise(shape.iter().product());
            for axis in 0..3 {
                for (kind, sign) in [(LineKind::Forward, -1.0), (LineKind::Inverse, 1.0)] {
                    let mut got = samples.clone();
                    let lines = Lines::new(shape[axis], kind, Precision::Double, 0.5);
                    lines.run(bytemuck::cast_slice_mut(&mut got), &shape, axis).unwrap();
                    let inner: usize = shape[axis + 1..].iter().product();
                    let n = shape[axis];
                    for first in (0..samples.len()).filter(|i| (i / inner).is_multiple_of(n)) {
                        let line: Vec<_> = (0..n).map(|k| samples[first + k * inner]).collect();
                        for (k, want) in plain(&line, sign).into_iter().enumerate() {
                            assert!(near(got[first + k * inner], want * 0.5), "{shape:?} {axis}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn real_lines_there_and_back_are_the_lines() {
        for n in [1usize, 2, 5, 8, 31] {
            let half = n / 2 + 1;
            let real: Vec<f64> = (0..n).map(|i| (i as f64 * 2.1).sin()).collect();
            let mut line = vec![Complex::new(0.0, 0.0); half];
            bytemuck::cast_slice_mut::<_, f64>(&mut line)[..n].copy_from_slice(&real);
            let there = Lines::new(n, LineKind::RealForward, Precision::Double, 1.0);
            there.run(bytemuck::cast_slice_mut(&mut line), &[half], 0).unwrap();
            let whole: Vec<_> = real.iter().map(|r| Complex::new(*r, 0.0)).collect();
            for (got, want) in line.iter().zip(plain(&whole, -1.0)) {
                assert!(near(*got, want), "{n}");
            }
            let back = Lines::new(n, LineKind::RealInverse, Precision::Double, 1.0 / n as f64);
            back.run(bytemuck::cast_slice_mut(&mut line), &[half], 0).unwrap();
            let got = &bytemuck::cast_slice::<_, f64>(&line)[..n];
            assert!(got.iter().zip(&real).all(|(g, r)| (g - r).abs() < 1e-14), "{n}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let lines = Lines::new(4, LineKind::Forward, Precision::Single, 1.0);
        assert!(lines.run(&mut [0; 8], &[2, 5], 1).is_err());
        assert!(lines.run(&mut [0; 7], &[2, 4], 1).is_err());
        assert!(lines.run(&mut [0; 8], &[2, 4], 1).is_ok());
    }
}
