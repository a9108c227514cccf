//! Symbolic links and special files in what the program reads and writes: a link is a path that
//! somebody else chose.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::support::inputs::{self, LARGE, SMALL, git, workspace, write};
use crate::support::program::{Run, kaito_render, run};

const SECRET: &str = "token: d41d8cd98f00b204";

/// A directory with the file of somebody else, and a directory of ours beside it.
fn two() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    write(&directory.path().join("theirs/secret.yaml"), SECRET);
    write(
        &directory.path().join("theirs/w/b.yaml"),
        &workspace("b", SMALL),
    );
    write(
        &directory.path().join("ours/w/a.yaml"),
        &workspace("a", SMALL),
    );
    directory
}

fn repository(directory: &Path) {
    git(directory, &["init", "--quiet", "--initial-branch=main"]);
}

/// A report with a line for each diagnostic: tests that read the files themselves would not end.
fn check(directory: &Path, args: &[&str]) -> Run {
    let args = [&["check", "--format", "concise"], args].concat();
    run(kaito_render(&args).current_dir(directory), "")
}

/// Rules and files of what was reported, notes left out.
fn found(run: &Run) -> Vec<String> {
    let lines = run.stdout.lines().filter(|line| !line.contains("note["));
    let found = lines.map(|line| {
        let (path, rest) = line.split_once(':').unwrap();
        let (_, rule) = rest.split_once('[').unwrap();
        format!("{} {path}", &rule[..5])
    });
    found.collect()
}

fn named_pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn links_out_of_the_directory_are_errors_and_nothing_behind_them_is_shown() {
    for (link, target) in [
        ("w/x.yaml", "theirs/secret.yaml"),
        ("w/x.yml", "/proc/self/environ"),
        ("w/x.json", "/proc/kmsg"),
        ("w/team", "theirs/w"),
        ("w/root", "/"),
    ] {
        for is_repository in [false, true] {
            let directory = two();
            if is_repository {
                repository(&directory.path().join("ours"));
            }
            let target = directory.path().join(target);
            symlink(target, directory.path().join("ours").join(link)).unwrap();
            let outcome = check(&directory.path().join("ours"), &["w"]);
            assert_eq!(found(&outcome), [format!("KR010 {link}")], "{outcome:?}");
            assert_eq!(outcome.code, 1);
            assert!(!outcome.stdout.contains("d41d8"), "{outcome:?}");
        }
    }
}

#[test]
fn links_inside_of_the_repository_are_followed() {
    let directory = two();
    let ours = directory.path().join("ours");
    repository(&ours);
    write(&ours.join("shared/s.yaml"), &workspace("s", SMALL));
    symlink("../shared", ours.join("w/shared")).unwrap();
    symlink(ours.join("shared/s.yaml"), ours.join("w/same.yaml")).unwrap();
    let render = run(kaito_render(&["render", "w"]).current_dir(&ours), "");
    assert_eq!(render.code, 0, "{render:?}");
    assert_eq!(render.stdout.matches("\nkind: Workspace\n").count(), 2);
    // Without a repository the directory that was named is all there is.
    fs::remove_dir_all(ours.join(".git")).unwrap();
    let outcome = check(&ours, &["w"]);
    assert_eq!(found(&outcome), ["KR010 w/same.yaml", "KR010 w/shared"]);
    assert!(found(&check(&ours, &["."])).is_empty());
}

#[test]
fn a_link_into_the_directory_of_git_is_an_error() {
    let directory = repository_of_a();
    git(directory.path(), &["config", "http.extraheader", "d41d8"]);
    symlink("../.git/config", directory.path().join("w/x.yaml")).unwrap();
    let outcome = check(directory.path(), &["w"]);
    assert_eq!(found(&outcome), ["KR010 w/x.yaml"]);
    assert!(!outcome.stdout.contains("d41d8"), "{outcome:?}");
}

fn repository_of_a() -> TempDir {
    inputs::repository(&[("w/a.yaml", &workspace("a", SMALL))])
}

