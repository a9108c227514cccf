//! Output in a directory: what a kill leaves, what stands in the way, and what is never touched.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use kaito_render::emit::INDEX_FILE;
use kaito_render::emit::disk::{Changes, WriteError, edit_file, write_directory, write_file};
use serde_json::Value;
use tempfile::TempDir;
use walkdir::WalkDir;

use crate::support::inputs::{SMALL, workspace};
use crate::support::program::{kaito_render, root, run, sample};

/// The files below a directory, hidden ones and links included, by path.
pub(crate) type Tree = BTreeMap<String, Vec<u8>>;

pub(crate) fn tree(directory: &Path) -> Tree {
    let entries = WalkDir::new(directory).into_iter().filter_map(Result::ok);
    let files = entries
        .filter(|entry| !entry.file_type().is_dir())
        .filter_map(|entry| {
            let path = entry
                .path()
                .strip_prefix(directory)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            Some((path, fs::read(entry.path()).ok()?))
        });
    files.collect()
}

/// Files for a directory, by path and text.
fn files(files: &[(&str, &str)]) -> BTreeMap<String, String> {
    files
        .iter()
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
        .collect()
}

fn write(directory: &Path, wanted: &[(&str, &str)]) -> Result<Changes, WriteError> {
    write_directory(directory, &wanted.iter().copied().collect())
}

fn borrowed(files: &BTreeMap<String, String>) -> BTreeMap<&str, &str> {
    files
        .iter()
        .map(|(path, text)| (&**path, &**text))
        .collect()
}

/// The paths and texts below a directory, but for the index.
fn texts(directory: &Path) -> BTreeMap<String, String> {
    let texts = tree(directory)
        .into_iter()
        .map(|(path, bytes)| (path, String::from_utf8(bytes).unwrap()));
    texts.filter(|(path, _)| path != INDEX_FILE).collect()
}

/// A directory with two files of ours.
fn written() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let changes = write(
        directory.path(),
        &[("ai/phi/job.yaml", "a\n"), ("ai/phi/service.yaml", "b\n")],
    )
    .unwrap();
    assert_eq!(
        changes,
        Changes {
            written: 2,
            removed: 0,
            ..Changes::default()
        }
    );
    directory
}

#[test]
fn a_file_is_edited_only_if_it_is_still_as_it_was_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.yaml");
    fs::write(&path, "new\n").unwrap();
    assert!(matches!(
        edit_file(&path, "old\n", "fixed\n"),
        Err(WriteError::Changed { .. })
    ));
    assert_eq!(fs::read_to_string(&path).unwrap(), "new\n");
    edit_file(&path, "new\n", "fixed\n").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "fixed\n");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn what_is_no_longer_wanted_goes_and_what_is_the_same_stays() {
    let directory = written();
    let before = fs::metadata(directory.path().join("ai/phi/job.yaml"))
        .unwrap()
        .modified()
        .unwrap();
    let wanted = [("ai/phi/job.yaml", "a\n"), ("ai/x/job.yaml", "c\n")];
    assert_eq!(
        write(directory.path(), &wanted).unwrap(),
        Changes {
            written: 1,
            removed: 1,
            ..Changes::default()
        }
    );
    assert_eq!(texts(directory.path()), files(&wanted));
    assert_eq!(
        fs::metadata(directory.path().join("ai/phi/job.yaml"))
            .unwrap()
            .modified()
            .unwrap(),
        before
    );
    assert_eq!(
        write(directory.path(), &[]).unwrap(),
        Changes {
            written: 0,
            removed: 2,
            ..Changes::default()
        }
    );
    assert_eq!(
        fs::read_dir(directory.path()).unwrap().count(),
        1,
        "directories that became empty go"
    );
}

