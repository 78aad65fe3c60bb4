//! From a lazy image to numbers and tables.

use crate::Image;
use petavox_core::{Result, Table};
use petavox_engine::explain::Document;
use petavox_engine::{Node, RunContext, RunOptions, Target, Value, execute, plan};
use petavox_kernels::contour::Line;
use petavox_kernels::measure::{Histogram, RegionRow, Wants};
use petavox_kernels::surface::Mesh;
use petavox_ops::operation::measures::columns::{TableOptions, table, wants};
use petavox_ops::operation::measures::contours::{ContourOptions, contours};
use petavox_ops::operation::measures::histogram::histogram;
use petavox_ops::operation::measures::measure::measure;
use petavox_ops::operation::measures::meetings::{pairs, points};
use petavox_ops::operation::measures::surface::{SurfaceOptions, surface};
use petavox_ops::operation::reduce::{
    ReduceOptions, Reduced, Reduction, reduce, reduce_with, reduced,
};
use std::sync::Arc;

impl Image {
    /// Reduces the whole image to a number or a histogram.
    ///
    /// ```
    /// use petavox::{Image, Reduction, RunOptions};
    /// let image = Image::from_vec(&[2, 2], vec![1u8, 2, 3, 255])?;
    /// assert_eq!(image.reduce(Reduction::Sum, &RunOptions::default())?.to_string(), "261");
    /// # Ok::<(), petavox::Error>(())
    /// ```
    ///
    /// # Errors
    /// For the histogram of a mask, extremes of an image without samples, and whatever goes wrong on the way.
    pub fn reduce(&self, reduction: Reduction, run: &RunOptions) -> Result<Reduced> {
        reduced(&value(&reduce(self.node(), reduction)?, &RunContext::new(run)?)?, reduction)
    }

    /// How many samples have which value, with scikit-image's bins: one per integer, `n_bins` for floats.
    ///
    /// # Errors
    /// For a mask, NaN, an image without samples, and whatever goes wrong on the way.
    pub fn histogram(&self, n_bins: usize, run: &RunOptions) -> Result<Histogram> {
        let context = RunContext::new(run)?;
        Ok(value(&histogram(self.node(), n_bins)?, &context)?.get::<Histogram>()?.clone())
    }

    /// The plan of [`Image::reduce`].
    ///
    /// # Errors
    /// As [`Image::reduce`], as far as can be known without computing.
    pub fn plan_reduce(&self, reduction: Reduction, run: &RunOptions) -> Result<Document> {
        document(reduce(self.node(), reduction)?, &RunContext::new(run)?)
    }

    /// The image without one axis, along which it is reduced; a negative axis counts from the last. Dtypes are numpy's.
    ///
    /// ```
    /// use petavox::{Image, Reduction, RunOptions};
    /// let image = Image::from_vec(&[2, 3], vec![1u8, 2, 3, 40, 50, 60])?;
    /// let columns = image.reduce_axis(Reduction::Max, 0)?.compute(&RunOptions::default())?;
    /// assert_eq!(columns.typed::<u8>()?, [40, 50, 60]);
    /// # Ok::<(), petavox::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is no such axis, for extremes of no samples, for the histogram.
    pub fn reduce_axis(&self, reduction: Reduction, axis: i64) -> Result<Image> {
        self.reduce_with(reduction, &ReduceOptions { axes: Some(vec![axis]), ..Default::default() })
    }

    /// The lazy image of what a reduction over some or all axes finds; over all axes it has one sample and no axes.
    ///
    /// ```
    /// use petavox::{Image, ReduceOptions, Reduction, RunOptions};
    /// let image = Image::from_vec(&[2, 3], vec![1u8, 2, 3, 40, 50, 60])?;
    /// let mean = image.reduce_with(Reduction::Mean, &ReduceOptions::default())?;
    /// assert_eq!(mean.spec().ndim(), 0);
    /// assert_eq!(mean.compute(&RunOptions::default())?.typed::<f64>()?, [26.0]);
    /// # Ok::<(), petavox::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is no such axis, for extremes of no samples, for the histogram.
    pub fn reduce_with(&self, reduction: Reduction, options: &ReduceOptions) -> Result<Image> {
        Ok(Image::from_node(reduce_with(self.node(), reduction, options)?))
    }

