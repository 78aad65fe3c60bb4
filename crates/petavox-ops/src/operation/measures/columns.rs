//! From what is known of the labels to the columns of a table, under the names of skimage.measure.regionprops_table.

use super::shape;
use petavox_core::{Column, Error, Result, Table};
use petavox_kernels::measure::{
    Intensity, RegionRow, Wants, central_moments, crofton_perimeter, euler_number, perimeter,
    raw_moments,
};
use petavox_kernels::pointwise::Scalar;

/// What can be measured, in alphabetical order but for the label. The columns whose values are images or lists of places are made by
/// the Python package.
pub const PROPERTIES: &[&str] = &[
    "label",
    "area",
    "area_bbox",
    "area_convex",
    "axis_major_length",
    "axis_minor_length",
    "bbox",
    "centroid",
    "centroid_local",
    "centroid_weighted",
    "centroid_weighted_local",
    "eccentricity",
    "equivalent_diameter_area",
    "euler_number",
    "extent",
    "feret_diameter_max",
    "histogram",
    "inertia_tensor",
    "inertia_tensor_eigvals",
    "intensity_max",
    "intensity_mean",
    "intensity_median",
    "intensity_min",
    "intensity_std",
    "intensity_sum",
    "intensity_variance",
    "moments",
    "moments_central",
    "moments_hu",
    "moments_normalized",
    "moments_weighted",
    "moments_weighted_central",
    "moments_weighted_hu",
    "moments_weighted_normalized",
    "num_pixels",
    "orientation",
    "perimeter",
    "perimeter_crofton",
    "sample_argmax",
    "sample_argmin",
    "sample_max",
    "sample_min",
    "sample_sum",
    "solidity",
];

/// What the images are that are measured.
#[derive(Clone, Debug, Default)]
pub struct TableOptions {
    /// Number of axes of the labels.
    pub ndim: usize,
    /// Physical size of a sample; empty for 1.
    pub spacing: Vec<f64>,
    /// Number of images.
    pub n_images: usize,
    /// True if columns of images are numbered even if there is one only.
    pub is_numbered: bool,
    /// The edges of the bins of `histogram`.
    pub edges: Vec<f64>,
}

/// True for properties that take an image.
pub fn needs_image(property: &str) -> bool {
    property.starts_with("intensity_")
        || property.starts_with("sample_")
        || property.contains("weighted")
        || property == "histogram"
}

/// What must be gathered for these properties.
///
/// # Errors
/// [`Error::InvalidArgument`] for an unknown property, one that is not defined for so many axes, or one of an image without an image.
pub fn wants(properties: &[&str], options: &TableOptions) -> Result<Wants> {
    let mut wants = Wants::default();
    let n = options.ndim;
    for &name in properties {
        if !PROPERTIES.contains(&name) {
            let expected = match crate::nearest(name, PROPERTIES.iter().copied()) {
                Some(near) => format!("a property; did you mean '{near}'?"),
                None => format!("some of {}", PROPERTIES.join(", ")),
            };
            return Err(Error::argument("properties", format!("'{name}'"), expected));
        }
        let of_axes = |least: usize, most: usize| {
            if (least..=most).contains(&n) {
                return Ok(());
            }
            let axes =
                if least == most { format!("{least}") } else { format!("{least} to {most}") };
            Err(Error::argument(
                format!("properties: {name}"),
                format!("{n} axes"),
                format!("labels with {axes} axes"),
            ))
        };
        if needs_image(name) && options.n_images == 0 {
            return Err(Error::argument(
                format!("properties: {name}"),
                "no image",
                "an image whose intensities are measured",
            ));
        }
        match name {
            "area_convex" | "solidity" | "feret_diameter_max" => {
                of_axes(1, 3)?;
                wants.hull = true;
            }
            "axis_major_length" | "axis_minor_length" => {
                of_axes(2, 3)?;
                wants.seconds = true;
            }
            "eccentricity" | "orientation" => {
                of_axes(2, 2)?;
                wants.seconds = true;
            }
            "inertia_tensor" | "inertia_tensor_eigvals" => wants.seconds = true,
            "moments_hu" => {
                of_axes(2, 2)?;
                wants.powers = 4;
            }
            "moments" | "moments_central" | "moments_normalized" => {
                of_axes(1, 3)?;
                wants.powers = 4;
            }
            "moments_weighted_hu" => {
                of_axes(2, 2)?;
                wants.weighted_powers = 4;
            }
            "moments_weighted" | "moments_weighted_central" | "moments_weighted_normalized" => {
                of_axes(1, 3)?;
                wants.weighted_powers = 4;
            }
            "centroid_weighted" | "centroid_weighted_local" => {
                wants.weighted_powers = wants.weighted_powers.max(2);
            }
            "euler_number" => {
                of_axes(2, 3)?;
                wants.corners = true;
            }
            "perimeter_crofton" => {
                of_axes(2, 2)?;
                wants.corners = true;
            }
            "perimeter" => {
                of_axes(2, 2)?;
                wants.outline = true;
            }
            "intensity_median" => wants.values = true,
            "intensity_std" | "intensity_variance" => {
                (wants.squares, wants.intensity) = (true, true)
            }
            "histogram" => wants.edges = options.edges.clone(),
            _ if needs_image(name) => wants.intensity = true,
            _ => {}
        }
    }
    Ok(wants)
}

