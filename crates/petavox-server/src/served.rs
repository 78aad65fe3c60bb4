//! An image that is shown, and the virtual Zarrs that it is shown as.

use crate::Layer;
use crate::levels::{How, Level, levels};
use crate::policy::Policy;
use crate::readers::Readers;
use petavox::{
    Channel, ChunkCache, ChunkGrid, Error, Image, Kind, Node, Reader, Region, Result, RunContext,
};
use serde_json::{Value as Json, json};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

/// Variants that are kept of an image; what is asked for beyond that drives out the others.
const MOST_VARIANTS: usize = 64;

/// One image.
pub(crate) struct Served {
    pub(crate) name: String,
    pub(crate) layer: Layer,
    pub(crate) readers: Arc<Readers>,
    opened: RwLock<Arc<Opened>>,
    /// Counts the changes of the file.
    generation: AtomicU64,
    /// Tells this run of the server from others.
    nonce: u64,
    variants: Mutex<HashMap<Policy, Arc<Variant>>>,
}

/// An image as its file is now.
pub(crate) struct Opened {
    pub(crate) levels: Vec<Level>,
    pub(crate) channels: Vec<Channel>,
    pub(crate) is_labels: bool,
}

impl Opened {
    fn of(layer: &Layer) -> Result<Opened> {
        let (levels, is_labels) = levels(layer)?;
        let channels = levels[0].image.info().map(|i| i.channels.clone()).unwrap_or_default();
        Ok(Opened { levels, channels, is_labels })
    }

    /// The full image.
    pub(crate) fn image(&self) -> &Image {
        &self.levels[0].image
    }
}

/// An image under a policy.
pub(crate) struct Variant {
    /// Its number, which no other variant has or had.
    pub(crate) id: u64,
    pub(crate) policy: Policy,
    pub(crate) levels: Vec<VariantLevel>,
}

/// A level under a policy.
pub(crate) struct VariantLevel {
    pub(crate) image: Image,
    pub(crate) grid: ChunkGrid,
    pub(crate) how: How,
    /// What tells its bytes from others.
    pub(crate) tag: u64,
    /// Chunks along the axis before the last two that are made together, once it is known what that saves.
    together: OnceLock<usize>,
}

impl Served {
    /// Opens a layer.
    ///
    /// # Errors
    /// What the file or the operations say.
    pub(crate) fn open(
        name: String,
        layer: Layer,
        context: &RunContext,
        cache: &Arc<ChunkCache>,
    ) -> Result<Served> {
        let opened = RwLock::new(Arc::new(Opened::of(&layer)?));
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Ok(Served {
            name,
            layer,
            opened,
            readers: Arc::new(Readers::new(context.clone(), cache.clone())),
            generation: AtomicU64::new(0),
            nonce: now.map_or(0, |d| d.as_nanos() as u64),
            variants: Mutex::default(),
        })
    }

    /// What tells its samples, as they are now, from those of other times.
    pub(crate) fn stamp(&self) -> u64 {
        self.nonce.wrapping_add(self.generation.load(Ordering::Relaxed))
    }

    /// The image as its file was when last looked at.
    pub(crate) fn opened(&self) -> Arc<Opened> {
        self.opened.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The image under a policy.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a policy that does not fit the image.
    pub(crate) fn variant(&self, policy: &Policy) -> Result<Arc<Variant>> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let mut variants = self.variants.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(variant) = variants.get(policy) {
            return Ok(variant.clone());
        }
        let opened = self.opened();
        let levels = if policy.flat_z { self.flat(&opened)? } else { opened.levels.clone() };
        let levels = levels.iter().take(policy.n_levels.unwrap_or(usize::MAX));
        let levels = levels.map(|l| self.level(l, policy)).collect::<Result<_>>()?;
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let variant = Arc::new(Variant { id, policy: policy.clone(), levels });
        if variants.len() >= MOST_VARIANTS {
            variants.clear();
        }
        variants.insert(policy.clone(), variant.clone());
        Ok(variant)
    }

