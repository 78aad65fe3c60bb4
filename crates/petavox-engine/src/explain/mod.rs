//! Plans that people can read: text, HTML, Graphviz and JSON of one document.

mod document;
mod dot;
mod html;
mod text;

pub use document::{Document, KeepDoc, NodeDoc, ReadDoc, StageDoc, bytes_text, nodes_of};
pub use dot::dot;
pub use html::html;
pub use text::text;
