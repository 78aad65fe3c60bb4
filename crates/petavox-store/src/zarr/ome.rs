//! OME-Zarr metadata, read leniently: what is odd becomes a warning, never an error.

use crate::Channel;
use petavox_core::{Axes, ImageSpec, MAX_NDIM, Spacing};
use serde_json::{Map, Value};

/// What a group's attributes say about images.
#[derive(Debug, Default)]
pub(crate) struct Ome {
    /// `0.4`, where it is said.
    pub(crate) version: Option<String>,
    pub(crate) image: Option<Multiscale>,
    pub(crate) channels: Vec<Channel>,
    /// Paths of a plate's wells.
    pub(crate) wells: Option<Vec<String>>,
    /// Paths of a well's fields.
    pub(crate) fields: Option<Vec<String>>,
    /// Names in a `labels` group.
    pub(crate) labels: Option<Vec<String>>,
    /// True for the layout of bioformats2raw: numbered images beside each other.
    pub(crate) is_series: bool,
    /// Names of the images of a series.
    pub(crate) series: Option<Vec<String>>,
}

/// One pyramid.
#[derive(Debug, Default)]
pub(crate) struct Multiscale {
    axes: Vec<Axis>,
    /// Path of each level, full size first, with what places it.
    pub(crate) levels: Vec<Level>,
    outer: Placement,
}

#[derive(Debug)]
struct Axis {
    name: String,
    kind: String,
    unit: Option<String>,
}

/// One level.
#[derive(Debug)]
pub(crate) struct Level {
    pub(crate) path: String,
    placement: Placement,
}

/// Scale and translation, empty where nothing is said.
#[derive(Debug, Default)]
struct Placement {
    scale: Vec<f64>,
    translation: Vec<f64>,
}

fn text(value: Option<&Value>) -> Option<String> {
    value?.as_str().map(str::to_owned)
}

fn paths(list: Option<&Value>) -> Option<Vec<String>> {
    Some(list?.as_array()?.iter().filter_map(|v| text(v.get("path"))).collect())
}

fn names(list: Option<&Value>) -> Option<Vec<String>> {
    Some(list?.as_array()?.iter().filter_map(|v| text(Some(v))).collect())
}

/// Reads attributes of 0.4 and before (at the top) and of 0.5 (below `ome`).
pub(crate) fn parse(attributes: &Map<String, Value>) -> Ome {
    let root = attributes.get("ome").and_then(Value::as_object).unwrap_or(attributes);
    let multiscale = root.get("multiscales").and_then(|m| m.get(0));
    let plate = root.get("plate");
    let well = root.get("well");
    let version = [Some(&Value::Object(root.clone())), multiscale, plate, well]
        .into_iter()
        .find_map(|v| text(v?.get("version")));
    Ome {
        version,
        image: multiscale.and_then(parse_multiscale),
        channels: parse_channels(root.get("omero")),
        wells: plate.map(|p| paths(p.get("wells")).unwrap_or_default()),
        fields: well.map(|w| paths(w.get("images")).unwrap_or_default()),
        labels: names(root.get("labels")),
        is_series: root.get("bioformats2raw.layout").is_some(),
        series: names(root.get("series")),
    }
}

fn parse_multiscale(value: &Value) -> Option<Multiscale> {
    let datasets = value.get("datasets")?.as_array()?;
    let levels: Vec<Level> = datasets
        .iter()
        .filter_map(|d| {
            let placement = parse_placement(d.get("coordinateTransformations"));
            Some(Level { path: text(d.get("path"))?, placement })
        })
        .collect();
    let axes = value.get("axes").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let axes = axes
        .iter()
        .map(|a| match a {
            // 0.3 has names only.
            Value::String(name) => Axis { name: name.clone(), kind: String::new(), unit: None },
            other => Axis {
                name: text(other.get("name")).unwrap_or_default(),
                kind: text(other.get("type")).unwrap_or_default(),
                unit: text(other.get("unit")),
            },
        })
        .collect();
    let outer = parse_placement(value.get("coordinateTransformations"));
    (!levels.is_empty()).then_some(Multiscale { axes, levels, outer })
}

