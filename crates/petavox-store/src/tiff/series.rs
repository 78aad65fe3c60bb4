//! From the pages of a file to an image: which pages are planes, which are levels, what the axes mean.

use super::describe::{ImageJ, Placement, placement, shaped};
use super::ifd::{Ifd, IfdReader, tag};
use super::ome::{self, Ome, Parsed};
use super::own::Own;
use super::page::{Layout, Page};
use super::source::{MAX_OPEN_FILES, Plane, SetFile, TiffSource};
use crate::Channel;
use crate::limits::Limits;
use crate::raw::RawFile;
use petavox_core::{Axes, Error, ImageSpec, MAX_NDIM, Result, Spacing};
use std::path::{Component, Path};
use std::sync::Arc;

/// An opened TIFF: its levels, full size first, and what it says of itself.
#[derive(Debug)]
pub struct TiffImage {
    pub(super) levels: Vec<Arc<TiffSource>>,
    pub(super) format: &'static str,
    pub(super) channels: Vec<Channel>,
    pub(super) warnings: Vec<String>,
    pub(super) stored_bytes: u64,
}

/// The pages of one file.
struct Pages<'a> {
    reader: IfdReader<'a>,
    ifds: Vec<Ifd>,
    limits: &'a Limits,
}

/// The planes of an image before they are put together.
struct Series {
    /// Outer axes and their letters.
    outer: Vec<usize>,
    letters: String,
    files: Vec<SetFile>,
    planes: Vec<Plane>,
    /// The directories of the planes that are in the opened file, to find SubIFDs; empty if some are elsewhere.
    ifds: Vec<usize>,
    placement: Placement,
    channels: Vec<Channel>,
    format: &'static str,
}

impl TiffImage {
    /// Reads and checks the directory of a TIFF, BigTIFF or OME-TIFF.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for a file that is not what it says, [`Error::Unsupported`] for codings that are not read.
    pub fn open(path: &Path, limits: &Limits) -> Result<TiffImage> {
        TiffImage::open_set(path, limits, true)
    }

    /// The same without the other files of an OME-TIFF set.
    ///
    /// # Errors
    /// As [`TiffImage::open`].
    pub(crate) fn open_alone(path: &Path, limits: &Limits) -> Result<TiffImage> {
        TiffImage::open_set(path, limits, false)
    }

    fn open_set(path: &Path, limits: &Limits, whole_set: bool) -> Result<TiffImage> {
        let file = Arc::new(RawFile::open(path)?);
        let reader = IfdReader::new(&file)?;
        let ifds = reader.chain()?;
        let pages = Pages { reader, ifds, limits };
        let first = Page::read(&pages.reader, &pages.ifds[0], 0, limits, None)?;
        let text = pages.reader.text(&pages.ifds[0], tag::IMAGE_DESCRIPTION, limits.metadata_bytes);
        let text = text.as_deref().unwrap_or("");
        let mut warnings = Vec::new();
        let own = Own::find(text).and_then(|o| o.describe(&first.layout, pages.ifds.len()));
        let series = if own.is_some() {
            let mut series = plain_series(&pages, &file, "", first, &mut warnings)?;
            if ome::is_ome(text) {
                series.format = "OME-TIFF";
                if let Ok(Parsed::Image(ome)) = ome::parse(text, 1, path) {
                    series.channels = ome.channels;
                }
            }
            series
        } else if !whole_set && ome::is_ome(text) {
            let mut series = plain_series(&pages, &file, "", first, &mut warnings)?;
            if let Ok(Parsed::Image(ome)) = ome::parse(text, 1, path) {
                series.placement = ome.placement;
            }
            series
        } else if ome::is_ome(text) {
            match ome_series(&pages, &file, text, &first, &mut warnings) {
                Ok(series) => series,
                // A document that does not describe the pages beside it does not make them unreadable.
                Err(e @ (Error::Corrupt { .. } | Error::Unsupported { .. }))
                    if pages.ifds.len() == 1 =>
                {
                    warnings.push(format!("the OME-XML is not followed: {e}"));
                    plain_series(&pages, &file, "", first, &mut warnings)?
                }
                Err(e) => return Err(e),
            }
        } else {
            plain_series(&pages, &file, text, first, &mut warnings)?
        };
        let (format, channels) = (series.format, series.channels.clone());
        let levels = levels(&pages, &file, series, own.as_ref(), &mut warnings)?;
        Ok(TiffImage { levels, format, channels, warnings, stored_bytes: file.len() })
    }

