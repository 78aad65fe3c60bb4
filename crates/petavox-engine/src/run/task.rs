//! Some blocks of one stage, and the merging of what they leave: the tasks into which a computation is cut when several machines share it.
//!
//! Every machine plans the same, so that a stage is known by its number and its blocks by theirs. Between tasks go only bytes: parts
//! of folds, merged as a tree, and values. Images go through sinks that all machines can write.

use super::execute::{Outcome, Swept, bound_fold, run_steps, takers};
use super::stage::{Taker, caught};
use crate::contract::{SweepOp, Value};
use crate::plan::{Consumer, Kind, Node, Stage};
use crate::resources::{RunContext, Words};
use petavox_core::{Error, ImageSpec, Result, Sink, Source};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};

/// A stage of which this process makes some blocks.
pub struct StageTask<'a> {
    /// The stage.
    pub stage: &'a Stage,
    /// The values of earlier folds and the images of earlier sweeps.
    pub known: &'a Outcome,
    /// Where the inputs of sweeps are stored, by the sweeps' ids; those that can join their volumes need no entry.
    pub stores: &'a HashMap<u64, Arc<dyn Sink>>,
}

impl StageTask<'_> {
    /// Makes the blocks of some steps of the stage's walk. What is returned has one entry per output of the stage: the bytes of the merged part of a fold or of the volume of
    /// a sweep; nothing for what was written.
    ///
    /// # Errors
    /// The first failure of any block.
    pub fn run(&self, steps: Range<usize>, context: &RunContext) -> Result<Vec<Vec<u8>>> {
        if steps.is_empty() || steps.end > self.stage.grid.len() {
            let expected = format!("steps of 0..{}", self.stage.grid.len());
            return Err(Error::argument("steps", format!("{steps:?}"), expected));
        }
        if self.stage.outputs.iter().any(|(_, c)| matches!(c, Consumer::Keep { .. })) {
            return Err(Error::internal("StageTask::run", "what one machine keeps others miss"));
        }
        let volume = |op: &Arc<dyn SweepOp>, sweep: &Node, spec: &ImageSpec| {
            if let Some(sink) = self.stores.get(&sweep.id()) {
                return Ok(Taker::Sink(sink.clone()));
            }
            let words = Words::in_memory(op.n_words(spec), &context.budget, op.name())?;
            Ok(Taker::Load { op: op.clone(), words: Mutex::new(words) })
        };
        let takers = takers(self.stage, steps.start, self.known, &volume, context)?;
        let _states = run_steps(self.stage, steps, &takers, self.known, context)?;
        takers.into_iter().map(bytes_of).collect()
    }

    /// The steps among these whose blocks are not whole in every sink that they belong in, by what the sinks themselves find when
    /// they look: something was lost, or never came there.
    ///
    /// # Errors
    /// Whatever the file system says, naming the file.
    pub fn missing(&self, steps: Range<usize>) -> Result<Vec<usize>> {
        let stored = |(_, consumer): &(Arc<Node>, Consumer)| match consumer {
            Consumer::Sink(sink) => Some(sink.clone()),
            Consumer::Sweep(sweep) => self.stores.get(&sweep.id()).cloned(),
            Consumer::Fold(_) | Consumer::Keep { .. } => None,
        };
        let sinks: Vec<Arc<dyn Sink>> = self.stage.outputs.iter().filter_map(stored).collect();
        let mut missing = Vec::new();
        for step in steps {
            let region = self.stage.grid.region(self.stage.block_at(step));
            for sink in &sinks {
                if !sink.holds(&region)? {
                    missing.push(step);
                    break;
                }
            }
        }
        Ok(missing)
    }

    /// Merges what neighbouring tasks left for one output, in the order of their blocks.
    ///
    /// # Errors
    /// If a part is not what another task of the same stage left.
    pub fn merge(&self, output: usize, parts: &[&[u8]]) -> Result<Vec<u8>> {
        let (_, consumer) = self.output(output)?;
        match consumer {
            Consumer::Fold(fold) => {
                let op = bound_fold(fold, self.known)?;
                let mut merged = None;
                for bytes in parts {
                    let part = op.part_from_bytes(bytes)?;
                    merged = Some(match merged.take() {
                        Some(left) => op.merge(left, part)?,
                        None => part,
                    });
                }
                merged.map_or(Ok(Vec::new()), |m| op.part_to_bytes(m))
            }
            Consumer::Sweep(sweep) => {
                let op = sweep_of(sweep)?;
                let mut words: Vec<u64> = Vec::new();
                for bytes in parts {
                    let others = words_from(bytes)?;
                    if words.is_empty() {
                        words = others;
                    } else if !op.join(&mut words, &others) {
                        return Err(Error::internal(op.name(), "its volumes cannot be joined"));
                    }
                }
                Ok(bytes_from(&words))
            }
            Consumer::Sink(_) | Consumer::Keep { .. } => Ok(Vec::new()),
        }
    }

    /// The value of a fold from the merged part of all blocks; `None` for an image without any.
    ///
    /// # Errors
    /// If the output is no fold, or the value does not exist.
    pub fn finish(&self, output: usize, merged: Option<&[u8]>) -> Result<Value> {
        let (node, consumer) = self.output(output)?;
        let Consumer::Fold(fold) = consumer else {
            return Err(Error::internal("StageTask::finish", "not a fold"));
        };
        let op = bound_fold(fold, self.known)?;
        let part = merged.map(|bytes| op.part_from_bytes(bytes)).transpose()?;
        caught(|| format!("'{}'", op.name()), || op.finish(part, node.spec()))
    }

    /// The image of a sweep whose volumes were joined.
    ///
    /// # Errors
    /// [`Error::Budget`] if the volume does not fit; whatever the sweep refuses.
    pub fn sweep(
        &self,
        output: usize,
        volume: &[u8],
        context: &RunContext,
    ) -> Result<Arc<dyn Source>> {
        let (node, consumer) = self.output(output)?;
        let Consumer::Sweep(sweep) = consumer else {
            return Err(Error::internal("StageTask::sweep", "not a sweep"));
        };
        let op = sweep_of(sweep)?;
        let joined = words_from(volume)?;
        let mut words = Words::in_memory(op.n_words(node.spec()), &context.budget, op.name())?;
        if joined.len() != words.words().len() {
            let expected = format!("{} words", words.words().len());
            return Err(Error::argument("volume", format!("{} words", joined.len()), expected));
        }
        words.words_mut().copy_from_slice(&joined);
        caught(|| format!("'{}'", op.name()), || op.sweep(&mut words, node.spec(), context))?;
        let (input, spec) = (node.spec().clone(), sweep.spec().clone());
        Ok(Arc::new(Swept::new(op.clone(), words, input, spec)))
    }

    fn output(&self, output: usize) -> Result<&(Arc<Node>, Consumer)> {
        let found = self.stage.outputs.get(output);
        found.ok_or_else(|| Error::internal("StageTask", format!("output {output}")))
    }
}