fn parse_placement(list: Option<&Value>) -> Placement {
    let mut placement = Placement::default();
    for t in list.and_then(Value::as_array).map_or(&[][..], Vec::as_slice) {
        let numbers = |key: &str| -> Option<Vec<f64>> {
            t.get(key)?.as_array()?.iter().map(Value::as_f64).collect()
        };
        match t.get("type").and_then(Value::as_str) {
            Some("scale") => placement.scale = numbers("scale").unwrap_or_default(),
            Some("translation") => {
                placement.translation = numbers("translation").unwrap_or_default()
            }
            _ => {}
        }
    }
    placement
}

fn parse_channels(omero: Option<&Value>) -> Vec<Channel> {
    let list = omero.and_then(|o| o.get("channels")).and_then(Value::as_array);
    let one = |c: &Value| Channel {
        name: text(c.get("label")),
        color: text(c.get("color")),
        window: c
            .get("window")
            .and_then(|w| Some((w.get("start")?.as_f64()?, w.get("end")?.as_f64()?))),
    };
    list.map_or(&[][..], Vec::as_slice).iter().map(one).collect()
}

impl Multiscale {
    /// The level at this path.
    pub(crate) fn level_at(&self, path: &str) -> Option<usize> {
        self.levels.iter().position(|l| l.path.trim_matches('/') == path)
    }

    /// Says what the axes of level `k` mean and where its samples lie.
    pub(crate) fn describe(
        &self,
        k: usize,
        mut spec: ImageSpec,
        warnings: &mut Vec<String>,
    ) -> ImageSpec {
        let n = spec.ndim();
        if self.axes.len() == n {
            match letters(&self.axes) {
                Some(axes) => spec.axes = axes,
                None => warnings.push("the axes' names are ignored".into()),
            }
        } else if !self.axes.is_empty() {
            warnings.push(format!("{} axes are described, the array has {n}", self.axes.len()));
        }
        let level = &self.levels[k].placement;
        let mut pick = |values: &[f64], default: f64, what: &str| {
            if values.len() != n && !values.is_empty() {
                warnings
                    .push(format!("a {what} of {} values for {n} axes is ignored", values.len()));
            }
            if values.len() == n { values.to_vec() } else { vec![default; n] }
        };
        let inner =
            (pick(&level.scale, 1.0, "scale"), pick(&level.translation, 0.0, "translation"));
        let outer = (
            pick(&self.outer.scale, 1.0, "scale"),
            pick(&self.outer.translation, 0.0, "translation"),
        );
        let mut spacing: Vec<f64> = inner.0.iter().zip(&outer.0).map(|(a, b)| a * b).collect();
        let mut origin: Vec<f64> = (0..n).map(|a| inner.1[a] * outer.0[a] + outer.1[a]).collect();
        for a in 0..n {
            if !(spacing[a].is_finite() && spacing[a] > 0.0) {
                warnings.push(format!("a scale of {} is taken as 1", spacing[a]));
                spacing[a] = 1.0;
            }
            if !origin[a].is_finite() {
                origin[a] = 0.0;
            }
        }
        spec.spacing = Spacing { values: spacing, unit: self.unit(&spec.axes, warnings) };
        spec.origin = origin;
        spec
    }

    /// The unit of the space axes.
    fn unit(&self, axes: &Axes, warnings: &mut Vec<String>) -> Option<String> {
        let mut units: Vec<&String> = (0..self.axes.len())
            .filter(|&a| axes.is_spatial(a))
            .filter_map(|a| self.axes[a].unit.as_ref())
            .collect();
        units.dedup();
        if units.len() > 1 {
            warnings.push(format!("the space axes differ in their units: {units:?}"));
        }
        units.last().map(|u| (*u).clone())
    }
}

