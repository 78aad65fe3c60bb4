//! Values of order 1 along a row of points that an affine map gives: the points lie on a line, so that two of them tell whether all
//! are inside, and neighbours along the last axis are read in pairs.
//!
//! The arithmetic is that of the plain sums in `points.rs`, in the same order and never fused.

use super::edge::EdgeMode;
use super::points::PointMap;
use petavox_core::{Dtype, Element, Region};

/// Values at points of a row from `skip` on, if the map is affine and all of them are inside the block `region` or all outside the
/// `image`; else false, and nothing is done.
pub(super) fn straight<T: Element>(
    samples: &[T],
    (region, image): (&Region, &[usize]),
    mode: EdgeMode,
    map: &PointMap,
    (point, skip): (&[i64], usize),
    out: &mut [f64],
) -> bool {
    match map {
        PointMap::Affine { matrix, offset } if matrix.len() == 2 => {
            let ray = Ray::<2>::new(matrix, offset, point, skip);
            ray.made(samples, (region, image), mode, out)
        }
        PointMap::Affine { matrix, offset } if matrix.len() == 3 => {
            let ray = Ray::<3>::new(matrix, offset, point, skip);
            ray.made(samples, (region, image), mode, out)
        }
        _ => false,
    }
}

/// Points on a line: the coordinate of point `i` along axis `a` is `base[a] + (first + i) * step[a]`.
#[derive(Clone, Copy)]
struct Ray<const D: usize> {
    base: [f64; D],
    step: [f64; D],
    first: i64,
}

/// Where the samples of a block lie among those of the image, and one after another in memory.
#[derive(Clone, Copy)]
struct Held<const D: usize> {
    start: [i64; D],
    shape: [usize; D],
}

impl<const D: usize> Ray<D> {
    /// The points of a row of the output from `skip` on; sums are made in the order of [`PointMap::row`].
    fn new(matrix: &[Vec<f64>], offset: &[f64], point: &[i64], skip: usize) -> Ray<D> {
        let last = point.len() - 1;
        let (mut base, mut step) = ([0.0; D], [0.0; D]);
        for a in 0..D {
            let row = &matrix[a];
            base[a] = (0..last).fold(offset[a], |sum, b| sum + point[b] as f64 * row[b]);
            step[a] = row[last];
        }
        Ray { base, step, first: point[last] + skip as i64 }
    }

    fn made<T: Element>(
        &self,
        samples: &[T],
        (region, image): (&Region, &[usize]),
        mode: EdgeMode,
        out: &mut [f64],
    ) -> bool {
        if let EdgeMode::Constant(cval) = mode
            && self.is_outside(out.len(), image)
        {
            out.fill(cval);
            return true;
        }
        let (mut start, mut shape) = ([0; D], [0; D]);
        start.copy_from_slice(region.start());
        shape.copy_from_slice(region.shape());
        self.values(samples, &Held { start, shape }, out)
    }

    #[inline(always)]
    fn at(&self, a: usize, i: usize) -> f64 {
        self.base[a] + (self.first + i as i64) as f64 * self.step[a]
    }

    /// True if both neighbours of the first `n` points, along every axis, are in the block. Rounding keeps the order of coordinates, so
    /// that the ends tell of all.
    fn is_inside(&self, n: usize, block: &Held<D>) -> bool {
        n > 0
            && (0..D).all(|a| {
                let low = block.start[a] as f64;
                let high = low + block.shape[a] as f64 - 1.0;
                [0, n - 1].iter().all(|&i| self.at(a, i) >= low && self.at(a, i) < high)
            })
    }

    /// True if all of the first `n` points lie before the image's first or behind its last sample of some axis.
    fn is_outside(&self, n: usize, image: &[usize]) -> bool {
        n > 0
            && (0..D).any(|a| {
                let last = image[a] as f64 - 1.0;
                let (p, q) = (self.at(a, 0), self.at(a, n - 1));
                (p < 0.0 && q < 0.0) || (p > last && q > last)
            })
    }

