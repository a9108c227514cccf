//! Writes files and directories: the only part of this stage that changes anything on the disk. What is
//! to be written, `comparison` finds.
//!
//! Each text is written to a temporary file beside its target, which then takes the target's name
//! in one step. A kill at any moment leaves every file wholly old or wholly new.
//!
//! A directory is updated in this order: the index lists all files, old and new; new contents are
//! written to temporary files; these take the names of their targets; stale files are removed; the
//! index lists what is left. So every file that this program ever wrote is listed, and the next run
//! finishes what a kill interrupted.
//!
//! Runs that write into one directory at the same time wait for each other by a lock on the
//! directory itself, which leaves no file behind; the last one wins. On file systems without such
//! locks the caller must not let runs overlap.
#![expect(
    clippy::disallowed_methods,
    reason = "all writing of the compiler is done here"
)]

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;

use super::comparison::{
    Comparison, Target, is_as_written, read_index, refuse_link, refuse_linked_directory, target,
};
use super::has_text::has_text;
use super::index::{self, Listed};
use super::owner;
use super::present::{Present, beside};
pub use super::write_error::WriteError;
use super::write_error::cant;
use super::{Content, INDEX_FILE};

/// The bytes that are written at a time.
const BUFFER: usize = 1 << 16;

/// What a run changed in a directory, in files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Files that are new or have a new text.
    pub written: usize,
    /// Files that were no longer wanted.
    pub removed: usize,
    /// Files that were no longer wanted, but have another text than was written to them. They are
    /// left to whoever changed them, and are not ours any more.
    pub kept: Vec<String>,
}

/// As [`write_file`], and makes the directories that lead to the file.
///
/// # Errors
///
/// As [`write_file`].
pub fn write_file_and_directories(path: &Path, text: &str) -> Result<(), WriteError> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory).map_err(cant("create", directory))?;
    }
    write_file(path, text)
}

/// Writes a text to a file, piece by piece. One that has this text already is left alone; a link is followed if it
/// stays in its repository, or in its directory if that is in none; a device or pipe is written to
/// as it is.
///
/// # Errors
///
/// If the system refuses, or a link leads out of its repository.
pub fn write_file(path: &Path, text: &(impl Content + ?Sized)) -> Result<(), WriteError> {
    match target(path, text)? {
        Target::Nothing => replace_locked(path, text),
        Target::File { has_text: true, .. } => Ok(()),
        Target::File { path, .. } => replace_locked(&path, text),
        Target::Device => {
            let device = OpenOptions::new()
                .write(true)
                .open(path)
                .map_err(cant("open", path))?;
            write_pieces(&device, text).map_err(cant("write", path))
        }
    }
}

/// Gives a file a new text in the place of the one with which it was read.
///
/// # Errors
///
/// If it has another text by now, is a link, has other names, would belong to somebody else, or can't
/// be written.
pub fn edit_file(path: &Path, before: &str, after: &str) -> Result<(), WriteError> {
    refuse_link(path, path.is_symlink())?;
    let _lock = path.parent().and_then(lock);
    if !has_text(path, before)? {
        return Err(WriteError::Changed {
            path: path.to_path_buf(),
        });
    }
    let names = fs::metadata(path).map_or(1, |present| owner::names(&present));
    if names > 1 {
        return Err(WriteError::HardLinks {
            path: path.to_path_buf(),
            names,
        });
    }
    let new = write_beside(path, after)?;
    if !new.keeps_owner {
        remove_if_there(&beside(path))?;
        return Err(WriteError::Owner {
            path: path.to_path_buf(),
        });
    }
    new.take_place_of(path)
}

/// Brings a directory to hold exactly `files`, by paths as [`super::directory::layout`] makes them,
/// beside whatever this program did not write, which stays as it is.
///
/// # Errors
///
/// Before anything is written, if something foreign stands where a file belongs, the index is
/// damaged, or the directory is a link or behind one that leads out of its repository.
pub fn write_directory<T: Content>(
    root: &Path,
    files: &BTreeMap<&str, T>,
) -> Result<Changes, WriteError> {
    refuse_linked_directory(root)?;
    fs::create_dir_all(root).map_err(cant("create", root))?;
    let _lock = lock(root);
    let index = root.join(INDEX_FILE);
    let mut present = Present::new(root);
    let listed = read_index(root, &mut present)?;
    let todo = Comparison::new(root, files, &listed, &mut present)?;
    let changed: Vec<_> = todo.new.iter().chain(&todo.changed).copied().collect();

    // First the index lists everything, so that a kill leaves no file that the next run would take
    // for somebody else's.
    let all = union(&listed, &todo.wanted);
    if all != listed {
        replace(&index, &*index::write(&all))?;
    }
    for leftover in &todo.leftovers {
        remove_if_there(leftover)?;
    }
    for path in &changed {
        stage(root, path, &files[path])?;
    }
    for path in &changed {
        take_name(&root.join(path))?;
    }
    let (mut removed, mut kept) = (0, todo.kept);
    for path in todo.removed {
        // Somebody may have edited it since it was compared.
        if is_as_written(&root.join(path), &listed[path])? {
            remove(root, path)?;
            removed += 1;
        } else {
            kept.push(path);
        }
    }
    for path in todo.gone {
        remove_empty(root, path);
    }
    // Last, when everything else is as it lists it.
    if all != todo.wanted || !todo.has_index {
        replace(&index, &*index::write(&todo.wanted))?;
    }
    Ok(Changes {
        written: changed.len(),
        removed,
        kept: kept.into_iter().map(str::to_owned).collect(),
    })
}

