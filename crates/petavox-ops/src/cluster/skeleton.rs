//! Skeleton analysis shared by several machines: they make the mask together, then one thins and traces it.

use super::Job;
use super::job::Wants;
use super::shared::{Shared, Values};
use super::stores::Store;
use crate::skeleton::{Prepared, SkeletonDone, SkeletonJob, Stages, analyse_prepared, squeezed};
use petavox_core::{Block, Dtype, Error, Result};
use petavox_engine::{Consumer, Node, RunContext, RunOptions, StageTask, Target};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// The mask, written by all, and the projection, joined.
pub(super) fn targets(
    image: &Arc<Node>,
    options: &crate::skeleton::SkeletonOptions,
    job: &Job,
) -> Result<Vec<Target>> {
    let stages = Stages::new(&squeezed(image)?, options)?;
    let store = mask_store(image, job)?;
    let sink = store.join()?.sink(0)?;
    Ok(vec![
        Target { node: stages.mask().clone(), sink: Some(sink) },
        Target { node: stages.projection.clone(), sink: None },
    ])
}

/// Where the mask is.
pub(super) fn mask_store(image: &Arc<Node>, job: &Job) -> Result<Store> {
    let spec = squeezed(image)?.spec().with_dtype(Dtype::Bool);
    Ok(Store::new(&job.folder, "mask", &spec, None))
}

impl Shared {
    /// The last step of a shared skeleton analysis, by one process with its whole memory and all its threads: thins the mask that was
    /// stored, traces it and writes the folder `dir` as [`analyse`](crate::skeleton::analyse) does. `volume` is the projection that
    /// was merged.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if the job is another; otherwise as [`analyse`](crate::skeleton::analyse).
    pub fn analyse(
        &self,
        dir: &Path,
        job: &SkeletonJob,
        volume: &[u8],
        values: &Values<'_>,
        run: &RunOptions,
    ) -> Result<SkeletonDone> {
        let Wants::Skeleton(options) = &self.job().wants else {
            return Err(Error::argument("job", "samples", "a skeleton analysis"));
        };
        let image = squeezed(self.image())?;
        let stages = Stages::new(&image, options)?;
        let n_stages = self.plan().stages.len();
        let known = self.known(n_stages, values)?;
        let threshold = stages.found_threshold(&known)?;
        let prepared = Prepared {
            mask: mask_store(self.image(), self.job())?.join()?.source(0)?,
            threshold,
            projection: self.projection(&stages.projection, volume)?,
        };
        let job = SkeletonJob { options: options.clone(), ..job.clone() };
        analyse_prepared(self.image(), dir, &job, run, &prepared)
    }

    /// The pixels of the projection whose volume was merged.
    fn projection(&self, node: &Node, volume: &[u8]) -> Result<([usize; 2], Vec<f64>)> {
        let context = RunContext::new(&RunOptions { n_threads: Some(1), ..RunOptions::default() })?;
        for stage in &self.plan().stages {
            let output = stage.outputs.iter().position(
                |(_, consumer)| matches!(consumer, Consumer::Sweep(s) if s.id() == node.id()),
            );
            let Some(output) = output else { continue };
            let (known, stores) = (Default::default(), HashMap::new());
            let source = StageTask { stage, known: &known, stores: &stores }
                .sweep(output, volume, &context)?;
            let mut block = Block::zeros(source.spec().region(), Dtype::Float64)?;
            source.read(&mut block)?;
            return Ok(([block.shape()[0], block.shape()[1]], block.typed::<f64>()?.to_vec()));
        }
        Err(Error::internal("Shared::projection", "no projection in the plan"))
    }
}
