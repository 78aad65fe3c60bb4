//! numpy's elementwise functions: every sample of the result comes from one sample of each operand.
//!
//! Three steps, each in a file: [`resolve`] says which dtypes a function computes in (numpy's table of loops), [`evaluate`] lays the
//! operands over each other (broadcasting), and a loop over plain slices does the arithmetic.

mod broadcast;
mod constant;
mod float_loops;
mod function;
mod loops;
mod maths;
mod number_loops;
mod rows;
mod types;

pub use broadcast::{Operand, evaluate};
pub use constant::{Constant, Number};
pub use function::Function;
pub use types::{Loop, promote, resolve, weak_dtype};

#[cfg(test)]
mod tests;
