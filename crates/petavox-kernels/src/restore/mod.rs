//! Noise taken away: means of what is alike.

mod bilateral;
mod nonlocal;
pub mod variation;

pub use bilateral::{Bilateral, bilateral};
pub use nonlocal::{Nonlocal, nonlocal, nonlocal_scratch_bytes};