    /// The levels, full size first.
    pub fn levels(&self) -> &[Arc<TiffSource>] {
        &self.levels
    }

    /// What was odd and tolerated.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

/// True for thumbnails and pyramid levels.
fn is_reduced(reader: &IfdReader<'_>, ifd: &Ifd) -> bool {
    reader.uint_or(ifd, tag::NEW_SUBFILE_TYPE, 0).unwrap_or(0) & 1 == 1
        || reader.uint_or(ifd, tag::SUBFILE_TYPE, 1).unwrap_or(1) == 2
}

/// The pages that agree with the first, the numbers of those that do not, and what was said about them.
fn agreeing(pages: &Pages<'_>, first: Page) -> Result<(Vec<Page>, Vec<usize>)> {
    let (mut same, mut others) = (vec![first], Vec::new());
    for (i, ifd) in pages.ifds.iter().enumerate().skip(1) {
        if is_reduced(&pages.reader, ifd) {
            others.push(i);
            continue;
        }
        let layout: Arc<Layout> = same[0].layout.clone();
        match Page::read(&pages.reader, ifd, i, pages.limits, Some(&layout)) {
            Ok(page) if page.layout.agrees(&layout) => same.push(page),
            Ok(_) => others.push(i),
            Err(e @ Error::Unsupported { .. }) => {
                let size = |t| pages.reader.uint_or(ifd, t, 0).unwrap_or(0) as usize;
                if (size(tag::IMAGE_WIDTH), size(tag::IMAGE_LENGTH))
                    == (layout.width, layout.height)
                {
                    return Err(e);
                }
                others.push(i);
            }
            Err(e) => return Err(e),
        }
    }
    Ok((same, others))
}

/// Pages without OME-XML.
fn plain_series(
    pages: &Pages<'_>,
    file: &Arc<RawFile>,
    text: &str,
    first: Page,
    warnings: &mut Vec<String>,
) -> Result<Series> {
    let imagej = ImageJ::parse(text);
    let placement = placement(
        &pages.reader,
        &pages.ifds[0],
        Some(text),
        imagej.as_ref(),
        pages.limits.metadata_bytes,
    );
    let layout = first.layout.clone();
    let (mut same, _) = agreeing(pages, first)?;
    let shape_said = shaped(text);
    let plane_len = layout.width * layout.height * layout.samples;
    let plane_bytes = (plane_len * layout.dtype.size()) as u64;
    let wanted = match (&imagej, &shape_said) {
        (Some(imagej), _) => imagej.n_images,
        (_, Some((shape, _))) => shape
            .iter()
            .try_fold(1usize, |n, &s| n.checked_mul(s))
            .map_or(1, |n| n / plane_len.max(1)),
        _ => 1,
    };
    if same.len() == 1 && pages.ifds.len() == 1 && wanted > 1 {
        // A stack too big for the links of a classic TIFF: one page is listed, the others follow it in the file.
        let fits = same[0].plain_array().and_then(|at| {
            (wanted as u64)
                .checked_mul(plane_bytes)?
                .checked_add(at)
                .filter(|&end| end <= file.len())
        });
        if fits.is_some() {
            same = (0..wanted).map(|i| same[0].moved_by(i as u64 * plane_bytes, i)).collect();
        } else {
            warnings.push(format!("{wanted} images are described but only one is there"));
        }
    }
    let n = same.len();
    let mut series = Series {
        outer: if n > 1 { vec![n] } else { vec![] },
        letters: String::new(),
        files: vec![SetFile::Open(file.clone())],
        ifds: same.iter().map(|p| p.number).filter(|&i| i < pages.ifds.len()).collect(),
        planes: same.into_iter().map(|page| Plane { file: 0, page }).collect(),
        placement,
        channels: vec![],
        format: if imagej.is_some() { "TIFF (ImageJ)" } else { "TIFF" },
    };
    if let Some(imagej) = imagej {
        imagej_axes(&imagej, &mut series);
    } else if let Some((shape, axes)) = shape_said {
        tifffile_axes(&shape, axes.as_deref(), &layout, &mut series);
    }
    Ok(series)
}

/// ImageJ stores channels fastest, then slices, then frames; planes become `tcz`.
fn imagej_axes(imagej: &ImageJ, series: &mut Series) {
    let n = series.planes.len();
    if n == 1 || !imagej.adds_up(n) {
        return;
    }
    let (t, z, c) = (imagej.frames, imagej.slices, imagej.channels);
    let position = |i: usize| {
        let (ti, ci, zi) = (i / (c * z), i / z % c, i % z);
        (ti * z + zi) * c + ci
    };
    series.planes = (0..n).map(|i| series.planes[position(i)].clone()).collect();
    if series.ifds.len() == n {
        series.ifds = (0..n).map(|i| series.ifds[position(i)]).collect();
    }
    set_outer(series, &[t, c, z], "tcz");
}

/// Keeps the axes that are longer than 1.
fn set_outer(series: &mut Series, sizes: &[usize], letters: &str) {
    let kept = || sizes.iter().zip(letters.chars()).filter(|(n, _)| **n > 1);
    series.outer = kept().map(|(n, _)| *n).collect();
    series.letters = kept().map(|(_, l)| l).collect();
}

/// The shape that tifffile wrote down, if it fits the pages.
fn tifffile_axes(shape: &[usize], axes: Option<&str>, layout: &Layout, series: &mut Series) {
    let n = series.planes.len();
    let page: Vec<usize> = match (layout.samples, layout.separate) {
        (1, _) => vec![layout.height, layout.width],
        (s, true) => vec![s, layout.height, layout.width],
        (s, false) => vec![layout.height, layout.width, s],
    };
    let Some(n_outer) = shape.len().checked_sub(page.len()) else { return };
    let product = shape[..n_outer].iter().try_fold(1usize, |n, &s| n.checked_mul(s));
    if shape[n_outer..] != page[..] || product != Some(n) || shape.len() > MAX_NDIM {
        return;
    }
    series.outer = shape[..n_outer].to_vec();
    let letters = axes.filter(|a| a.len() == shape.len() && a.is_ascii()).map(|a| &a[..n_outer]);
    let page_letters = if layout.samples > 1 { "yxcs" } else { "yx" };
    series.letters = letters
        .filter(|l| Axes::parse(l).is_ok() && !l.contains(|c| page_letters.contains(c)))
        .unwrap_or("")
        .to_owned();
}

/// Pages that OME-XML describes, from this file or several.
fn ome_series(
    pages: &Pages<'_>,
    file: &Arc<RawFile>,
    text: &str,
    first: &Page,
    warnings: &mut Vec<String>,
) -> Result<Series> {
    let path = file.path();
    let samples = first.layout.samples;
    let mut ome = match ome::parse(text, samples, path)? {
        Parsed::Image(ome) => ome,
        Parsed::Elsewhere(name) => {
            let companion = RawFile::open(&beside(path, &name)?)?;
            let len = companion.len().min(pages.limits.metadata_bytes);
            let bytes = companion.read_vec(0, len, || "OME-XML".into())?;
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let own =
                path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            match ome::parse_for(&text, samples, companion.path(), &own)? {
                Parsed::Image(ome) => ome,
                Parsed::Elsewhere(_) => {
                    let problem = "a companion file that names another companion";
                    return Err(Error::corrupt(companion.path(), None, problem));
                }
            }
        }
    };
    if ome.yx != [first.layout.height, first.layout.width] {
        let problem = format!(
            "the OME-XML says {:?} rows and columns, the first page has {} and {}",
            ome.yx, first.layout.height, first.layout.width
        );
        return Err(Error::corrupt(path, Some("OME-XML".into()), problem));
    }
    if ome.n_more_images > 0 {
        warnings.push(format!("{} further images in the file are not shown", ome.n_more_images));
    }
    own_file(&mut ome, path);
    let mut files = Vec::with_capacity(ome.files.len());
    let mut planes: Vec<Option<Plane>> = vec![None; ome.planes.len()];
    let mut own_ifds = vec![None; ome.planes.len()];
    let mut layout = first.layout.clone();
    for (number, name) in ome.files.iter().enumerate() {
        let wanted: Vec<(usize, usize)> = ome
            .planes
            .iter()
            .enumerate()
            .filter_map(|(i, p)| p.as_ref().filter(|p| p.file == number).map(|p| (i, p.page)))
            .collect();
        let mut take = |pages: &Pages<'_>, own: bool| -> Result<()> {
            for &(i, page) in &wanted {
                let path = pages.reader.file.path();
                let ifd = pages.ifds.get(page).ok_or_else(|| {
                    let problem = format!(
                        "the OME-XML places a plane on page {page} but the file has {}; it may be cut short",
                        pages.ifds.len()
                    );
                    Error::corrupt(path, Some("OME-XML".into()), problem)
                })?;
                let page_read = Page::read(&pages.reader, ifd, page, pages.limits, Some(&layout))?;
                if !page_read.layout.agrees(&layout) {
                    let problem = "its size or sample type differs from the first page's";
                    return Err(Error::corrupt(path, Some(format!("page {page}")), problem));
                }
                layout = page_read.layout.clone();
                planes[i] = Some(Plane { file: number as u32, page: page_read });
                if own {
                    own_ifds[i] = Some(page);
                }
            }
            Ok(())
        };
        match name {
            None => {
                take(pages, true)?;
                files.push(SetFile::Open(file.clone()));
            }
            Some(name) => {
                let raw = Arc::new(RawFile::open(&beside(path, name)?)?);
                let reader = IfdReader::new(&raw)?;
                let ifds = reader.chain()?;
                take(&Pages { reader, ifds, limits: pages.limits }, false)?;
                files.push(if number < MAX_OPEN_FILES {
                    SetFile::Open(raw)
                } else {
                    SetFile::Closed(raw.path().to_owned())
                });
            }
        }
    }
    let [_, n_c, n_z] = ome.tcz;
    let planes = planes.into_iter().enumerate().map(|(i, p)| {
        p.ok_or_else(|| {
            let (t, c, z) = (i / (n_c * n_z), i / n_z % n_c, i % n_z);
            let problem =
                format!("the plane at time {t}, channel {c}, depth {z} is in none of its files");
            Error::corrupt(path, Some("OME-XML".into()), problem)
        })
    });
    let mut series = Series {
        outer: vec![],
        letters: String::new(),
        files,
        planes: planes.collect::<Result<_>>()?,
        ifds: own_ifds.into_iter().collect::<Option<Vec<usize>>>().unwrap_or_default(),
        placement: ome.placement.clone(),
        channels: ome.channels.clone(),
        format: "OME-TIFF",
    };
    set_outer(&mut series, &ome.tcz, "tcz");
    Ok(series)
}