/// Scripts name what they find in a repository.
#[test]
fn a_link_that_is_named_may_not_lead_out_either() {
    for is_repository in [false, true] {
        let directory = two();
        let ours = directory.path().join("ours");
        if is_repository {
            repository(&ours);
        }
        symlink("../../theirs/secret.yaml", ours.join("w/x.yaml")).unwrap();
        symlink("../theirs", ours.join("team")).unwrap();
        assert_eq!(found(&check(&ours, &["w/x.yaml"])), ["KR010 w/x.yaml"]);
        let expected: &[&str] = if is_repository {
            &["KR010 team/w"]
        } else {
            &[]
        };
        assert_eq!(found(&check(&ours, &["team/w"])), expected);
    }
}

#[test]
fn a_profile_behind_a_link_is_not_read_from_elsewhere() {
    for is_committed in [false, true] {
        let directory = repository_of_a();
        let outside = tempfile::tempdir().unwrap();
        write(&outside.path().join("p"), SECRET);
        let profile = directory.path().join("kaito-render.yaml");
        symlink(outside.path().join("p"), &profile).unwrap();
        let outcome = check(directory.path(), &["w"]);
        assert_eq!(found(&outcome), ["KR010 kaito-render.yaml"]);
        assert!(!outcome.stdout.contains("d41d8"), "{outcome:?}");
        if is_committed {
            inputs::commit(directory.path());
            fs::remove_file(&profile).unwrap();
            let args = ["diff", "--against", "HEAD", "w"];
            let diff = run(kaito_render(&args).current_dir(directory.path()), "");
            assert!(diff.stderr.contains("KR010"), "{diff:?}");
            assert_eq!(diff.code, 2);
        }
    }
}

#[test]
fn only_regular_files_are_read() {
    let directory = tempfile::tempdir().unwrap();
    write(&directory.path().join("a.yaml"), &workspace("a", SMALL));
    named_pipe(&directory.path().join("pipe.yaml"));
    named_pipe(&directory.path().join("pipe"));
    let _socket = UnixListener::bind(directory.path().join("socket.json")).unwrap();
    let expected = ["KR001 pipe.yaml", "KR001 socket.json"];
    assert_eq!(found(&check(directory.path(), &["."])), expected);
    for named in ["pipe", "/dev/zero", "/proc/kmsg", "/proc/self/environ"] {
        let expected = [format!("KR001 {named}")];
        assert_eq!(found(&check(directory.path(), &[named])), expected);
        let args = ["a.yaml", "--profile", named];
        assert_eq!(found(&check(directory.path(), &args)), expected);
    }
    named_pipe(&directory.path().join("kaito-render.yaml"));
    let expected = ["KR001 kaito-render.yaml"];
    assert_eq!(found(&check(directory.path(), &["a.yaml"])), expected);
}

/// What a shell hands over as `<(command)` is named by a person.
#[test]
fn streams_of_the_process_are_read() {
    let directory = tempfile::tempdir().unwrap();
    let text = workspace("a", SMALL);
    for path in ["/dev/stdin", "/dev/fd/0"] {
        let args = ["render", path];
        let render = run(kaito_render(&args).current_dir(directory.path()), &text);
        assert_eq!(render.code, 0, "{render:?}");
    }
}

/// Directories of which each has two links to the next: a walk along all of them would never end.
fn chain(directory: &Path, file: &str) {
    for number in 0..30 {
        let here = directory.join(format!("d{number}"));
        fs::create_dir_all(&here).unwrap();
        write(&here.join(file), "a: 1\n");
        for name in ["x", "y"] {
            symlink(format!("../d{}", number + 1), here.join(name)).unwrap();
        }
    }
    fs::create_dir_all(directory.join("d30")).unwrap();
}

#[test]
fn each_directory_is_visited_once() {
    let directory = tempfile::tempdir().unwrap();
    write(&directory.path().join("d30/a.yaml"), &workspace("a", SMALL));
    chain(directory.path(), "b.yaml");
    let render = run(
        kaito_render(&["render", "."]).current_dir(directory.path()),
        "",
    );
    assert_eq!(render.code, 0, "{}", render.stderr);
    assert_eq!(render.stdout.matches("\nkind: Workspace\n").count(), 1);
}

