//! Runs that can't write all they want to: they are killed, the disk is full, nothing may be written there, or others
//! write there too. Every file is wholly old or wholly new, and the next run finishes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use kaito_render::emit::disk::write_directory;

use super::output::{assert_whole, tree};
use crate::support::inputs::{SMALL, workspace};
use crate::support::program::{Run, kaito_render, root, run, sample};

/// Writes files of one mistake each, which can be fixed, and gives their texts with and without it.
fn mistaken(directory: &Path, count: usize) -> BTreeMap<String, [String; 2]> {
    let files = (0..count).map(|index| {
        let right = workspace(&format!("w{index}"), SMALL);
        let wrong = right.replace("Standard_", "standard_");
        assert_ne!(wrong, right);
        fs::write(directory.join(format!("{index}.yaml")), &wrong).unwrap();
        (format!("{index}.yaml"), [wrong, right])
    });
    files.collect()
}

/// Starts `check --fix` and kills it some time after the first file has changed. Gives how long it
/// wrote, unless it was killed before it was done.
fn kill_while_fixing(directory: &Path, first: &Path, after: Duration) -> Option<Duration> {
    let before = fs::read(first).unwrap();
    let mut command = kaito_render(&["check", "--fix", directory.to_str().unwrap()]);
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while fs::read(first).unwrap() == before && child.try_wait().unwrap().is_none() {
        thread::sleep(Duration::from_micros(200));
    }
    let begun = Instant::now();
    while begun.elapsed() < after {
        if child.try_wait().unwrap().is_some() {
            return Some(begun.elapsed());
        }
        thread::sleep(Duration::from_micros(200));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    None
}

#[test]
fn a_kill_leaves_each_file_as_it_was_or_fixed() {
    let kills = u32::try_from(sample(16)).unwrap();
    let mut written = Duration::MAX;
    let mut cut_short = 0;
    for number in 0..=kills {
        let directory = tempfile::tempdir().unwrap();
        let texts = mistaken(directory.path(), 120);
        let first = directory.path().join("0.yaml");
        // The first run says how long it takes.
        let after = if number == 0 {
            Duration::MAX
        } else {
            written * (number - 1) / kills
        };
        if let Some(whole) = kill_while_fixing(directory.path(), &first, after) {
            written = written.min(whole);
        }
        let mut states = BTreeSet::new();
        for (name, texts) in &texts {
            let text = fs::read_to_string(directory.path().join(name)).unwrap();
            let state = texts.iter().position(|known| *known == text);
            states.insert(state.unwrap_or_else(|| panic!("{name} is torn:\n{text}")));
        }
        cut_short += usize::from(states.len() == 2);
        let run = run(
            &mut kaito_render(&["check", "--fix", directory.path().to_str().unwrap()]),
            "",
        );
        assert_eq!(run.code, 0, "{}", run.stderr);
        let found = tree(directory.path());
        assert!(found.keys().eq(texts.keys()), "{:?}", found.keys());
        assert!(
            texts
                .iter()
                .all(|(name, [_, right])| found[name] == right.as_bytes())
        );
    }
    assert!(cut_short > 0, "none of {kills} kills cut a run short");
}

/// Renders with a bound for the bytes of a file, as a full disk is one for all of them.
fn render_with_room(blocks: usize, input: &Path, out: &Path) -> Run {
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    let mut command = Command::new("sh");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_kaito-render"), "render"]);
    command
        .arg(input)
        .args(["-o", &format!("{}/", out.display())]);
    run(command.current_dir(root()), "")
}

#[test]
fn a_full_disk_leaves_whole_files_and_the_next_run_heals() {
    let parent = tempfile::tempdir().unwrap();
    let [input, out, complete] = ["a.yaml", "out", "complete"].map(|name| parent.path().join(name));
    let render = |workspaces: usize, out: &Path| {
        let texts: Vec<_> = (0..workspaces)
            .map(|index| workspace(&format!("w{index}"), SMALL))
            .collect();
        fs::write(&input, texts.join("---\n")).unwrap();
        let run = run(
            &mut kaito_render(&[
                "render",
                input.to_str().unwrap(),
                "-o",
                &format!("{}/", out.display()),
            ]),
            "",
        );
        assert_eq!(run.code, 0, "{}", run.stderr);
        tree(out)
    };
    let old = render(2, &out);
    let new = render(3, &complete);
    let mut failed = 0;
    for blocks in [0, 1, 2, 4, 8, 16] {
        let run = render_with_room(blocks, &input, &out);
        let is_whole = tree(&out) == new;
        assert_eq!(
            run.code,
            if is_whole { 0 } else { 2 },
            "{blocks}: {}",
            run.stderr
        );
        assert_eq!(is_whole, !run.stderr.contains("can't write"));
        assert_whole(&tree(&out), &[old.clone(), new.clone()]);
        failed += usize::from(!is_whole);
        // From the old state again, whatever was begun.
        assert_eq!(render(2, &out), old);
        render(3, &complete);
    }
    assert!(failed > 1, "{failed}");
    assert_eq!(render(3, &out), new);
}

#[test]
fn what_can_not_be_written_is_an_error_that_names_it() {
    let directory = tempfile::tempdir().unwrap();
    let input = directory.path().join("a.yaml");
    fs::write(&input, workspace("a", SMALL)).unwrap();
    let input = input.to_str().unwrap();
    let mut cases = vec![format!("{input}/out/")];
    if cfg!(target_os = "linux") {
        // Where nobody can make a file, not even root.
        cases.extend(
            [
                "/proc/sys/kernel/",
                "/proc/sys/kernel/out.yaml",
                "/dev/full",
            ]
            .map(str::to_owned),
        );
    }
    for out in cases {
        let run = run(&mut kaito_render(&["render", input, "-o", &out]), "");
        assert_eq!(run.code, 2, "{out}: {}", run.stderr);
        let directory = out.rsplit_once('/').unwrap().0;
        assert!(run.stderr.contains(directory), "{out}: {}", run.stderr);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_device_behind_stdout_is_an_error() {
    for command in ["render", "check", "explain"] {
        let mut child = kaito_render(&[command, "examples"]);
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = child
            .stdout(full)
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        let writes = command != "check";
        assert_eq!(
            output.status.code(),
            Some(if writes { 2 } else { 0 }),
            "{command}: {stderr}"
        );
    }
}

#[test]
fn runs_that_write_into_one_directory_at_the_same_time_leave_the_output_of_one() {
    let directory = tempfile::tempdir().unwrap();
    let names = (0..60).map(|file| format!("default/w{file}/service.yaml"));
    let names: Vec<_> = names.collect();
    let wanted = [(&names[..40], "run: 0\n"), (&names[20..], "run: 1\n")];
    let wanted = wanted.map(|(names, text)| {
        let files = names.iter().map(|name| (name.as_str(), text));
        files.collect::<BTreeMap<_, _>>()
    });
    let complete = wanted.each_ref().map(|files| {
        let directory = tempfile::tempdir().unwrap();
        write_directory(directory.path(), files).unwrap();
        tree(directory.path())
    });
    thread::scope(|scope| {
        for number in 0..6 {
            let (wanted, directory) = (&wanted, directory.path());
            scope.spawn(move || {
                for turn in 0..8 {
                    write_directory(directory, &wanted[(number + turn) % 2]).unwrap();
                }
            });
        }
    });
    assert!(complete.contains(&tree(directory.path())));
}
