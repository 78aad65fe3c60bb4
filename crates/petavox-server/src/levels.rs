//! The levels of an image that is looked at: those of its file where there are some, made on request where not.

use crate::Layer;
use crate::thinned::Thinned;
use petavox::{Dtype, Image, ImageSpec, Kind, Node, OpenOptions, Result, coarser, pyramid};
use std::path::Path;
use std::sync::Arc;

/// The most samples that are read of an image for one sample of a level, if the level is to be exact.
const MOST_EXACT: usize = 1024;
/// The same where they are computed first.
const MOST_EXACT_COMPUTED: usize = 64;

/// A level, and how true it is.
#[derive(Clone, Debug)]
pub(crate) struct Level {
    /// Its samples.
    pub(crate) image: Image,
    /// How they are made.
    pub(crate) how: How,
}

/// How the samples of a level come about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// They are the image, or a level of the file it comes from.
    Stored,
    /// They are made by the operations that were asked for.
    Computed,
    /// Each is the mean (of labels: the commonest) of the samples of the image in its place.
    Downsampled,
    /// Each is one of the samples of the image in its place.
    Picked,
    /// The operations were applied to a coarse level of the source.
    Approximated,
}

impl How {
    pub(crate) fn is_exact(self) -> bool {
        !matches!(self, How::Picked | How::Approximated)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            How::Stored => "stored",
            How::Computed => "computed",
            How::Downsampled => "downsampled",
            How::Picked => "picked",
            How::Approximated => "approximated",
        }
    }
}

/// The levels of a layer, full size first, and whether they are labels.
///
/// # Errors
/// What opening the file or applying the steps says.
pub(crate) fn levels(layer: &Layer) -> Result<(Vec<Level>, bool)> {
    let opened = match &layer.image {
        Some(image) => image.clone(),
        None => Image::open_with(&layer.path, &layer.open)?,
    };
    let is_labels = layer.is_labels || lies_among_labels(&layer.path, &opened);
    let mut sources = vec![Level { image: opened.clone(), how: How::Stored }];
    sources.extend(stored(layer, &opened));
    extend(&mut sources, is_labels)?;
    let is_file = matches!(opened.node().kind(), Kind::Source(_)) || opened.info().is_some();
    if layer.steps.is_empty() && is_file {
        return Ok((sources, is_labels));
    }
    let image = applied(&opened, &layer.steps)?;
    let is_labels = layer.is_labels || makes_labels(image.node(), image.spec().dtype);
    let mut levels = vec![Level { image: image.clone(), how: How::Computed }];
    let specs = pyramid::levels(image.spec(), None);
    levels.extend(below(&image, &specs, is_labels, MOST_EXACT_COMPUTED)?);
    if !is_labels && is_file && image.spec().shape == opened.spec().shape {
        levels.iter_mut().filter(|l| !l.how.is_exact()).for_each(|l| {
            *l = approximated(layer, &sources, l).unwrap_or_else(|| l.clone());
        });
    }
    Ok((levels, is_labels))
}

fn applied(image: &Image, steps: &[String]) -> Result<Image> {
    steps.iter().try_fold(image.clone(), |image, step| image.apply(step))
}

/// The steps on a coarse level of the source instead of the whole of it.
fn approximated(layer: &Layer, sources: &[Level], wanted: &Level) -> Option<Level> {
    let shape = &wanted.image.spec().shape;
    let source = sources.iter().find(|s| s.image.spec().shape == *shape)?;
    let full = &sources.first()?.image.spec().spacing.values;
    let coarse = &source.image.spec().spacing.values;
    let factors: Vec<f64> = coarse.iter().zip(full).map(|(c, f)| c / f).collect();
    let steps: Vec<String> = layer.steps.iter().map(|s| scaled(s, &factors)).collect();
    let image = applied(&source.image, &steps).ok()?;
    let same = image.spec().shape == *shape && image.spec().dtype == wanted.image.spec().dtype;
    same.then_some(Level { image, how: How::Approximated })
}

/// A step for an image whose samples are so much larger: the width of a Gaussian is told in samples.
fn scaled(step: &str, factors: &[f64]) -> String {
    let field = |field: &str| -> Option<String> {
        let values: Option<Vec<f64>> =
            field.strip_prefix("sigma=")?.split(',').map(|v| v.parse().ok()).collect();
        let values = values.filter(|v| v.len() == 1 || v.len() == factors.len())?;
        let each = factors.iter().enumerate();
        let each = each.map(|(a, f)| (values[a % values.len()] / f).to_string());
        Some(format!("sigma={}", each.collect::<Vec<_>>().join(",")))
    };
    let fields = step.split(':').map(|f| field(f).unwrap_or_else(|| f.to_owned()));
    fields.collect::<Vec<_>>().join(":")
}

/// OME-Zarr keeps labels in groups of that name.
fn lies_among_labels(path: &str, image: &Image) -> bool {
    let dtype = image.spec().dtype;
    let inside = Path::new(path).components().any(|c| c.as_os_str() == "labels");
    inside && !dtype.is_float() && dtype != Dtype::Bool
}

/// True if the numbers of an image are names of things.
fn makes_labels(node: &Node, dtype: Dtype) -> bool {
    const MAKERS: [&str; 7] = [
        "label",
        "watershed",
        "watershed_ift",
        "slic",
        "felzenszwalb",
        "random_walker",
        "expand_labels",
    ];
    let any = || node.inputs().iter().any(|n| makes_labels(n, dtype));
    !dtype.is_float() && dtype != Dtype::Bool && (MAKERS.contains(&node.name()) || any())
}

