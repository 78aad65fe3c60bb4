//! What makes two runs the same computation.

use super::node::{Kind, Node};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::Arc;

/// A hash of what is computed, from which files, as they are now.
pub fn identity(node: &Arc<Node>) -> u64 {
    fn visit(node: &Arc<Node>, hasher: &mut DefaultHasher) {
        if let Kind::Source(source) = node.kind()
            && let Some(path) = source.locator()
            // A glob or a level is no file itself: its folder's stamp changes when files come, go or are renamed.
            && let Some(meta) = Path::new(&path).ancestors().find_map(|p| std::fs::metadata(p).ok())
        {
            (meta.len(), meta.modified().ok()).hash(hasher);
        }
        node.inputs().iter().chain(node.values()).for_each(|n| visit(n, hasher));
    }
    let mut hasher = DefaultHasher::new();
    node.id().hash(&mut hasher);
    visit(node, &mut hasher);
    hasher.finish()
}