    /// The values at points that are [inside](Ray::is_inside); false, and nothing is done, if they are not.
    fn values<T: Element>(&self, samples: &[T], block: &Held<D>, out: &mut [f64]) -> bool {
        let held = block.shape.iter().product::<usize>();
        if !(D == 2 || D == 3) || !self.is_inside(out.len(), block) || samples.len() < held {
            return false;
        }
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx512f")
            && std::arch::is_x86_feature_detected!("avx512dq")
            && T::DTYPE != Dtype::Bool
        {
            let places = samples.as_ptr().cast::<u8>();
            // SAFETY: the processor has these instructions, and the pairs of neighbours of all points are samples of the block.
            unsafe {
                match T::DTYPE {
                    Dtype::Float32 => wide::values::<wide::F32, D>(self, places, block, out),
                    Dtype::Float64 => wide::values::<wide::F64, D>(self, places, block, out),
                    Dtype::UInt16 => wide::values::<wide::U16, D>(self, places, block, out),
                    Dtype::Int16 => wide::values::<wide::I16, D>(self, places, block, out),
                    _ => self.plain(samples, block, out),
                }
            }
            return true;
        }
        self.plain(samples, block, out);
        true
    }

    /// The definition.
    fn plain<T: Element>(&self, samples: &[T], block: &Held<D>, out: &mut [f64]) {
        let mut steps = [1; D];
        (0..D - 1).rev().for_each(|a| steps[a] = steps[a + 1] * block.shape[a + 1]);
        for (i, o) in out.iter_mut().enumerate() {
            let (mut weights, mut place) = ([0.0; D], 0);
            for a in 0..D {
                let c = self.at(a, i);
                let below = c.floor();
                weights[a] = 1.0 - (c - below);
                place += (below as i64 - block.start[a]) as usize * steps[a];
            }
            let (l, r) = (weights[D - 1], 1.0 - weights[D - 1]);
            let line = |p: usize| l * samples[p].to_f64() + r * samples[p + 1].to_f64();
            let (m, s) = (weights[D - 2], 1.0 - weights[D - 2]);
            let plane = |p: usize| m * line(p) + s * line(p + steps[D - 2]);
            *o = match D {
                2 => plane(place),
                _ => weights[0] * plane(place) + (1.0 - weights[0]) * plane(place + steps[0]),
            };
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod wide {
    //! Eight points at a time, for AVX-512.

    use super::{Held, Ray};
    use std::arch::x86_64::*;

    /// Loads the samples at eight places and those behind them, as doubles.
    pub(super) trait Pairs {
        const SIZE: usize;
        /// # Safety
        /// All pairs of samples lie in memory that may be read; the processor has AVX-512 F and DQ.
        unsafe fn load(samples: *const u8, places: __m512i) -> (__m512d, __m512d);
    }

    pub(super) struct F32;
    pub(super) struct F64;
    pub(super) struct U16;
    pub(super) struct I16;

    impl Pairs for F32 {
        const SIZE: usize = 4;
        #[target_feature(enable = "avx512f,avx512dq")]
        #[inline]
        unsafe fn load(samples: *const u8, places: __m512i) -> (__m512d, __m512d) {
            // SAFETY: the caller's.
            let both = unsafe { _mm512_i64gather_epi64::<4>(places, samples.cast()) };
            let single =
                |v: __m512i| _mm512_cvtps_pd(_mm256_castsi256_ps(_mm512_cvtepi64_epi32(v)));
            (single(both), single(_mm512_srli_epi64::<32>(both)))
        }
    }

    impl Pairs for F64 {
        const SIZE: usize = 8;
        #[target_feature(enable = "avx512f,avx512dq")]
        #[inline]
        unsafe fn load(samples: *const u8, places: __m512i) -> (__m512d, __m512d) {
            // SAFETY: the caller's.
            unsafe {
                (
                    _mm512_i64gather_pd::<8>(places, samples.cast()),
                    _mm512_i64gather_pd::<8>(places, samples.add(8).cast()),
                )
            }
        }
    }

    impl Pairs for U16 {
        const SIZE: usize = 2;
        #[target_feature(enable = "avx512f,avx512dq")]
        #[inline]
        unsafe fn load(samples: *const u8, places: __m512i) -> (__m512d, __m512d) {
            // SAFETY: the caller's.
            let both = unsafe { _mm512_i64gather_epi32::<2>(places, samples.cast()) };
            let low = _mm256_and_si256(both, _mm256_set1_epi32(0xffff));
            (_mm512_cvtepi32_pd(low), _mm512_cvtepi32_pd(_mm256_srli_epi32::<16>(both)))
        }
    }

    impl Pairs for I16 {
        const SIZE: usize = 2;
        #[target_feature(enable = "avx512f,avx512dq")]
        #[inline]
        unsafe fn load(samples: *const u8, places: __m512i) -> (__m512d, __m512d) {
            // SAFETY: the caller's.
            let both = unsafe { _mm512_i64gather_epi32::<2>(places, samples.cast()) };
            let low = _mm256_srai_epi32::<16>(_mm256_slli_epi32::<16>(both));
            (_mm512_cvtepi32_pd(low), _mm512_cvtepi32_pd(_mm256_srai_epi32::<16>(both)))
        }
    }

    /// # Safety
    /// The points are inside the block, whose samples are at `samples`; the processor has AVX-512 F and DQ.
    #[target_feature(enable = "avx512f,avx512dq")]
    pub(super) unsafe fn values<P: Pairs, const D: usize>(
        ray: &Ray<D>,
        samples: *const u8,
        block: &Held<D>,
        out: &mut [f64],
    ) {
        let mut steps = [1i64; D];
        (0..D - 1).rev().for_each(|a| steps[a] = steps[a + 1] * block.shape[a + 1] as i64);
        let row = steps[D - 2] as usize * P::SIZE;
        let plane = steps[0] as usize * P::SIZE;
        let one = _mm512_set1_pd(1.0);
        let count = _mm512_set_pd(7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0, 0.0);
        let n = out.len();
        for (k, to) in out.chunks_mut(8).enumerate() {
            let mask = ((1u32 << (n - 8 * k).min(8)) - 1) as __mmask8;
            // Whole numbers below 2^53 are added exactly. Points behind the last are taken as the last.
            let i = _mm512_add_pd(_mm512_set1_pd((ray.first + 8 * k as i64) as f64), count);
            let i = _mm512_min_pd(i, _mm512_set1_pd((ray.first + n as i64 - 1) as f64));
            let mut weights = [one; D];
            let mut places = _mm512_setzero_si512();
            for a in 0..D {
                let c = _mm512_mul_pd(i, _mm512_set1_pd(ray.step[a]));
                let c = _mm512_add_pd(_mm512_set1_pd(ray.base[a]), c);
                let below = _mm512_roundscale_pd::<0x09>(c);
                weights[a] = _mm512_sub_pd(one, _mm512_sub_pd(c, below));
                let at = _mm512_sub_pd(below, _mm512_set1_pd(block.start[a] as f64));
                // Places are far below 2^52, where doubles hold them exactly.
                let at = _mm512_mul_pd(at, _mm512_set1_pd(steps[a] as f64));
                places = _mm512_add_epi64(places, _mm512_cvttpd_epi64(at));
            }
            let (l, m) = (weights[D - 1], weights[D - 2]);
            let (r, s) = (_mm512_sub_pd(one, l), _mm512_sub_pd(one, m));
            // SAFETY: the caller's: the points' neighbours are in the block.
            let line = |from: *const u8| unsafe {
                let (a, b) = P::load(from, places);
                _mm512_add_pd(_mm512_mul_pd(l, a), _mm512_mul_pd(r, b))
            };
            // SAFETY: as above.
            let flat = |from: *const u8| unsafe {
                let next = line(from.add(row));
                _mm512_add_pd(_mm512_mul_pd(m, line(from)), _mm512_mul_pd(s, next))
            };
            let mut value = flat(samples);
            if D == 3 {
                // SAFETY: as above.
                let behind = flat(unsafe { samples.add(plane) });
                let w = weights[0];
                value = _mm512_mul_pd(w, value);
                value = _mm512_add_pd(value, _mm512_mul_pd(_mm512_sub_pd(one, w), behind));
            }
            // SAFETY: the mask leaves out what is behind the end.
            unsafe { _mm512_mask_storeu_pd(to.as_mut_ptr(), mask, value) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: Element + Default>(samples: &[T]) {
        let flat = Held { start: [3, -2], shape: [20, 31] };
        let solid = Held { start: [1, 2, 3], shape: [5, 9, 14] };
        for n in [1, 7, 8, 9, 16, 21] {
            for k in 0..40 {
                let turn = f64::from(k) * 0.17;
                let ray = Ray {
                    base: [9.3 + turn.cos(), 4.7 + turn.sin()],
                    step: [turn.cos() * 0.2, turn.sin() * 0.2],
                    first: i64::from(k % 3),
                };
                same(&ray, samples, &flat, n);
                let ray = Ray {
                    base: [2.1, 5.0, 8.5],
                    step: [0.02, 0.1 * turn.cos(), 0.2 * turn.sin()],
                    first: i64::from(k % 3),
                };
                same(&ray, samples, &solid, n);
            }
        }
    }

    fn same<T: Element, const D: usize>(ray: &Ray<D>, samples: &[T], block: &Held<D>, n: usize) {
        let (mut found, mut plain) = (vec![0.0; n], vec![0.0; n]);
        assert!(ray.values(samples, block, &mut found), "a point outside: {n}");
        ray.plain(samples, block, &mut plain);
        assert_eq!(found, plain);
    }

    #[test]
    fn every_dtype_gives_the_definition_to_the_bit() {
        let noise = |i: usize| ((i * 7919 + i / 13) % 65536) as f64;
        let of = |scale: f64, shift: f64| (0..700).map(move |i| noise(i) * scale + shift);
        check(&of(0.37, -300.0).collect::<Vec<f64>>());
        check(&of(0.37, -300.0).map(|v| v as f32).collect::<Vec<f32>>());
        check(&of(1.0, 0.0).map(|v| v as u16).collect::<Vec<u16>>());
        check(&of(1.0, -32768.0).map(|v| v as i16).collect::<Vec<i16>>());
        check(&of(0.003, 0.0).map(|v| v as u8).collect::<Vec<u8>>());
        check(&of(1e4, 0.0).map(|v| v as i64).collect::<Vec<i64>>());
    }

    #[test]
    fn points_beside_the_block_are_left_to_others() {
        let block = Held { start: [0, 0], shape: [4, 4] };
        let ray = |base, step| Ray { base, step, first: 0 };
        let samples = [1.0f32; 16];
        let mut out = [7.0; 4];
        for (base, step) in [
            ([0.0, 0.0], [0.0, 1.0]),
            ([-0.1, 0.0], [0.0, 0.5]),
            ([0.0, f64::NAN], [0.0, 0.5]),
            ([2.9, 0.0], [0.1, 0.5]),
            ([f64::INFINITY, 0.0], [0.0, 0.0]),
        ] {
            assert!(!ray(base, step).values(&samples, &block, &mut out), "{base:?}");
            assert_eq!(out, [7.0; 4]);
        }
        assert!(ray([0.0, 0.0], [0.0, 0.9]).values(&samples, &block, &mut out));
        assert!(ray([-1.0, 0.0], [0.3, 0.0]).is_outside(3, &[4, 4]));
        assert!(!ray([-1.0, 0.0], [0.6, 0.0]).is_outside(3, &[4, 4]));
        assert!(!ray([f64::NAN, 0.0], [0.0, 0.0]).is_outside(3, &[4, 4]));
    }
}
