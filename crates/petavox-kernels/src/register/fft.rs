//! Fourier transforms of small real arrays of any number of axes.

use petavox_fft::{Complex, Direction, Planner, Real};

/// Plans of transforms, made once for every length.
pub struct Fft {
    planner: Box<dyn Planner<f32>>,
}

impl Default for Fft {
    fn default() -> Fft {
        Fft { planner: f32::planner() }
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

    /// The half spectrum of a real array: the last axis keeps `n / 2 + 1` frequencies.
    pub(super) fn forward(&mut self, samples: &mut [f32], shape: &[usize]) -> Vec<Complex<f32>> {
        let n = shape[shape.len() - 1];
        let half = n / 2 + 1;
        let plan = self.planner.forward(n);
        let rows = samples.len() / n;
        let mut out = vec![Complex::default(); rows * half];
        let mut scratch = plan.make_scratch_vec();
        for (row, to) in samples.chunks_exact_mut(n).zip(out.chunks_exact_mut(half)) {
            // Lengths are those that were planned, so that it cannot fail.
            let _ = plan.process_with_scratch(row, to, &mut scratch);
        }
        self.others(&mut out, shape, half, true);
        out
    }

    /// The real array of a half spectrum, times the number of samples.
    pub(super) fn inverse(&mut self, mut spectrum: Vec<Complex<f32>>, shape: &[usize]) -> Vec<f32> {
        let n = shape[shape.len() - 1];
        let half = n / 2 + 1;
        self.others(&mut spectrum, shape, half, false);
        let plan = self.planner.inverse(n);
        let mut out = vec![0.0; spectrum.len() / half * n];
        let mut scratch = plan.make_scratch_vec();
        for (row, to) in spectrum.chunks_exact_mut(half).zip(out.chunks_exact_mut(n)) {
            row[0].im = 0.0;
            if n.is_multiple_of(2) {
                row[half - 1].im = 0.0;
            }
            let _ = plan.process_with_scratch(row, to, &mut scratch);
        }
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
                    for i in 0..len {
                        for c in 0..width {
                            lines[c * len + i] = part[i * step + first + c];
                        }
                    }
                    plan.process_with_scratch(&mut lines[..width * len], &mut scratch);
                    for i in 0..len {
                        for c in 0..width {
                            part[i * step + first + c] = lines[c * len + i];
                        }
                    }
                    first += width;
                }
            }
            step *= len;
        }
    }
}