#[test]
fn a_file_of_another_in_the_way_is_named_and_nothing_is_written() {
    for (theirs, in_the_way) in [
        ("ai/phi/service.yaml", "ai/phi/service.yaml"),
        ("ai/phi", "ai/phi"),
        ("ai", "ai"),
        ("ai/phi/service.yaml/note.txt", "ai/phi/service.yaml"),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(theirs);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "theirs").unwrap();
        let error = write(
            directory.path(),
            &[("_cluster/a-b.yaml", "a\n"), ("ai/phi/service.yaml", "b\n")],
        )
        .unwrap_err();
        let named = format!(
            "`{}` exists and was not written by kaito-render",
            directory.path().join(in_the_way).display()
        );
        assert!(error.to_string().starts_with(&named), "{error}");
        assert_eq!(
            tree(directory.path()),
            Tree::from([(theirs.to_owned(), b"theirs".to_vec())])
        );
    }
}

#[test]
fn files_of_others_are_never_touched() {
    let directory = written();
    let theirs = [
        ("ai/phi/README.md", "1"),
        ("ai/phi/job.json", "2"),
        ("kustomization.yaml", "3"),
        ("b/.job.tmp", "4"),
    ];
    for (path, text) in theirs {
        fs::create_dir_all(directory.path().join(path).parent().unwrap()).unwrap();
        fs::write(directory.path().join(path), text).unwrap();
    }
    fs::create_dir_all(directory.path().join("empty/directory")).unwrap();
    write(directory.path(), &[("ai/phi/job.yaml", "c\n")]).unwrap();
    write(directory.path(), &[]).unwrap();
    assert_eq!(texts(directory.path()), files(&theirs));
    assert!(directory.path().join("empty/directory").is_dir());
}

#[test]
fn a_file_that_somebody_changed_is_not_removed() {
    let directory = written();
    let path = directory.path().join("ai/phi/service.yaml");
    fs::write(&path, "theirs").unwrap();
    let changes = write(directory.path(), &[]).unwrap();
    assert_eq!(changes.kept, ["ai/phi/service.yaml"]);
    assert_eq!(changes.removed, 1);
    assert_eq!(
        texts(directory.path()),
        files(&[("ai/phi/service.yaml", "theirs")])
    );
    // It is off the index: the next run has nothing to say of it, and never writes over it.
    assert_eq!(write(directory.path(), &[]).unwrap(), Changes::default());
    let error = write(directory.path(), &[("ai/phi/service.yaml", "b\n")]).unwrap_err();
    assert!(matches!(error, WriteError::Foreign { .. }), "{error}");
}

#[test]
fn line_ends_that_git_checked_out_are_no_change() {
    let directory = written();
    let path = directory.path().join("ai/phi/service.yaml");
    fs::write(&path, "b\r\n").unwrap();
    assert_eq!(write(directory.path(), &[]).unwrap().removed, 2);
}

#[test]
fn ours_that_became_something_else_is_left_to_its_owner() {
    let directory = written();
    let path = directory.path().join("ai/phi/service.yaml");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    fs::write(path.join("note"), "theirs").unwrap();
    assert_eq!(
        write(directory.path(), &[("ai/phi/job.yaml", "a\n")]).unwrap(),
        Changes::default()
    );
    assert_eq!(
        texts(directory.path()),
        files(&[
            ("ai/phi/job.yaml", "a\n"),
            ("ai/phi/service.yaml/note", "theirs")
        ])
    );
    // It is off the index: nothing of it will be removed either.
    assert!(
        !fs::read_to_string(directory.path().join(INDEX_FILE))
            .unwrap()
            .contains("service")
    );
}

