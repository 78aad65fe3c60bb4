//! Which blocks of a stage are done: told by its sinks, or by the journal of the run folder.

use super::stage::Taker;
use crate::plan::Stage;
use crate::resources::RunContext;
use petavox_core::{Error, Region, Result};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Working volumes are made durable, and their blocks journalled, this often.
const INTERVAL: Duration = Duration::from_secs(2);

/// What can be skipped in a stage, and what is done.
pub(super) struct Checkpoint<'a> {
    takers: &'a [Taker],
    context: &'a RunContext,
    prefix: String,
    only_sinks: bool,
    journalled: bool,
    pending: Mutex<(Vec<usize>, Instant)>,
}

impl<'a> Checkpoint<'a> {
    pub(super) fn new(
        stage: &Stage,
        takers: &'a [Taker],
        context: &'a RunContext,
    ) -> Checkpoint<'a> {
        let only_sinks = takers.iter().all(|t| matches!(t, Taker::Sink(_)));
        let only_loads = takers.iter().all(|t| matches!(t, Taker::Load { .. }));
        let ids: Vec<String> =
            stage.outputs.iter().map(|(n, _)| format!("{:016x}", n.id())).collect();
        Checkpoint {
            takers,
            context,
            // Blocks are named with their grid: another budget may cut the image differently.
            prefix: format!("block {} {:?}", ids.join("+"), stage.grid.chunk()),
            only_sinks,
            journalled: only_loads && context.folder.is_some(),
            pending: Mutex::new((Vec::new(), Instant::now())),
        }
    }

    fn row(&self, number: usize) -> String {
        format!("{} {number}", self.prefix)
    }

    pub(super) fn skips(&self, number: usize, region: &Region) -> Result<bool> {
        if self.journalled {
            return Ok(self
                .context
                .folder
                .as_ref()
                .is_some_and(|f| f.is_resumed() && f.has(&self.row(number))));
        }
        if !self.only_sinks {
            return Ok(false);
        }
        for taker in self.takers {
            if let Taker::Sink(sink) = taker
                && !sink.holds(region)?
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub(super) fn done(&self, number: usize) -> Result<()> {
        if !self.journalled {
            return Ok(());
        }
        let mut pending = self.pending.lock().map_err(|_| Error::internal("checkpoint", "lock"))?;
        pending.0.push(number);
        if pending.1.elapsed() < INTERVAL {
            return Ok(());
        }
        pending.1 = Instant::now();
        let numbers = std::mem::take(&mut pending.0);
        drop(pending);
        self.write(&numbers)
    }

    /// Journals what is left.
    pub(super) fn flush(&self) -> Result<()> {
        let numbers = match self.pending.lock() {
            Ok(mut pending) => std::mem::take(&mut pending.0),
            Err(_) => return Err(Error::internal("checkpoint", "lock")),
        };
        if self.journalled && !numbers.is_empty() { self.write(&numbers) } else { Ok(()) }
    }

    fn write(&self, numbers: &[usize]) -> Result<()> {
        let Some(folder) = &self.context.folder else { return Ok(()) };
        for taker in self.takers {
            if let Taker::Load { words, .. } = taker {
                words.lock().map_err(|_| Error::internal("checkpoint", "lock"))?.flush()?;
            }
        }
        let rows: Vec<String> = numbers.iter().map(|&n| self.row(n)).collect();
        folder.add(&rows)
    }
}
