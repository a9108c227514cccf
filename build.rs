//! Embeds every file of `presets/`, `templates/` and `schemas/`, so that a new model is one new
//! file. Those of YAML that every run may read are parsed here, so that no run has to.

#![expect(
    clippy::disallowed_methods,
    reason = "a build script works on files and gets its paths by environment"
)]

#[path = "build/prepare.rs"]
mod prepare;

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let mut files = Vec::new();
    for folder in ["presets", "schemas", "templates"] {
        println!("cargo::rerun-if-changed={folder}");
        collect(Path::new(folder), &mut files)?;
    }
    files.sort();

    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let mut code = String::from("&[\n");
    for file in &files {
        let name = file.to_string_lossy().replace('\\', "/");
        let path = root.join(file);
        let prepared = prepared(file)?.escape_ascii().to_string();
        let path = path.to_string_lossy();
        writeln!(
            code,
            "    ({name:?}, include_str!({path:?}), b\"{prepared}\"),"
        )
        .map_err(io::Error::other)?;
    }
    code += "]\n";
    fs::write(
        PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("embedded.rs"),
        code,
    )
}

/// What a file was parsed to; nothing of one that is only shown.
fn prepared(file: &Path) -> io::Result<Vec<u8>> {
    let is_yaml = file.extension().is_some_and(|it| it == "yaml");
    if !is_yaml || file.starts_with("schemas") {
        return Ok(Vec::new());
    }
    let named = |error| io::Error::other(format!("{}: {error}", file.display()));
    prepare::prepare(&fs::read_to_string(file)?).map_err(named)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
