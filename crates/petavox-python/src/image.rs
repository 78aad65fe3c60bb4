//! `_core.LazyImage`: the façade's lazy image, and the Python objects it needs.

use crate::array::{ArraySink, ArraySource};
use crate::blocks::{Mapping, map_blocks};
use crate::errors::exception;
use crate::foreign::{foreign_source, is_reader};
use crate::held::Held;
use crate::numpy::{Samples, array};
use crate::run::run;
use crate::settings::{FileOptions, Settings};
use crate::table::columns;
use crate::volume::Volume;
use petavox::explain::{self, NodeDoc};
use petavox::{
    Axes, Error, Image, ImageSpec, MeasureOptions, Missing, Node, OpenOptions, Resolver, Sink,
    Source,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::path::PathBuf;
use std::sync::Arc;

/// A lazy image. `petavox.Image` is what users see.
#[pyclass(frozen, module = "petavox._core")]
pub(crate) struct LazyImage {
    pub(crate) image: Image,
    pub(crate) held: Held,
}

fn ready<T>(result: petavox::Result<T>) -> PyResult<T> {
    result.map_err(exception)
}

#[pymethods]
impl LazyImage {
    /// Opens a file, a folder of slices or a glob.
    #[staticmethod]
    #[pyo3(signature = (path, axes=None, spacing=None, missing="fill", scratch=None, first_slice_only=false))]
    fn open(
        py: Python<'_>,
        path: &str,
        axes: Option<&str>,
        spacing: Option<Vec<f64>>,
        missing: &str,
        scratch: Option<PathBuf>,
        first_slice_only: bool,
    ) -> PyResult<LazyImage> {
        let missing = match missing {
            "fill" => Missing::Fill,
            "error" => Missing::Error,
            other => {
                let error = Error::argument("missing", format!("'{other}'"), "'fill' or 'error'");
                return Err(exception(error));
            }
        };
        let axes = ready(axes.map(Axes::parse).transpose())?;
        let options = OpenOptions {
            axes,
            spacing,
            missing,
            scratch,
            first_slice_only,
            ..OpenOptions::default()
        };
        let image = ready(py.detach(|| Image::open_with(path, &options)))?;
        Ok(LazyImage { image, held: Held::default() })
    }

    /// An image over a numpy array of a supported dtype, read in place, or over a reader of another array.
    #[staticmethod]
    #[pyo3(signature = (array, name, axes=None, spacing=None))]
    fn from_numpy(
        array: Bound<'_, PyAny>,
        name: &str,
        axes: Option<&str>,
        spacing: Option<Vec<f64>>,
    ) -> PyResult<LazyImage> {
        let image = Image::from_source(array_source(&array, name)?);
        LazyImage { image, held: Held::one(name, array) }.placed(axes, spacing)
    }

    /// The same image, which keeps an object alive as long as anything is made of it.
    fn holding(&self, object: Bound<'_, PyAny>, name: &str) -> LazyImage {
        let held = self.held.clone().with(&Held::one(name, object));
        LazyImage { image: self.image.clone(), held }
    }

    /// Samples per axis.
    #[getter]
    fn shape(&self) -> Vec<usize> {
        self.image.spec().shape.clone()
    }

    /// numpy's name of the dtype.
    #[getter]
    fn dtype(&self) -> &'static str {
        self.image.spec().dtype.name()
    }

    /// Letters of the axes.
    #[getter]
    fn axes(&self) -> String {
        self.image.spec().axes.as_str().to_owned()
    }

    /// Physical size of a sample per axis.
    #[getter]
    fn spacing(&self) -> Vec<f64> {
        self.image.spec().spacing.values.clone()
    }

    /// The unit of the spacing.
    #[getter]
    fn unit(&self) -> Option<String> {
        self.image.spec().spacing.unit.clone()
    }

    /// Physical position of the first sample's centre per axis.
    #[getter]
    fn origin(&self) -> Vec<f64> {
        self.image.spec().origin.clone()
    }

    /// The operation that makes the image.
    #[getter]
    fn op(&self) -> &'static str {
        self.image.node().name()
    }

    /// A hash of what is computed.
    #[getter]
    fn id(&self) -> u64 {
        self.image.node().id()
    }

    /// Samples per axis of the parts the image comes in.
    #[getter]
    fn chunks(&self) -> Vec<usize> {
        self.image.natural_chunk()
    }

    /// What the file says about itself, as JSON; nothing if the image was not opened from one.
    fn info(&self) -> PyResult<Option<String>> {
        let told = self.image.info().map(serde_json::to_string).transpose();
        told.map_err(|e| PyValueError::new_err(e.to_string()))
    }

    /// The image that the operation `name` makes of this one and `others`; `params` are JSON.
    #[pyo3(signature = (name, params="{}", others=vec![]))]
    fn apply(
        &self,
        name: &str,
        params: &str,
        others: Vec<PyRef<'_, LazyImage>>,
    ) -> PyResult<LazyImage> {
        let params = serde_json::from_str(params)
            .map_err(|e| PyValueError::new_err(format!("{name}: parameters: {e}")))?;
        let mut images = vec![self.image.clone()];
        let mut held = self.held.clone();
        for other in &others {
            images.push(other.image.clone());
            held = held.with(&other.held);
        }
        Ok(LazyImage { image: ready(Image::combine(&images, name, params))?, held })
    }

    /// The image that a Python function makes of this one and `others`, chunk by chunk; `mapping` is JSON.
    #[pyo3(signature = (function, mapping, others=vec![]))]
    fn map_blocks(
        &self,
        function: Bound<'_, PyAny>,
        mapping: &str,
        others: Vec<PyRef<'_, LazyImage>>,
    ) -> PyResult<LazyImage> {
        let mapping: Mapping = serde_json::from_str(mapping)
            .map_err(|e| PyValueError::new_err(format!("map_blocks: {e}")))?;
        let mut held = self.held.clone().with(&Held::one(&mapping.function, function.clone()));
        let mut nodes = vec![self.image.node().clone()];
        for other in &others {
            nodes.push(other.image.node().clone());
            held = held.with(&other.held);
        }
        let node = map_blocks(nodes, mapping, Arc::new(function.unbind()));
        Ok(LazyImage { image: Image::from_node(ready(node)?), held })
    }

    /// The same samples with axes or spacing of another meaning.
    #[pyo3(signature = (axes=None, spacing=None))]
    fn placed(&self, axes: Option<&str>, spacing: Option<Vec<f64>>) -> PyResult<LazyImage> {
        let mut image = self.image.clone();
        if let Some(axes) = axes {
            image = ready(image.with_axes(axes))?;
        }
        if let Some(spacing) = spacing {
            image = ready(image.with_spacing(&spacing))?;
        }
        Ok(LazyImage { image, held: self.held.clone() })
    }

    /// Computes the image into a numpy array of its shape and dtype.
    fn compute_into(
        &self,
        py: Python<'_>,
        array: &Bound<'_, PyAny>,
        settings: Settings,
    ) -> PyResult<()> {
        let samples = Samples::of(array, true)?;
        let spec = self.image.spec().clone();
        let sink = ArraySink::new(spec.clone(), &block_shape(&spec), samples);
        let sink = Arc::new(ready(sink)?);
        run(py, &settings, |options| self.image.compute_to(sink, options))
    }

    /// Computes the image in memory that numpy takes over, where no array has to be filled; None where one has.
    fn compute_in_place(&self, py: Python<'_>, settings: Settings) -> PyResult<Option<Volume>> {
        let words = run(py, &settings, |options| self.image.compute_in_place(options))?;
        Ok(words.map(|words| Volume::new(words, self.image.spec())))
    }

    /// Computes several images into numpy arrays of their shapes and dtypes.
    #[staticmethod]
    fn compute_all_into(
        py: Python<'_>,
        images: Vec<PyRef<'_, LazyImage>>,
        arrays: Vec<Bound<'_, PyAny>>,
        settings: Settings,
    ) -> PyResult<()> {
        let mut targets = Vec::new();
        for (lazy, array) in images.iter().zip(&arrays) {
            let spec = lazy.image.spec().clone();
            let chunk = block_shape(&spec);
            let sink = ready(ArraySink::new(spec, &chunk, Samples::of(array, true)?))?;
            targets.push((lazy.image.clone(), Arc::new(sink) as Arc<dyn Sink>));
        }
        run(py, &settings, |options| Image::compute_all(&targets, options))
    }

    /// Computes the image into a file. What was done comes back as JSON.
    fn save(
        &self,
        py: Python<'_>,
        path: PathBuf,
        options: FileOptions,
        settings: Settings,
    ) -> PyResult<String> {
        let options = options.save_options()?;
        let saved = run(py, &settings, |run| self.image.save(&path, &options, run))?;
        serde_json::to_string(&saved).map_err(|e| PyValueError::new_err(e.to_string()))
    }

    /// The image's histogram: samples in each bin, and the middles of the bins.
    fn histogram(
        &self,
        py: Python<'_>,
        nbins: usize,
        settings: Settings,
    ) -> PyResult<(Vec<u64>, Vec<f64>)> {
        let found = run(py, &settings, |options| self.image.histogram(nbins, options))?;
        Ok((found.counts().to_vec(), found.centres().to_vec()))
    }

    /// Measures the regions of a label image; a table as a dict of columns.
    #[pyo3(signature = (properties, settings, images=vec![], spacing=vec![], edges=vec![], numbered=false))]
    #[allow(clippy::too_many_arguments)]
    fn measure<'py>(
        &self,
        py: Python<'py>,
        properties: Vec<String>,
        settings: Settings,
        images: Vec<PyRef<'_, LazyImage>>,
        spacing: Vec<f64>,
        edges: Vec<f64>,
        numbered: bool,
    ) -> PyResult<Bound<'py, PyDict>> {
        let names: Vec<&str> = properties.iter().map(String::as_str).collect();
        let images: Vec<Image> = images.iter().map(|i| i.image.clone()).collect();
        let measure = MeasureOptions { spacing, edges, is_numbered: numbered };
        let table = run(py, &settings, |options| {
            self.image.measure_with(&images, &names, &measure, options)
        })?;
        columns(py, &table)
    }

    /// Pairs of labels of this image and another: labels of both, and counts.
    fn pairs<'py>(
        &self,
        py: Python<'py>,
        other: PyRef<'_, LazyImage>,
        settings: Settings,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        let other = other.image.clone();
        let pairs = run(py, &settings, |options| self.image.pairs(&other, options))?;
        let column = |of: fn(&((u64, u64), u64)) -> u64| pairs.iter().map(of).collect::<Vec<u64>>();
        Ok((
            array(py, &column(|p| p.0.0))?,
            array(py, &column(|p| p.0.1))?,
            array(py, &column(|p| p.1))?,
        ))
    }

    /// Raster numbers of the samples of this mask that are not 0, and the samples of an image there.
    fn points<'py>(
        &self,
        py: Python<'py>,
        image: PyRef<'_, LazyImage>,
        settings: Settings,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        let image = image.image.clone();
        let points = run(py, &settings, |options| self.image.points(&image, options))?;
        let ranks: Vec<u64> = points.iter().map(|p| p.0).collect();
        let values: Vec<f64> = points.iter().map(|p| p.1).collect();
        Ok((array(py, &ranks)?, array(py, &values)?))
    }

    /// Lines of one level: points as rows and columns, and where each line begins among them.
    #[pyo3(signature = (level, high_connected, settings, mask=None))]
    fn contours<'py>(
        &self,
        py: Python<'py>,
        level: f64,
        high_connected: bool,
        settings: Settings,
        mask: Option<PyRef<'_, LazyImage>>,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        let mask = mask.map(|m| m.image.clone());
        let lines = run(py, &settings, |options| {
            self.image.contours(level, high_connected, mask.as_ref(), options)
        })?;
        let points: Vec<f64> = lines.iter().flatten().flat_map(|(y, x)| [*y, *x]).collect();
        let mut ends = Vec::with_capacity(lines.len());
        lines.iter().fold(0u64, |end, line| {
            ends.push(end + line.len() as u64);
            end + line.len() as u64
        });
        Ok((array(py, &points)?, array(py, &ends)?))
    }

    /// The surface of one level: vertices, faces and normals by threes, and values.
    #[pyo3(signature = (level, step, interpolated, settings, mask=None))]
    fn marching_cubes<'py>(
        &self,
        py: Python<'py>,
        level: f64,
        step: usize,
        interpolated: bool,
        settings: Settings,
        mask: Option<PyRef<'_, LazyImage>>,
    ) -> PyResult<[Bound<'py, PyAny>; 4]> {
        let mask = mask.map(|m| m.image.clone());
        let mesh = run(py, &settings, |options| {
            self.image.marching_cubes(level, step, interpolated, mask.as_ref(), options)
        })?;
        Ok([
            array(py, mesh.vertices.as_flattened())?,
            array(py, mesh.faces.as_flattened())?,
            array(py, mesh.normals.as_flattened())?,
            array(py, &mesh.values)?,
        ])
    }

    /// Traces the branches of a skeleton: `table`, `ranks`, `values`, `offsets`, `voxels`.
    #[pyo3(signature = (settings, mask=None, intensity=None, value_is_height=false))]
    fn trace<'py>(
        &self,
        py: Python<'py>,
        settings: Settings,
        mask: Option<PyRef<'_, LazyImage>>,
        intensity: Option<PyRef<'_, LazyImage>>,
        value_is_height: bool,
    ) -> PyResult<Bound<'py, PyDict>> {
        let mask = mask.map(|i| i.image.clone());
        let intensity = intensity.map(|i| i.image.clone());
        let traced = run(py, &settings, |options| {
            self.image.trace(mask.as_ref(), intensity.as_ref(), value_is_height, options)
        })?;
        let dict = PyDict::new(py);
        dict.set_item("table", columns(py, &traced.table)?)?;
        dict.set_item("ranks", array(py, &traced.ranks)?)?;
        dict.set_item("values", traced.values.map(|v| array(py, &v)).transpose()?)?;
        dict.set_item("offsets", array(py, &traced.offsets)?)?;
        dict.set_item("voxels", array(py, &traced.voxels)?)?;
        Ok(dict)
    }

    /// The plan of computing the image, as `text`, `html`, `dot` or `json`.
    fn explain(&self, format: &str, settings: Settings) -> PyResult<String> {
        let document = ready(self.image.plan_compute(&settings.run_options()))?;
        match format {
            "text" => Ok(explain::text(&document)),
            "html" => Ok(explain::html(&document)),
            "dot" => Ok(explain::dot(&document)),
            "json" => {
                serde_json::to_string(&document).map_err(|e| PyValueError::new_err(e.to_string()))
            }
            other => {
                let expected = "'text', 'html', 'dot' or 'json'";
                Err(exception(Error::argument("format", format!("'{other}'"), expected)))
            }
        }
    }

    /// The plan as text.
    fn to_plan(&self) -> PyResult<String> {
        ready(self.image.to_plan())
    }

    /// The Python objects that the plan names.
    fn held<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.held.to_dict(py)
    }

    /// The image that `to_plan` wrote, with the objects that `held` gave.
    #[staticmethod]
    fn from_plan(py: Python<'_>, plan: &str, held: &Bound<'_, PyDict>) -> PyResult<LazyImage> {
        let held = Held::from_dict(held)?;
        let image = ready(Image::from_plan_with(plan, &Finder { py, held: &held }))?;
        Ok(LazyImage { image, held })
    }
}