#[test]
fn links_are_never_followed_out_of_the_directory() {
    let outside = tempfile::tempdir().unwrap();
    for text in ["ai/phi/service.yaml", ".kaito-render.json", "index"] {
        fs::create_dir_all(outside.path().join(text).parent().unwrap()).unwrap();
        fs::write(outside.path().join(text), "theirs").unwrap();
    }
    let before = tree(outside.path());
    let wanted = [("ai/phi/service.yaml", "ours\n")];
    for (link, target) in [
        ("ai", "ai"),
        ("ai/phi", "ai/phi"),
        ("ai/phi/service.yaml", "ai/phi/service.yaml"),
        ("ai/phi/service.yaml", "missing"),
        (INDEX_FILE, "index"),
        (INDEX_FILE, "missing"),
    ] {
        for was_written in [false, true] {
            let directory = if was_written {
                written()
            } else {
                tempfile::tempdir().unwrap()
            };
            let path = directory.path().join(link);
            if path.is_dir() {
                fs::remove_dir_all(&path).unwrap();
            } else if path.exists() {
                fs::remove_file(&path).unwrap();
            }
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            symlink(outside.path().join(target), &path).unwrap();
            let error = write(directory.path(), &wanted).unwrap_err().to_string();
            assert!(
                error.starts_with(&format!(
                    "`{}` exists and was not written by kaito-render",
                    path.display()
                )),
                "{link}: {error}"
            );
            // To remove what is behind a link would be as bad as to write it.
            let is_index = link == INDEX_FILE;
            assert_eq!(write(directory.path(), &[]).is_err(), is_index, "{link}");
            assert!(path.is_symlink(), "{link}");
            assert_eq!(tree(outside.path()), before, "{link}");
        }
    }
}

/// Without the right to list a directory, the files in it can still be looked at one by one.
#[test]
fn a_directory_that_can_not_be_listed_is_brought_up_to_date() {
    use std::os::unix::fs::PermissionsExt;

    let directory = written();
    let below = directory.path().join("ai/phi");
    let permit = |mode| fs::set_permissions(&below, fs::Permissions::from_mode(mode)).unwrap();
    fs::write(below.join(".job.yaml.kaito-render.tmp"), "left").unwrap();
    permit(0o300);
    let wanted = [("ai/phi/job.yaml", "c\n")];
    let changes = write(directory.path(), &wanted);
    permit(0o700);
    changes.unwrap();
    assert_eq!(texts(directory.path()), files(&wanted));
}

#[test]
fn a_link_where_a_temporary_file_would_be_is_replaced() {
    let (directory, outside) = (written(), tempfile::NamedTempFile::new().unwrap());
    for beside in [
        "ai/phi/.job.yaml.kaito-render.tmp",
        "..kaito-render.json.kaito-render.tmp",
    ] {
        symlink(outside.path(), directory.path().join(beside)).unwrap();
    }
    let wanted = [("ai/phi/job.yaml", "c\n")];
    write(directory.path(), &wanted).unwrap();
    assert_eq!(texts(directory.path()), files(&wanted));
    assert_eq!(fs::read(outside.path()).unwrap(), b"");
}

/// Who named the directory may not know of the link.
#[test]
fn the_directory_itself_may_not_be_a_link() {
    let parent = tempfile::tempdir().unwrap();
    fs::create_dir(parent.path().join("real")).unwrap();
    symlink("real", parent.path().join("link")).unwrap();
    let wanted = [("ai/phi/job.yaml", "a\n")];
    let error = write(&parent.path().join("link"), &wanted).unwrap_err();
    assert!(matches!(error, WriteError::Link { .. }), "{error}");
    assert_eq!(texts(&parent.path().join("real")), files(&[]));
    write(&parent.path().join("link/below"), &wanted).unwrap();
    assert_eq!(texts(&parent.path().join("real/below")), files(&wanted));
}

#[test]
fn a_damaged_index_is_an_error_that_says_what_to_do() {
    for (index, said) in [
        ("", "it is damaged"),
        ("<<<<<<< ours\n", "it is damaged"),
        ("{\"version\": 3, \"files\": {}}", "newer version"),
        ("{\"version\": 1, \"files\": []}", "older version"),
        ("{\"version\": 2, \"files\": {\"../a\": \"\"}}", "`../a`"),
        (
            "{\"version\": 2, \"files\": {\"src/main.rs\": \"\"}}",
            "`src/main.rs`",
        ),
    ] {
        let directory = written();
        fs::write(directory.path().join(INDEX_FILE), index).unwrap();
        let before = tree(directory.path());
        let error = write(directory.path(), &[("ai/phi/job.yaml", "c\n")])
            .unwrap_err()
            .to_string();
        assert!(
            error.contains(&directory.path().join(INDEX_FILE).display().to_string()),
            "{error}"
        );
        assert!(
            error.contains(said) && error.contains("restore it, or delete it together with"),
            "{error}"
        );
        assert_eq!(tree(directory.path()), before);
    }
    let directory = written();
    fs::remove_file(directory.path().join(INDEX_FILE)).unwrap();
    fs::create_dir(directory.path().join(INDEX_FILE)).unwrap();
    let error = write(directory.path(), &[]).unwrap_err();
    assert!(matches!(error, WriteError::Foreign { .. }), "{error}");
}