/// The table of these properties; columns come in the order asked for, those of several values numbered.
///
/// # Errors
/// As [`wants`].
pub fn table(rows: &[RegionRow], properties: &[&str], options: &TableOptions) -> Result<Table> {
    let wants = wants(properties, options)?;
    let n = options.ndim;
    let spacing = if options.spacing.is_empty() { vec![1.0; n] } else { options.spacing.clone() };
    let mut columns = Columns { table: Table::default(), rows, options };
    let of = Shapes { n, spacing, first_image: usize::from(wants.powers > 0) };
    for &name in properties {
        match name {
            "label" => columns.ints(name, |r| r.label as i64)?,
            "num_pixels" => columns.ints(name, |r| r.area as i64)?,
            "bbox" => columns.bbox()?,
            "euler_number" => {
                columns.ints(name, |r| r.outline.as_ref().map_or(0, |o| euler_number(o, n)))?
            }
            "sample_min" => columns.scalars(name, |i| i.min)?,
            "sample_max" => columns.scalars(name, |i| i.max)?,
            "sample_sum" => columns.scalars(name, |i| i.sum)?,
            "sample_argmin" => columns.scalars(name, |i| Scalar::Int(i.places[0] as i128))?,
            "sample_argmax" => columns.scalars(name, |i| Scalar::Int(i.places[1] as i128))?,
            "intensity_max" => columns.images(name, |i| i.max.to_f64())?,
            "intensity_mean" => columns.images(name, |i| i.mean)?,
            "intensity_median" => columns.images(name, |i| i.median)?,
            "intensity_min" => columns.images(name, |i| i.min.to_f64())?,
            "intensity_std" => columns.images(name, |i| i.variance.sqrt())?,
            "intensity_variance" => columns.images(name, |i| i.variance)?,
            "intensity_sum" => columns.images(name, |i| i.sum.to_f64())?,
            "histogram" => columns.counts(name)?,
            _ if name.contains("weighted") => columns.weighted(name, &of)?,
            _ => {
                let (shape, value) = of.property(name)?;
                columns.floats(name, &shape, value)?;
            }
        }
    }
    Ok(columns.table)
}

struct Columns<'a> {
    table: Table,
    rows: &'a [RegionRow],
    options: &'a TableOptions,
}

impl Columns<'_> {
    fn ints(&mut self, name: &str, value: impl Fn(&RegionRow) -> i64) -> Result<()> {
        self.table.push(name, Column::Int(self.rows.iter().map(value).collect()))
    }

    fn bbox(&mut self) -> Result<()> {
        let n = self.options.ndim;
        for a in 0..2 * n {
            self.ints(&format!("bbox-{a}"), |r| if a < n { r.start[a] } else { r.end[a - n] })?;
        }
        Ok(())
    }

    /// Columns of the values of an array of this shape.
    fn floats(&mut self, name: &str, shape: &[usize], value: Value) -> Result<()> {
        let n: usize = shape.iter().product();
        let all: Vec<Vec<f64>> = self.rows.iter().map(value).collect();
        for k in 0..n {
            let column = Column::Float(all.iter().map(|v| v[k]).collect());
            self.table.push(numbered(name, shape, k), column)?;
        }
        Ok(())
    }

    /// The name of an image's column.
    fn of_image(&self, name: &str, image: usize) -> String {
        let several = self.options.is_numbered || self.options.n_images > 1;
        if several { format!("{name}-{image}") } else { name.to_owned() }
    }

    fn images(&mut self, name: &str, value: impl Fn(&Intensity) -> f64) -> Result<()> {
        for k in 0..self.options.n_images {
            let of = |r: &RegionRow| r.intensities.get(k).map_or(f64::NAN, &value);
            let column = Column::Float(self.rows.iter().map(of).collect());
            self.table.push(self.of_image(name, k), column)?;
        }
        Ok(())
    }

    /// Samples as they are: integers of integer images, 64-bit unsigned ones by their bits.
    fn scalars(&mut self, name: &str, value: impl Fn(&Intensity) -> Scalar) -> Result<()> {
        for k in 0..self.options.n_images {
            let of = |r: &RegionRow| r.intensities.get(k).map_or(Scalar::Int(0), &value);
            let all: Vec<Scalar> = self.rows.iter().map(of).collect();
            let column = if all.iter().all(|s| matches!(s, Scalar::Int(_))) {
                let bits = |s: &Scalar| if let Scalar::Int(i) = s { *i as i64 } else { 0 };
                Column::Int(all.iter().map(bits).collect())
            } else {
                Column::Float(all.iter().map(|s| s.to_f64()).collect())
            };
            self.table.push(self.of_image(name, k), column)?;
        }
        Ok(())
    }

    fn counts(&mut self, name: &str) -> Result<()> {
        for bin in 0..self.options.edges.len().saturating_sub(1) {
            let of = |r: &RegionRow| r.intensities.first().map_or(0, |i| i.counts[bin] as i64);
            self.ints(&format!("{name}-{bin}"), of)?;
        }
        Ok(())
    }

    fn weighted(&mut self, name: &str, shapes: &Shapes) -> Result<()> {
        let mut found = vec![];
        for k in 0..self.options.n_images {
            let (shape, value) = shapes.weighted(name, k)?;
            let all: Vec<Vec<f64>> = self.rows.iter().map(value).collect();
            found.push((shape, all));
        }
        let Some((shape, _)) = found.first().cloned() else { return Ok(()) };
        for k in 0..shape.iter().product() {
            for (image, (_, all)) in found.iter().enumerate() {
                let column = Column::Float(all.iter().map(|v| v[k]).collect());
                let name = self.of_image(&numbered(name, &shape, k), image);
                self.table.push(name, column)?;
            }
        }
        Ok(())
    }
}

