//! What descriptions inside TIFF files say about axes and sizes: ImageJ's, tifffile's, resolution tags and microscopes' own.

use super::ifd::{Ifd, IfdReader, tag};
use std::collections::HashMap;

/// Spacing along z, y and x and its unit, as far as a file knows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Placement {
    pub(crate) zyx: [Option<f64>; 3],
    pub(crate) unit: Option<String>,
    /// Of the first sample, in the unit, where the file tells where the stage was.
    pub(crate) origin: [Option<f64>; 3],
}

/// The planes of a hyperstack as ImageJ counts them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ImageJ {
    pub(crate) n_images: usize,
    pub(crate) frames: usize,
    pub(crate) slices: usize,
    pub(crate) channels: usize,
    pub(crate) z_spacing: Option<f64>,
    pub(crate) unit: Option<String>,
}

impl ImageJ {
    /// Parses a description that begins with `ImageJ=`.
    pub(crate) fn parse(text: &str) -> Option<ImageJ> {
        if !text.starts_with("ImageJ=") {
            return None;
        }
        let fields: HashMap<&str, &str> = text
            .lines()
            .filter_map(|l| l.split_once('='))
            .map(|(k, v)| (k.trim(), v.trim()))
            .collect();
        let count =
            |name: &str| fields.get(name).and_then(|v| v.parse::<usize>().ok()).filter(|&n| n > 0);
        let (frames, channels) = (count("frames"), count("channels"));
        let known = frames.unwrap_or(1).checked_mul(channels.unwrap_or(1))?;
        let n_images = count("images").or_else(|| count("slices")?.checked_mul(known)).unwrap_or(1);
        let slices = count("slices").unwrap_or(n_images / known.max(1)).max(1);
        Some(ImageJ {
            n_images,
            frames: frames.unwrap_or(1),
            slices,
            channels: channels.unwrap_or(1),
            z_spacing: fields
                .get("spacing")
                .and_then(|v| v.parse::<f64>().ok())
                .map(f64::abs)
                .filter(|v| v.is_finite() && *v > 0.0),
            unit: fields
                .get("unit")
                .map(|u| u.replace("\\u00B5", "\u{b5}"))
                .filter(|u| !u.is_empty()),
        })
    }

    /// True if channels, slices and frames account for all images.
    pub(crate) fn adds_up(&self, n: usize) -> bool {
        self.frames.checked_mul(self.slices).and_then(|m| m.checked_mul(self.channels)) == Some(n)
    }
}

/// Shape and axes that tifffile leaves in a description, such as `{"shape": [60, 512, 512]}`.
pub(crate) fn shaped(text: &str) -> Option<(Vec<usize>, Option<String>)> {
    if !text.starts_with("{\"shape\":") {
        return None;
    }
    let json: serde_json::Value = serde_json::from_str(text).ok()?;
    let shape: Option<Vec<usize>> =
        json.get("shape")?.as_array()?.iter().map(|v| v.as_u64().map(|n| n as usize)).collect();
    let axes = json.get("axes").and_then(|a| a.as_str()).map(str::to_lowercase);
    Some((shape?, axes))
}

/// How many micrometres a unit of length is.
pub(crate) fn micrometers(unit: &str) -> Option<f64> {
    Some(match unit.trim() {
        "\u{b5}m" | "\u{3bc}m" | "um" | "micron" | "microns" | "micrometer" | "micrometre"
        | "micrometers" => 1.0,
        "nm" | "nanometer" | "nanometre" | "nanometers" => 1e-3,
        "pm" | "picometer" => 1e-6,
        "\u{c5}" | "\u{212b}" | "angstrom" => 1e-4,
        "mm" | "millimeter" | "millimetre" => 1e3,
        "cm" | "centimeter" | "centimetre" => 1e4,
        "m" | "meter" | "metre" => 1e6,
        "inch" | "in" => 25_400.0,
        _ => return None,
    })
}

/// The spacing that a page's own fields give, after what ImageJ says.
pub(crate) fn placement(
    reader: &IfdReader<'_>,
    ifd: &Ifd,
    description: Option<&str>,
    imagej: Option<&ImageJ>,
    limit: u64,
) -> Placement {
    if let Some(found) = [tag::FEI_HELIOS, tag::FEI_SFEG]
        .iter()
        .find_map(|&t| fei(&reader.text(ifd, t, limit)?))
        .or_else(|| aperio(description?))
        .or_else(|| metaseries(description?))
    {
        return found;
    }
    let per_sample = |t: u16| reader.fraction(ifd, t).map(|v| 1.0 / v);
    let (x, y) = (per_sample(tag::X_RESOLUTION), per_sample(tag::Y_RESOLUTION));
    let unit = reader.uint_or(ifd, tag::RESOLUTION_UNIT, 2).unwrap_or(1);
    if let Some(imagej) = imagej {
        return imagej_placement(imagej, y, x, unit);
    }
    let scale = match unit {
        2 => 25_400.0,
        3 => 10_000.0,
        _ => return Placement::default(),
    };
    // Printers' and screens' resolutions say nothing about the sample.
    let printing = |v: f64| {
        let dpi = 25_400.0 / (v * scale);
        let usual =
            [72.0, 75.0, 90.0, 96.0, 100.0, 120.0, 144.0, 150.0, 180.0, 200.0, 240.0, 250.0, 300.0];
        let usual = usual.iter().chain(&[350.0, 360.0, 400.0, 600.0, 720.0, 1200.0, 2400.0]);
        dpi < 30.0 || usual.into_iter().any(|u| (dpi / u - 1.0).abs() < 0.005)
    };
    match (x, y) {
        (Some(x), Some(y)) if !printing(x) && !printing(y) => Placement {
            zyx: [None, Some(y * scale), Some(x * scale)],
            unit: Some("micrometer".into()),
            ..Placement::default()
        },
        _ => Placement::default(),
    }
}

