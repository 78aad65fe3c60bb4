//! A lazy image: what is to be computed, not yet the samples.

use petavox_core::{
    Axes, Block, ChunkGrid, Element, Error, ImageSpec, Region, Result, Sink, Source,
};
use petavox_engine::explain::Document;
use petavox_engine::{
    Kind, Node, Plan, Reservation, RunContext, RunOptions, Target, Words, execute, plan,
};
use petavox_ops::Resolver;
use petavox_store::{Info, MemorySink, MemorySource, OpenOptions, open_with_info};
use std::sync::Arc;

/// A lazy image. Nothing is read or computed before [`Image::compute`], [`Image::save`] or [`Image::reduce`] asks for it;
/// clones share everything.
#[derive(Clone)]
pub struct Image {
    node: Arc<Node>,
    info: Option<Arc<Info>>,
}

impl Image {
    /// Opens a Zarr array or OME-Zarr group, a TIFF, npy, NIfTI, png or jpeg file, a folder of slices or a glob of them.
    ///
    /// # Errors
    /// [`Error::NotFound`](petavox_core::Error::NotFound) with the nearest name there is; errors that name the file for
    /// what is not read or not what it says.
    pub fn open(path: &str) -> Result<Image> {
        Image::open_with(path, &OpenOptions::default())
    }

    /// [`Image::open`] with limits, axes or spacing that the caller knows better than the file.
    ///
    /// # Errors
    /// As [`Image::open`].
    pub fn open_with(path: &str, options: &OpenOptions) -> Result<Image> {
        let opened = open_with_info(path, options)?;
        Ok(Image { node: Node::source(opened.source), info: Some(Arc::new(opened.info)) })
    }

    /// An image over any source.
    pub fn from_source(source: Arc<dyn Source>) -> Image {
        Image::from_node(Node::source(source))
    }

    /// An image of a lazy graph's node.
    pub fn from_node(node: Arc<Node>) -> Image {
        Image { node, info: None }
    }

    /// An image held in memory; the block starts at 0 and has the spec's shape and dtype.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`](petavox_core::Error::InvalidArgument) if it does not.
    pub fn from_block(spec: ImageSpec, block: Block) -> Result<Image> {
        Ok(Image::from_source(Arc::new(MemorySource::new(spec, block)?)))
    }

    /// An image of samples in C order, with the usual axes and spacing 1.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`](petavox_core::Error::InvalidArgument) if their number is not the shape's.
    pub fn from_vec<T: Element>(shape: &[usize], samples: Vec<T>) -> Result<Image> {
        Ok(Image::from_source(Arc::new(MemorySource::from_vec(shape, samples)?)))
    }

    /// Shape, dtype, axes, spacing and origin.
    pub fn spec(&self) -> &ImageSpec {
        self.node.spec()
    }

    /// What the file says about itself; nothing for images that were not opened from one.
    pub fn info(&self) -> Option<&Info> {
        self.info.as_deref()
    }

    /// The node of the lazy graph that makes this image.
    pub fn node(&self) -> &Arc<Node> {
        &self.node
    }

    /// The image after one operation, `name:key=value:key=value`; see [`operations`](crate::operations).
    ///
    /// ```
    /// let image = petavox::Image::from_vec(&[3], vec![1u8, 5, 9])?;
    /// let mask = image.apply("greater:value=4")?;
    /// assert_eq!(mask.compute(&petavox::RunOptions::default())?.typed::<u8>()?, [0, 1, 1]);
    /// # Ok::<(), petavox::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is no such operation (with the nearest name), or it does not take these parameters or this image.
    pub fn apply(&self, step: &str) -> Result<Image> {
        Ok(Image::from_node(petavox_ops::apply(&self.node, step)?))
    }

    /// The image that the operation `name` makes of `images`, with parameters by name; see [`operations`](crate::operations).
    ///
    /// # Errors
    /// As [`Image::apply`].
    pub fn combine(
        images: &[Image],
        name: &str,
        params: serde_json::Map<String, serde_json::Value>,
    ) -> Result<Image> {
        let nodes: Vec<_> = images.iter().map(|i| i.node.clone()).collect();
        Ok(Image::from_node(petavox_ops::apply_to(&nodes, name, params)?))
    }

    /// The same samples with axes of another meaning.
    ///
    /// # Errors
    /// If their number differs from the image's.
    pub fn with_axes(&self, axes: &str) -> Result<Image> {
        let spec = self.spec().with_axes(Axes::parse(axes)?)?;
        self.described(spec)
    }

