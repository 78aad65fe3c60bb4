//! Plates of ImageXpress microscopes (MetaXpress): a `.HTD` file beside TIFFs that are named by well, site and wavelength.

mod images;
mod stack;

use super::{Layout, LayoutOptions, Tile};
use images::{Name, images};
use petavox_core::{Error, Result};
use petavox_store::OpenOptions;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What the `.HTD` file says of a plate.
#[derive(Debug, Default, PartialEq)]
struct Plate {
    /// Rows and columns of sites in a well.
    sites: [usize; 2],
    /// Row and column of every site that was taken, in the order of their numbers.
    taken: Vec<[usize; 2]>,
    n_waves: usize,
    n_times: usize,
}

/// Reads the sites of one well.
pub(super) fn read(path: &Path, text: &str, options: &LayoutOptions) -> Result<Layout> {
    let plate = plate(path, text)?;
    let mut layout = Layout { format: "ImageXpress".into(), ..Layout::default() };
    let found = images(path, &plate, options, &mut layout.notes)?;
    let wells: BTreeSet<&str> = found.keys().map(|n| n.well.as_str()).collect();
    let wells: Vec<&str> = wells.into_iter().collect();
    let well = match wells[..] {
        [well] => well.to_owned(),
        [] => {
            let expected = "TIFFs named PLATE_A01_s1_w1.tif beside it or in TimePoint_1";
            return Err(Error::unsupported(path, "a plate without images that fit", expected));
        }
        _ => {
            let given = format!("{} wells: {}", wells.len(), shown(&wells));
            let expected = format!("one, such as --pattern \"*_{}_*\"", wells[0]);
            return Err(Error::argument("pattern", given, expected));
        }
    };
    let fields = fields(path, &found, &mut layout.notes)?;
    // What the plate says there should be.
    let mut missing = Vec::new();
    for site in 1..=plate.taken.len().max(1) {
        for wave in 1..=plate.n_waves.max(1) {
            if !fields.contains_key(&(site, wave)) {
                missing.push(format!("site {site}, wavelength {wave}"));
            }
        }
    }
    if !missing.is_empty() {
        let missing: Vec<&str> = missing.iter().map(String::as_str).collect();
        let problem = format!("no image of {} of well {well}", shown(&missing));
        if !options.skip_missing {
            let hint = format!("{problem}; --skip-missing goes on without");
            return Err(Error::corrupt(path, None, hint));
        }
        layout.notes.push(format!("left out: {problem}"));
    }
    let has_waves = plate.n_waves > 1;
    for (&(site, wave), (path, first)) in &fields {
        let path = path.clone();
        let open = |path: &str| petavox_store::open(path, &OpenOptions::default());
        let opened = open(&path).and_then(|source| {
            // A stack says how its planes lie, its first plane where.
            let plane = if path == *first { source.clone() } else { open(first)? };
            Ok((source, plane))
        });
        let (source, plane) = match opened {
            Ok(both) => both,
            Err(e) if options.skip_missing => {
                layout.notes.push(format!("left out: {e}"));
                continue;
            }
            Err(e) => return Err(e),
        };
        let spec = source.spec();
        let spatial: Vec<usize> = (0..spec.ndim()).filter(|&a| spec.axes.is_spatial(a)).collect();
        let unit = || spec.spacing.unit.clone().or_else(|| plane.spec().spacing.unit.clone());
        layout.unit = layout.unit.take().or_else(unit);
        let along = |a: usize| {
            let plane = plane.spec();
            let letter = spec.axes.as_str().chars().nth(a);
            match letter.and_then(|l| plane.axes.position(l)) {
                Some(b) => (plane.origin[b], plane.spacing.values[b]),
                None => (spec.origin[a], spec.spacing.values[a]),
            }
        };
        let grid = plate.taken.get(site - 1).map(|[r, c]| (*r as i64, *c as i64));
        layout.tiles.push(Tile {
            path,
            position: Some(spatial.iter().map(|&a| along(a).0).collect()),
            spacing: Some(spatial.iter().map(|&a| along(a).1).collect()),
            channel: has_waves.then(|| wave - 1),
            grid,
            ..Tile::default()
        });
    }
    if !say_where(&layout) {
        on_grid(path, &mut layout, options)?;
    }
    Ok(layout)
}

/// What is opened for each site and wavelength, an image or a stack of the images of its steps, and the first of these. Where there are
/// projections too, these are taken.
fn fields(
    path: &Path,
    found: &BTreeMap<Name, PathBuf>,
    notes: &mut Vec<String>,
) -> Result<BTreeMap<(usize, usize), (String, String)>> {
    let mut steps: BTreeMap<(usize, usize), Vec<&PathBuf>> = BTreeMap::new();
    let projected = found.keys().any(|n| n.step == 0);
    let has_steps = found.keys().any(|n| n.step > 0);
    if projected && has_steps {
        let how = "--pattern \"*ZStep_*\" takes the stacks, \"*ZStep_2/*\" one of their planes";
        notes.push(format!("of z-stacks the projections are taken; {how}"));
    }
    for (name, file) in found.iter().filter(|(n, _)| (n.step == 0) == projected) {
        steps.entry((name.site, name.wave)).or_default().push(file);
    }
    let n = steps.values().map(Vec::len).max().unwrap_or(0);
    if n > 1 {
        let how = "--spacing Z,Y,X says how far apart they lie, --pattern \"*ZStep_2/*\" takes one of them";
        notes.push(format!("every site is a stack of {n} planes; {how}"));
    }
    let mut out = BTreeMap::new();
    for (field, files) in steps {
        if files.len() != n {
            let problem = format!(
                "site {}, wavelength {} has {} planes, others have {n}",
                field.0,
                field.1,
                files.len()
            );
            let hint = "--pattern \"*ZStep_2/*\" takes one plane of each";
            return Err(Error::corrupt(path, None, format!("{problem}; {hint}")));
        }
        let first = files.first().map(|f| f.to_string_lossy().into_owned()).unwrap_or_default();
        out.insert(field, (stack::path_of(&files, found)?, first));
    }
    Ok(out)
}