/// Finds what a plan names: Python objects among those that travelled with it, files by their paths.
struct Finder<'a> {
    py: Python<'a>,
    held: &'a Held,
}

impl Resolver for Finder<'_> {
    fn open(&self, locator: &str) -> petavox::Result<Arc<dyn Source>> {
        match self.held.get(self.py, locator) {
            Some(array) => array_source(&array, locator).map_err(|e| Error::foreign("plan", e)),
            None => petavox::open_source(locator),
        }
    }

    fn build(&self, doc: &NodeDoc, inputs: &[Arc<Node>]) -> petavox::Result<Option<Arc<Node>>> {
        if doc.op != "map_blocks" {
            return Ok(None);
        }
        let wrong = |given: &dyn ToString| {
            Error::argument("plan: map_blocks", given.to_string(), "a function that came with it")
        };
        let mapping: Mapping = serde_json::from_value(doc.params.clone()).map_err(|e| wrong(&e))?;
        let function =
            self.held.shared(&mapping.function).ok_or_else(|| wrong(&mapping.function))?;
        map_blocks(inputs.to_vec(), mapping, function).map(Some)
    }
}

fn array_source(array: &Bound<'_, PyAny>, name: &str) -> PyResult<Arc<dyn Source>> {
    if is_reader(array)? {
        return foreign_source(array, name);
    }
    let samples = Samples::of(array, false)?;
    let spec = ready(ImageSpec::new(samples.shape(), samples.dtype()))?;
    Ok(Arc::new(ArraySource::new(spec, samples, name)))
}

/// Blocks of a result in memory: it can be filled anywhere, so that any shape will do.
fn block_shape(spec: &ImageSpec) -> Vec<usize> {
    vec![1; spec.ndim()]
}