    /// The same samples with another spacing: one value per axis, one for all, or one per spatial axis.
    ///
    /// # Errors
    /// If the number of values fits none of these, or one is not positive.
    pub fn with_spacing(&self, values: &[f64]) -> Result<Image> {
        let spec = self.spec().with_spacing(values, None)?;
        self.described(spec)
    }

    fn described(&self, spec: ImageSpec) -> Result<Image> {
        if spec == *self.spec() {
            return Ok(self.clone());
        }
        let node = petavox_ops::operation::internal::describe::describe(&self.node, spec)?;
        Ok(Image { node, info: self.info.clone() })
    }

    /// The image as text: its operations and the names of its files as JSON, not the samples.
    ///
    /// # Errors
    /// [`Error::Internal`](petavox_core::Error::Internal) if it cannot be written, which is a defect.
    pub fn to_plan(&self) -> Result<String> {
        let nodes = petavox_ops::write_plan(&self.node);
        serde_json::to_string_pretty(&nodes).map_err(|e| Error::internal("Image::to_plan", e))
    }

    /// The lazy image that [`Image::to_plan`] wrote down, here or on another machine that has the same files.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`](petavox_core::Error::InvalidArgument) if the text is no plan, or one with images that were
    /// in memory; whatever is wrong with a file.
    pub fn from_plan(plan: &str) -> Result<Image> {
        Image::from_plan_with(plan, &open_source)
    }

    /// [`Image::from_plan`] with a resolver for the names in it.
    ///
    /// # Errors
    /// As [`Image::from_plan`].
    pub fn from_plan_with(plan: &str, resolver: &dyn Resolver) -> Result<Image> {
        let nodes: Vec<petavox_engine::explain::NodeDoc> = serde_json::from_str(plan)
            .map_err(|e| Error::argument("plan", e, "what Image::to_plan wrote"))?;
        Ok(Image::from_node(petavox_ops::read_plan(&nodes, resolver)?))
    }

    /// Computes all samples into memory, which is reserved from the budget.
    ///
    /// # Errors
    /// [`Error::Budget`](petavox_core::Error::Budget) if the image does not fit, and whatever goes wrong on the way.
    pub fn compute(&self, options: &RunOptions) -> Result<Block> {
        let chunk = block_of_about(self.spec(), 1 << 20);
        let sink = Arc::new(MemorySink::new(self.spec().clone(), &chunk)?);
        self.compute_to(sink.clone(), options)?;
        let sink = Arc::into_inner(sink)
            .ok_or_else(|| Error::internal("Image::compute", "the result is still in use"))?;
        Ok(sink.into_source()?.into_block())
    }

    /// Computes all samples into a place in memory that the caller has, and for which the budget is charged.
    ///
    /// # Errors
    /// As [`Image::compute`].
    pub fn compute_to(&self, sink: Arc<dyn Sink>, options: &RunOptions) -> Result<()> {
        let context = RunContext::new(options)?;
        let (_held, plan) = self.memory_plan(sink, &context)?;
        execute(&plan, &context)?;
        Ok(())
    }

    /// Computes all samples where a sweep makes them, if that is all there is to do and they fit the memory: 64 bits each, in raster
    /// order. `None` otherwise; then nothing was computed, and [`Image::compute_to`] is the way.
    ///
    /// # Errors
    /// As [`Image::compute`].
    pub fn compute_in_place(&self, options: &RunOptions) -> Result<Option<Words>> {
        let context = RunContext::new(options)?;
        let is_there = matches!(self.node.kind(), Kind::Sweep(op) if op.is_image());
        if !is_there || context.folder.is_some() {
            return Ok(None);
        }
        let target = Target { node: self.node.clone(), sink: None };
        // A budget that is too small is told by the usual way, which needs no more.
        let plan = plan(&[target], &context.plan_options()).ok();
        let Some(plan) = plan.filter(|p| p.stages.iter().all(|s| !s.spills)) else {
            return Ok(None);
        };
        Ok(execute(&plan, &context)?.take_words(&self.node)?.given_away())
    }