#[test]
fn a_single_file_is_written_through_a_link_and_not_over_one_that_leads_nowhere() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    symlink("real", path("link")).unwrap();
    let error = write_file(&path("link"), "a\n").unwrap_err().to_string();
    assert!(error.contains("link"), "{error}");
    write_file(&path("real"), "a\n").unwrap();
    write_file(&path("link"), "b\n").unwrap();
    assert!(path("link").is_symlink());
    assert_eq!(
        texts(directory.path()),
        files(&[("link", "b\n"), ("real", "b\n")])
    );
}

#[test]
fn another_format_replaces_the_files_of_the_first() {
    let directory = tempfile::tempdir().unwrap();
    let (out, fresh) = (directory.path().join("out"), directory.path().join("fresh"));
    render(&["examples", "--format", "yaml"], &out);
    render(&["examples", "--format", "json"], &out);
    render(&["examples", "--format", "json"], &fresh);
    assert_eq!(tree(&out), tree(&fresh));
    render(&["examples", "--format", "yaml"], &out);
    assert!(
        tree(&out)
            .keys()
            .all(|path| path == INDEX_FILE || path.contains(".yaml"))
    );
}

fn render(args: &[&str], directory: &Path) {
    let out = format!("{}/", directory.display());
    let run = run(
        &mut kaito_render(&[&["render"], args, &["-o", &out]].concat()),
        "",
    );
    assert_eq!(run.code, 0, "{}", run.stderr);
}

/// Two inputs of many Workspaces: some stand in one alone, some in both, and some differ.
fn inputs(directory: &Path) -> [String; 2] {
    let example =
        fs::read_to_string(root().join("examples/inference/kaito_workspace_falcon_7b.yaml"))
            .unwrap();
    let named =
        |number: usize| example.replace("name: workspace-falcon-7b", &format!("name: w{number}"));
    let first = (0..120).map(named).collect::<Vec<_>>();
    let changed = (60..90).map(|number| named(number).replace("NC12s_v3", "NC24s_v3"));
    let second = changed.chain((90..180).map(named)).collect::<Vec<_>>();
    [("first.yaml", first), ("second.yaml", second)].map(|(name, documents)| {
        let path = directory.join(name);
        fs::write(&path, documents.join("---\n")).unwrap();
        path.to_str().unwrap().to_owned()
    })
}