/// A single file that was renamed still names its old self: the name that is nowhere to be found is this file.
fn own_file(ome: &mut Ome, path: &Path) {
    let own = path.file_name().map(|n| n.to_string_lossy().into_owned());
    for name in &mut ome.files {
        if name.is_some() && *name == own {
            *name = None;
        }
    }
    if let [Some(name)] = &ome.files[..]
        && beside(path, name).is_ok_and(|p| !p.exists())
    {
        ome.files[0] = None;
    }
}

/// The file of this plain name in the same folder; anything else is refused.
fn beside(path: &Path, name: &str) -> Result<std::path::PathBuf> {
    let mut parts = Path::new(name).components();
    match (parts.next(), parts.next()) {
        (Some(Component::Normal(_)), None) => Ok(path.with_file_name(name)),
        _ => {
            let problem = format!("it names the file {name:?} outside its own folder");
            Err(Error::corrupt(path, Some("OME-XML".into()), problem))
        }
    }
}

/// The full image and the smaller ones that belong to it.
fn levels(
    pages: &Pages<'_>,
    file: &Arc<RawFile>,
    series: Series,
    own: Option<&ImageSpec>,
    warnings: &mut Vec<String>,
) -> Result<Vec<Arc<TiffSource>>> {
    let first = series.planes[0].page.layout.clone();
    let used: std::collections::HashSet<usize> = series.ifds.iter().copied().collect();
    let mut smaller: Vec<Vec<Page>> = sub_ifds(pages, &series)?;
    if smaller.is_empty() && series.planes.len() == 1 && used.len() == 1 {
        smaller = reduced_pages(pages, &first, &used);
    }
    let n_levels_used: usize = smaller.iter().filter(|l| l[0].number != usize::MAX).count();
    let ignored = pages.ifds.len().saturating_sub(used.len() + n_levels_used);
    if ignored > 0 && series.files.len() == 1 && !used.is_empty() {
        warnings.push(format!("{ignored} pages of another size or type are not shown"));
    }
    let found = spec(&series, &first, &first, file)?;
    let full = own.cloned().unwrap_or(found);
    let locator = Some(file.path().display().to_string());
    let mut levels = vec![Arc::new(TiffSource::new(
        full,
        series.files.clone(),
        series.planes.clone(),
        locator,
    )?)];
    for planes in smaller {
        let layout = planes[0].layout.clone();
        let mut spec = spec(&series, &layout, &first, file)?;
        if let Some(own) = own {
            spec = smaller_than(own, &layout, &first);
        }
        let planes = planes.into_iter().map(|page| Plane { file: 0, page }).collect();
        let files = vec![SetFile::Open(file.clone())];
        // As `open` finds it: a level by its number.
        let locator = file.path().join(levels.len().to_string()).display().to_string();
        levels.push(Arc::new(TiffSource::new(spec, files, planes, Some(locator))?));
    }
    Ok(levels)
}

