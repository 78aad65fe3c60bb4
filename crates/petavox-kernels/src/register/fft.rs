//! Fourier transforms of small real arrays of any number of axes.

use petavox_fft::{Complex, Direction, Planner, Real};

/// Arrays of each kind that are kept for the next transforms.
const KEPT: usize = 2;

/// Plans of transforms, made once for every length, and the memory of transforms before.
pub struct Fft {
    planner: Box<dyn Planner<f32>>,
    reals: Vec<Vec<f32>>,
    spectra: Vec<Vec<Complex<f32>>>,
}

impl Default for Fft {
    fn default() -> Fft {
        Fft { planner: f32::planner(), reals: Vec::new(), spectra: Vec::new() }
    }
}

impl Fft {
    /// No plans yet.
    pub fn new() -> Fft {
        Fft::default()
    }

    /// The next length from `n` on that is quick: a product of 2, 3 and 5, and even.
    pub fn quick_len(n: usize) -> usize {
        let smooth = |mut m: usize| {
            for p in [2, 3, 5] {
                while m.is_multiple_of(p) {
                    m /= p;
                }
            }
            m == 1
        };
        (n.max(2)..).find(|m| m.is_multiple_of(2) && smooth(*m)).unwrap_or(n)
    }

    /// `n` zeros, in memory that was used before if there is some.
    pub(super) fn zeros(&mut self, n: usize) -> Vec<f32> {
        zeros(&mut self.reals, n, 0.0)
    }

    /// Nothing yet, in memory that was used before if there is some.
    pub(super) fn room(&mut self) -> Vec<f32> {
        let mut out = self.reals.pop().unwrap_or_default();
        out.clear();
        out
    }

    /// Keeps memory for later.
    pub(super) fn keep(&mut self, samples: Vec<f32>) {
        if self.reals.len() < KEPT {
            self.reals.push(samples);
        }
    }

    /// Keeps memory for later.
    pub(super) fn keep_spectrum(&mut self, spectrum: Vec<Complex<f32>>) {
        if self.spectra.len() < KEPT {
            self.spectra.push(spectrum);
        }
    }

    /// The half spectrum of a real array: the last axis keeps `n / 2 + 1` frequencies.
    pub(super) fn forward(&mut self, samples: &mut [f32], shape: &[usize]) -> Vec<Complex<f32>> {
        let n = shape[shape.len() - 1];
        let half = n / 2 + 1;
        let plan = self.planner.forward(n);
        let rows = samples.len() / n;
        let mut out = zeros(&mut self.spectra, rows * half, Complex::default());
        let mut scratch = plan.make_scratch_vec();
        for (row, to) in samples.chunks_exact_mut(n).zip(out.chunks_exact_mut(half)) {
            // Zeros stay zeros.
            if row.iter().any(|v| *v != 0.0) {
                // Lengths are those that were planned, so that it cannot fail.
                let _ = plan.process_with_scratch(row, to, &mut scratch);
            }
        }
        self.others(&mut out, shape, half, true);
        out
    }

    /// The real array of a half spectrum, times the number of samples: those rows along the last axis that are `wanted` by their number,
    /// the others are zeros.
    pub(super) fn inverse(
        &mut self,
        mut spectrum: Vec<Complex<f32>>,
        shape: &[usize],
        wanted: &[bool],
    ) -> Vec<f32> {
        let n = shape[shape.len() - 1];
        let half = n / 2 + 1;
        self.others(&mut spectrum, shape, half, false);
        let plan = self.planner.inverse(n);
        let mut out = zeros(&mut self.reals, spectrum.len() / half * n, 0.0);
        let mut scratch = plan.make_scratch_vec();
        let rows = spectrum.chunks_exact_mut(half).zip(out.chunks_exact_mut(n));
        for ((row, to), _) in rows.zip(wanted).filter(|(_, wanted)| **wanted) {
            row[0].im = 0.0;
            if n.is_multiple_of(2) {
                row[half - 1].im = 0.0;
            }
            let _ = plan.process_with_scratch(row, to, &mut scratch);
        }
        self.keep_spectrum(spectrum);
        out
    }

    /// Transforms the axes before the last.
    fn others(&mut self, data: &mut [Complex<f32>], shape: &[usize], half: usize, forward: bool) {
        const LANES: usize = 8;
        let mut step = half;
        for &len in shape[..shape.len() - 1].iter().rev() {
            let direction = if forward { Direction::Forward } else { Direction::Inverse };
            let plan = self.planner.complex(len, direction);
            let mut lines = vec![Complex::default(); len * LANES];
            let mut scratch = vec![Complex::default(); plan.get_inplace_scratch_len()];
            for part in data.chunks_exact_mut(len * step) {
                let mut first = 0;
                while first < step {
                    let width = LANES.min(step - first);
                    for (i, row) in part.chunks_exact(step).enumerate() {
                        let to = lines.chunks_exact_mut(len);
                        row[first..first + width].iter().zip(to).for_each(|(v, to)| to[i] = *v);
                    }
                    plan.process_with_scratch(&mut lines[..width * len], &mut scratch);
                    for (i, row) in part.chunks_exact_mut(step).enumerate() {
                        let from = lines.chunks_exact(len);
                        row[first..first + width].iter_mut().zip(from).for_each(|(v, f)| *v = f[i]);
                    }
                    first += width;
                }
            }
            step *= len;
        }
    }
}

/// `n` times nothing, in memory of which there is some.
fn zeros<T: Copy>(kept: &mut Vec<Vec<T>>, n: usize, nothing: T) -> Vec<T> {
    let mut out = kept.pop().unwrap_or_default();
    out.clear();
    out.resize(n, nothing);
    out
}
