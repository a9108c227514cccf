//! Kustomizations: the patches that they name are parts of Workspaces, and no input themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use super::encoding::{decode, mentions_kaito};
use super::index;
use super::links;
use super::parse;
use super::tree::{FileTree, Kind};
use super::walk::{Found, Standing, place};
use crate::base::node::{Data, Entry, Node};
use crate::base::sources::{Sources, Span};
use crate::diagnostic::{Diagnostic, Diagnostics, rule};
use crate::vocab::api::is_of_kustomize;
use crate::vocab::kinds;

/// The names of the file that makes a directory a kustomization.
pub const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Fields that list patches: paths, or mappings with a `path`, or what the patch says itself.
const PATCHES: [&str; 3] = ["patches", "patchesStrategicMerge", "patchesJson6902"];

/// The paths of the files of a walk, by their places. Nothing else is read: a path may lead anywhere.
type Files<'a> = BTreeMap<&'a Path, &'a Path>;

/// A directory that `kustomize` builds.
struct Kustomization {
    directory: PathBuf,
    node: Node,
}

/// A patch that a kustomization names.
struct Patch {
    /// The file that it is in, as a place; none if the kustomization says it itself.
    file: Option<PathBuf>,
    /// Where it is named.
    span: Span,
    /// Whether that file looks like a whole Workspace.
    is_whole: bool,
}

