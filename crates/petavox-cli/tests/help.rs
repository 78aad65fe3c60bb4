//! What the program says of itself.

mod common;
use common::{petavox, snapshot};

const COMMANDS: [&str; 11] = [
    "info", "convert", "apply", "reduce", "label", "measure", "skeleton", "compare", "demo",
    "fuse", "stitch",
];

#[test]
fn the_overview_is_as_stored() {
    let dir = tempfile::tempdir().unwrap();
    let said = petavox(dir.path(), &["--help"]).ok();
    snapshot("help.txt", &said.out);
    assert_eq!(petavox(dir.path(), &["help"]).ok().out, said.out);
}

#[test]
fn every_command_shows_examples_that_name_it() {
    let dir = tempfile::tempdir().unwrap();
    for name in COMMANDS {
        let help = petavox(dir.path(), &[name, "--help"]).ok().out;
        assert!(help.contains(&format!("Examples:\n  petavox {name}")), "{help}");
        assert_eq!(petavox(dir.path(), &["help", name]).ok().out, help);
    }
}

#[test]
fn mistyped_commands_and_operations_are_answered_with_the_nearest() {
    let dir = tempfile::tempdir().unwrap();
    let said = petavox(dir.path(), &["conver", "a", "b"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("'convert'"), "{}", said.err);
    common::balls(&dir.path().join("a.npy"), 8);
    let said = petavox(dir.path(), &["apply", "a.npy", "b.zarr", "gausian:sigma=1"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("did you mean 'gaussian'?"), "{}", said.err);
    let said = petavox(dir.path(), &["apply", "a.npy", "b.zarr", "gaussian:sgma=1"]);
    assert!(said.err.contains("did you mean 'sigma'?"), "{}", said.err);
    let said = petavox(dir.path(), &["reduce", "a.npy", "meen"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("did you mean 'mean'?"), "{}", said.err);
}

#[test]
fn operations_are_listed_by_apply_and_by_help() {
    let dir = tempfile::tempdir().unwrap();
    let list = petavox(dir.path(), &["apply", "--list"]).ok().out;
    assert_eq!(petavox(dir.path(), &["help", "operations"]).ok().out, list);
    assert!(list.contains("gaussian:sigma="));
    let json = petavox(dir.path(), &["apply", "--list", "--json"]).ok().json();
    assert!(json["results"].as_array().unwrap().iter().any(|o| o["name"] == "gaussian"));
}

#[test]
fn completions_know_the_commands() {
    let dir = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let script = petavox(dir.path(), &["completions", shell]).ok().out;
        assert!(COMMANDS.iter().all(|name| script.contains(name)), "{shell}");
    }
    assert_eq!(petavox(dir.path(), &["completions", "tcl"]).code, 2);
}

#[test]
fn the_version_is_the_package_s() {
    let dir = tempfile::tempdir().unwrap();
    let said = petavox(dir.path(), &["--version"]).ok();
    assert_eq!(said.out, format!("petavox {}\n", env!("CARGO_PKG_VERSION")));
}