#[test]
fn each_directory_of_a_library_is_visited_once() {
    let directory = tempfile::tempdir().unwrap();
    chain(&directory.path().join("library/presets"), "a.txt");
    let args = ["presets", "list", "--library", "library"];
    let list = run(kaito_render(&args).current_dir(directory.path()), "");
    assert_eq!(list.code, 2);
    assert!(
        list.stderr.contains("in two ways, or in a loop"),
        "{}",
        list.stderr
    );
    named_pipe(&directory.path().join("library/presets/a.yaml"));
    fs::remove_dir_all(directory.path().join("library/presets/d0")).unwrap();
    let list = run(kaito_render(&args).current_dir(directory.path()), "");
    assert!(
        list.stderr.contains("not a regular file"),
        "{}",
        list.stderr
    );
}

/// The file of a link is another's, even in the same repository.
#[test]
fn fixes_are_not_made_through_links() {
    let wrong = workspace("a", SMALL).replace("Standard_NC", "standard_nc");
    let fixed = wrong.replace("standard_nc", "Standard_NC");
    for (link, target) in [("w/x.yaml", "../o/a.yaml"), ("w/o", "../o")] {
        for named in ["w", link] {
            let directory = inputs::repository(&[("o/a.yaml", &wrong), ("w/readme", "")]);
            let path = |path: &str| directory.path().join(path);
            let text = || fs::read_to_string(path("o/a.yaml")).unwrap();
            symlink(target, path(link)).unwrap();
            let check = |args: &[&str]| {
                let args = [&["check", "--fix"], args].concat();
                run(kaito_render(&args).current_dir(directory.path()), "")
            };
            let run = check(&[named]);
            assert!(run.stderr.contains("warning[KR228]"), "{}", run.stderr);
            assert_eq!(text(), wrong, "{link} {named}");
            assert!(path(link).is_symlink());
            // By its own path it is ours.
            check(&[named, "o"]);
            assert_eq!(text(), fixed, "{link} {named}");
            assert!(path(link).is_symlink());
        }
    }
}

