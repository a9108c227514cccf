//! Whose a file is, and how many names it has: what a file that takes the place of another one must
//! not change unasked. Only Unix has these.

use std::fs::{File, Metadata};

/// Gives a new file the owner and group of the present one, as far as the system permits. Says
/// whether it has them.
#[cfg(unix)]
pub(super) fn keep(file: &File, present: &Metadata) -> bool {
    use std::os::unix::fs::{MetadataExt, fchown};

    let has_both = |found: &Metadata| (found.uid(), found.gid()) == (present.uid(), present.gid());
    if file.metadata().is_ok_and(|found| has_both(&found)) {
        return true;
    }
    // Who may not give a file away may still give it to a group of theirs.
    let group = fchown(file, None, Some(present.gid()));
    group
        .and_then(|()| fchown(file, Some(present.uid()), None))
        .is_ok()
}

/// How many names a file has.
#[cfg(unix)]
pub(super) fn names(present: &Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt;

    present.nlink()
}

#[cfg(not(unix))]
pub(super) fn keep(_: &File, _: &Metadata) -> bool {
    true
}

#[cfg(not(unix))]
pub(super) fn names(_: &Metadata) -> u64 {
    1
}
