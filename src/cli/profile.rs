//! The profile of the cluster: found or named, and read.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use kaito_render::base::node::Node;
use kaito_render::base::sources::{FileId, Sources, Span};
use kaito_render::base::wording;
use kaito_render::catalogue::profile::Profile;
use kaito_render::delivery::RootedTree;
use kaito_render::delivery::argocd::Parameters;
use kaito_render::diagnostic::rule;
use kaito_render::input::{self, FileTree};
use kaito_render::overlay;
use kaito_render::session::Session;

use super::git::Revision;
use super::paths::directory;

/// The name of the file that is looked for.
const NAME: &str = "kaito-render.yaml";

/// The profile that was named, or the one that belongs to the paths, or the default; none if it
/// can't be used, which is reported.
pub(super) fn load(
    named: Option<&Path>,
    paths: &[PathBuf],
    tree: &RootedTree,
    parameters: &Parameters,
    session: &mut Session,
) -> Result<Option<Profile>> {
    let (file, path) = if let Some(path) = named {
        if !path.exists() || path.is_dir() {
            bail!("there is no profile `{}`", path.display());
        }
        let file = input::read_file(tree, path, &mut session.sources, &mut session.diagnostics);
        (file, path.to_owned())
    } else if let Some(path) = find(paths, tree.root.as_deref(), session) {
        let (sources, diagnostics) = (&mut session.sources, &mut session.diagnostics);
        (input::read_found(tree, &path, sources, diagnostics), path)
    } else {
        if tree.root.is_none() {
            not_used(paths, session);
        }
        return Ok(match parameters.over(None) {
            Some(document) => Profile::read(&document, &mut session.diagnostics),
            None => Some(Profile::default()),
        });
    };
    let document = file.and_then(|file| document(file, session));
    let document = document.and_then(|document| parameters.over(Some(document)));
    Ok(document.and_then(|document| read(&document, tree, &path, session)))
}

/// The profile of a document in a file, with the files that it names.
fn read(
    document: &Node,
    tree: &dyn FileTree,
    path: &Path,
    session: &mut Session,
) -> Option<Profile> {
    let profile = Profile::read(document, &mut session.diagnostics)?;
    let directory = path.parent().unwrap_or(Path::new(""));
    overlay::read_files(&profile, tree, directory, session);
    Some(profile)
}

/// Notes where a profile was looked for, if nothing says how far up one may be: a host may have left
/// `.git` out, and the output would be for another cluster.
pub(super) fn check_found(
    profile: &Profile,
    paths: &[PathBuf],
    root: Option<&Path>,
    session: &mut Session,
) {
    let directories: BTreeSet<_> = paths.iter().map(|path| directory(path)).collect();
    let mut all = directories.iter();
    let has_root = root.is_some() || all.any(|it| input::repository_of(it).is_some());
    let mut found = session.diagnostics.iter();
    if has_root || profile.document.is_some() || found.any(|it| it.rule == &rule::PROFILE_ABOVE) {
        return;
    }
    let names: Vec<_> = directories
        .iter()
        .map(|directory| format!("`{}`", directory.display()))
        .collect();
    let message = format!(
        "there is no profile in {}, and no directory above was looked in: there is no `.git`",
        wording::and(&names)
    );
    session
        .diagnostics
        .add(&rule::NO_PROFILE, None, message)
        .hint("say with `--root` up to where a profile may be");
}

/// Warns of profiles above the paths where no repository says that they belong together.
fn not_used(paths: &[PathBuf], session: &mut Session) {
    let above: BTreeSet<_> = paths
        .iter()
        .filter_map(|path| input::find_above(directory(path), NAME))
        .collect();
    for path in above {
        let place = Span::whole(session.sources.add(path.display().to_string(), ""));
        let message = "this profile is not used, because the input is in no Git repository and in \
                       another directory";
        session
            .diagnostics
            .add(&rule::PROFILE_ABOVE, place, message)
            .hint(
                "name it with `--profile` if it is meant, say with `--root` how far up to look, or \
                 move it into the input's directory",
            );
    }
}

/// As [`load`], of a Git revision.
pub(super) fn load_revision(revision: &Revision, session: &mut Session) -> Result<Option<Profile>> {
    let Some((tree, path)) = revision.find_upward(NAME)? else {
        return Ok(Some(Profile::default()));
    };
    let file = input::read_found(tree, &path, &mut session.sources, &mut session.diagnostics);
    tree.is_whole()?;
    let document = file.and_then(|file| document(file, session));
    let profile = document.and_then(|document| read(&document, tree, &path, session));
    tree.is_whole()?;
    Ok(profile)
}

/// The profile of a Git revision, if it is another one than `now`; none if it could not be used.
pub(super) fn before(
    revision: &Revision,
    now: Option<&Profile>,
    session: &mut Session,
) -> Result<Option<Profile>> {
    let Some(now) = now else { return Ok(None) };
    let mark = session.mark();
    let before = load_revision(revision, session)?;
    // What was wrong with it is not this run's concern.
    session.diagnostics.split_off(mark);
    let sources = &session.sources;
    Ok(before.filter(|before| texts(before, sources) != texts(now, sources)))
}

/// The texts of a profile and of the files that it names.
fn texts<'a>(profile: &Profile, sources: &'a Sources) -> Vec<&'a str> {
    let document = profile.document.iter();
    let mut files: Vec<_> = document.map(|document| document.span.file).collect();
    let mut seen: BTreeSet<_> = files.iter().copied().collect();
    let mut next = 0;
    while let Some(by) = files.get(next).copied() {
        let named = sources.named_files().filter(|(it, _)| *it == by);
        let new: Vec<_> = named.map(|(_, file)| file).collect();
        // Files may name each other.
        files.extend(new.into_iter().filter(|file| seen.insert(*file)));
        next += 1;
    }
    files.into_iter().map(|file| sources.text(file)).collect()
}

fn find(paths: &[PathBuf], root: Option<&Path>, session: &mut Session) -> Option<PathBuf> {
    let found: BTreeSet<_> = paths
        .iter()
        .map(|path| input::find_upward(directory(path), root, NAME))
        .collect();
    if found.len() > 1 {
        let message = "the paths belong to different profiles";
        let hint = "run the command once for each, or name one for all with `--profile`";
        session
            .diagnostics
            .add(&rule::PROFILE_AMBIGUOUS, None, message)
            .hint(hint);
    }
    found.into_iter().next().flatten()
}

fn document(file: FileId, session: &mut Session) -> Option<Node> {
    let mark = session.mark();
    let documents = input::parse(&session.sources, file, &mut session.diagnostics);
    if session.failed_since(mark) {
        return None;
    }
    let count = documents.len();
    if let Ok([document]) = <[_; 1]>::try_from(documents) {
        return Some(document);
    }
    let message = format!("a profile must have exactly one document, not {count}");
    session
        .diagnostics
        .add(&rule::PROFILE_COUNT, Span::whole(file), message);
    None
}
