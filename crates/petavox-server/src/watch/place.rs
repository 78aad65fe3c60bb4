//! Where in an image the samples of a file lie.

use crate::served::Opened;
use serde_json::{Value as Json, json};
use std::path::Path;

/// True for files that say what an image is.
pub(super) fn is_metadata(file: &Path) -> bool {
    let name = file.file_name().and_then(|n| n.to_str());
    matches!(name, Some("zarr.json" | ".zarray" | ".zattrs" | ".zgroup" | ".zmetadata"))
}

/// The region of the full image that a Zarr's file holds, such as `0/c/3/0/1`; nothing if that is not known.
pub(super) fn of(file: &Path, opened: &Opened) -> Option<Json> {
    let text = file.to_str()?.replace(std::path::MAIN_SEPARATOR, "/");
    let full = opened.image().spec();
    let info = opened.image().info()?;
    let many = opened.levels.iter().zip(&info.levels);
    let (level, key) = many
        .filter_map(|(level, info)| {
            let rest = text.strip_prefix(info.path.trim_matches('/'))?.strip_prefix('/')?;
            Some((&level.image, rest))
        })
        .find(|(image, rest)| index(rest, image.spec().ndim()).is_some())
        .or_else(|| Some((opened.image(), text.as_str())))?;
    let spec = level.spec();
    let stored = level.info()?;
    let object = stored.shards.as_ref().unwrap_or(&stored.chunks);
    let index = index(key, spec.ndim())?;
    let (mut start, mut shape) = (vec![], vec![]);
    for a in 0..spec.ndim() {
        let scale = full.shape[a].div_ceil(spec.shape[a].max(1)).max(1);
        let from = index[a].checked_mul(object[a])?.checked_mul(scale)?.min(full.shape[a]);
        let to = (from + object[a] * scale).min(full.shape[a]);
        start.push(from);
        shape.push(to - from);
    }
    Some(json!({ "start": start, "shape": shape }))
}

/// The numbers of a chunk's key: `c/0/1`, `0/1` or `0.1`.
fn index(key: &str, ndim: usize) -> Option<Vec<usize>> {
    let key = key.strip_prefix("c/").or_else(|| key.strip_prefix("c.")).unwrap_or(key);
    let index: Vec<usize> = key.split(['/', '.']).map(|n| n.parse().ok()).collect::<Option<_>>()?;
    (index.len() == ndim).then_some(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_both_versions_are_read() {
        assert_eq!(index("c/0/12/3", 3), Some(vec![0, 12, 3]));
        assert_eq!(index("0.12.3", 3), Some(vec![0, 12, 3]));
        assert_eq!(index("0/12/3", 3), Some(vec![0, 12, 3]));
        assert_eq!(index("zarr.json", 3), None);
        assert_eq!(index("0/1", 3), None);
        assert!(is_metadata(Path::new("0/zarr.json")) && !is_metadata(Path::new("0/c/0")));
    }
}
