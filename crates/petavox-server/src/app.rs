//! What all requests share.

use crate::served::{Served, names};
use crate::tables;
use crate::work::Works;
use crate::{Layer, Options};
use petavox::{ChunkCache, Reservation, Result, RunContext};
use std::sync::Arc;
use tokio::sync::broadcast;

/// Shares of the free memory that finished tiles and decoded chunks may take.
const KEPT_SHARE: u64 = 4;
const CHUNKS_SHARE: u64 = 4;

/// The images and those who work for them.
pub(crate) struct App {
    pub(crate) images: Vec<Arc<Served>>,
    pub(crate) tables: Vec<tables::Shown>,
    pub(crate) works: Works,
    pub(crate) context: RunContext,
    pub(crate) options: Options,
    pub(crate) began: std::time::Instant,
    /// What a piece of work may take: larger ones are done in parts.
    pub(crate) part_bytes: u64,
    /// What those who look are told.
    pub(crate) events: broadcast::Sender<String>,
    _chunks: Reservation,
}

impl App {
    /// Opens the layers.
    ///
    /// # Errors
    /// What a file or an operation says; [`Error::Budget`](petavox::Error::Budget) if there is no memory to work with.
    pub(crate) fn open(layers: &[Layer], options: &Options, context: RunContext) -> Result<App> {
        let chunk_bytes = context.budget.free() / CHUNKS_SHARE;
        let chunks = context.budget.reserve("decoded chunks", chunk_bytes)?;
        let cache = Arc::new(ChunkCache::new(chunk_bytes));
        let mut images = vec![];
        for (layer, name) in layers.iter().zip(names(layers)?) {
            images.push(Arc::new(Served::open(name, layer.clone(), &context, &cache)?));
        }
        let tables = tables::open(&options.tables, &context)?;
        let kept_bytes = context.budget.free() / KEPT_SHARE;
        let part_bytes = (context.budget.free() - kept_bytes) / (2 * context.n_threads as u64);
        Ok(App {
            part_bytes,
            images,
            tables,
            works: Works::start(context.clone(), context.n_threads, kept_bytes),
            options: options.clone(),
            began: std::time::Instant::now(),
            events: broadcast::channel(64).0,
            _chunks: chunks,
            context,
        })
    }

    /// Tells all who look.
    pub(crate) fn tell(&self, event: &str, data: &serde_json::Value) {
        // Nobody may be looking.
        let _ = self.events.send(format!("event: {event}\ndata: {data}\n\n"));
    }

    /// The image of a name.
    pub(crate) fn image(&self, name: &str) -> Option<&Arc<Served>> {
        self.images.iter().find(|i| i.name == name)
    }
}