fn numbered(name: &str, shape: &[usize], mut k: usize) -> String {
    let mut index = vec![];
    for n in shape.iter().rev() {
        index.insert(0, (k % n).to_string());
        k /= n;
    }
    std::iter::once(name.to_owned()).chain(index).collect::<Vec<_>>().join("-")
}

type Value = Box<dyn Fn(&RegionRow) -> Vec<f64>>;

/// How properties follow from rows.
#[derive(Clone)]
struct Shapes {
    n: usize,
    spacing: Vec<f64>,
    /// Where the images' moments begin among the moments.
    first_image: usize,
}

impl Shapes {
    fn one(&self, value: impl Fn(&Shapes, &RegionRow) -> f64 + 'static) -> (Vec<usize>, Value) {
        let shapes = self.clone();
        (vec![], Box::new(move |r| vec![value(&shapes, r)]))
    }

    fn many(
        &self,
        shape: Vec<usize>,
        value: impl Fn(&Shapes, &RegionRow) -> Vec<f64> + 'static,
    ) -> (Vec<usize>, Value) {
        let shapes = self.clone();
        (shape, Box::new(move |r| value(&shapes, r)))
    }

    fn sample(&self) -> f64 {
        self.spacing.iter().product()
    }

    fn area(&self, r: &RegionRow) -> f64 {
        r.area as f64 * self.sample()
    }

    fn area_bbox(&self, r: &RegionRow) -> f64 {
        r.end.iter().zip(&r.start).map(|(e, s)| (e - s) as f64).product::<f64>() * self.sample()
    }

    fn area_convex(&self, r: &RegionRow) -> f64 {
        r.convex.as_ref().map_or(f64::NAN, |c| c.area as f64) * self.sample()
    }

    fn tensor(&self, r: &RegionRow) -> Vec<f64> {
        shape::inertia_tensor(&r.seconds, r.area as f64, &self.spacing)
    }

    fn eigenvalues(&self, r: &RegionRow) -> Vec<f64> {
        shape::eigenvalues(&self.tensor(r), self.n)
    }

    fn local_centre(&self, r: &RegionRow) -> Vec<f64> {
        r.centroid.iter().zip(&r.start).map(|(c, s)| c - *s as f64).collect()
    }

    fn central(&self, r: &RegionRow) -> Vec<f64> {
        central_moments(&r.moments[0], &self.local_centre(r), &self.spacing)
    }