/// All files of two indexes. A file of both that changes has both fingerprints, so that it is known
/// whenever a kill interrupts the change.
fn union(listed: &Listed, wanted: &Listed) -> Listed {
    let mut all = listed.clone();
    for (path, new) in wanted {
        let known = all.entry(path.clone()).or_insert_with(|| new.clone());
        if known.split(' ').all(|old| old != new) {
            *known = format!("{known} {new}");
        }
    }
    all
}

/// Removes a file, and the directories that held nothing else.
fn remove(root: &Path, path: &str) -> Result<(), WriteError> {
    remove_if_there(&root.join(path))?;
    remove_empty(root, path);
    Ok(())
}

/// Removes the directories of a file that hold nothing.
fn remove_empty(root: &Path, path: &str) {
    for directory in Path::new(path)
        .ancestors()
        .skip(1)
        .filter(|directory| !directory.as_os_str().is_empty())
    {
        match fs::remove_dir(root.join(directory)) {
            Err(error) if error.kind() != ErrorKind::NotFound => break,
            _ => {}
        }
    }
}

fn remove_if_there(path: &Path) -> Result<(), WriteError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(cant("remove", path)(error)),
        _ => Ok(()),
    }
}

fn write_pieces(file: &File, text: &(impl Content + ?Sized)) -> io::Result<()> {
    let mut file = BufWriter::with_capacity(BUFFER, file);
    text.pieces(&mut |piece| file.write_all(piece.as_bytes()))?;
    file.flush()
}

fn replace_locked(path: &Path, text: &(impl Content + ?Sized)) -> Result<(), WriteError> {
    let directory = path
        .parent()
        .filter(|directory| !directory.as_os_str().is_empty());
    let _lock = lock(directory.unwrap_or(Path::new(".")));
    replace(path, text)
}

/// Gives one file a new text that outlasts a loss of power.
fn replace(path: &Path, text: &(impl Content + ?Sized)) -> Result<(), WriteError> {
    write_beside(path, text)?.take_place_of(path)
}

fn stage(root: &Path, path: &str, text: &impl Content) -> Result<(), WriteError> {
    let target = root.join(path);
    let directory = target.parent().unwrap_or(root);
    fs::create_dir_all(directory).map_err(cant("create", directory))?;
    write_beside(&target, text).map(drop)
}

/// The temporary file of a target.
struct Beside {
    file: File,
    /// Whether it belongs to whom the present one belongs to, if there is one.
    keeps_owner: bool,
}

impl Beside {
    fn take_place_of(self, target: &Path) -> Result<(), WriteError> {
        // Else the name may outlast a loss of power, and the text not.
        self.file.sync_all().map_err(cant("write", target))?;
        take_name(target)
    }
}

/// Writes the temporary file of a target, which takes over the permissions of the present one, and
/// its owner where that is permitted.
fn write_beside(target: &Path, text: &(impl Content + ?Sized)) -> Result<Beside, WriteError> {
    let path = beside(target);
    // A run that was killed may have left one, and `create_new` would refuse it.
    remove_if_there(&path)?;
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&path)
        .map_err(cant("create", &path))?;
    let mut keeps_owner = true;
    if let Ok(present) = fs::metadata(target) {
        keeps_owner = owner::keep(&file, &present);
        file.set_permissions(present.permissions())
            .map_err(cant("write", &path))?;
    }
    write_pieces(&file, text).map_err(cant("write", &path))?;
    Ok(Beside { file, keeps_owner })
}

fn take_name(target: &Path) -> Result<(), WriteError> {
    fs::rename(beside(target), target).map_err(cant("write", target))
}

/// Waits until no other run writes into the directory; the lock goes with the handle, also in a kill.
pub(super) fn lock(directory: &Path) -> Option<File> {
    let handle = File::open(directory).ok()?;
    handle.lock().ok()?;
    Some(handle)
}
