//! The little of TOML that dependency tables need.

/// A dependency of a manifest on another crate of the house.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dependency {
    /// Name of the package.
    pub(crate) package: String,
    /// Line in the manifest, from 1.
    pub(crate) line: usize,
}

/// The package name, and its dependencies of every kind (normal, dev, build, per target).
pub(crate) fn read(text: &str) -> (Option<String>, Vec<Dependency>) {
    let (mut name, mut dependencies) = (None, Vec::new());
    let mut table = String::new();
    for (i, raw) in text.lines().enumerate() {
        let line = raw.trim();
        if let Some(header) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            table = header.to_string();
            // [dependencies.foo] is a table of its own for one dependency.
            if let Some((kind, package)) = table.rsplit_once('.')
                && kind.ends_with("dependencies")
            {
                dependencies.push(Dependency { package: unquote(package), line: i + 1 });
            }
            continue;
        }
        let Some((key, value)) = line.split_once('=') else { continue };
        let (key, value) = (key.trim(), value.trim());
        if key.starts_with('#') {
            continue;
        }
        if table == "package" && key == "name" {
            name = Some(unquote(value));
        } else if table.ends_with("dependencies") {
            let named = value.split_once("package").and_then(|(_, rest)| rest.split('"').nth(1));
            let package = match named {
                Some(package) => package.to_string(),
                None => unquote(key.split('.').next().unwrap_or(key)),
            };
            dependencies.push(Dependency { package, line: i + 1 });
        } else if key == "package"
            && table.rsplit_once('.').is_some_and(|(kind, _)| kind.ends_with("dependencies"))
            && let Some(last) = dependencies.last_mut()
        {
            last.package = unquote(value);
        }
    }
    (name, dependencies)
}

fn unquote(text: &str) -> String {
    text.trim().trim_matches('"').to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_dependency_is_seen() {
        let text = "[package]\nname = \"x\"\n[dependencies]\na.workspace = true\nb = { path = \"..\", package = \"bb\" }\n\
                    [dev-dependencies.c]\nversion = \"1\"\n[target.'cfg(unix)'.build-dependencies]\n\"d\" = \"1\"\n\
                    [features]\ne = []\n[dependencies.f]\npackage = \"ff\"\n";
        let (name, dependencies) = read(text);
        assert_eq!(name.as_deref(), Some("x"));
        let names: Vec<_> = dependencies.iter().map(|d| (d.package.as_str(), d.line)).collect();
        assert_eq!(names, [("a", 4), ("bb", 5), ("c", 6), ("d", 9), ("ff", 12)]);
    }
}
