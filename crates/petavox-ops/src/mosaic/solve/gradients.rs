//! Conjugate gradients, for whatever can be multiplied.

/// Equations with a symmetric matrix that makes no direction shorter than nothing.
pub(super) struct Equations<Product, Undone, Enough> {
    /// The matrix times a vector, written to the other.
    pub(super) product: Product,
    /// What about undoes the matrix, of a vector, written to the other.
    pub(super) undone: Undone,
    /// True if moves as large as these are not wanted any more.
    pub(super) enough: Enough,
    /// Steps at most.
    pub(super) most: usize,
}

impl<Product, Undone, Enough> Equations<Product, Undone, Enough>
where
    Product: Fn(&[f64], &mut [f64]),
    Undone: Fn(&[f64], &mut [f64]),
    Enough: Fn(&[f64]) -> bool,
{
    /// Moves `x` to the solution, from where `left` of the right side is left.
    pub(super) fn solve(&self, x: &mut [f64], mut left: Vec<f64>) {
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let mut wanted = vec![0.0; left.len()];
        (self.undone)(&left, &mut wanted);
        let mut direction = wanted.clone();
        let mut worth = dot(&left, &wanted);
        let mut product = vec![0.0; left.len()];
        for _ in 0..self.most {
            // What is still wanted says how far it may be from the end.
            if worth <= 0.0 || (self.enough)(&wanted) {
                break;
            }
            (self.product)(&direction, &mut product);
            let along = dot(&direction, &product);
            if along <= 0.0 {
                break;
            }
            let step = worth / along;
            x.iter_mut().zip(&direction).for_each(|(x, d)| *x += step * d);
            left.iter_mut().zip(&product).for_each(|(r, p)| *r -= step * p);
            (self.undone)(&left, &mut wanted);
            let next = dot(&left, &wanted);
            let by = next / worth;
            direction.iter_mut().zip(&wanted).for_each(|(d, w)| *d = w + by * *d);
            worth = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Equations;

    #[test]
    fn what_is_wanted_is_found_in_as_many_steps_as_there_are_unknowns() {
        // 4 1 0 / 1 3 1 / 0 1 2, undone by its diagonal.
        let product = |x: &[f64], out: &mut [f64]| {
            out[0] = 4.0 * x[0] + x[1];
            out[1] = x[0] + 3.0 * x[1] + x[2];
            out[2] = x[1] + 2.0 * x[2];
        };
        let undone = |r: &[f64], z: &mut [f64]| {
            z.iter_mut().zip(r).zip([4.0, 3.0, 2.0]).for_each(|((z, r), d)| *z = r / d);
        };
        let solved = |most: usize, near: f64, mut x: [f64; 3]| {
            let (mut left, mut at) = (vec![6.0, 10.0, 8.0], [0.0; 3]);
            product(&x, &mut at);
            left.iter_mut().zip(at).for_each(|(l, a)| *l -= a);
            let enough = move |z: &[f64]| z.iter().all(|z| z.abs() < near);
            Equations { product, undone, enough, most }.solve(&mut x, left);
            [1.0, 2.0, 3.0].iter().zip(x).map(|(w, x)| (w - x).abs()).fold(0.0, f64::max)
        };
        assert!(solved(3, 0.0, [0.0; 3]) < 1e-12);
        assert!(solved(2, 0.0, [0.0; 3]) > 1e-6);
        // From elsewhere, and from the end.
        assert!(solved(3, 0.0, [50.0, -7.0, 0.5]) < 1e-11);
        assert!(solved(3, 1e-9, [1.0, 2.0, 3.0]) == 0.0);
        // No farther than is wanted.
        let near = solved(3, 0.2, [0.0; 3]);
        assert!(near > 1e-6 && near < 0.5, "{near}");
    }
}