/// One letter per axis: its name where that is one of `tczyx`, else by its type, else a letter nobody uses.
fn letters(axes: &[Axis]) -> Option<Axes> {
    if axes.len() > MAX_NDIM {
        return None;
    }
    let mut order = vec![' '; axes.len()];
    for (k, axis) in axes.iter().enumerate() {
        let lower = axis.name.to_lowercase();
        let first = lower.chars().next().unwrap_or(' ');
        let letter = match (axis.kind.as_str(), lower.as_str()) {
            (_, name) if name.len() == 1 && first.is_ascii_lowercase() => first,
            ("time", _) | (_, "time") => 't',
            ("channel", _) | (_, "channel" | "channels") => 'c',
            _ if matches!(first, 'z' | 'y' | 'x') => first,
            _ => ' ',
        };
        if !order.contains(&letter) {
            order[k] = letter;
        }
    }
    for k in 0..order.len() {
        if order[k] == ' ' {
            order[k] = "wvuabdefgh".chars().find(|c| !order.contains(c))?;
        }
    }
    Axes::parse(&order.into_iter().collect::<String>()).ok()
}

/// The axes that names of dimensions stand for, if there is one for each.
pub(crate) fn axes_of_names(names: &[Option<String>]) -> Option<Axes> {
    if names.is_empty() || names.iter().any(Option::is_none) {
        return None;
    }
    let axes: Vec<Axis> = names
        .iter()
        .map(|n| Axis { name: n.clone().unwrap_or_default(), kind: String::new(), unit: None })
        .collect();
    letters(&axes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use petavox_core::Dtype;
    use serde_json::json;

    fn describe(attributes: Value, shape: &[usize]) -> (ImageSpec, Vec<String>) {
        let ome = parse(attributes.as_object().unwrap());
        let mut warnings = vec![];
        let spec = ImageSpec::new(shape, Dtype::UInt8).unwrap();
        (ome.image.unwrap().describe(0, spec, &mut warnings), warnings)
    }

    #[test]
    fn both_transforms_apply_the_levels_first() {
        let (spec, warnings) = describe(
            json!({"multiscales": [{
                "axes": [{"name": "Y", "type": "space", "unit": "micrometer"}, {"name": "x", "type": "space", "unit": "micrometer"}],
                "datasets": [{"path": "0", "coordinateTransformations": [
                    {"type": "scale", "scale": [2, 3]}, {"type": "translation", "translation": [10, 20]}]}],
                "coordinateTransformations": [
                    {"type": "scale", "scale": [0.5, 10]}, {"type": "translation", "translation": [1, 1]}]}]}),
            &[4, 4],
        );
        assert_eq!(spec.axes.as_str(), "yx");
        assert_eq!(spec.spacing.values, [1.0, 30.0]);
        assert_eq!(spec.origin, [6.0, 201.0]);
        assert_eq!(spec.spacing.unit.as_deref(), Some("micrometer"));
        assert!(warnings.is_empty());
    }

    #[test]
    fn old_and_odd_metadata_are_read_with_warnings() {
        let (spec, _) = describe(
            json!({"multiscales": [{"axes": ["t", "y", "x"], "datasets": [{"path": "a"}]}]}),
            &[2, 3, 4],
        );
        assert_eq!(spec.axes.as_str(), "tyx");
        let (spec, warnings) = describe(
            json!({"ome": {"multiscales": [{"axes": [{"name": "x"}], "datasets": [{"path": "0",
                "coordinateTransformations": [{"type": "scale", "scale": [0, -1]}]}]}]}}),
            &[2, 2],
        );
        assert_eq!(spec.spacing.values, [1.0, 1.0]);
        assert_eq!(warnings.len(), 3);
    }

    #[test]
    fn axes_without_a_usual_name_get_a_letter() {
        let names = |n: &[&str]| {
            axes_of_names(&n.iter().map(|s| Some((*s).to_owned())).collect::<Vec<_>>())
        };
        assert_eq!(names(&["time", "channel", "depth", "y", "x"]).unwrap().as_str(), "tcwyx");
        assert_eq!(names(&["y", "y"]).unwrap().as_str(), "yw");
        assert_eq!(axes_of_names(&[Some("y".into()), None]), None);
    }
}
