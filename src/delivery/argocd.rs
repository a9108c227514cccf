//! What Argo CD tells a plugin of an Application, and what it wants to know of the plugin.

mod announcement;
mod kinds;
mod parameters;

use std::path::{Path, PathBuf};

pub use announcement::announcement;
pub use kinds::{KnownKinds, defined};
pub use parameters::{Parameter, Parameters};

/// The root of the repository, by the working directory of a plugin and the path of the Application
/// in the repository; none if the one does not end in the other.
///
/// ```
/// use std::path::{Path, PathBuf};
///
/// use kaito_render::delivery::argocd;
///
/// let root = |directory: &str, path| argocd::root(Path::new(directory), path);
/// assert_eq!(root("/tmp/x/apps/models", "apps/models/"), Some(PathBuf::from("/tmp/x")));
/// assert_eq!(root("/tmp/x", "."), Some(PathBuf::from("/tmp/x")));
/// assert_eq!(root("/tmp/x/apps", "models"), None);
/// ```
#[must_use]
pub fn root(directory: &Path, path: &str) -> Option<PathBuf> {
    // The path of the repository itself is `.`.
    let path: PathBuf = Path::new(path).components().filter(is_step).collect();
    if !directory.ends_with(&path) {
        return None;
    }
    let steps = path.components().count();
    directory.ancestors().nth(steps).map(Path::to_owned)
}

fn is_step(component: &std::path::Component) -> bool {
    *component != std::path::Component::CurDir
}
