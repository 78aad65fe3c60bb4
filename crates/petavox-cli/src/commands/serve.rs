//! `serve` and `view`: lazy images over HTTP, for Zarr clients and for the viewer in a browser.

use super::input::Input;
use crate::report::Report;
use crate::settings::Settings;
use anyhow::Result;
use clap::Args;
use petavox_server::{Layer, Options, Server};
use std::hash::{BuildHasher, Hasher};
use std::io::Write;
use std::net::IpAddr;
use std::path::PathBuf;

/// What both commands take.
#[derive(Debug, Args)]
struct What {
    /// Images to show
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<String>,
    /// Operation to apply to every PATH, computed only where it is looked at; may be given several times
    #[arg(long, value_name = "STEP")]
    apply: Vec<String>,
    /// Image of labels to show as well; may be given several times
    #[arg(long, value_name = "PATH")]
    labels: Vec<String>,
    /// Table of points or branches to show over the images (.parquet or .csv); may be given several times
    #[arg(long, value_name = "TABLE")]
    points: Vec<PathBuf>,
    /// Port to listen on [default: a free one]
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// Folder with the viewer's files, for those who work on them
    #[arg(long, value_name = "DIR", hide = true)]
    viewer: Option<PathBuf>,
    #[command(flatten)]
    input: Input,
}

/// Serve images to Zarr clients and browsers; only what is looked at is computed
///
/// Every image is a virtual OME-Zarr with a pyramid, at http://ADDRESS/images/NAME/zarr (version 3; /zarr2 for version 2). Chunks are
/// computed when they are asked for. Ends with Ctrl-C.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  petavox serve volume.zarr
  petavox serve volume.zarr --apply gaussian:sigma=2 --apply threshold:method=otsu
  petavox serve volume.zarr --host 0.0.0.0 --port 8080 --token SECRET")]
pub(crate) struct Serve {
    #[command(flatten)]
    what: What,
    /// Address to listen on; others than this machine's own need a token
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    host: IpAddr,
    /// What clients have to show [default for addresses that others can reach: one is made up]
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    /// Page of another origin that may read, by its scheme, name and port; '*' for all
    #[arg(long, value_name = "ORIGIN")]
    allow_origin: Vec<String>,
    /// Name by which clients may call this server, beside its address and localhost
    #[arg(long, value_name = "NAME")]
    allow_host: Vec<String>,
}

/// Look at images in a browser; only what is looked at is computed
///
/// Opens a page that shows the images, or any chain of operations on them, without computing more than is seen. Ends with Ctrl-C.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  petavox view volume.zarr
  petavox view volume.zarr --labels cells.zarr
  petavox view volume.zarr --apply gaussian:sigma=2 --apply threshold:method=otsu")]
pub(crate) struct View {
    #[command(flatten)]
    what: What,
    /// Print the address only
    #[arg(long)]
    no_browser: bool,
}

impl What {
    fn layers(&self, settings: &Settings) -> Vec<Layer> {
        let layer = |path: &String, is_labels: bool| Layer {
            path: path.clone(),
            open: self.input.options(settings),
            steps: if is_labels { vec![] } else { self.apply.clone() },
            is_labels,
            ..Layer::default()
        };
        let images = self.paths.iter().map(|p| layer(p, false));
        images.chain(self.labels.iter().map(|p| layer(p, true))).collect()
    }

    fn options(&self) -> Options {
        Options {
            port: self.port.unwrap_or(0),
            viewer: self.viewer.clone(),
            tables: self.points.clone(),
            ..Options::default()
        }
    }
}

pub(crate) fn serve(args: &Serve, settings: &Settings) -> Result<Report> {
    let mut options = Options { host: args.host, token: args.token.clone(), ..args.what.options() };
    options.origins.extend(args.allow_origin.iter().cloned());
    options.hosts.extend(args.allow_host.iter().cloned());
    if !args.host.is_loopback() && options.token.is_none() {
        options.token = Some(made_up());
    }
    run(&args.what, &options, false, settings)
}

pub(crate) fn view(args: &View, settings: &Settings) -> Result<Report> {
    run(&args.what, &args.what.options(), !args.no_browser, settings)
}

fn run(what: &What, options: &Options, browser: bool, settings: &Settings) -> Result<Report> {
    let server = Server::open(&what.layers(settings), options, &settings.run)?;
    let (url, names) = (server.url(), server.names());
    tell(&url, &names, settings);
    if browser {
        open_browser(&url);
    }
    server.run()?;
    Ok(Report {
        note: "stopped".to_owned(),
        results: serde_json::json!({ "url": url, "images": names }),
        ..Report::default()
    })
}

/// Says where the pictures are; programs read one line of JSON.
fn tell(url: &str, names: &[String], settings: &Settings) {
    let mut out = std::io::stdout().lock();
    let told = if settings.json {
        writeln!(out, "{}", serde_json::json!({ "url": url, "images": names }))
    } else {
        let (base, query) =
            url.split_once('?').map_or((url, String::new()), |(b, q)| (b, format!("?{q}")));
        let zarrs = names.iter().map(|n| format!("  {base}images/{n}/zarr{query}\n"));
        writeln!(out, "{url}\n{}Ctrl-C ends it.", zarrs.collect::<String>())
    };
    // Nobody may be listening, which is no reason to stop.
    let _ = told.and_then(|()| out.flush());
}

/// 128 random bits.
fn made_up() -> String {
    let random = || std::hash::RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", random(), random())
}

fn open_browser(url: &str) {
    let (program, first): (&str, &[&str]) = if cfg!(target_os = "macos") {
        ("open", &[])
    } else if cfg!(windows) {
        ("cmd", &["/C", "start", ""])
    } else {
        ("xdg-open", &[])
    };
    let mut command = std::process::Command::new(program);
    let quiet = std::process::Stdio::null;
    command.args(first).arg(url).stdin(quiet()).stdout(quiet()).stderr(quiet());
    // The address was printed: where there is no browser it can be opened elsewhere.
    let _ = command.spawn();
}
