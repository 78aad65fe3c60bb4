//! Files that are shown while they are written: what has changed is forgotten, and told to those who look.

mod place;
mod tree;

use crate::app::App;
use crate::served::Served;
use serde_json::{Value as Json, json};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tree::Tree;

/// Files are looked at this often, unless looking takes long.
const OFTEN: Duration = Duration::from_millis(250);
/// The share of the time that looking may take.
const SHARE: u32 = 20;
/// What is computed of whole images is not begun again more often than this.
const PIPELINES: Duration = Duration::from_secs(2);
/// More changed places than this are told as one.
const MOST_PLACES: usize = 256;

/// Looks at the files of all images until the server stops.
pub(crate) fn watch(app: &App) {
    let mut watched: Vec<Watched<'_>> = app.images.iter().map(Watched::new).collect();
    while !app.context.cancel.is_cancelled() {
        let began = Instant::now();
        watched.iter_mut().for_each(|w| w.look(app));
        let pause = OFTEN.max(began.elapsed() * SHARE);
        let until = Instant::now() + pause;
        while Instant::now() < until && !app.context.cancel.is_cancelled() {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// One image and the state of its files.
struct Watched<'a> {
    image: &'a Arc<Served>,
    tree: Tree,
    told: Option<Instant>,
    /// Changes that were seen and not told yet.
    places: Vec<Option<Json>>,
    reopen: bool,
}

impl<'a> Watched<'a> {
    fn new(image: &'a Arc<Served>) -> Watched<'a> {
        let path = Path::new(&image.layer.path);
        // Of a glob the folder is looked at.
        let root = path.ancestors().find(|p| p.symlink_metadata().is_ok());
        let root = root.filter(|p| *p == path || path.parent() == Some(p));
        let tree = Tree::new(root.unwrap_or(path).to_owned());
        Watched { image, tree, told: None, places: vec![], reopen: false }
    }

    fn look(&mut self, app: &App) {
        let changed = self.tree.look();
        let opened = self.image.opened();
        for file in &changed {
            self.reopen |= place::is_metadata(file);
            self.places.push(place::of(file, &opened));
        }
        if self.places.is_empty() {
            return;
        }
        let is_pipeline = !self.image.layer.steps.is_empty();
        if is_pipeline && self.told.is_some_and(|t| t.elapsed() < PIPELINES) {
            return;
        }
        self.told = Some(Instant::now());
        let stale = self.image.changed(self.reopen || !self.tree.is_folder());
        app.works.forget(|key| stale.contains(&key.0));
        let places = std::mem::take(&mut self.places);
        // What depends on the whole image, or lies who knows where, has changed all over.
        let known = !is_pipeline && !self.reopen && places.len() <= MOST_PLACES;
        let regions = places.into_iter().collect::<Option<Vec<Json>>>().filter(|_| known);
        let reopened = std::mem::take(&mut self.reopen);
        app.tell(
            "changed",
            &json!({ "image": self.image.name, "generation": self.image.generation(), "regions": regions,
                "metadata": reopened }),
        );
    }
}