    fn level(&self, level: &Level, policy: &Policy) -> Result<VariantLevel> {
        let image = policy.image(&level.image)?;
        let spec = image.spec();
        let chunk = policy.chunk(&spec.shape, spec.dtype.size())?;
        let mut hasher = DefaultHasher::new();
        (image.node().id(), &chunk, policy.packing, self.stamp()).hash(&mut hasher);
        let grid = ChunkGrid::new(&spec.shape, &chunk);
        Ok(VariantLevel {
            grid,
            how: level.how,
            tag: hasher.finish(),
            together: OnceLock::new(),
            image,
        })
    }

    /// The levels with z kept at full size.
    fn flat(&self, opened: &Opened) -> Result<Vec<Level>> {
        let z = opened.image().spec().axes.position('z');
        let Some(z) = z else { return Ok(opened.levels.clone()) };
        crate::levels::flat(opened.image(), z, opened.is_labels)
    }

    /// Forgets everything that was made of the file, which has changed, and looks at it again if its metadata have. The variants that
    /// are no more are the answer.
    pub(crate) fn changed(&self, reopen: bool) -> Vec<u64> {
        let mut sources = vec![];
        let collect = |n: &Arc<Node>, out: &mut Vec<u64>| collect_sources(n, out);
        self.opened().levels.iter().for_each(|l| collect(l.image.node(), &mut sources));
        // A file that cannot be read at this moment, half written, is shown as it was.
        if reopen && let Ok(opened) = Opened::of(&self.layer) {
            *self.opened.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(opened);
        }
        self.generation.fetch_add(1, Ordering::Relaxed);
        self.readers.forget(&sources);
        let mut variants = self.variants.lock().unwrap_or_else(PoisonError::into_inner);
        variants.drain().map(|(_, v)| v.id).collect()
    }

    /// How often the file has changed.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Relaxed)
    }

    /// What `/images` says of it.
    pub(crate) fn told(&self) -> Json {
        let opened = self.opened();
        let spec = opened.image().spec();
        let level = |l: &Level| {
            let spec = l.image.spec();
            json!({ "shape": spec.shape, "spacing": spec.spacing.values, "origin": spec.origin,
                "exact": l.how.is_exact(), "made": l.how.name() })
        };
        let levels: Vec<Json> = opened.levels.iter().map(level).collect();
        json!({
            "name": self.name,
            "shape": spec.shape,
            "dtype": spec.dtype.name(),
            "axes": spec.axes.as_str(),
            "spacing": spec.spacing.values,
            "unit": spec.spacing.unit,
            "origin": spec.origin,
            "levels": levels,
            "labels": opened.is_labels,
            "channels": opened.channels,
            "path": self.layer.path,
            "apply": self.layer.steps,
            "bytes": spec.bytes(),
            "generation": self.generation(),
        })
    }
}

fn collect_sources(node: &Arc<Node>, out: &mut Vec<u64>) {
    if matches!(node.kind(), Kind::Source(_)) {
        out.push(node.id());
    }
    node.inputs().iter().chain(node.values()).for_each(|n| collect_sources(n, out));
}

impl Variant {
    /// The level and the number of the chunk of a key such as `c/0/1/2` of version 3 or `0/1/2` of version 2.
    pub(crate) fn chunk(&self, level: usize, key: &str) -> Option<(usize, Region)> {
        let grid = &self.levels.get(level)?.grid;
        let counts = grid.counts();
        let index: Vec<usize> = if counts.is_empty() {
            key.is_empty().then(Vec::new)?
        } else {
            let one = |n: &str| {
                let canonical =
                    n == "0" || (!n.starts_with('0') && n.bytes().all(|b| b.is_ascii_digit()));
                n.parse::<usize>().ok().filter(|_| canonical)
            };
            key.split('/').map(one).collect::<Option<_>>()?
        };
        let inside = index.len() == counts.len() && index.iter().zip(&counts).all(|(i, n)| i < n);
        inside.then(|| (grid.number(&index), grid.region_at(&index)))
    }
}

