//! Lazy images over HTTP, floor 5: every image that is opened, and every pipeline over one, is a virtual OME-Zarr whose chunks are made
//! when they are asked for, for any Zarr client and for the viewer in a browser.
//!
//! - `served.rs`, `levels.rs`, `policy.rs`, `metadata.rs`: an image as a pyramid of virtual arrays, cut and cast as the address says.
//! - `readers.rs`, `work.rs`: what is computed once of whole images; chunks, made by a few threads inside the memory budget, once for
//!   all who ask, and not for those who went away.
//! - `watch.rs`: files that change while they are shown.
//! - `answer/`: one file per kind of answer. `guard.rs`, `listen.rs`: who may ask, and how long they may take for it.
//!
//! Rules that protect from wrong pictures: a chunk that is not in the grid is 404; one that cannot be made is 500 with the reason, never
//! zeros; nothing else is ever sent for an address below a Zarr.

mod answer;
mod app;
mod escape;
mod failure;
mod guard;
mod levels;
mod listen;
mod metadata;
mod options;
mod policy;
mod readers;
mod served;
mod tables;
mod thinned;
mod watch;
mod work;

pub use listen::Server;
pub use options::{Layer, Options};
