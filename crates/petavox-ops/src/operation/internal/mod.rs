//! What applications and surfaces build of, without a name of its own for users.

pub mod bits;
pub(crate) mod bundle;
pub mod describe;
pub mod max_projection;
pub(crate) mod sample_at;