    /// Computes several images into places in memory that the caller has; what they have in common is read and made once where that
    /// can be done in one pass.
    ///
    /// # Errors
    /// As [`Image::compute`].
    pub fn compute_all(images: &[(Image, Arc<dyn Sink>)], options: &RunOptions) -> Result<()> {
        let context = RunContext::new(options)?;
        let bytes = images.iter().map(|(image, _)| image.spec().bytes()).sum();
        let _held = context.budget.reserve("the images in memory", bytes)?;
        let target = |(image, sink): &(Image, Arc<dyn Sink>)| Target {
            node: image.node.clone(),
            sink: Some(sink.clone()),
        };
        let targets: Vec<Target> = images.iter().map(target).collect();
        execute(&plan(&targets, &context.plan_options())?, &context)?;
        Ok(())
    }

    /// The plan of [`Image::compute`].
    ///
    /// # Errors
    /// As [`Image::compute`], as far as can be known without computing.
    pub fn plan_compute(&self, options: &RunOptions) -> Result<Document> {
        let context = RunContext::new(options)?;
        let sink = Arc::new(Nowhere::new(self.spec().clone()));
        Ok(Document::new(&self.memory_plan(sink, &context)?.1))
    }

    fn memory_plan(
        &self,
        sink: Arc<dyn Sink>,
        context: &RunContext,
    ) -> Result<(Reservation, Plan)> {
        let held = context.budget.reserve("the image in memory", self.spec().bytes())?;
        let target = Target { node: self.node.clone(), sink: Some(sink) };
        Ok((held, plan(&[target], &context.plan_options())?))
    }

    /// The shape of the parts in which the image comes most naturally: the chunks of the file it is made from, if it has that
    /// file's shape, else blocks of about a mebibyte.
    pub fn natural_chunk(&self) -> Vec<usize> {
        fn chunks_of(node: &Node, shape: &[usize]) -> Option<Vec<usize>> {
            match node.kind() {
                Kind::Source(source)
                    if source.grid().shape() == shape && source.locator().is_some() =>
                {
                    Some(source.grid().chunk().to_vec())
                }
                _ => node.inputs().iter().find_map(|n| chunks_of(n, shape)),
            }
        }
        let spec = self.spec();
        let chunk = chunks_of(&self.node, &spec.shape).filter(|c| *c != spec.shape);
        chunk.unwrap_or_else(|| block_of_about(spec, (1 << 20) / spec.dtype.size()))
    }
}

/// Opens what can be read at a path that was opened before, such as one that a plan names: of a stack only the first slice is
/// looked at. [`Image::open`] is what most want.
///
/// # Errors
/// As [`Image::open`].
pub fn open_source(path: &str) -> Result<Arc<dyn Source>> {
    petavox_store::open(path, &OpenOptions { first_slice_only: true, ..OpenOptions::default() })
}

/// A place in memory that is only planned for.
struct Nowhere {
    spec: ImageSpec,
    grid: ChunkGrid,
}

impl Nowhere {
    fn new(spec: ImageSpec) -> Nowhere {
        let grid = ChunkGrid::new(&spec.shape, &vec![1; spec.ndim()]);
        Nowhere { spec, grid }
    }
}

impl Sink for Nowhere {
    fn spec(&self) -> &ImageSpec {
        &self.spec
    }

    fn grid(&self) -> &ChunkGrid {
        &self.grid
    }

    fn scratch_bytes(&self, _region: &Region) -> u64 {
        0
    }

    fn is_memory(&self) -> bool {
        true
    }

    fn write(&self, _block: &Block) -> Result<()> {
        Err(Error::internal("plan", "a plan was only to be told, not carried out"))
    }

    fn holds(&self, _region: &Region) -> Result<bool> {
        Ok(false)
    }

    fn finish(&self) -> Result<()> {
        Ok(())
    }

    fn abandon(&self) {}
}

impl std::fmt::Debug for Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let spec = self.spec();
        write!(f, "Image({} {} {:?})", self.node.name(), spec.dtype, spec.shape)
    }
}

/// A block shape of at most about `samples`: whole trailing axes, the first that does not fit cut, single planes before it.
fn block_of_about(spec: &ImageSpec, samples: usize) -> Vec<usize> {
    let mut left = samples.max(1);
    let mut chunk = vec![1; spec.ndim()];
    for a in (0..spec.ndim()).rev() {
        chunk[a] = spec.shape[a].min(left).max(1);
        left /= chunk[a];
        if left == 0 || chunk[a] < spec.shape[a] {
            break;
        }
    }
    chunk
}
