//! Crates import only from lower floors.

use super::manifest;
use crate::finding::Finding;
use crate::tree::TextFile;

/// The floor of each crate. A new crate gets a line here and in ARCHITECTURE.md.
const FLOORS: &[(&str, u32)] = &[
    ("petavox-core", 0),
    ("petavox-fft", 0),
    ("petavox-kernels", 1),
    ("petavox-store", 1),
    ("petavox-engine", 2),
    ("petavox-ops", 3),
    ("petavox", 4),
    ("petavox-server", 5),
    ("petavox-cli", 6),
    ("petavox-python", 6),
    // Tools stand beside the house: they may look at all of it, and nothing imports them.
    ("petavox-bench", 7),
    ("petavox-fuzz", 7),
    ("xtask", 7),
];

fn floor(package: &str) -> Option<u32> {
    FLOORS.iter().find(|(name, _)| *name == package).map(|&(_, floor)| floor)
}

/// Checks the dependency tables of all manifests.
pub(crate) fn check(manifests: &[TextFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in manifests {
        let (name, dependencies) = manifest::read(&file.text);
        let Some(name) = name else { continue };
        let Some(own) = floor(&name) else {
            findings.push(Finding::new(
                &file.path,
                1,
                format!("crate {name} has no floor"),
                "give it a floor in xtask/src/tidy/floors.rs and in ARCHITECTURE.md",
            ));
            continue;
        };
        for dependency in dependencies {
            // A crate may name itself, to have a feature in its tests.
            let Some(other) = floor(&dependency.package).filter(|_| dependency.package != name)
            else {
                continue;
            };
            if other >= own {
                findings.push(Finding::new(
                    &file.path,
                    dependency.line,
                    format!(
                        "{name} (floor {own}) imports {} (floor {other})",
                        dependency.package
                    ),
                    "import only from lower floors: move the shared noun down to petavox-core, or the code up",
                ));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, dependency: &str) -> Vec<Finding> {
        let text = format!("[package]\nname = \"{name}\"\n[dependencies]\n{dependency} = \"1\"\n");
        check(&[TextFile { path: "a/Cargo.toml".into(), text }])
    }

    #[test]
    fn down_is_allowed_up_and_sideways_are_not() {
        assert!(found("petavox-engine", "petavox-core").is_empty());
        assert!(found("petavox-engine", "serde").is_empty());
        assert_eq!(found("petavox-kernels", "petavox-store").len(), 1);
        assert_eq!(found("petavox-cli", "petavox-python").len(), 1);
        let up = found("petavox-core", "petavox-ops");
        assert_eq!(up[0].line, 4);
        assert!(up[0].what.contains("floor 3"));
    }

    #[test]
    fn a_crate_without_a_floor_is_reported() {
        assert!(found("petavox-new", "serde")[0].what.contains("no floor"));
    }
}
