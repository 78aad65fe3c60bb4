//! The overview of commands, in groups, and the list of operations.

use std::fmt::Write;

/// The commands as they are shown, by what they are for.
pub(crate) const GROUPS: &[(&str, &[&str])] = &[
    ("Look and convert", &["info", "view", "serve", "convert"]),
    ("Compute", &["apply", "reduce", "label", "measure"]),
    ("Analyse", &["skeleton", "compare", "demo"]),
    ("Mosaics", &["fuse", "stitch"]),
    ("Plan and help", &["explain", "completions", "help"]),
];

const TEMPLATE: &str =
    "{about}\n\n{usage-heading} {usage}\n{before-help}\nOptions:\n{options}{after-help}";

const AFTER: &str = "\
An image is a Zarr array or OME-Zarr group (x.zarr, a level as x.zarr/1), a TIFF, .npy, .nii, .png
or .jpg file, a folder of slices, or a quoted glob of them (\"slices/*.tif\"). The ending of an
output picks its format.

See 'petavox COMMAND --help' for examples, and 'petavox help operations' for what 'apply' can do.";

/// Shows the commands in groups.
pub(crate) fn grouped(mut command: clap::Command) -> clap::Command {
    let mut overview = String::new();
    for (title, names) in GROUPS {
        let _ = write!(overview, "\n{title}:\n");
        for name in *names {
            if let Some(sub) = command.find_subcommand(name) {
                let about = sub.get_about().map(ToString::to_string).unwrap_or_default();
                let _ = writeln!(overview, "  {name:<13}{about}");
            }
        }
    }
    command = command.help_template(TEMPLATE).before_help(overview).after_help(AFTER);
    command
}

/// Every operation with what it does and an example.
pub(crate) fn operations() -> String {
    let mut out = String::from(
        "Operations, as steps of 'petavox apply IN OUT STEP...'. A step is name or name:key=value:key=value; lists by comma.\n\n",
    );
    for family in petavox::FAMILIES {
        let _ = writeln!(out, "{}:", family.title);
        for operation in family.operations {
            let _ = writeln!(out, "  {}", operation.name);
            let _ = writeln!(out, "      {}", operation.summary);
            let _ = writeln!(out, "      {}", operation.example);
        }
        out.push('\n');
    }
    out
}

/// The same for programs.
pub(crate) fn operations_json() -> serde_json::Value {
    let one = |o: &petavox::Operation| serde_json::json!({ "name": o.name, "summary": o.summary, "example": o.example });
    petavox::operations().map(one).collect()
}