fn imagej_placement(imagej: &ImageJ, y: Option<f64>, x: Option<f64>, tag_unit: u64) -> Placement {
    let named = imagej.unit.as_deref().filter(|u| !matches!(*u, "pixel" | "pixels"));
    let scale = match (named, tag_unit) {
        (Some(unit), _) => micrometers(unit),
        (None, 3) if imagej.unit.is_none() => Some(10_000.0),
        _ => None,
    };
    match (scale, named) {
        (Some(s), _) => Placement {
            zyx: [imagej.z_spacing.map(|v| v * s), y.map(|v| v * s), x.map(|v| v * s)],
            unit: Some("micrometer".into()),
            ..Placement::default()
        },
        // A unit of the user's own: numbers count, the name is kept.
        (None, Some(unit)) => Placement {
            zyx: [imagej.z_spacing, y, x],
            unit: Some(unit.to_owned()),
            ..Placement::default()
        },
        (None, None) => Placement { zyx: [imagej.z_spacing, None, None], ..Placement::default() },
    }
}

/// FEI and Thermo Fisher electron microscopes: a text of `PixelWidth=1.07917e-009` lines, in metres.
fn fei(text: &str) -> Option<Placement> {
    let value = |name: &str| {
        text.lines()
            .filter_map(|l| l.split_once('='))
            .find(|(k, _)| k.trim().eq_ignore_ascii_case(name))
            .and_then(|(_, v)| v.trim().parse::<f64>().ok())
            .filter(|v| v.is_finite() && *v > 0.0)
            .map(|v| v * 1e6)
    };
    Some(Placement {
        zyx: [None, Some(value("PixelHeight")?), Some(value("PixelWidth")?)],
        unit: Some("micrometer".into()),
        ..Placement::default()
    })
}

/// MetaXpress and MetaMorph: properties of the plane in XML, `<prop id="stage-position-x" type="float" value="1203.5"/>`. ImageXpress
/// microscopes tell the stage's place under a name of their own, the other one is zero then.
fn metaseries(description: &str) -> Option<Placement> {
    let text = description.trim_end_matches('\0').trim();
    if !text.starts_with("<MetaData>") {
        return None;
    }
    let options = roxmltree::ParsingOptions { nodes_limit: 100_000, ..Default::default() };
    let doc = roxmltree::Document::parse_with_options(text, options).ok()?;
    let value = |id: &str| {
        doc.descendants().find(|n| n.attribute("id") == Some(id)).and_then(|n| n.attribute("value"))
    };
    let number = |id: &str| value(id)?.trim().parse::<f64>().ok().filter(|v| v.is_finite());
    let is_calibrated = !matches!(value("spatial-calibration-state"), Some("off" | "0"));
    let scale = micrometers(value("spatial-calibration-units").unwrap_or("um"));
    let size = |id: &str| Some(number(id).filter(|v| *v > 0.0 && is_calibrated)? * scale?);
    let zyx = [None, size("spatial-calibration-y"), size("spatial-calibration-x")];
    let own = [number("ImageXpress Micro Y"), number("ImageXpress Micro X")];
    let stage = [number("stage-position-y"), number("stage-position-x")];
    let [y, x] = if own.iter().all(Option::is_some) { own } else { stage };
    Some(Placement { zyx, unit: zyx[1].map(|_| "micrometer".into()), origin: [None, y, x] })
}

/// Aperio slides: `...|MPP = 0.4990|...`, micrometres per pixel.
fn aperio(description: &str) -> Option<Placement> {
    if !description.starts_with("Aperio") {
        return None;
    }
    let (_, v) = description
        .split('|')
        .filter_map(|f| f.split_once('='))
        .find(|(k, _)| k.trim() == "MPP")?;
    let v = v.trim().parse::<f64>().ok().filter(|v| v.is_finite() && *v > 0.0)?;
    Some(Placement {
        zyx: [None, Some(v), Some(v)],
        unit: Some("micrometer".into()),
        ..Placement::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imagej_counts_images() {
        let one = ImageJ::parse("ImageJ=1.53c\nimages=30\nslices=30\nunit=micron\nspacing=0.5\n")
            .unwrap();
        assert_eq!((one.n_images, one.slices, one.z_spacing), (30, 30, Some(0.5)));
        let hyper = ImageJ::parse(
            "ImageJ=1.53\nimages=24\nchannels=2\nslices=3\nframes=4\nhyperstack=true",
        )
        .unwrap();
        assert!(hyper.adds_up(24));
        assert!(ImageJ::parse("ImageJ=\nimages=99999999999999999999").unwrap().adds_up(1));
        assert_eq!(ImageJ::parse("made by ImageJ=1"), None);
    }

    #[test]
    fn microscopes_give_micrometers() {
        let p = fei("[Scan]\r\nPixelWidth=1.07917e-009\r\nPixelHeight=1.07917e-009\r\n").unwrap();
        assert!((p.zyx[2].unwrap() - 1.07917e-3).abs() < 1e-12);
        let p = aperio("Aperio Image Library v11\r\n46000x32914|AppMag = 20|MPP = 0.4990|x = 1")
            .unwrap();
        assert_eq!(p.zyx[1], Some(0.499));
    }

    #[test]
    fn shapes_of_tifffile() {
        assert_eq!(shaped("{\"shape\": [2, 3]}"), Some((vec![2, 3], None)));
        assert_eq!(
            shaped("{\"shape\": [2, 3], \"axes\": \"YX\"}"),
            Some((vec![2, 3], Some("yx".into())))
        );
        assert_eq!(shaped("{\"shape\": [-2]}"), None);
    }
}
