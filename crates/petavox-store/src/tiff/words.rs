//! The descriptions we write: OME-XML for `.ome.tif`, ImageJ's or tifffile's words for `.tif`.

use super::own::Own;
use crate::Channel;
use petavox_core::{Dtype, Error, ImageSpec, Result};
use std::fmt::Write;

/// The planes' axes in front of the page's.
pub(crate) struct Outer {
    /// Sizes.
    pub(crate) shape: Vec<usize>,
    /// Letters.
    pub(crate) letters: String,
    /// Samples per pixel.
    pub(crate) samples: usize,
}

/// OME's name of a dtype.
///
/// # Errors
/// [`Error::UnsupportedDtype`] for 64-bit integers, which OME does not have.
fn ome_type(dtype: Dtype) -> Result<&'static str> {
    Ok(match dtype {
        Dtype::Bool => "bit",
        Dtype::Float32 => "float",
        Dtype::Float64 => "double",
        Dtype::UInt64 | Dtype::Int64 => {
            let accepted = "bool, 8 to 32-bit integers, float32 and float64";
            return Err(Error::dtype("writing OME-TIFF", dtype, accepted));
        }
        other => other.name(),
    })
}

/// OME's abbreviation of a unit of length.
fn ome_unit(unit: &str) -> Option<&'static str> {
    Some(match unit {
        "micrometer" => "\u{b5}m",
        "nanometer" => "nm",
        "millimeter" => "mm",
        "centimeter" => "cm",
        "meter" => "m",
        "angstrom" => "\u{c5}",
        "picometer" => "pm",
        _ => return None,
    })
}

/// The OME-XML of an image whose planes lie page after page.
///
/// # Errors
/// [`Error::InvalidArgument`] for axes that OME does not have.
pub(crate) fn ome_xml(spec: &ImageSpec, outer: &Outer, channels: &[Channel]) -> Result<String> {
    let n = spec.ndim();
    let page = if outer.samples > 1 { "yxc" } else { "yx" };
    let known =
        outer.letters.chars().all(|l| "tcz".contains(l)) && spec.axes.as_str().ends_with(page);
    if !known || (outer.samples > 1 && outer.letters.contains('c')) {
        let expected = "axes out of t, c, z before yx (or yxc); .tif and .zarr take any";
        return Err(Error::argument("axes of an OME-TIFF", &spec.axes, expected));
    }
    let size = |l: char| outer.letters.find(l).map_or(1, |i| outer.shape[i]);
    let mut order: String = outer.letters.to_uppercase().chars().rev().collect();
    order.extend("ZCT".chars().filter(|l| !outer.letters.to_uppercase().contains(*l)));
    let (c, samples) = (size('c'), outer.samples);
    let (h, w) = (spec.shape[n - page.len()], spec.shape[n - page.len() + 1]);
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    let schema = "http://www.openmicroscopy.org/Schemas/OME/2016-06";
    let creator = concat!("Petavox ", env!("CARGO_PKG_VERSION"));
    let mut put = |text: std::fmt::Arguments<'_>| {
        // Writing to a String cannot fail.
        let _ = xml.write_fmt(text);
    };
    put(format_args!(
        "<OME xmlns=\"{schema}\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
         xsi:schemaLocation=\"{schema} {schema}/ome.xsd\" Creator=\"{creator}\">\
         <Image ID=\"Image:0\"><Pixels ID=\"Pixels:0\" DimensionOrder=\"XY{order}\" Type=\"{}\" \
         SizeX=\"{w}\" SizeY=\"{h}\" SizeZ=\"{}\" SizeC=\"{}\" SizeT=\"{}\" BigEndian=\"false\"",
        ome_type(spec.dtype)?,
        size('z'),
        c * samples,
        size('t'),
    ));
    if let Some(unit) = spec.spacing.unit.as_deref().and_then(ome_unit) {
        for axis in ["x", "y", "z"] {
            let Some(a) = spec.axes.as_str().find(axis) else { continue };
            let upper = axis.to_uppercase();
            put(format_args!(
                " PhysicalSize{upper}=\"{}\" PhysicalSize{upper}Unit=\"{unit}\"",
                spec.spacing.values[a]
            ));
        }
    }
    put(format_args!(">"));
    for i in 0..c {
        put(format_args!("<Channel ID=\"Channel:0:{i}\" SamplesPerPixel=\"{samples}\""));
        if let Some(channel) = channels.get(i) {
            if let Some(name) = &channel.name {
                put(format_args!(" Name=\"{}\"", escape(name)));
            }
            let rgb = channel.color.as_deref().and_then(|c| u32::from_str_radix(c, 16).ok());
            if let Some(rgb) = rgb.filter(|v| *v < 1 << 24) {
                put(format_args!(" Color=\"{}\"", (rgb << 8 | 255) as i32));
            }
        }
        put(format_args!("/>"));
    }
    let planes: usize = outer.shape.iter().product();
    put(format_args!(
        "<TiffData IFD=\"0\" PlaneCount=\"{planes}\"/></Pixels></Image><StructuredAnnotations>\
         <CommentAnnotation ID=\"Annotation:0\" Namespace=\"petavox/spec\"><Value>{}</Value>\
         </CommentAnnotation></StructuredAnnotations></OME>",
        escape(&Own::of(spec).line())
    ));
    Ok(xml)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The description of a plain `.tif`: ImageJ's words where ImageJ can hold the image, else tifffile's.
pub(crate) fn plain(spec: &ImageSpec, outer: &Outer) -> String {
    let own = Own::of(spec);
    let n: usize = outer.shape.iter().product();
    let hyper = |l: char| outer.letters.find(l).map_or(1, |i| outer.shape[i]);
    let order: String = "tzc".chars().filter(|l| outer.letters.contains(*l)).collect();
    let takes = matches!(spec.dtype, Dtype::UInt8 | Dtype::UInt16 | Dtype::Float32);
    let page = if outer.samples > 1 { "yxc" } else { "yx" };
    if !(takes && order == outer.letters && spec.axes.as_str().ends_with(page)) {
        return shaped(spec, outer, Some(&own));
    }
    let mut text = format!("ImageJ=1.54f\nimages={n}\n");
    for (name, letter) in [("channels", 'c'), ("slices", 'z'), ("frames", 't')] {
        if hyper(letter) > 1 {
            text += &format!("{name}={}\n", hyper(letter));
        }
    }
    if order.len() > 1 {
        text += "hyperstack=true\nmode=grayscale\n";
    }
    if let Some(unit) = &spec.spacing.unit {
        text += &format!("unit={}\n", if unit == "micrometer" { "micron" } else { unit });
    }
    if let Some(z) = spec.axes.position('z') {
        text += &format!("spacing={}\n", spec.spacing.values[z]);
    }
    format!("{text}loop=false\n{}\n", own.line())
}

/// tifffile's words, with our own where they are given.
pub(crate) fn shaped(spec: &ImageSpec, outer: &Outer, own: Option<&Own>) -> String {
    let upper = spec.axes.as_str().to_uppercase();
    let upper = if outer.samples > 1 { upper.replace('C', "S") } else { upper };
    let mut words = serde_json::json!({"shape": spec.shape, "axes": upper});
    if let Some(own) = own {
        words["petavox"] = serde_json::json!(own);
    }
    words.to_string().replacen("{\"shape\":", "{\"shape\": ", 1)
}
