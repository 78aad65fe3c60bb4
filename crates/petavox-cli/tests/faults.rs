//! What goes wrong is told, and nothing half-written is left under the final name.

mod common;
use common::{balls, command, npy_header, petavox};
use std::io::Read;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap().flatten();
    let mut names: Vec<String> =
        entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_missing_input_names_its_neighbour_and_makes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    balls(&dir.join("vessels.npy"), 8);
    let said = petavox(dir, &["convert", "vesels.npy", "out.zarr"]);
    assert_eq!(said.code, 1);
    assert_eq!(said.err, "error: vesels.npy: not found\nhint: did you mean vessels.npy?\n");
    let json = petavox(dir, &["--json", "convert", "vesels.npy", "out.zarr"]);
    assert_eq!(json.code, 1);
    assert_eq!(json.json()["error"]["kind"], "not_found");
    assert_eq!(json.err, "");
    assert_eq!(names(dir), ["vessels.npy"]);
}

#[test]
fn an_output_that_exists_is_kept_unless_it_may_be_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    balls(&dir.join("a.npy"), 8);
    std::fs::write(dir.join("b.zarr"), "mine").unwrap();
    let said = petavox(dir, &["convert", "a.npy", "b.zarr"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("exists already\nhint: "), "{}", said.err);
    assert_eq!(std::fs::read(dir.join("b.zarr")).unwrap(), b"mine");
    petavox(dir, &["--overwrite", "convert", "a.npy", "b.zarr"]).ok();
    petavox(dir, &["convert", "a.npy", "b.zarr", "--overwrite"]).ok();
    assert_eq!(names(dir), ["a.npy", "b.zarr"]);
}

#[test]
fn outputs_that_cannot_be_written_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    balls(&dir.join("a.npy"), 8);
    std::fs::write(dir.join("file"), "").unwrap();
    let said = petavox(dir, &["convert", "a.npy", "file/b.zarr"]);
    assert!(said.code == 1 && said.err.contains("file"), "{}", said.err);
    let said = petavox(dir, &["convert", "a.npy", "b.docx"]);
    assert!(said.code == 2 && said.err.contains(".zarr"), "{}", said.err);
    assert_eq!(names(dir), ["a.npy", "file"]);
}

#[test]
fn a_budget_that_is_too_small_is_refused_with_one_that_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    balls(&dir.join("a.npy"), 64);
    let said = petavox(dir, &["apply", "a.npy", "b.zarr", "gaussian:sigma=9", "--memory", "20MiB"]);
    assert_eq!(said.code, 1);
    let least = said.err.split("--memory ").nth(1).unwrap_or_else(|| panic!("{}", said.err)).trim();
    petavox(dir, &["apply", "a.npy", "b.zarr", "gaussian:sigma=9", "--memory", least]).ok();
    assert_eq!(petavox(dir, &["info", "a.npy", "--memory", "lots"]).code, 2);
}

#[test]
fn damaged_files_are_errors() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let header = npy_header("<u2", &[100, 100, 100]);
    std::fs::write(dir.join("short.npy"), [&header[..], &[0; 1000]].concat()).unwrap();
    let said = petavox(dir, &["convert", "short.npy", "b.zarr"]);
    assert!(said.code == 1 && said.err.starts_with("error: short.npy"), "{}", said.err);
    std::fs::write(dir.join("noise.tif"), "II*\0garbage").unwrap();
    let said = petavox(dir, &["info", "noise.tif", "--json"]);
    assert!(said.code == 1 && said.json()["error"]["message"].is_string());
}

#[test]
fn what_is_typed_wrongly_is_a_usage_error_also_as_json() {
    let dir = tempfile::tempdir().unwrap();
    let said = petavox(dir.path(), &["convert", "--json"]);
    assert_eq!(said.code, 2);
    assert_eq!(said.json()["error"]["kind"], "usage");
    assert_eq!(petavox(dir.path(), &[]).code, 2);
    assert_eq!(petavox(dir.path(), &["convert", "a", "b", "--codec", "zip"]).code, 2);
}

#[test]
fn nothing_but_results_is_said_into_pipes_and_when_quiet() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    balls(&dir.join("a.npy"), 16);
    let said = petavox(dir, &["convert", "a.npy", "b.zarr", "--quiet"]).ok();
    assert_eq!((said.out.as_str(), said.err.as_str()), ("", ""));
    let said = petavox(dir, &["convert", "a.npy", "c.zarr"]).ok();
    assert_eq!(said.err.lines().count(), 1, "{}", said.err);
    let said = petavox(dir, &["convert", "a.npy", "d.zarr", "--progress", "always"]).ok();
    assert!(said.err.contains("blocks"), "{}", said.err);
}

/// A run that takes long enough to be interrupted: hard compression on one thread.
const SLOW: [&str; 11] = [
    "convert",
    "big.npy",
    "out.zarr",
    "--codec",
    "zstd:19",
    "--levels",
    "1",
    "--threads",
    "1",
    "--chunk-shape",
    "4,256,256",
];

#[cfg(unix)]
#[test]
fn an_interrupted_run_stops_soon_leaves_no_output_and_is_resumed_to_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let n = 8 << 20;
    let noise: Vec<u8> =
        (0..n as u64).map(|i| (i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 45) as u8).collect();
    common::npy(&dir.join("big.npy"), "|u1", &[32, 512, 512], &noise);
    let mut child = command(dir, &SLOW).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(500));
    assert!(child.try_wait().unwrap().is_none(), "the run was over before it could be interrupted");
    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let asked = Instant::now();
    let status = child.wait().unwrap();
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(status.code(), Some(130), "{said}");
    assert!(asked.elapsed() < Duration::from_secs(5));
    assert!(said.contains("--resume"), "{said}");
    assert!(!dir.join("out.zarr").exists());

    petavox(dir, &[&SLOW[..], &["--resume"]].concat()).ok();
    assert!(names(dir).iter().all(|n| !n.contains("partial")), "{:?}", names(dir));
    petavox(dir, &["convert", "out.zarr", "back.npy"]).ok();
    assert!(common::samples(&dir.join("back.npy")) == noise);
}