impl VariantLevel {
    /// How many planes are made together for one that is asked for: as many as cost little more than that one, since operations need
    /// the planes around it anyway.
    pub(crate) fn together(&self, reader: &Reader, region: &Region) -> usize {
        const MOST: usize = 16;
        const LITTLE_MORE: f64 = 1.7;
        *self.together.get_or_init(|| {
            let (chunk, shape) = (self.grid.chunk(), self.grid.shape());
            let Some(axis) = chunk.len().checked_sub(3).filter(|a| chunk[*a] == 1) else {
                return 1;
            };
            let most = MOST.min(shape[axis]);
            let middle = shape[axis] / 2 / most * most;
            let work = |n: usize| {
                let (mut start, mut extent) = (region.start().to_vec(), region.shape().to_vec());
                start[axis] = middle as i64;
                extent[axis] = n.min(shape[axis] - middle);
                reader.work(&Region::new(start, extent)) as f64
            };
            let one = work(1);
            let cheap = |n: &usize| *n <= most && work(*n) <= one * LITTLE_MORE;
            [2, 4, 8, 16].into_iter().take_while(cheap).last().unwrap_or(1)
        })
    }

    /// The region of the planes that are made together with a chunk's, and its number among such.
    pub(crate) fn slab(&self, region: &Region, together: usize) -> (usize, Region) {
        let mut chunk = self.grid.chunk().to_vec();
        let axis = chunk.len().saturating_sub(3);
        chunk[axis] *= together;
        let grid = ChunkGrid::new(self.grid.shape(), &chunk);
        let index = region.start().iter().zip(grid.chunk()).map(|(s, c)| *s as usize / c);
        let index: Vec<usize> = index.collect();
        (grid.number(&index), grid.region_at(&index))
    }

    /// The tag in an answer's header.
    pub(crate) fn etag(&self, number: usize) -> String {
        format!("\"{:016x}-{number:x}\"", self.tag)
    }
}

/// A name that stands in an address for each layer: the file's, without ending, and a number where it is taken.
pub(crate) fn names(layers: &[Layer]) -> Result<Vec<String>> {
    let mut names: Vec<String> = vec![];
    for layer in layers {
        let name = match &layer.name {
            Some(name) => {
                let clean = clean(name);
                if clean != *name || names.contains(name) {
                    let expected = "letters, digits, '-', '_' and '.', different from the others";
                    return Err(Error::argument("name of an image", name, expected));
                }
                clean
            }
            None => {
                let path = std::path::Path::new(&layer.path);
                let last = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
                let stem = last.trim_end_matches(".gz").rsplit_once('.').map_or(&*last, |(s, _)| s);
                clean(stem.trim_end_matches(".ome"))
            }
        };
        let name = if name.trim_matches('.').is_empty() { "image".to_owned() } else { name };
        let numbered = |n: usize| if n == 1 { name.clone() } else { format!("{name}-{n}") };
        let free = (1..).map(numbered).find(|n| !names.contains(n));
        names.push(free.unwrap_or(name));
    }
    Ok(names)
}

fn clean(name: &str) -> String {
    let keeps = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    name.chars().map(keeps).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_fit_an_address() {
        let layer = |path: &str| Layer { path: path.to_owned(), ..Layer::default() };
        let paths = ["a/vol.zarr", "b/vol.zarr", "c d.ome.tif", "slices/*.tif", "..", "x.nii.gz"];
        let layers: Vec<Layer> = paths.iter().map(|p| layer(p)).collect();
        assert_eq!(names(&layers).unwrap(), ["vol", "vol-2", "c-d", "-", "image", "x"]);
        let named = Layer { name: Some("a/b".to_owned()), ..Layer::default() };
        assert!(names(&[named]).is_err());
    }
}
