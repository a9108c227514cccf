//! Other programs that tests run. One that is missing is a failure, never a test left out.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The directory into which `tests/tools.sh` installs.
pub(crate) fn directory() -> PathBuf {
    let named = |name| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let cache = || named("XDG_CACHE_HOME").or_else(|| Some(named("HOME")?.join(".cache")));
    named("KAITO_RENDER_TOOLS")
        .or_else(|| Some(cache()?.join("kaito-render/tools")))
        .unwrap()
}

/// A program of the tools' directory, by its path in there, or else of the system.
pub(crate) fn tool(name: &str) -> Command {
    let installed = directory().join(name);
    let bare = Path::new(name).file_name().unwrap();
    if installed.exists() {
        Command::new(installed)
    } else {
        Command::new(bare)
    }
}

/// Runs a program, which has to be there and to succeed.
pub(crate) fn succeed(command: &mut Command) -> Output {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}; run tests/tools.sh"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{command:?}\n{}\n{}",
        text(&output.stdout),
        text(&output.stderr)
    );
    output
}
