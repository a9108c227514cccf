//! `check --fix`: repairs in the files what is certain.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Result, bail};
use kaito_render::emit::disk;

use super::args::Input;
use super::run::Run;
use super::{load, output};

/// How often the files are gone through, at most: a repair can bring to light what an error hid.
const ROUNDS: usize = 10;

/// Repairs the files of the input until there is nothing left that is certain.
pub(super) fn fix(args: &Input) -> Result<()> {
    if args.paths.iter().any(|path| path == Path::new("-")) {
        bail!("`--fix` writes into files, and standard input is none: name files or folders");
    }
    let (mut fixes, mut files) = (0, BTreeSet::new());
    for _ in 0..ROUNDS {
        let mut run = Run::default();
        load::check(args, None, &mut run)?;
        let report = run.finish(args.strictness());
        let fixed = report.fixed();
        if fixed.is_empty() {
            break;
        }
        for file in fixed {
            disk::edit_file(file.path, &file.before, &file.after)?;
            fixes += file.count;
            files.insert(file.path.to_owned());
        }
    }
    output::fixed(fixes, files.len())
}