    /// Measures the regions of a label image, and the intensities of `image` there. Properties and columns have the names of
    /// skimage.measure.regionprops_table; [`PROPERTIES`](crate::PROPERTIES) lists them.
    ///
    /// ```
    /// use petavox::{Column, Image, RunOptions};
    /// let labels = Image::from_vec(&[1, 4], vec![0u8, 1, 1, 2])?;
    /// let table = labels.measure(None, &["label", "area"], &RunOptions::default())?;
    /// assert_eq!(table.column("area"), Some(&Column::Float(vec![2.0, 1.0])));
    /// # Ok::<(), petavox::Error>(())
    /// ```
    ///
    /// # Errors
    /// For labels that are floats or negative, an image of another shape, unknown properties, and whatever goes wrong on the
    /// way.
    pub fn measure(
        &self,
        image: Option<&Image>,
        properties: &[&str],
        run: &RunOptions,
    ) -> Result<Table> {
        let images: Vec<Image> = image.cloned().into_iter().collect();
        self.measure_with(&images, properties, &MeasureOptions::default(), run)
    }

    /// [`Image::measure`] with several images, a spacing, or bins.
    ///
    /// # Errors
    /// As [`Image::measure`].
    pub fn measure_with(
        &self,
        images: &[Image],
        properties: &[&str],
        options: &MeasureOptions,
        run: &RunOptions,
    ) -> Result<Table> {
        let context = RunContext::new(run)?;
        let options = self.table_options(images, options);
        // What is asked for is checked before the work is done.
        let node = self.measured(images, &wants(properties, &options)?, &context)?;
        table(value(&node, &context)?.get::<Vec<RegionRow>>()?, properties, &options)
    }

    /// The plan of [`Image::measure`].
    ///
    /// # Errors
    /// As [`Image::measure`], as far as can be known without computing.
    pub fn plan_measure(
        &self,
        image: Option<&Image>,
        properties: &[&str],
        run: &RunOptions,
    ) -> Result<Document> {
        let context = RunContext::new(run)?;
        let images: Vec<Image> = image.cloned().into_iter().collect();
        let options = self.table_options(&images, &MeasureOptions::default());
        document(self.measured(&images, &wants(properties, &options)?, &context)?, &context)
    }

    /// How many samples have each pair of labels of this label image and another: the labels of both, and the counts.
    ///
    /// ```
    /// use petavox::{Image, RunOptions};
    /// let a = Image::from_vec(&[3], vec![1u8, 1, 2])?;
    /// let b = Image::from_vec(&[3], vec![5u8, 0, 5])?;
    /// assert_eq!(a.pairs(&b, &RunOptions::default())?, [((1, 0), 1), ((1, 5), 1), ((2, 5), 1)]);
    /// # Ok::<(), petavox::Error>(())
    /// ```
    ///
    /// # Errors
    /// For floats, negative labels, other shapes, and whatever goes wrong on the way.
    pub fn pairs(&self, other: &Image, run: &RunOptions) -> Result<Vec<((u64, u64), u64)>> {
        let context = RunContext::new(run)?;
        let node = pairs(self.node(), other.node(), context.budget.free() / 4)?;
        Ok(value(&node, &context)?.get::<Meetings>()?.0.clone())
    }

    /// The raster numbers of the samples of this mask that are not 0, and the samples of an image there.
    ///
    /// ```
    /// use petavox::{Image, RunOptions};
    /// let mask = Image::from_vec(&[3], vec![1u8, 0, 1])?;
    /// let image = Image::from_vec(&[3], vec![5u8, 6, 7])?;
    /// assert_eq!(mask.points(&image, &RunOptions::default())?, [(0, 5.0), (2, 7.0)]);
    /// # Ok::<(), petavox::Error>(())
    /// ```
    ///
    /// # Errors
    /// For a mask of floats, other shapes, more points than the memory holds, and whatever goes wrong on the way.
    pub fn points(&self, image: &Image, run: &RunOptions) -> Result<Vec<(u64, f64)>> {
        let context = RunContext::new(run)?;
        let node = points(self.node(), image.node(), context.budget.free() / 4)?;
        Ok(value(&node, &context)?.get::<Meetings>()?.1.clone())
    }

