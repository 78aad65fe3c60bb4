//! Against recorded tables of skan, and against a slow plain version of the same definitions.

pub(crate) mod laws;
mod recorded;
mod reference;
