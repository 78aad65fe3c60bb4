//! The state of a file, or of the files in a folder and below.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

/// More files than this are not looked at one by one.
const MOST_FILES: usize = 50_000;

/// Files by the hash of their path, with the hash of their size and time.
type Stamps = HashMap<u64, u64>;

/// A file or folder that is looked at again and again.
pub(super) struct Tree {
    root: PathBuf,
    is_folder: bool,
    stamps: Option<Stamps>,
}

impl Tree {
    pub(super) fn new(root: PathBuf) -> Tree {
        let is_folder = root.is_dir();
        let mut tree = Tree { root, is_folder, stamps: None };
        tree.look();
        tree
    }

    pub(super) fn is_folder(&self) -> bool {
        self.is_folder
    }

    /// The files that are new or different since the last look, by their paths below the root; an empty path for those that are gone.
    pub(super) fn look(&mut self) -> Vec<PathBuf> {
        let mut now = Stamps::new();
        let mut changed = vec![];
        let before = self.stamps.take();
        let mut see = |path: &Path, stamp: u64| {
            let below = path.strip_prefix(&self.root).unwrap_or(path);
            let key = hash(below);
            now.insert(key, stamp);
            if before.as_ref().is_some_and(|b| b.get(&key) != Some(&stamp)) {
                changed.push(below.to_owned());
            }
            now.len() <= MOST_FILES
        };
        if self.is_folder {
            walk(&self.root, &mut see);
        } else if let Ok(meta) = std::fs::metadata(&self.root) {
            see(&self.root, stamp(&meta));
        }
        if before.as_ref().is_some_and(|b| b.keys().any(|k| !now.contains_key(k))) {
            changed.push(PathBuf::new());
        }
        self.stamps = Some(now);
        changed
    }
}

/// Sees the files of a folder and of those below, as long as `see` says so.
fn walk(folder: &Path, see: &mut dyn FnMut(&Path, u64) -> bool) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return true };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        // Files on their way to their final name.
        if name.ends_with(".partial")
            || name.ends_with(".tmp")
            || (name.starts_with('.') && !name.starts_with(".z"))
        {
            continue;
        }
        let path = entry.path();
        let goes_on = match entry.file_type() {
            Ok(kind) if kind.is_dir() => walk(&path, see),
            Ok(_) => entry.metadata().map_or(true, |meta| see(&path, stamp(&meta))),
            Err(_) => true,
        };
        if !goes_on {
            return false;
        }
    }
    true
}

fn stamp(meta: &std::fs::Metadata) -> u64 {
    hash(&(meta.len(), meta.modified().ok()))
}

fn hash(value: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_changed_and_missing_files_are_seen_once() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        std::fs::create_dir_all(root.join("c/0")).unwrap();
        std::fs::write(root.join("c/0/0"), b"a").unwrap();
        let mut tree = Tree::new(root.to_owned());
        assert!(tree.look().is_empty());
        std::fs::write(root.join("c/0/1"), b"b").unwrap();
        std::fs::write(root.join("c/0/0"), b"aa").unwrap();
        std::fs::write(root.join("c/0/2.partial"), b"b").unwrap();
        let mut seen = tree.look();
        seen.sort();
        assert_eq!(seen, [Path::new("c/0/0"), Path::new("c/0/1")]);
        assert!(tree.look().is_empty());
        std::fs::remove_file(root.join("c/0/1")).unwrap();
        assert_eq!(tree.look(), [Path::new("")]);
        assert!(tree.look().is_empty());
    }
}