    /// The lines of one level through this plane, with scikit-image's order and beginnings; rows and columns.
    ///
    /// ```
    /// use petavox::{Image, RunOptions};
    /// let image = Image::from_vec(&[2, 2], vec![0.0, 0.0, 0.0, 1.0])?;
    /// let lines = image.contours(0.5, false, None, &RunOptions::default())?;
    /// assert_eq!(lines, [vec![(1.0, 0.5), (0.5, 1.0)]]);
    /// # Ok::<(), petavox::Error>(())
    /// ```
    ///
    /// # Errors
    /// For images of other than two axes or fewer than two samples along one, a mask of another shape, more lines than the memory holds,
    /// and whatever goes wrong on the way.
    pub fn contours(
        &self,
        level: f64,
        high_connected: bool,
        mask: Option<&Image>,
        run: &RunOptions,
    ) -> Result<Vec<Line>> {
        let context = RunContext::new(run)?;
        let max_bytes = context.budget.free() / 2;
        let options = ContourOptions { level, high_connected, max_bytes };
        let node = contours(self.node(), mask.map(Image::node), options)?;
        Ok(value(&node, &context)?.get::<Vec<Line>>()?.clone())
    }

    /// The surface of one level through this volume; vertices lie `step` apart for every sample. Ambiguous faces are decided by their samples
    /// (`interpolated`), or always alike.
    ///
    /// ```
    /// use petavox::{Image, RunOptions};
    /// let image = Image::from_vec(&[2, 2, 2], vec![1u8, 0, 0, 0, 0, 0, 0, 0])?;
    /// let mesh = image.marching_cubes(0.5, 1, true, None, &RunOptions::default())?;
    /// assert_eq!((mesh.vertices.len(), mesh.faces.len()), (3, 1));
    /// # Ok::<(), petavox::Error>(())
    /// ```
    ///
    /// # Errors
    /// For images of other than three axes or fewer than two samples along one, a mask of another shape, a surface larger than the memory,
    /// and whatever goes wrong on the way.
    pub fn marching_cubes(
        &self,
        level: f64,
        step: usize,
        interpolated: bool,
        mask: Option<&Image>,
        run: &RunOptions,
    ) -> Result<Mesh> {
        let context = RunContext::new(run)?;
        let max_bytes = context.budget.free() / 2;
        let options = SurfaceOptions { level, step, interpolated, max_bytes };
        let node = surface(self.node(), mask.map(Image::node), options)?;
        Ok(value(&node, &context)?.get::<Mesh>()?.clone())
    }

    fn table_options(&self, images: &[Image], options: &MeasureOptions) -> TableOptions {
        TableOptions {
            ndim: self.spec().ndim(),
            spacing: options.spacing.clone(),
            n_images: images.len(),
            is_numbered: options.is_numbered,
            edges: options.edges.clone(),
        }
    }

    fn measured(&self, images: &[Image], wants: &Wants, context: &RunContext) -> Result<Arc<Node>> {
        let nodes: Vec<Arc<Node>> = images.iter().map(|i| i.node().clone()).collect();
        // A quarter for the regions while they are gathered; as rows and as columns they are held once more each.
        measure(self.node(), &nodes, wants, context.budget.free() / 4)
    }
}

/// The value of the folds of pairs and points.
type Meetings = (Vec<((u64, u64), u64)>, Vec<(u64, f64)>);

/// How regions are measured.
#[derive(Clone, Debug, Default)]
pub struct MeasureOptions {
    /// Physical size of a sample per axis; empty for 1.
    pub spacing: Vec<f64>,
    /// Columns of images are numbered even if there is one only.
    pub is_numbered: bool,
    /// The edges of the bins of `histogram`, rising.
    pub edges: Vec<f64>,
}

fn target(node: &Arc<Node>) -> Target {
    Target { node: node.clone(), sink: None }
}

fn value(node: &Arc<Node>, context: &RunContext) -> Result<Value> {
    let outcome = execute(&plan(&[target(node)], &context.plan_options())?, context)?;
    outcome.value(node).cloned()
}

fn document(node: Arc<Node>, context: &RunContext) -> Result<Document> {
    Ok(Document::new(&plan(&[target(&node)], &context.plan_options())?))
}
