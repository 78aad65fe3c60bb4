//! `apply`: a chain of operations.

use super::cluster::Cluster;
use super::input::Input;
use super::output::Output;
use crate::help;
use crate::report::Report;
use crate::settings::Settings;
use anyhow::Result;
use clap::Args;
use petavox::Image;
use petavox::explain::Document;
use std::path::PathBuf;

/// Apply a chain of operations to an image
///
/// A STEP is the name of an operation with its parameters: name, or name:key=value:key=value; several values by comma.
/// Neighbouring steps are computed together, so that nothing that lies between them is stored.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  petavox apply raw.zarr smooth.zarr gaussian:sigma=1,2,2
  petavox apply raw.tif mask.zarr gaussian:sigma=2 greater:value=0.45
  petavox apply --list
  petavox explain apply raw.zarr smooth.zarr gaussian:sigma=8")]
pub(crate) struct Apply {
    /// Image to read
    #[arg(value_name = "IN", required_unless_present = "list")]
    from: Option<String>,
    /// Image to write; the ending picks the format: .zarr, .tif, .ome.tif, .npy, .png
    #[arg(value_name = "OUT", required_unless_present = "list")]
    to: Option<PathBuf>,
    /// Operations in their order, such as gaussian:sigma=2 (see --list)
    #[arg(value_name = "STEP", required_unless_present = "list")]
    steps: Vec<String>,
    /// List the operations with their parameters
    #[arg(long)]
    list: bool,
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    cluster: Cluster,
}

impl Apply {
    fn image(&self, settings: &Settings) -> Result<Image> {
        let mut image = self.input.open(self.from.as_deref().unwrap_or_default(), settings)?;
        for step in &self.steps {
            image = image.apply(step)?;
        }
        Ok(image)
    }

    fn to(&self) -> PathBuf {
        self.to.clone().unwrap_or_default()
    }

    pub(crate) fn plan(&self, settings: &Settings) -> Result<Document> {
        self.output.plan(&self.image(settings)?, &self.to(), settings)
    }
}

pub(crate) fn run(args: &Apply, settings: &Settings) -> Result<Report> {
    if args.list {
        return Ok(Report {
            text: help::operations(),
            results: help::operations_json(),
            ..Report::default()
        });
    }
    let options = serde_json::json!({ "options": args.output.options(settings) });
    if let Some(done) =
        args.cluster.ask(|| args.image(settings), &args.to(), options, settings.memory_given)?
    {
        return Ok(Report {
            note: format!(
                "{}: {} tasks, in {:.1} s",
                args.to().display(),
                done["n_tasks"],
                done["seconds"].as_f64().unwrap_or(0.0)
            ),
            outputs: vec![args.to()],
            results: done,
            text: String::new(),
        });
    }
    args.output.save(&args.image(settings)?, &args.to(), settings)
}
