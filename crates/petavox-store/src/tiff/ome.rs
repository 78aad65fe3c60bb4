//! OME-XML: sizes, spacing, channels and where each plane is.

use super::describe::{Placement, micrometers};
use crate::Channel;
use petavox_core::{Error, Result};
use roxmltree::{Document, Node, ParsingOptions};
use std::path::Path;

/// More planes than this in one image are a lie.
const MAX_PLANES: usize = 1 << 24;

/// Where one plane is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlaneAt {
    /// Index into [`Ome::files`].
    pub(crate) file: usize,
    /// Number of the page in that file.
    pub(crate) page: usize,
}

/// The first image of an OME-XML document.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Ome {
    /// Sizes in time, channels and depth; channels without the samples of a pixel.
    pub(crate) tcz: [usize; 3],
    /// Height and width.
    pub(crate) yx: [usize; 2],
    /// OME's name of the sample type.
    pub(crate) pixel_type: String,
    pub(crate) placement: Placement,
    pub(crate) channels: Vec<Channel>,
    /// Names of files in the set; `None` is the file that holds the document.
    pub(crate) files: Vec<Option<String>>,
    /// In raster order of `tcz`.
    pub(crate) planes: Vec<Option<PlaneAt>>,
    /// Images after the first.
    pub(crate) n_more_images: usize,
}

/// What a document turned out to be.
pub(crate) enum Parsed {
    /// It describes an image.
    Image(Box<Ome>),
    /// It only names the file that does.
    Elsewhere(String),
}

/// True if a text is an OME-XML document.
pub(crate) fn is_ome(text: &str) -> bool {
    let text = text.trim_end();
    text.trim_start().starts_with('<') && text.ends_with("OME>") && text.contains("<OME")
        || text.contains("<OME:OME")
}

/// Parses a document found in `path`; `samples` is how many samples a pixel of its pages has. Of several images it is the one of which
/// the file is a part, the first one otherwise.
///
/// # Errors
/// [`Error::Corrupt`] that says what is wrong.
pub(crate) fn parse(text: &str, samples: usize, path: &Path) -> Result<Parsed> {
    let own = path.file_name().map(|n| n.to_string_lossy().into_owned());
    parse_for(text, samples, path, own.as_deref().unwrap_or(""))
}

/// [`parse`] for a file called `own`, which names the document.
///
/// # Errors
/// As [`parse`].
pub(crate) fn parse_for(text: &str, samples: usize, path: &Path, own: &str) -> Result<Parsed> {
    let corrupt = |problem: String| Error::corrupt(path, Some("OME-XML".into()), problem);
    let doc = document(text).map_err(corrupt)?;
    let root = doc.root_element();
    if let Some(only) = child(root, "BinaryOnly") {
        let name = only
            .attribute("MetadataFile")
            .ok_or_else(|| corrupt("BinaryOnly names no file".into()))?;
        return Ok(Parsed::Elsewhere(name.to_owned()));
    }
    let images: Vec<Node<'_, '_>> = children(root, "Image").collect();
    let own_uuid = root.attribute("UUID");
    let is_own = |image: &Node<'_, '_>| {
        let pixels = child(*image, "Pixels");
        let data = pixels.into_iter().flat_map(|p| children(p, "TiffData"));
        data.filter_map(|d| child(d, "UUID")).any(|uuid| {
            own_uuid.is_some() && uuid.text().map(str::trim) == own_uuid
                || uuid.attribute("FileName").is_some_and(|f| base(f) == own)
        })
    };
    let image = images.iter().copied().find(is_own).or(images.first().copied());
    let image = image.ok_or_else(|| corrupt("it describes no image".into()))?;
    let mut ome = image_of(root, image, samples).map_err(corrupt)?;
    ome.n_more_images = images.len() - 1;
    Ok(Parsed::Image(Box::new(ome)))
}

