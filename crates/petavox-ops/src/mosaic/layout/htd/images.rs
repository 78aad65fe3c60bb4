//! The images of a plate: where they are, and what their names say.

use super::Plate;
use crate::mosaic::layout::LayoutOptions;
use crate::mosaic::layout::pattern::fits;
use petavox_core::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What the name of a TIFF says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    pub(super) well: String,
    pub(super) site: usize,
    pub(super) wave: usize,
    /// Plane of a z-stack from 1; 0 is a projection of it.
    pub(super) step: usize,
}

/// The images of a plate: beside its file, in the folder of its first time, or those of all folders that fit a pattern with folders in it
/// (`TimePoint_2/*`, `*ZStep_3/*`).
pub(super) fn images(
    path: &Path,
    plate: &Plate,
    options: &LayoutOptions,
    notes: &mut Vec<String>,
) -> Result<BTreeMap<Name, PathBuf>> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    };
    let pattern = options.pattern.as_deref();
    let times = numbered(&folder, "TimePoint_")?;
    let names_time = pattern.is_some_and(|p| p.contains("TimePoint_"));
    if times.len().max(plate.n_times) > 1 && !names_time {
        let n = times.len().max(plate.n_times);
        notes.push(format!(
            "of {n} times the first is taken; --pattern \"TimePoint_2/*\" takes another"
        ));
    }
    // Folders, what they are called below the plate's, and the step that lies in them.
    let mut folders = vec![(folder, String::new(), None)];
    for (_, time) in times.into_iter().take(if names_time { usize::MAX } else { 1 }) {
        let name = format!("{}/", name_of(&time));
        let steps = numbered(&time, "ZStep_")?;
        folders.push((time, name.clone(), (!steps.is_empty()).then_some(0)));
        for (step, folder) in steps {
            let name = format!("{name}{}/", name_of(&folder));
            folders.push((folder, name, Some(step)));
        }
    }
    let mut found: BTreeMap<Name, PathBuf> = BTreeMap::new();
    let mut of_times = BTreeSet::new();
    for (folder, below, step) in folders {
        let entries = std::fs::read_dir(&folder).map_err(|e| Error::io(&folder, "read", e))?;
        for entry in entries {
            let file = entry.map_err(|e| Error::io(&folder, "read", e))?.path();
            let name = name_of(&file);
            let full = format!("{below}{name}");
            let wanted = pattern.is_none_or(|p| fits(p, &name) || fits(p, &full));
            let Some(mut parsed) = parse(&name).filter(|_| wanted) else { continue };
            parsed.step = step.unwrap_or(parsed.step);
            of_times.insert(below.split('/').next().unwrap_or_default().to_owned());
            if of_times.len() > 1 && names_time {
                let given: Vec<String> = of_times.into_iter().collect();
                let expected = "one time, such as --pattern \"TimePoint_2/*\"";
                return Err(Error::argument("pattern", given.join(" and "), expected));
            }
            if let Some(other) = found.get(&parsed) {
                let problem = format!(
                    "two images of well {}, site {}, wavelength {}: {} and {}",
                    parsed.well,
                    parsed.site,
                    parsed.wave,
                    other.display(),
                    file.display()
                );
                return Err(Error::corrupt(path, None, problem));
            }
            found.insert(parsed, file);
        }
    }
    Ok(found)
}

/// Folders that are called this and a number, by their numbers.
fn numbered(folder: &Path, name: &str) -> Result<Vec<(usize, PathBuf)>> {
    let entries = std::fs::read_dir(folder).map_err(|e| Error::io(folder, "read", e))?;
    let mut found: Vec<(usize, PathBuf)> = entries
        .flatten()
        .map(|e| e.path())
        .filter(|p| p.is_dir())
        .filter_map(|p| Some((name_of(&p).strip_prefix(name)?.parse().ok()?, p)))
        .collect();
    found.sort();
    Ok(found)
}

pub(super) fn name_of(path: &Path) -> String {
    path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The name of an image: `PLATE_A01_s1_w1.tif`, with an identifier of the image right behind the wavelength, `_z3`, or neither.
fn parse(name: &str) -> Option<Name> {
    let (stem, ending) = name.rsplit_once('.')?;
    if !matches!(ending.to_lowercase().as_str(), "tif" | "tiff")
        || stem.to_lowercase().contains("_thumb")
    {
        return None;
    }
    let mut parsed = Name { well: String::new(), site: 1, wave: 1, step: 1 };
    for part in stem.split('_').skip(1) {
        let lower = part.to_lowercase();
        let number = |letter: char| lower.strip_prefix(letter).and_then(digits);
        if let Some(wave) = number('w').filter(|_| !parsed.well.is_empty()) {
            parsed.wave = wave;
        } else if let Some(site) = number('s').filter(|_| !parsed.well.is_empty()) {
            parsed.site = site;
        } else if let Some(step) = number('z').filter(|_| !parsed.well.is_empty()) {
            parsed.step = step;
        } else if is_well(part) {
            parsed.well = part.to_uppercase();
        }
    }
    (!parsed.well.is_empty() && parsed.site > 0 && parsed.wave > 0).then_some(parsed)
}

/// A number, alone or with an identifier of 36 characters behind it.
fn digits(text: &str) -> Option<usize> {
    let number = match text.len().checked_sub(36).and_then(|n| text.split_at_checked(n)) {
        Some((number, id)) if id.matches('-').count() == 4 => number,
        _ => text,
    };
    number.parse().ok()
}

/// A letter or two and two digits.
fn is_well(text: &str) -> bool {
    let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    let rest = &text[letters..];
    (1..=2).contains(&letters) && rest.len() == 2 && rest.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_well_site_and_wavelength() {
        let name =
            |well: &str, site, wave, step| Some(Name { well: well.into(), site, wave, step });
        assert_eq!(parse("Plate_1_B03_s4_w2.TIF"), name("B03", 4, 2, 1));
        let id = "1F7E1D3A-0C4B-4B6E-9A51-0123456789AB";
        assert_eq!(parse(&format!("exp_AB12_s11_w1{id}.tif")), name("AB12", 11, 1, 1));
        assert_eq!(parse("exp_A01_w3.tif"), name("A01", 1, 3, 1));
        assert_eq!(parse("exp_A01_s1_w1_z5.tif"), name("A01", 1, 1, 5));
        assert_eq!(parse("exp_A01_s1_w1_thumb123.tif"), None);
        assert_eq!(parse("notes.txt"), None);
    }
}