/// Renders `examples` and an input into a directory and kills the program some time after it has begun
/// to write there. Gives how long it wrote, unless it was killed before it was done.
fn kill_while_writing(input: &str, directory: &Path, after: Duration) -> Option<Duration> {
    let index = || fs::read(directory.join(INDEX_FILE)).ok();
    let before = index();
    let mut command = kaito_render(&[
        "render",
        "examples",
        input,
        "-o",
        &format!("{}/", directory.display()),
    ]);
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while index() == before && child.try_wait().unwrap().is_none() {
        sleep(Duration::from_micros(300));
    }
    let begun = Instant::now();
    while begun.elapsed() < after {
        if child.try_wait().unwrap().is_some() {
            return Some(begun.elapsed());
        }
        sleep(Duration::from_micros(300));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    None
}

#[test]
fn a_kill_leaves_whole_files_and_the_next_run_heals() {
    let parent = tempfile::tempdir().unwrap();
    let inputs = inputs(parent.path());
    let complete = ["0", "1"].map(|name| parent.path().join(name));
    let mut written = kill_while_writing(&inputs[0], &complete[0], Duration::MAX).unwrap();
    render(&["examples", &inputs[1]], &complete[1]);
    let wanted = complete.clone().map(|directory| texts(&directory));
    let complete = complete.map(|directory| tree(&directory));
    let out = parent.path().join("out");
    let kills = u32::try_from(sample(30)).unwrap();
    let mut cut_short = 0;
    for number in 0..kills {
        let new = number as usize % 2;
        if let Some(sooner) = kill_while_writing(&inputs[new], &out, written * number / kills) {
            written = sooner.min(written);
        }
        let found = tree(&out);
        assert_whole(&found, &complete);
        cut_short += usize::from(!complete.contains(&found));
        // What the program calls; to start it for this too would take twice as long.
        write_directory(&out, &borrowed(&wanted[new])).unwrap();
        assert!(
            tree(&out) == complete[new],
            "{:?}",
            differing(&tree(&out), &complete[new])
        );
    }
    kill_while_writing(&inputs[0], &out, written / 2);
    render(&["examples", &inputs[0]], &out);
    assert!(
        tree(&out) == complete[0],
        "{:?}",
        differing(&tree(&out), &complete[0])
    );
    assert!(cut_short > 0, "none of {kills} kills cut a run short");
}

/// Checks that each file but temporary ones is that of one complete output, and listed.
pub(super) fn assert_whole(found: &Tree, complete: &[Tree; 2]) {
    let Some(index) = found.get(INDEX_FILE) else {
        assert!(
            found.keys().all(|path| path.contains(".kaito-render.tmp")),
            "{:?}",
            found.keys()
        );
        return;
    };
    let index: Value = serde_json::from_slice(index).unwrap();
    let listed: BTreeSet<_> = index["files"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    for (path, text) in found.iter().filter(|(path, _)| *path != INDEX_FILE) {
        let name = path.rsplit('/').next().unwrap();
        if let Some(name) = name
            .strip_prefix('.')
            .and_then(|name| name.strip_suffix(".kaito-render.tmp"))
        {
            let target = format!(
                "{}{name}",
                path.strip_suffix(&format!(".{name}.kaito-render.tmp"))
                    .unwrap()
            );
            assert!(
                name == INDEX_FILE || listed.contains(target.as_str()),
                "{path} will stay"
            );
        } else {
            assert!(listed.contains(path.as_str()), "{path} is not listed");
            assert!(
                complete.iter().any(|tree| tree.get(path) == Some(text)),
                "{path} is of neither output"
            );
        }
    }
}

/// The paths that only one of two trees has, or with another text.
fn differing<'a>(left: &'a Tree, right: &'a Tree) -> BTreeSet<&'a str> {
    let unlike = |from: &'a Tree, to: &'a Tree| {
        from.iter()
            .filter(|(path, text)| to.get(*path) != Some(text))
    };
    unlike(left, right)
        .chain(unlike(right, left))
        .map(|(path, _)| path.as_str())
        .collect()
}

#[test]
fn two_objects_for_one_file_are_reported_at_their_places() {
    let document = |version: &str, kind: &str| {
        format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{name: one}}\n")
    };
    for (version, kind) in [("b.k8s.io/v1", "Thing"), ("a.k8s.io/v1", "thing")] {
        let directory = tempfile::tempdir().unwrap();
        let text = [
            workspace("a", SMALL),
            document("a.k8s.io/v1", "Thing"),
            document(version, kind),
        ];
        fs::write(directory.path().join("a.yaml"), text.join("---\n")).unwrap();
        let render = |output: &str| {
            let args = ["render", "a.yaml", "-o", output];
            run(kaito_render(&args).current_dir(directory.path()), "")
        };
        let clash = render("rendered/");
        assert_eq!(clash.code, 1, "{}", clash.stderr);
        let said = format!(
            "error[KR402]: Thing `one` of `a.k8s.io/v1` and {kind} `one` of `{version}` would both be \
             written to `_cluster/thing-one.yaml`\n  --> a.yaml:"
        );
        assert!(clash.stderr.contains(&said), "{}", clash.stderr);
        assert!(clash.stderr.contains("the other one"), "{}", clash.stderr);
        assert!(!directory.path().join("rendered").exists());
        assert_eq!(render("rendered.yaml").code, 0);
    }
}
