//! `measure`: a table of labelled regions.

use super::input::Input;
use crate::report::Report;
use crate::settings::Settings;
use anyhow::Result;
use clap::Args;
use petavox::explain::Document;
use petavox::table::write_table;
use petavox::{Image, OpenOptions, Table};
use std::path::PathBuf;

/// Measure the regions of a label image
///
/// The table has one row per label, and the names of skimage.measure.regionprops_table: area, bbox, centroid,
/// axis_major_length, eccentricity, orientation, perimeter, euler_number, area_convex, solidity, feret_diameter_max, inertia_tensor,
/// moments and so on; with --image also intensity_mean, intensity_min, intensity_max, intensity_median, intensity_std, intensity_sum,
/// centroid_weighted. A name that there is not is answered with those there are. Lengths and positions are in samples.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  petavox measure labels.zarr -o cells.csv
  petavox measure labels.zarr --image raw.zarr -o cells.parquet --properties label,area,intensity_mean")]
pub(crate) struct Measure {
    /// Label image to read
    #[arg(value_name = "LABELS")]
    labels: String,
    /// Image whose intensities are measured, of the same shape
    #[arg(long, value_name = "IMAGE")]
    image: Option<String>,
    /// Table to write, .csv or .parquet
    #[arg(short, long = "output", value_name = "TABLE")]
    out: PathBuf,
    /// What to measure, by comma; label always comes first
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    properties: Option<Vec<String>>,
    #[command(flatten)]
    input: Input,
}

impl Measure {
    fn images(&self, settings: &Settings) -> Result<(Image, Option<Image>)> {
        // What the user says of the input is said of the labels.
        let options =
            OpenOptions { scratch: settings.run.scratch.clone(), ..OpenOptions::default() };
        let image = self.image.as_ref().map(|path| Image::open_with(path, &options)).transpose()?;
        Ok((self.input.open(&self.labels, settings)?, image))
    }

    /// The properties to measure: label first, those asked for, or the usual ones.
    fn properties(&self) -> Vec<&str> {
        let mut names = vec!["label"];
        let usual = ["area", "bbox", "centroid"];
        let intensities = ["intensity_mean", "intensity_min", "intensity_max"];
        match &self.properties {
            Some(asked) => {
                for name in asked.iter().map(|n| n.trim()) {
                    if !names.contains(&name) {
                        names.push(name);
                    }
                }
            }
            None => {
                names.extend(usual);
                if self.image.is_some() {
                    names.extend(intensities);
                }
            }
        }
        names
    }

    pub(crate) fn plan(&self, settings: &Settings) -> Result<Document> {
        let (labels, image) = self.images(settings)?;
        Ok(labels.plan_measure(image.as_ref(), &self.properties(), &settings.run)?)
    }
}

pub(crate) fn run(args: &Measure, settings: &Settings) -> Result<Report> {
    settings.check_table(&args.out)?;
    let properties = args.properties();
    if args.image.is_none()
        && let Some(name) = properties.iter().find(|n| petavox::needs_image(n))
    {
        return Err(petavox::Error::argument("properties", name, "--image for intensities").into());
    }
    let (labels, image) = args.images(settings)?;
    let table = labels.measure(image.as_ref(), &properties, &settings.run)?;
    write_table(&args.out, &table)?;
    Ok(Report {
        outputs: vec![args.out.clone()],
        results: results(&table),
        note: format!("{}: {} regions", args.out.display(), table.n_rows()),
        ..Report::default()
    })
}

fn results(table: &Table) -> serde_json::Value {
    serde_json::json!({
        "n_regions": table.n_rows(),
        "columns": table.names().collect::<Vec<_>>(),
    })
}