fn names(directory: &Path) -> Vec<String> {
    let names = fs::read_dir(directory).unwrap();
    names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

fn render(directory: &Path, output: &str) -> Run {
    let args = ["render", "w", "-o", output];
    run(kaito_render(&args).current_dir(directory), "")
}

#[test]
fn output_is_written_through_no_link_that_leads_out() {
    let outside = tempfile::tempdir().unwrap();
    let directory = repository_of_a();
    let path = |path: &str| directory.path().join(path);
    fs::create_dir_all(path("real")).unwrap();
    write(&outside.path().join("old.yaml"), "old\n");
    for (link, target) in [
        ("inside", path("real").as_path()),
        ("out", outside.path()),
        ("file.yaml", &outside.path().join("old.yaml")),
    ] {
        symlink(target, path(link)).unwrap();
    }
    for output in [
        "inside/",
        "./inside/.",
        "out/",
        "out/below/",
        "out/old.yaml",
        "out/new.yaml",
        "file.yaml",
    ] {
        let run = render(directory.path(), output);
        assert_eq!(run.code, 2, "{output}: {}", run.stderr);
        assert!(
            run.stderr.contains("name the path that it leads to"),
            "{}",
            run.stderr
        );
    }
    assert_eq!(names(outside.path()), ["old.yaml"]);
    assert_eq!(fs::read(outside.path().join("old.yaml")).unwrap(), b"old\n");
    for output in ["real/", "inside/below/"] {
        let run = render(directory.path(), output);
        assert_eq!(run.code, 0, "{output}: {}", run.stderr);
    }
}

/// Reading one would wait for ever.
#[test]
fn a_named_pipe_in_the_output_directory_is_never_opened() {
    let directory = tempfile::tempdir().unwrap();
    write(&directory.path().join("w/a.yaml"), &workspace("a", SMALL));
    let out = directory.path().join("out");
    assert_eq!(render(directory.path(), "out/").code, 0);
    named_pipe(&out.join("theirs"));
    assert_eq!(render(directory.path(), "out/").code, 0);
    for name in ["default/a/service.yaml", ".kaito-render.json"] {
        let ours = out.join(name);
        let text = fs::read(&ours).unwrap();
        fs::remove_file(&ours).unwrap();
        named_pipe(&ours);
        let run = render(directory.path(), "out/");
        assert_eq!(run.code, 2, "{name}: {}", run.stderr);
        let expected = format!("out/{name}` exists and was not written by kaito-render");
        assert!(run.stderr.contains(&expected), "{}", run.stderr);
        fs::remove_file(&ours).unwrap();
        fs::write(&ours, text).unwrap();
    }
}

/// A revision of these links, and then the working tree with another Workspace.
fn history(links: &[(&str, &str)]) -> TempDir {
    let directory = inputs::repository(&[("o/a.yaml", &workspace("a", SMALL)), ("w/readme", "")]);
    for (link, target) in links {
        symlink(target, directory.path().join(link)).unwrap();
    }
    inputs::commit(directory.path());
    write(&directory.path().join("o/a.yaml"), &workspace("a", LARGE));
    directory
}

#[test]
fn a_revision_has_its_links_followed_as_the_working_tree_has() {
    for (link, target) in [
        ("w/x.yaml", "../o/./a.yaml"),
        ("w/o", "../o"),
        ("w/o", "../w/../o/"),
    ] {
        for named in ["w", link] {
            let directory = history(&[(link, target)]);
            let outcome = check(directory.path(), &[named, "--against", "HEAD"]);
            let [found] = &found(&outcome)[..] else {
                panic!("{link} {target} {named}: {outcome:?}")
            };
            assert!(found.starts_with("KR603"), "{found}");
            let args = ["diff", "--against", "HEAD", named];
            let diff = run(kaito_render(&args).current_dir(directory.path()), "");
            assert!(
                diff.stdout.contains("1 changed"),
                "{}{}",
                diff.stdout,
                diff.stderr
            );
        }
    }
    let directory = inputs::repository(&[("o/a.yaml", &workspace("a", SMALL)), ("w/readme", "")]);
    let absolute = directory.path().canonicalize().unwrap().join("o");
    symlink(absolute, directory.path().join("w/o")).unwrap();
    inputs::commit(directory.path());
    write(&directory.path().join("o/a.yaml"), &workspace("a", LARGE));
    let outcome = check(directory.path(), &["w", "--against", "HEAD"]);
    assert_eq!(found(&outcome), ["KR603 w/o/a.yaml"]);
}

#[test]
fn links_of_a_revision_lead_nowhere_else() {
    for target in [
        "../../x.yaml",
        "/etc/x.yaml",
        "../.git/config",
        "../o/../../x.yaml",
    ] {
        let directory = history(&[("w/x.yaml", target)]);
        fs::remove_file(directory.path().join("w/x.yaml")).unwrap();
        let args = ["diff", "--against", "HEAD", "w"];
        let diff = run(kaito_render(&args).current_dir(directory.path()), "");
        assert_eq!(diff.code, 2, "{target}: {}{}", diff.stdout, diff.stderr);
        assert!(
            diff.stderr.contains("error[KR010]"),
            "{target}: {}",
            diff.stderr
        );
    }
    for (link, target) in [
        ("w/x.yaml", "x.yaml"),
        ("w/x", "../w/x/y"),
        ("w/loop", ".."),
    ] {
        let directory = history(&[(link, target)]);
        let args = ["diff", "--against", "HEAD", "w"];
        let diff = run(kaito_render(&args).current_dir(directory.path()), "");
        assert_eq!(diff.code, 2, "{target}: {}{}", diff.stdout, diff.stderr);
        assert!(
            diff.stderr.contains("error[KR001]"),
            "{target}: {}",
            diff.stderr
        );
    }
}

#[test]
fn a_link_of_the_working_tree_chooses_no_other_repository() {
    let other = repository_of_a();
    let directory = repository_of_a();
    symlink(other.path().join("w"), directory.path().join("team")).unwrap();
    for args in [
        ["diff", "--against", "HEAD", "team"],
        ["check", "team", "--against", "HEAD"],
    ] {
        let run = run(kaito_render(&args).current_dir(directory.path()), "");
        assert_eq!(run.code, 2, "{}{}", run.stdout, run.stderr);
        assert!(
            run.stderr.contains("leads out of its Git repository"),
            "{}",
            run.stderr
        );
    }
}