/// True if the files of different sites say different places.
fn say_where(layout: &Layout) -> bool {
    let mut seen: BTreeMap<(i64, i64), &Option<Vec<f64>>> = BTreeMap::new();
    for tile in &layout.tiles {
        let Some(grid) = tile.grid else { continue };
        let same_place = seen.iter().any(|(g, p)| *g != grid && **p == tile.position);
        if same_place {
            return false;
        }
        seen.insert(grid, &tile.position);
    }
    true
}

/// Sites on the grid that the plate tells, as far apart as their overlap says.
fn on_grid(path: &Path, layout: &mut Layout, options: &LayoutOptions) -> Result<()> {
    let usual = |o: &&[f64]| (1..=2).contains(&o.len()) && o.iter().all(|o| (0.0..1.0).contains(o));
    let Some(overlap) = options.overlap.as_deref().filter(usual) else {
        let expected =
            "--overlap: the files do not say where their sites lie, only the plate's grid does";
        return Err(Error::argument("overlap", "nothing", expected));
    };
    let Some(first) = layout.tiles.first() else { return Ok(()) };
    let spec = petavox_store::open(&first.path, &OpenOptions::default())?.spec().clone();
    let spatial: Vec<usize> = (0..spec.ndim()).filter(|&a| spec.axes.is_spatial(a)).collect();
    let [.., y, x] = spatial[..] else { return Ok(()) };
    let (height, width) = match options.orientation {
        Some(turned) if turned.transposes() => (spec.shape[x], spec.shape[y]),
        _ => (spec.shape[y], spec.shape[x]),
    };
    // A size of samples that is better known than by the files is applied by whoever asked.
    layout.in_samples = options.spacing.is_some();
    let size = |axis: usize| if layout.in_samples { 1.0 } else { spec.spacing.values[axis] };
    let dy = height as f64 * (1.0 - overlap[0]) * size(y);
    let dx = width as f64 * (1.0 - overlap[overlap.len() - 1]) * size(x);
    for tile in &mut layout.tiles {
        let Some((r, c)) = tile.grid else {
            let problem = "more sites than the plate's grid has";
            return Err(Error::corrupt(path, Some(tile.path.clone()), problem));
        };
        tile.position = Some(vec![r as f64 * dy, c as f64 * dx]);
    }
    layout
        .notes
        .push("the files do not say where they lie: sites are placed on the plate's grid".into());
    Ok(())
}

fn shown(names: &[&str]) -> String {
    let more = names.len().saturating_sub(12);
    let text = names[..names.len() - more].join(", ");
    if more > 0 { format!("{text} and {more} more") } else { text }
}

/// The lines of the file: a name in quotes, and values.
fn plate(path: &Path, text: &str) -> Result<Plate> {
    let mut fields: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in text.lines() {
        let mut parts = line.split(',').map(|p| p.trim().trim_matches('"').to_owned());
        if let Some(name) = parts.next().filter(|n| !n.is_empty()) {
            fields.insert(name.to_lowercase(), parts.collect());
        }
    }
    if !fields.contains_key("htsinfofile")
        && !fields.contains_key("xsites")
        && !fields.contains_key("xwells")
    {
        return Err(Error::corrupt(
            path,
            None,
            "no description of a plate; expected \"HTSInfoFile\" in the first line",
        ));
    }
    let count = |name: &str, other: usize| -> Result<usize> {
        match fields.get(name).and_then(|v| v.first()) {
            None => Ok(other),
            Some(text) => text.parse().ok().filter(|n| (1..=10_000).contains(n)).ok_or_else(|| {
                Error::corrupt(
                    path,
                    Some(name.to_owned()),
                    format!("\"{text}\" is no number from 1 to 10000"),
                )
            }),
        }
    };
    let sites = [count("ysites", 1)?, count("xsites", 1)?];
    let is_taken = |r: usize, c: usize| match fields.get(&format!("siteselection{}", r + 1)) {
        Some(row) => row.get(c).is_some_and(|v| v.eq_ignore_ascii_case("true")),
        None => true,
    };
    let mut taken = Vec::new();
    for r in 0..sites[0] {
        taken.extend((0..sites[1]).filter(|&c| is_taken(r, c)).map(|c| [r, c]));
    }
    Ok(Plate { sites, taken, n_waves: count("nwavelengths", 1)?, n_times: count("timepoints", 1)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_are_numbered_along_those_that_were_taken() {
        let text = "\"HTSInfoFile\", Version 1.0\r\n\"XSites\", 3\r\n\"YSites\", 2\r\n\"SiteSelection1\", TRUE, FALSE, TRUE\r\n\
                    \"SiteSelection2\", FALSE, TRUE, FALSE\r\n\"NWavelengths\", 2\r\n\"EndFile\"\r\n";
        let plate = plate(Path::new("a.HTD"), text).unwrap();
        assert_eq!((plate.sites, plate.n_waves), ([2, 3], 2));
        assert_eq!(plate.taken, [[0, 0], [0, 2], [1, 1]]);
        assert!(super::plate(Path::new("a.HTD"), "\"XSites\", 99999999\n").is_err());
        assert!(super::plate(Path::new("a.HTD"), "name,x,y\n").is_err());
    }
}