/// Leaves the patches of kustomizations out of the files of a walk, unless somebody named them, and
/// says once for each kustomization that patches Workspaces how to check what it builds.
pub(super) fn without_patches(
    tree: &dyn FileTree,
    mut files: Vec<Found>,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Vec<Found> {
    let all = kustomizations(tree, &files, sources);
    let resources: BTreeSet<_> = all
        .iter()
        .flat_map(|it| it.paths("resources").map(|path| it.place(tree, path)))
        .collect();
    let mut patches = BTreeSet::new();
    let by_place = files
        .iter()
        .map(|file| (file.place.as_path(), file.path.as_path()));
    let by_place = by_place.collect();
    for kustomization in &all {
        let of_kaito = kustomization.patches(tree, &by_place);
        let is_lost = |patch: &&Patch| {
            patch.is_whole
                && patch
                    .file
                    .as_ref()
                    .is_some_and(|file| !resources.contains(file))
        };
        diagnostics.extend(of_kaito.iter().filter(is_lost).map(whole));
        diagnostics.extend(patched(tree, kustomization, &of_kaito, &all));
        patches.extend(of_kaito.into_iter().filter_map(|patch| patch.file));
    }
    files.retain(|file| {
        file.named || !patches.contains(&file.place) || resources.contains(&file.place)
    });
    files
}

/// Reports every kustomization among the directories of a walk: its files are not what is applied.
pub(super) fn refuse_all(
    tree: &dyn FileTree,
    files: &[Found],
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) {
    for Kustomization { directory, node } in kustomizations(tree, files, sources) {
        // Flux has a kind of this name, which is an object like any other.
        let version = node.get("apiVersion").and_then(Node::as_str);
        // What is excluded is there, and not listed.
        let listed = tree.list(&directory).unwrap_or_default();
        let mut listed = listed.iter().map(|entry| &entry.name);
        let is_listed = listed.any(|found| NAMES.iter().any(|name| found == name));
        if is_listed && version.is_none_or(is_of_kustomize) {
            refuse(node.span, Some(&named(tree, &directory)), diagnostics);
        }
    }
}

/// Reports a kustomization, which is the only document of a file or the one of a directory.
pub fn refuse(place: Span, directory: Option<&str>, diagnostics: &mut Diagnostics) {
    let message =
        "a kustomization: its files are not what is applied, but what kustomize makes of them";
    diagnostics.add(&rule::RENDER_FIRST, place, message).hint(format!(
        "run `kustomize build {} | kaito-render render -`, or name the directory in `exclude` of the profile",
        directory.unwrap_or("DIR")
    ));
}

/// The kustomizations among the directories of a walk, without those that are output.
fn kustomizations(
    tree: &dyn FileTree,
    files: &[Found],
    sources: &mut Sources,
) -> Vec<Kustomization> {
    let found = files.iter().filter(|file| !file.named);
    let directories: BTreeMap<_, _> = found
        .filter_map(|file| Some((file.place.parent()?, file.path.parent()?)))
        .collect();
    let outputs: BTreeMap<_, _> = files
        .iter()
        .filter_map(|file| match &file.standing {
            Standing::Output(fingerprints) => Some((file.path.as_path(), fingerprints)),
            _ => None,
        })
        .collect();
    let is_output = |path: &Path, text: &str| {
        let fingerprints = outputs.get(path);
        fingerprints.is_some_and(|fingerprints| index::is_known(text, fingerprints))
    };
    let read = |directory: &Path| {
        let paths = NAMES.iter().map(|name| directory.join(name));
        let mut paths = paths.filter(|path| links::stays_inside(tree, path));
        let path = paths.find(|path| matches!(tree.kind(path), Ok(Kind::File)))?;
        let text = decode(tree.read(&path).ok()?).ok()?.text;
        if is_output(&path, &text) {
            return None;
        }
        let file = sources.add(tree.name(&path), text);
        // What is wrong with it is for `kustomize` to say.
        let nodes = parse(sources, file, &mut Diagnostics::default());
        Some(Kustomization {
            directory: directory.to_owned(),
            node: nodes.into_iter().next()?,
        })
    };
    directories.into_values().filter_map(read).collect()
}

/// That a patch may be a Workspace of its own, which is passed over.
fn whole(patch: &Patch) -> Diagnostic {
    let message = "the file of this patch looks like a whole Workspace, and is passed over";
    Diagnostic::new(&rule::PASSED_OVER, patch.span, message).hint(
        "list it in `resources` if it is a Workspace of its own, or leave out what is not patched",
    )
}

/// Whether a patch has what only a whole Workspace needs: how its nodes are selected, and what runs
/// there.
fn is_whole(text: &str) -> bool {
    text.contains("labelSelector") && ["inference", "tuning"].iter().any(|it| text.contains(it))
}

/// That a kustomization patches Workspaces, at the first of its patches.
fn patched(
    tree: &dyn FileTree,
    kustomization: &Kustomization,
    patches: &[Patch],
    all: &[Kustomization],
) -> Option<Diagnostic> {
    let place = patches.first()?.span;
    let message = match patches.len() {
        1 => "this patch is not a Workspace of its own, and its result is not checked".to_owned(),
        count => format!(
            "{count} patches, this and those that follow, are not Workspaces of their own, and their result is not checked"
        ),
    };
    let mut listing = all.iter();
    let built = if kustomization.is_component() {
        listing.find(|other| other.has_component(tree, kustomization))
    } else {
        Some(kustomization)
    };
    let hint = match built {
        Some(built) => format!(
            "run `kustomize build {} | kaito-render check -`",
            named(tree, &built.directory)
        ),
        None => "run `kustomize build DIR | kaito-render check -` for each kustomization DIR that has this component".to_owned(),
    };
    Some(Diagnostic::new(&rule::PATCHED, place, message).hint(hint))
}

fn named(tree: &dyn FileTree, directory: &Path) -> String {
    if directory == Path::new("") {
        ".".to_owned()
    } else {
        tree.name(directory)
    }
}

impl Kustomization {
    fn is_component(&self) -> bool {
        self.node.get("kind").and_then(Node::as_str) == Some("Component")
    }

    fn has_component(&self, tree: &dyn FileTree, component: &Self) -> bool {
        let wanted = place(tree, &component.directory.join(NAMES[0]));
        let mut directories = self.paths("components");
        directories.any(|path| self.place(tree, &format!("{path}/{}", NAMES[0])) == wanted)
    }

    /// The paths in a list.
    fn paths(&self, list: &str) -> impl Iterator<Item = &str> {
        let items = self.node.entry(list).map(|entry| &entry.value.data);
        let items = match items {
            Some(Data::List(items)) => items.as_slice(),
            _ => &[],
        };
        items.iter().filter_map(Node::as_str)
    }

    /// What a path of the kustomization leads to.
    fn place(&self, tree: &dyn FileTree, path: &str) -> PathBuf {
        place(tree, &plain(&self.directory.join(path)))
    }

    /// The patches for documents of KAITO.
    fn patches(&self, tree: &dyn FileTree, files: &Files) -> Vec<Patch> {
        let lists = PATCHES.iter().filter_map(|list| self.node.entry(list));
        let items = lists.flat_map(|Entry { value, .. }| match &value.data {
            Data::List(items) => items.as_slice(),
            _ => &[],
        });
        items
            .filter_map(|item| self.patch(tree, files, item))
            .collect()
    }

    fn patch(&self, tree: &dyn FileTree, files: &Files, item: &Node) -> Option<Patch> {
        let text = |node: &Node, key| node.get(key).and_then(Node::as_str).map(str::to_owned);
        let kind = item.get("target").and_then(|target| text(target, "kind"));
        let is_target = kind.is_some_and(|kind| {
            let mut kinds = kind.split('|');
            kinds.any(|kind| [kinds::WORKSPACE, kinds::INFERENCE_SET].contains(&kind))
        });
        let own = text(item, "patch").or_else(|| item.as_str().map(str::to_owned));
        let path = text(item, "path").or_else(|| {
            let line = item.as_str().filter(|it| !it.contains('\n'));
            line.map(str::to_owned)
        });
        let file = path.map(|path| self.place(tree, &path));
        let found = file.as_ref().and_then(|place| files.get(place.as_path()));
        let text = found
            .and_then(|path| tree.read(path).ok())
            .and_then(|bytes| decode(bytes).ok())
            .map(|decoded| decoded.text);
        let mentions = text.as_deref().is_some_and(mentions_kaito);
        let is_of_kaito = is_target || mentions || own.is_some_and(|text| mentions_kaito(&text));
        is_of_kaito.then(|| Patch {
            file,
            span: item.span,
            is_whole: mentions && text.as_deref().is_some_and(is_whole),
        })
    }
}

/// A path without `.` and without `..` behind a name.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir
                if matches!(plain.components().next_back(), Some(Component::Normal(_))) =>
            {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::plain;
    use crate::base::sources::Sources;
    use crate::diagnostic::Diagnostics;
    use crate::input::{DocumentFilter, MemoryTree, load};

    const WORKSPACE: &str = "apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata: {name: a}\n";

    /// How many documents there are in files, and what is reported: file, message and hint.
    fn found(files: &[(&str, &str)]) -> (usize, Vec<String>) {
        let tree = MemoryTree::new(files.iter().copied());
        let (mut sources, mut diagnostics) = (Sources::default(), Diagnostics::default());
        let paths = [PathBuf::from("d")];
        let filter = DocumentFilter::Input;
        let loaded = load(&tree, &paths, filter, &mut sources, &mut diagnostics).unwrap();
        let said = diagnostics.iter().map(|it| {
            let place = it.place.unwrap();
            let (name, line) = (
                sources.name(place.file),
                sources.position(place.file, place.start).line,
            );
            format!(
                "{name}:{line}: {} | {}",
                it.message,
                it.hint.as_deref().unwrap_or_default()
            )
        });
        (loaded.len(), said.collect())
    }

    #[test]
    fn patches_are_no_input_and_said_once() {
        for list in [
            "patches:\n- path: p.yaml\n  target: {kind: Workspace}\n",
            "patches: [{path: ./p.yaml}]\n",
            "patchesStrategicMerge: [p.yaml]\n",
            "patches:\n- path: ../o/p.yaml\n",
        ] {
            for name in super::NAMES {
                let kustomization = format!("d/o/{name}");
                let files = [
                    ("d/base/w.yaml", WORKSPACE),
                    ("d/o/p.yaml", WORKSPACE),
                    (kustomization.as_str(), list),
                ];
                let (count, said) = found(&files);
                assert_eq!(count, 1, "{list}");
                assert_eq!(said.len(), 1, "{said:?}");
                assert!(said[0].starts_with(&kustomization), "{said:?}");
                assert!(
                    said[0].contains("`kustomize build d/o | kaito-render check -`"),
                    "{said:?}"
                );
            }
        }
    }

    #[test]
    fn what_says_nothing_of_workspaces_is_not_mentioned() {
        for list in [
            "resources: [p.yaml]\n",
            "patches: [{path: q.yaml, target: {kind: Deployment}}]\n",
            "patches: [{path: gone.yaml}]\n",
            "patches: 3\n",
            "a: [\n",
        ] {
            let files = [
                ("d/p.yaml", WORKSPACE),
                ("d/q.yaml", "- {op: add, path: /a, value: b}\n"),
                ("d/kustomization.yaml", list),
            ];
            let (count, said) = found(&files);
            let said: Vec<_> = said
                .iter()
                .filter(|it| it.contains("kustomize build"))
                .collect();
            assert_eq!((count, said.len()), (1, 0), "{list}: {said:?}");
        }
    }

    #[test]
    fn patches_of_json_and_those_written_inline_are_mentioned() {
        let inline = "patches:\n- patch: |\n    apiVersion: kaito.sh/v1beta1\n";
        let operations = "patchesJson6902: [{target: {kind: InferenceSet}, path: q.yaml}, {target: {kind: Workspace}, patch: '[]'}]\n";
        for list in [inline, operations] {
            let files = [
                ("d/w.yaml", WORKSPACE),
                ("d/q.yaml", "- {op: add, path: /a, value: b}\n"),
                ("d/kustomization.yaml", list),
            ];
            let (count, said) = found(&files);
            assert_eq!((count, said.len()), (1, 1), "{said:?}");
        }
    }

    #[test]
    fn components_are_built_by_what_lists_them() {
        let component = "kind: Component\npatches: [{path: p.yaml}]\n";
        let files = [
            ("d/base/w.yaml", WORKSPACE),
            ("d/c/p.yaml", WORKSPACE),
            ("d/c/kustomization.yaml", component),
            ("d/o/x.yaml", ""),
            ("d/o/kustomization.yaml", "components: [../c]\n"),
        ];
        let (count, said) = found(&files);
        assert_eq!(count, 1);
        assert!(said[0].contains("kustomize build d/o |"), "{said:?}");
        let (_, said) = found(&files[..3]);
        assert!(said[0].contains("kustomize build DIR"), "{said:?}");
    }

    #[test]
    fn paths_lead_where_they_say() {
        for (path, expected) in [
            ("a/./b", "a/b"),
            ("a/../b", "b"),
            ("../a/../../b", "../../b"),
            ("a/b/../..", ""),
        ] {
            assert_eq!(plain(Path::new(path)), PathBuf::from(expected), "{path}");
        }
    }
}