/// Our own description of a level: that of the full image with rows and columns scaled.
fn smaller_than(full: &ImageSpec, layout: &Layout, first: &Layout) -> ImageSpec {
    let mut spec = full.clone();
    let y = spec.ndim() - if layout.samples > 1 { 3 } else { 2 };
    let pairs = [(layout.height, first.height), (layout.width, first.width)];
    for (a, (small, large)) in (y..).zip(pairs) {
        let fine = spec.spacing.values[a];
        spec.shape[a] = small;
        let (mut extent, mut factor) = (large, 1.0);
        while extent > small {
            extent = extent.div_ceil(2);
            factor *= 2.0;
        }
        spec.spacing.values[a] = fine * factor;
        spec.origin[a] += fine * (factor - 1.0) / 2.0;
    }
    spec
}

/// Levels kept as SubIFDs of every plane.
fn sub_ifds(pages: &Pages<'_>, series: &Series) -> Result<Vec<Vec<Page>>> {
    let reader = &pages.reader;
    let mut levels: Vec<Vec<Page>> = Vec::new();
    if series.ifds.len() != series.planes.len() {
        return Ok(levels);
    }
    let mut n_levels = usize::MAX;
    for &i in &series.ifds {
        let Some(entry) = pages.ifds[i].find(tag::SUB_IFDS).filter(|e| e.count > 0) else {
            return Ok(Vec::new());
        };
        let n = (entry.count.min(64) as usize).min(n_levels);
        n_levels = n;
        levels.resize_with(levels.len().max(n), Vec::new);
        for (k, at) in reader.uints(entry, 0, n as u64)?.into_iter().enumerate() {
            let part = || format!("page {i}, level {}", k + 1);
            let ifd = reader.ifd(at, &part)?;
            let same = levels[k].first().map(|p| p.layout.clone());
            let page = Page::read(reader, &ifd, usize::MAX, pages.limits, same.as_ref());
            match page {
                Ok(page) if same.as_ref().is_none_or(|s| s.agrees(&page.layout)) => {
                    levels[k].push(page);
                }
                Ok(_) | Err(Error::Unsupported { .. }) => n_levels = n_levels.min(k),
                Err(e) => return Err(e),
            }
        }
    }
    levels.truncate(n_levels);
    let first = &series.planes[0].page.layout;
    let shrinks = |l: &Vec<Page>| {
        l.len() == series.planes.len()
            && l[0].layout.samples == first.samples
            && l[0].layout.dtype == first.dtype
            && l[0].layout.separate == first.separate
            && l[0].layout.width <= first.width
            && l[0].layout.height <= first.height
    };
    let n = levels.iter().take_while(|l| shrinks(l)).count();
    levels.truncate(n);
    Ok(levels)
}