/// The sweep of a lazy graph's node, over an input that was stored.
///
/// # Errors
/// [`Error::Internal`] if the node is none; whatever the sweep does not accept.
pub fn sweep_over(sweep: &Node, input: Arc<dyn Source>) -> Result<Arc<Node>> {
    Node::sweep(sweep_of(sweep)?.clone(), Node::source(input))
}

/// True if a sweep's input has to be stored before several machines can make it.
pub fn needs_store(sweep: &Node) -> bool {
    sweep_of(sweep).is_ok_and(|op| !op.join(&mut [], &[]))
}

fn sweep_of(node: &Node) -> Result<&Arc<dyn SweepOp>> {
    match node.kind() {
        Kind::Sweep(op) => Ok(op),
        _ => Err(Error::internal("stage", "not a sweep")),
    }
}

/// The words of a volume.
fn words_from(bytes: &[u8]) -> Result<Vec<u64>> {
    let (words, rest) = bytes.as_chunks::<8>();
    if !rest.is_empty() {
        return Err(Error::argument("part", format!("{} bytes", bytes.len()), "64-bit words"));
    }
    Ok(words.iter().map(|w| u64::from_le_bytes(*w)).collect())
}

fn bytes_from(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|w| w.to_le_bytes()).collect()
}

fn bytes_of(taker: Taker) -> Result<Vec<u8>> {
    match taker {
        Taker::Sink(_) | Taker::Keep(_) => Ok(Vec::new()),
        Taker::Fold { op, state } => {
            let state = state.into_inner().map_err(|_| Error::internal("fold", "lock"))?;
            state.merged.map_or(Ok(Vec::new()), |merged| op.part_to_bytes(merged))
        }
        Taker::Load { words, .. } => {
            let words = words.into_inner().map_err(|_| Error::internal("load", "lock"))?;
            Ok(bytes_from(words.words()))
        }
    }
}
