//! The server over real sockets.

mod array;
mod client;
mod guard;
mod levels;
mod live;
mod tables;
mod zarr;