    fn property(&self, name: &str) -> Result<(Vec<usize>, Value)> {
        let n = self.n;
        let four = vec![4; n];
        Ok(match name {
            "area" => self.one(Shapes::area),
            "area_bbox" => self.one(Shapes::area_bbox),
            "area_convex" => self.one(Shapes::area_convex),
            "axis_major_length" => self.one(|s, r| shape::axis_lengths(&s.eigenvalues(r)).0),
            "axis_minor_length" => self.one(|s, r| shape::axis_lengths(&s.eigenvalues(r)).1),
            "centroid" => self.many(vec![n], |s, r| {
                r.centroid.iter().zip(&s.spacing).map(|(c, d)| c * d).collect()
            }),
            "centroid_local" => self.many(vec![n], |s, r| {
                s.local_centre(r).iter().zip(&s.spacing).map(|(c, d)| c * d).collect()
            }),
            "eccentricity" => self.one(|s, r| shape::eccentricity(&s.eigenvalues(r))),
            "equivalent_diameter_area" => self.one(|s, r| shape::diameter(s.area(r), s.n)),
            "extent" => self.one(|s, r| s.area(r) / s.area_bbox(r)),
            "feret_diameter_max" => {
                self.one(|s, r| r.convex.as_ref().map_or(f64::NAN, |c| c.diameter(&s.spacing)))
            }
            "inertia_tensor" => self.many(vec![n, n], Shapes::tensor),
            "inertia_tensor_eigvals" => self.many(vec![n], Shapes::eigenvalues),
            "moments" => self.many(four, |s, r| raw_moments(&r.moments[0], &s.spacing)),
            "moments_central" => self.many(four, Shapes::central),
            "moments_normalized" => {
                self.many(four, |s, r| shape::normalized(&s.central(r), &s.spacing))
            }
            "moments_hu" => self.many(vec![7], |s, r| {
                shape::hu(&shape::normalized(&s.central(r), &s.spacing)).to_vec()
            }),
            "orientation" => self.one(|s, r| shape::orientation(&s.tensor(r))),
            "perimeter" => {
                self.one(|s, r| r.outline.as_ref().map_or(0.0, perimeter) * s.spacing[0])
            }
            "perimeter_crofton" => self.one(|s, r| {
                r.outline.as_ref().map_or(0.0, |o| crofton_perimeter(o, 4)) * s.spacing[0]
            }),
            "solidity" => self.one(|s, r| s.area(r) / s.area_convex(r)),
            _ => return Err(Error::internal("measure", name)),
        })
    }

    /// Moments of an image under the label, and the place of its centre of mass in the box.
    fn of_image(&self, r: &RegionRow, image: usize) -> (Vec<f64>, Vec<f64>) {
        let moments = r.moments[self.first_image + image].clone();
        let powers = if moments.len() == 4usize.pow(self.n as u32) { 4usize } else { 2 };
        let first = |a: usize| moments[powers.pow((self.n - 1 - a) as u32)] / moments[0];
        let centre = (0..self.n).map(first).collect();
        (moments, centre)
    }

    fn weighted(&self, name: &str, image: usize) -> Result<(Vec<usize>, Value)> {
        let n = self.n;
        let four = vec![4; n];
        let central = move |s: &Shapes, r: &RegionRow| {
            let (moments, centre) = s.of_image(r, image);
            central_moments(&moments, &centre, &s.spacing)
        };
        Ok(match name {
            "centroid_weighted" => self.many(vec![n], move |s, r| {
                let (moments, centre) = s.of_image(r, image);
                let powers = if moments.len() == 4usize.pow(s.n as u32) { 4usize } else { 2 };
                (0..s.n)
                    .map(|a| {
                        let first = moments[powers.pow((s.n - 1 - a) as u32)];
                        // Of no mass: as a quotient of sums over the whole image has it.
                        let there = if moments[0] == 0.0 {
                            (first + r.start[a] as f64 * moments[0]) / moments[0]
                        } else {
                            centre[a] + r.start[a] as f64
                        };
                        there * s.spacing[a]
                    })
                    .collect()
            }),
            "centroid_weighted_local" => self.many(vec![n], move |s, r| {
                s.of_image(r, image).1.iter().zip(&s.spacing).map(|(c, d)| c * d).collect()
            }),
            "moments_weighted" => {
                self.many(four, move |s, r| raw_moments(&s.of_image(r, image).0, &s.spacing))
            }
            "moments_weighted_central" => self.many(four, central),
            "moments_weighted_normalized" => {
                self.many(four, move |s, r| shape::normalized(&central(s, r), &s.spacing))
            }
            "moments_weighted_hu" => self.many(vec![7], move |s, r| {
                shape::hu(&shape::normalized(&central(s, r), &s.spacing)).to_vec()
            }),
            _ => return Err(Error::internal("measure", name)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_properties_and_missing_images_are_named() {
        let options = TableOptions { ndim: 2, ..TableOptions::default() };
        let message = wants(&["centriod"], &options).unwrap_err().to_string();
        assert!(message.contains("did you mean 'centroid'?"), "{message}");
        let message = wants(&["intensity_mean"], &options).unwrap_err().to_string();
        assert!(message.contains("no image"), "{message}");
        let solid = TableOptions { ndim: 3, ..TableOptions::default() };
        assert!(wants(&["perimeter"], &solid).is_err());
    }

    #[test]
    fn columns_of_several_values_are_numbered() {
        assert_eq!(numbered("moments", &[4, 4], 7), "moments-1-3");
        assert_eq!(numbered("area", &[], 0), "area");
    }
}
