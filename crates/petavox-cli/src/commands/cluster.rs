//! Commands on a Dask cluster: the Python package knows Dask, so it is asked to do the work.

use anyhow::{Context, Result, bail};
use clap::Args;
use petavox::Image;
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Where the work is done.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Cluster")]
pub(crate) struct Cluster {
    /// Compute on a Dask cluster: its scheduler's address, such as tcp://host:8786. Needs the Python package on this machine
    /// and all workers (petavox with its extra "dask"), and files that all see; PETAVOX_PYTHON names the Python
    #[arg(long, value_name = "ADDRESS")]
    scheduler: Option<String>,
}

impl Cluster {
    /// Has a request done on the cluster, if one was named. What was done comes back as JSON.
    pub(crate) fn ask(
        &self,
        image: impl FnOnce() -> Result<Image>,
        path: &Path,
        what: Value,
        memory: Option<u64>,
    ) -> Result<Option<Value>> {
        let Some(scheduler) = &self.scheduler else { return Ok(None) };
        let plan: Value = serde_json::from_str(&image()?.to_plan()?)?;
        let mut request = json!({
            "scheduler": scheduler,
            "plan": plan,
            "path": std::path::absolute(path)?,
            "memory": memory,
        });
        if let (Some(request), Value::Object(what)) = (request.as_object_mut(), what) {
            request.extend(what);
        }
        let python = std::env::var("PETAVOX_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let needs = "--scheduler needs Python with the package petavox and dask: pip install 'petavox[dask]', or set \
                     PETAVOX_PYTHON to the Python that has them";
        let mut child = Command::new(&python)
            .args(["-m", "petavox.distributed"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("{python} does not start; {needs}"))?;
        if let Some(mut input) = child.stdin.take() {
            // A Python that has no petavox ends without reading; its message is what matters.
            let _ = input.write_all(request.to_string().as_bytes());
        }
        let done = child.wait_with_output()?;
        let said = String::from_utf8_lossy(&done.stderr);
        if said.contains("No module named") || said.contains("ModuleNotFoundError") {
            bail!("{needs} ({})", said.trim().lines().last().unwrap_or_default());
        }
        if !done.status.success() {
            bail!("{}", said.trim());
        }
        Ok(Some(serde_json::from_slice(&done.stdout).context("petavox.distributed's answer")?))
    }
}
