//! Filters: weighted sums over a neighbourhood.

mod dense;
mod eigen;
mod gaussian;
mod rows;
mod separable;
mod taps;
mod window;

pub use dense::Dense;
pub use eigen::{Eigen, eigen};
pub use gaussian::{GaussianOptions, gaussian_weights};
pub use separable::{Line, Separable};
pub use taps::Weights;
pub use window::Window;

/// Every index below `shape` in raster order; once, with an empty index, for no axes.
pub(crate) fn for_each_index(shape: &[usize], f: &mut dyn FnMut(&[usize])) {
    if shape.contains(&0) {
        return;
    }
    let mut index = vec![0; shape.len()];
    loop {
        f(&index);
        let mut a = shape.len();
        loop {
            if a == 0 {
                return;
            }
            a -= 1;
            index[a] += 1;
            if index[a] < shape[a] {
                break;
            }
            index[a] = 0;
        }
    }
}
