//! What is served, and to whom.

use petavox::{Image, OpenOptions};
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

/// One image that is shown.
#[derive(Clone, Debug, Default)]
pub struct Layer {
    /// Its name in addresses; made of the path when `None`.
    pub name: Option<String>,
    /// The file.
    pub path: String,
    /// The image itself, where it is no file.
    pub image: Option<Image>,
    /// How it is opened.
    pub open: OpenOptions,
    /// Operations that are applied to it, in their order.
    pub steps: Vec<String>,
    /// The samples are labels: their numbers are never averaged.
    pub is_labels: bool,
}

/// How a server behaves.
#[derive(Clone, Debug)]
pub struct Options {
    /// Tables of points or branches that are shown over the images.
    pub tables: Vec<PathBuf>,
    /// The address it listens on.
    pub host: IpAddr,
    /// The port; any free one when 0.
    pub port: u16,
    /// What a client has to show before it sees an image.
    pub token: Option<String>,
    /// Names by which the server may be called beside `localhost` and its address.
    pub hosts: Vec<String>,
    /// Pages of other origins that may read from it; `*` for all.
    pub origins: Vec<String>,
    /// The most samples, in bytes, that one slice may have.
    pub max_slice_bytes: u64,
    /// Connections at one time.
    pub max_connections: usize,
    /// Seconds that a request waits for what is computed of a whole image, before it is told to come back.
    pub wait_secs: u64,
    /// Folder with the viewer's files, instead of those that the program carries.
    pub viewer: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            tables: Vec::new(),
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            token: None,
            hosts: Vec::new(),
            origins: vec![
                "https://neuroglancer-demo.appspot.com".to_owned(),
                "https://hms-dbmi.github.io".to_owned(),
                "https://ome.github.io".to_owned(),
                "https://vizarr.com".to_owned(),
            ],
            max_slice_bytes: 1 << 30,
            max_connections: 512,
            wait_secs: 60,
            viewer: None,
        }
    }
}