/// All images of a document.
///
/// # Errors
/// As [`parse`].
pub(crate) fn all(text: &str, path: &Path) -> Result<Vec<Ome>> {
    let corrupt = |problem: String| Error::corrupt(path, Some("OME-XML".into()), problem);
    let doc = document(text).map_err(corrupt)?;
    let root = doc.root_element();
    children(root, "Image").map(|image| image_of(root, image, 1).map_err(corrupt)).collect()
}

fn document(text: &str) -> std::result::Result<Document<'_>, String> {
    let options = ParsingOptions { allow_dtd: false, nodes_limit: 4_000_000, ..Default::default() };
    let text = text.trim_end_matches('\0').trim();
    Document::parse_with_options(text, options).map_err(|e| e.to_string())
}

/// The last part of a path of either system.
fn base(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

fn image_of(
    root: Node<'_, '_>,
    image: Node<'_, '_>,
    samples: usize,
) -> std::result::Result<Ome, String> {
    let corrupt = |problem: String| problem;
    let pixels = child(image, "Pixels").ok_or_else(|| corrupt("its image has no Pixels".into()))?;
    let size = |name: &str| -> std::result::Result<usize, String> {
        let text = pixels.attribute(name).unwrap_or("");
        text.parse()
            .ok()
            .filter(|&n: &usize| n > 0)
            .ok_or_else(|| corrupt(format!("{name} is \"{text}\"")))
    };
    let (t, c, z) = (size("SizeT")?, size("SizeC")?, size("SizeZ")?);
    let c = if c.is_multiple_of(samples) { c / samples } else { c };
    let n = t.checked_mul(c).and_then(|n| n.checked_mul(z)).filter(|&n| n <= MAX_PLANES);
    let n = n.ok_or_else(|| corrupt(format!("{t} x {c} x {z} planes are too many")))?;
    let order = pixels.attribute("DimensionOrder").unwrap_or("XYZCT");
    let mut ome = Ome {
        tcz: [t, c, z],
        yx: [size("SizeY")?, size("SizeX")?],
        pixel_type: pixels
            .attribute("Type")
            .or(pixels.attribute("PixelType"))
            .unwrap_or("")
            .to_owned(),
        placement: placement(pixels),
        channels: children(pixels, "Channel").take(c).map(channel).collect(),
        files: vec![],
        planes: vec![None; n],
        n_more_images: 0,
    };
    // Fastest first: positions in `tcz` of the letters after XY.
    let mut axes: Vec<usize> = order.chars().filter_map(|l| "TCZ".find(l)).collect();
    axes.dedup();
    if axes.len() != 3 {
        return Err(corrupt(format!("DimensionOrder is \"{order}\"")));
    }
    let own_uuid = root.attribute("UUID");
    let mut any = false;
    for data in children(pixels, "TiffData") {
        any = true;
        place(&mut ome, data, &axes, own_uuid, samples)?;
    }
    if !any {
        ome.files.push(None);
        fill(&mut ome, 0, 0, [0; 3], n, &axes);
    }
    Ok(ome)
}

/// Enters the planes of one TiffData element.
fn place(
    ome: &mut Ome,
    data: Node<'_, '_>,
    axes: &[usize],
    own_uuid: Option<&str>,
    samples: usize,
) -> std::result::Result<(), String> {
    let number = |name: &str| -> std::result::Result<Option<usize>, String> {
        match data.attribute(name) {
            Some(v) => v.trim().parse().map(Some).map_err(|_| format!("{name} is \"{v}\"")),
            None => Ok(None),
        }
    };
    let uuid = child(data, "UUID");
    let name = uuid.filter(|u| own_uuid.is_none() || u.text().map(str::trim) != own_uuid);
    let name = name.and_then(|u| u.attribute("FileName")).map(str::to_owned);
    let file = ome.files.iter().position(|f| *f == name).unwrap_or_else(|| {
        ome.files.push(name);
        ome.files.len() - 1
    });
    let ifd = number("IFD")?;
    let first_c = number("FirstC")?.unwrap_or(0) / samples.max(1);
    let first = [number("FirstT")?.unwrap_or(0), first_c, number("FirstZ")?.unwrap_or(0)];
    let n_all = ome.planes.len();
    let n = match (number("PlaneCount")?, ifd) {
        (Some(n), _) => n.min(n_all),
        (None, Some(_)) => 1,
        (None, None) => n_all,
    };
    fill(ome, file, ifd.unwrap_or(0), first, n, axes);
    Ok(())
}

/// Enters `n` pages from `page` on, walking from `first` in the document's order.
fn fill(ome: &mut Ome, file: usize, page: usize, first: [usize; 3], n: usize, axes: &[usize]) {
    let mut at = first;
    for i in 0..n {
        if (0..3).any(|a| at[a] >= ome.tcz[a]) {
            return;
        }
        let index = (at[0] * ome.tcz[1] + at[1]) * ome.tcz[2] + at[2];
        ome.planes[index] = Some(PlaneAt { file, page: page.saturating_add(i) });
        for (k, &a) in axes.iter().enumerate() {
            at[a] += 1;
            if at[a] < ome.tcz[a] || k + 1 == axes.len() {
                break;
            }
            at[a] = 0;
        }
    }
}

fn placement(pixels: Node<'_, '_>) -> Placement {
    let mut found = Placement::default();
    for (i, axis) in ["Z", "Y", "X"].iter().enumerate() {
        let value = pixels.attribute(format!("PhysicalSize{axis}").as_str());
        let value = value.and_then(|v| v.trim().parse::<f64>().ok());
        let unit = pixels.attribute(format!("PhysicalSize{axis}Unit").as_str());
        let scale = micrometers(unit.unwrap_or("\u{b5}m"));
        if let (Some(v), Some(s)) = (value.filter(|v| v.is_finite() && *v > 0.0), scale) {
            found.zyx[i] = Some(v * s);
            found.unit = Some("micrometer".into());
        }
    }
    // Where the stage was for the first plane that tells; a reference frame without a unit counts as the sizes do.
    for plane in children(pixels, "Plane") {
        let place = |axis: &str| {
            let value = plane.attribute(format!("Position{axis}").as_str())?;
            let unit = plane.attribute(format!("Position{axis}Unit").as_str());
            let scale = match unit {
                None | Some("reference frame") => 1.0,
                Some(unit) => micrometers(unit)?,
            };
            value.trim().parse::<f64>().ok().map(|v| v * scale).filter(|v| v.is_finite())
        };
        let origin = [place("Z"), place("Y"), place("X")];
        if origin[1].is_some() && origin[2].is_some() {
            found.origin = origin;
            break;
        }
    }
    found
}

fn channel(node: Node<'_, '_>) -> Channel {
    // OME stores colours as a signed number of RGBA bytes.
    let color = node.attribute("Color").and_then(|v| v.trim().parse::<i64>().ok());
    Channel {
        name: node.attribute("Name").map(str::to_owned),
        color: color.map(|v| format!("{:06X}", (v as u32) >> 8)),
        window: None,
    }
}

fn children<'a, 'i>(node: Node<'a, 'i>, name: &'static str) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(move |n| n.is_element() && n.tag_name().name() == name)
}

fn child<'a, 'i>(node: Node<'a, 'i>, name: &'static str) -> Option<Node<'a, 'i>> {
    children(node, name).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(attributes: &str, inside: &str) -> Ome {
        let text = format!(
            "<?xml version=\"1.0\"?><OME xmlns=\"x\" UUID=\"urn:1\"><Image ID=\"Image:0\">\
             <Pixels Type=\"uint8\" SizeX=\"4\" SizeY=\"3\" {attributes}>{inside}</Pixels></Image></OME>"
        );
        match parse(&text, 1, Path::new("a.ome.tif")).unwrap() {
            Parsed::Image(ome) => *ome,
            Parsed::Elsewhere(_) => panic!("elsewhere"),
        }
    }

    fn pages(ome: &Ome) -> Vec<usize> {
        ome.planes.iter().map(|p| p.as_ref().map_or(99, |p| p.page)).collect()
    }

    #[test]
    fn planes_follow_the_dimension_order() {
        let sizes = "SizeZ=\"3\" SizeC=\"2\" SizeT=\"1\"";
        let zct = image(&format!("DimensionOrder=\"XYZCT\" {sizes}"), "<TiffData/>");
        assert_eq!(pages(&zct), [0, 1, 2, 3, 4, 5]);
        let czt = image(&format!("DimensionOrder=\"XYCZT\" {sizes}"), "");
        assert_eq!(pages(&czt), [0, 2, 4, 1, 3, 5]);
    }

    #[test]
    fn tiff_data_places_planes_and_names_files() {
        let ome = image(
            "DimensionOrder=\"XYZCT\" SizeZ=\"3\" SizeC=\"1\" SizeT=\"1\" PhysicalSizeX=\"200\" PhysicalSizeXUnit=\"nm\"",
            "<Channel Name=\"a\" Color=\"-16776961\"/>\
             <TiffData FirstZ=\"2\" IFD=\"0\"><UUID FileName=\"self.tif\">urn:1</UUID></TiffData>\
             <TiffData FirstZ=\"0\" IFD=\"5\" PlaneCount=\"1\"><UUID FileName=\"b.tif\">urn:2</UUID></TiffData>",
        );
        assert_eq!(pages(&ome), [5, 99, 0]);
        assert_eq!(ome.files, [None, Some("b.tif".to_owned())]);
        assert!((ome.placement.zyx[2].unwrap() - 0.2).abs() < 1e-12);
        assert_eq!(ome.channels[0].color.as_deref(), Some("FF0000"));
    }

    #[test]
    fn the_first_plane_that_tells_says_where_the_stage_was() {
        let ome = image(
            "SizeZ=\"1\" SizeC=\"2\" SizeT=\"1\" PhysicalSizeX=\"0.5\" PhysicalSizeY=\"0.5\"",
            "<Plane TheC=\"0\"/><Plane TheC=\"1\" PositionX=\"2\" PositionXUnit=\"mm\" PositionY=\"-7.5\"/>",
        );
        assert_eq!(ome.placement.origin, [None, Some(-7.5), Some(2000.0)]);
        assert_eq!(image("SizeZ=\"1\" SizeC=\"1\" SizeT=\"1\"", "").placement.origin, [None; 3]);
    }

    #[test]
    fn of_several_images_a_file_is_the_one_that_names_it() {
        let image = |n: usize| {
            format!(
                "<Image><Pixels Type=\"uint8\" SizeX=\"4\" SizeY=\"3\" SizeZ=\"1\" SizeC=\"1\" SizeT=\"1\">\
                 <TiffData IFD=\"0\"><UUID FileName=\"t{n}.ome.tif\">urn:{n}</UUID></TiffData>\
                 <Plane PositionX=\"{n}\" PositionY=\"0\"/></Pixels></Image>"
            )
        };
        let text =
            format!("<OME xmlns=\"x\" UUID=\"urn:doc\">{}{}{}</OME>", image(0), image(1), image(2));
        let x_of = |own: &str| match parse_for(&text, 1, Path::new("a.companion.ome"), own).unwrap()
        {
            Parsed::Image(ome) => ome.placement.origin[2],
            Parsed::Elsewhere(_) => None,
        };
        assert_eq!(
            ["t2.ome.tif", "t1.ome.tif", "other.tif"].map(x_of),
            [Some(2.0), Some(1.0), Some(0.0)]
        );
        assert_eq!(all(&text, Path::new("a")).unwrap().len(), 3);
    }

    #[test]
    fn absurd_documents_are_errors() {
        let big = "<OME><Image><Pixels SizeX=\"1\" SizeY=\"1\" SizeZ=\"99999999999\" SizeC=\"99999999\" SizeT=\"9\"/></Image></OME>";
        assert!(parse(big, 1, Path::new("a")).is_err());
        assert!(parse("<OME", 1, Path::new("a")).is_err());
        let deep = format!("<OME>{}", "<a>".repeat(200_000));
        assert!(parse(&deep, 1, Path::new("a")).is_err());
    }
}