/// The coarser levels of the file.
fn stored(layer: &Layer, full: &Image) -> Vec<Level> {
    let Some(info) = full.info() else { return vec![] };
    let Some(first) = info.levels.first() else { return vec![] };
    let options = OpenOptions { axes: None, spacing: None, ..layer.open.clone() };
    let mut out: Vec<Level> = vec![];
    for level in info.levels.iter().skip(1) {
        let path = Path::new(&layer.path);
        let open =
            |base: &Path| Image::open_with(&base.join(&level.path).to_string_lossy(), &options);
        let fits = |i: &Image| i.spec().shape == level.shape && i.spec().dtype == full.spec().dtype;
        // The path may name a level itself: the others lie beside it.
        let beside = || path.parent().and_then(|p| open(p).ok()).filter(fits);
        let Some(image) = open(path).ok().filter(fits).or_else(beside) else { break };
        // What the user knows better than the file goes for all levels.
        let spec = full.spec();
        let spacing: Vec<f64> = (0..spec.ndim())
            .map(|a| spec.spacing.values[a] * level.spacing[a] / first.spacing[a])
            .collect();
        let described = image.with_axes(spec.axes.as_str()).and_then(|i| i.with_spacing(&spacing));
        let Ok(image) = described else { break };
        out.push(Level { image, how: How::Stored });
    }
    out
}

/// Adds coarser levels until the last is small.
fn extend(levels: &mut Vec<Level>, is_labels: bool) -> Result<()> {
    let Some(base) = levels.last().cloned() else { return Ok(()) };
    let specs = pyramid::levels(base.image.spec(), None);
    levels.extend(below(&base.image, &specs, is_labels, MOST_EXACT)?);
    Ok(())
}

/// Levels of an image that keep their extent along `axis`.
///
/// # Errors
/// As [`levels`].
pub(crate) fn flat(image: &Image, axis: usize, is_labels: bool) -> Result<Vec<Level>> {
    // An axis that is no space does not shrink.
    let spec = image.spec();
    let letters: String = spec
        .axes
        .as_str()
        .chars()
        .enumerate()
        .map(|(a, c)| if a == axis { 'p' } else { c })
        .collect();
    let hidden = spec.with_axes(petavox::Axes::parse(&letters)?)?;
    let shown = |s: ImageSpec| ImageSpec { axes: spec.axes.clone(), ..s };
    let specs: Vec<_> = pyramid::levels(&hidden, None).into_iter().map(shown).collect();
    let mut levels = vec![Level { image: image.clone(), how: How::Stored }];
    levels.extend(below(image, &specs, is_labels, MOST_EXACT)?);
    Ok(levels)
}

/// The levels after the first of `specs`, made of the first, which is `base`.
fn below(
    base: &Image,
    specs: &[ImageSpec],
    is_labels: bool,
    most_exact: usize,
) -> Result<Vec<Level>> {
    let mut levels = vec![];
    let mut finer = base.node().clone();
    for (k, spec) in specs.iter().enumerate().skip(1) {
        let n_samples = base.spec().len() / spec.len().max(1);
        if n_samples <= most_exact {
            finer = coarser(finer, is_labels, specs, k)?;
            levels.push(Level { image: Image::from_node(finer.clone()), how: How::Downsampled });
        } else {
            levels.push(Level { image: picked(base, spec)?, how: How::Picked });
        }
    }
    Ok(levels)
}

/// The image thinned out to the samples nearest to the centres of a level's.
fn picked(base: &Image, level: &ImageSpec) -> Result<Image> {
    let full = base.spec();
    if let Kind::Source(source) = base.node().kind()
        && let Some(thinned) = Thinned::of(source, level)
    {
        return Ok(Image::from_source(Arc::new(thinned)));
    }
    let item = |a: usize| {
        let step = (level.spacing.values[a] / full.spacing.values[a]).round().max(1.0) as usize;
        let count = level.shape[a];
        // The last cell may be cut.
        let last = full.shape[a].saturating_sub(count.saturating_sub(1) * step + 1);
        serde_json::json!({ "start": (step / 2).min(last), "step": step, "count": count })
    };
    let items = (0..full.ndim()).map(item).collect();
    let params = serde_json::Map::from_iter([("items".to_owned(), items)]);
    let image = Image::combine(std::slice::from_ref(base), "index", params)?;
    Ok(image)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_of_gaussians_follow_the_size_of_samples() {
        assert_eq!(scaled("gaussian:sigma=4", &[1.0, 2.0, 4.0]), "gaussian:sigma=4,2,1");
        assert_eq!(
            scaled("gaussian:sigma=1,2:truncate=3", &[2.0, 4.0]),
            "gaussian:sigma=0.5,0.5:truncate=3"
        );
        assert_eq!(scaled("median:size=3", &[2.0]), "median:size=3");
    }

    #[test]
    fn numbers_that_name_things_are_labels_through_later_steps() {
        let image = Image::from_vec(&[8, 8], vec![1u8; 64]).unwrap();
        let is = |steps: &[&str]| {
            let steps: Vec<String> = steps.iter().map(|s| (*s).to_owned()).collect();
            let made = applied(&image, &steps).unwrap();
            makes_labels(made.node(), made.spec().dtype)
        };
        assert!(is(&["label"]) && is(&["label", "index:items=..,2..5"]));
        assert!(!is(&["greater:value=0"]) && !is(&["label", "greater:value=0"]));
    }
}