/// Levels kept as pages of their own: marked as reduced, or tiled like a slide's, and of the same proportions.
fn reduced_pages(
    pages: &Pages<'_>,
    first: &Layout,
    used: &std::collections::HashSet<usize>,
) -> Vec<Vec<Page>> {
    let mut found: Vec<Page> = Vec::new();
    for (i, ifd) in pages.ifds.iter().enumerate().filter(|(i, _)| !used.contains(i)) {
        let Ok(page) = Page::read(&pages.reader, ifd, i, pages.limits, None) else { continue };
        let l = &page.layout;
        let ratio = first.width as f64 / l.width as f64;
        let fits = (first.height as f64 / ratio - l.height as f64).abs() <= 1.5;
        let marked = is_reduced(&pages.reader, ifd) && !first.tiled;
        if fits
            && ratio > 1.0
            && (l.tiled || marked)
            && (l.samples, l.dtype, l.separate) == (first.samples, first.dtype, first.separate)
        {
            found.push(page);
        }
    }
    found.sort_by_key(|p| std::cmp::Reverse(p.layout.width));
    found.dedup_by_key(|p| p.layout.width);
    found.into_iter().map(|p| vec![p]).collect()
}

/// Shape, axes and spacing of a level.
fn spec(series: &Series, layout: &Layout, full: &Layout, file: &Arc<RawFile>) -> Result<ImageSpec> {
    let mut shape = series.outer.clone();
    let mut letters = series.letters.clone();
    if letters.len() != shape.len() {
        let taken = if layout.samples > 1 { "c" } else { "" };
        let free: Vec<char> = "uvwtcz".chars().filter(|l| !taken.contains(*l)).collect();
        if shape.len() > free.len() {
            shape = vec![shape.iter().product()];
        }
        letters = free[free.len() - shape.len()..].iter().collect();
    }
    let sample = if letters.contains('c') { "s" } else { "c" };
    match (layout.samples, layout.separate) {
        (1, _) => {
            shape.extend([layout.height, layout.width]);
            letters += "yx";
        }
        (n, true) => {
            shape.extend([n, layout.height, layout.width]);
            letters += &format!("{sample}yx");
        }
        (n, false) => {
            shape.extend([layout.height, layout.width, n]);
            letters += &format!("yx{sample}");
        }
    }
    if shape.len() > MAX_NDIM {
        return Err(Error::unsupported(
            file.path(),
            format!("{} axes", shape.len()),
            "1 to 8 axes are read",
        ));
    }
    let axes = Axes::parse(&letters)?;
    let scales =
        [1.0, full.height as f64 / layout.height as f64, full.width as f64 / layout.width as f64];
    let values = letters
        .chars()
        .map(|l| "zyx".find(l).map_or(1.0, |i| series.placement.zyx[i].unwrap_or(1.0) * scales[i]))
        .collect();
    let spacing = Spacing::new(values, series.placement.unit.clone())?;
    // A level's first sample stands for several, and its centre lies in their middle.
    let origin = letters
        .chars()
        .zip(&spacing.values)
        .map(|(l, step)| {
            let Some(i) = "zyx".find(l) else { return 0.0 };
            let told = series.placement.origin[i];
            told.map_or(0.0, |o| o + (step - step / scales[i]) / 2.0)
        })
        .collect();
    Ok(ImageSpec { spacing, origin, ..ImageSpec::new(shape, layout.dtype)?.with_axes(axes)? })
}
