//! From a lazy image to numbers and tables.

use crate::Image;
use petavox_core::{Result, Table};
use petavox_engine::explain::Document;
use petavox_engine::{Node, RunContext, RunOptions, Target, Value, execute, plan};
use petavox_kernels::measure::{Histogram, RegionRow};
use petavox_ops::operation::measures::histogram::histogram;
use petavox_ops::operation::measures::measure::{measure, table};
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
        let ndim = self.spec().ndim();
        // What is asked for is checked before the work is done.
        table(&[], properties, ndim)?;
        let context = RunContext::new(run)?;
        let value = value(&self.measured(image, &context)?, &context)?;
        table(value.get::<Vec<RegionRow>>()?, properties, ndim)
    }

    /// The plan of [`Image::measure`].
    ///
    /// # Errors
    /// As [`Image::measure`], as far as can be known without computing.
    pub fn plan_measure(&self, image: Option<&Image>, run: &RunOptions) -> Result<Document> {
        let context = RunContext::new(run)?;
        document(self.measured(image, &context)?, &context)
    }

    fn measured(&self, image: Option<&Image>, context: &RunContext) -> Result<Arc<Node>> {
        // A quarter for the regions while they are gathered; as rows and as columns they are held once more each.
        measure(self.node(), image.map(Image::node), context.budget.free() / 4)
    }
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
