//! The annotated suite: the examples of the rules' pages, and the files under `tests/suite`.
//!
//! A comment `# KR113 11-16` says what is found on the line below it, from which column to which;
//! without columns, what is found at no place. A `Profile` among the documents is the profile of
//! the run, and notes don't count. With `KAITO_RENDER_BLESS` set, the comments are written instead
//! of compared.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use kaito_render::catalogue::library::Library;
use kaito_render::catalogue::profile::Profile;
use kaito_render::compile::{self, Options};
use kaito_render::diagnostic::rule::{self, Rule};
use kaito_render::diagnostic::{Diagnostic, Severity};
use kaito_render::input::{self, Document};
use kaito_render::overlay;
use kaito_render::report::policy::Policy;
use kaito_render::report::{Report, Strictness};
use kaito_render::session::Session;
use kaito_render::upgrade;
use walkdir::WalkDir;

use crate::support::program::root;

/// Rules that no text shows, and the tests that do.
const ELSEWHERE: [(&str, &str); 19] = [
    ("KR001", "links_are_followed_but_not_in_circles"),
    ("KR002", "bytes_that_are_no_text_are_shown_where_they_stand"),
    (
        "KR007",
        "files_that_have_nothing_to_do_with_kaito_are_passed_over",
    ),
    ("KR009", "what_is_no_text_and_no_input_is_only_noted"),
    (
        "KR010",
        "links_out_of_the_directory_are_errors_and_nothing_behind_them_is_shown",
    ),
    ("KR011", "links_that_lead_nowhere_are_named"),
    ("KR012", "patches_of_a_kustomization_are_no_input"),
    ("KR013", "a_document_that_is_no_object_is_noted"),
    (
        "KR014",
        "what_another_program_has_to_render_is_an_error_with_the_way",
    ),
    ("KR404", "kinds_can_be_chosen"),
    ("KR405", "kinds_can_be_chosen"),
    (
        "KR412",
        "a_kind_that_the_cluster_lacks_is_an_error_with_the_command_that_installs_it",
    ),
    ("KR414", "a_stream_without_objects_is_found"),
    ("KR413", "what_was_changed_after_it_was_rendered_is_found"),
    ("KR502", "a_profile_that_is_not_one_is_an_error"),
    ("KR503", "a_profile_that_is_not_one_is_an_error"),
    ("KR508", "a_profile_above_that_is_not_used_is_named"),
    ("KR509", "a_profile_is_looked_for_up_to_the_root"),
    ("KR510", "parameters_are_checked_like_a_profile"),
];

/// A diagnostic as a comment shows it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    /// The file, from the directory of the run, and the line; none for a diagnostic at no place.
    line: Option<(String, usize)>,
    /// `KR113 11-16`
    comment: String,
    rule: &'static str,
    severity: Severity,
}

/// The name of the text that is checked; others are laid beside it.
const INPUT: &str = "input.yaml";

/// Rules about what another release makes otherwise.
const OF_TARGETS: [&str; 6] = ["KR262", "KR263", "KR264", "KR265", "KR266", "KR267"];

fn load(path: &Path, session: &mut Session) -> Vec<Document> {
    input::load(
        &input::Disk,
        &[path.to_owned()],
        input::DocumentFilter::Input,
        &mut session.sources,
        &mut session.diagnostics,
    )
    .unwrap()
}

/// The profile among documents, with the files that it names; none if it can't be used.
fn profile(documents: &[Document], directory: &Path, session: &mut Session) -> Option<Profile> {
    let nodes = documents.iter().map(|document| &document.node);
    let mut profiles = nodes.filter(|node| node.str_at("/kind") == Some("Profile"));
    let Some(document) = profiles.next() else {
        return Some(Profile::default());
    };
    let profile = Profile::read(document, &mut session.diagnostics)?;
    overlay::read_files(&profile, &input::Disk, directory, session);
    Some(profile)
}

/// Checks files, given by their paths and texts, as `check input.yaml --library library --against
/// old` does; for a rule about targets with `--target-release 0.12` as well.
fn check(files: &[(String, String)], own: Option<&Rule>) -> Vec<Found> {
    let directory = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = directory.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let mut library = Library::embedded();
    if directory.path().join("library").exists() {
        library
            .add_layer(&input::Disk, &directory.path().join("library"))
            .unwrap();
    }
    let mut session = Session::default();
    let mut documents = load(&directory.path().join(INPUT), &mut session);
    let old = directory.path().join("old");
    let against = if old.exists() {
        load(&old, &mut session)
    } else {
        Vec::new()
    };
    let profile = profile(&documents, directory.path(), &mut session);
    let Session {
        sources,
        diagnostics,
    } = &mut session;
    let paths = [directory.path().to_owned()];
    overlay::read_files_of_input(&mut documents, &paths, &input::Disk, sources, diagnostics);
    let mut policy = Policy::default();
    if let Some(profile) = profile {
        policy = Policy::read(
            &profile,
            &documents,
            &session.sources,
            &mut session.diagnostics,
        );
        let options = Options {
            profile,
            against,
            ..Options::default()
        };
        if own.is_some_and(|rule| OF_TARGETS.contains(&rule.id)) {
            upgrade::check(&documents, &options, "0.12", &library, &mut session);
        } else {
            compile::compile(documents, &options, &library, &mut session);
        }
    }
    let report = Report::finish(session, &policy, Strictness::Errors);
    report
        .diagnostics()
        .iter()
        .map(|diagnostic| found(diagnostic, &report, directory.path()))
        .collect()
}

fn found(diagnostic: &Diagnostic, report: &Report, directory: &Path) -> Found {
    let (id, severity) = (diagnostic.rule.id, diagnostic.severity);
    let Some(place) = diagnostic.place else {
        return Found {
            line: None,
            comment: id.to_owned(),
            rule: id,
            severity,
        };
    };
    let name = report.name(place.file);
    let inside = Path::new(name)
        .strip_prefix(directory)
        .unwrap_or_else(|_| panic!("{id} in {name}, which is not shown"));
    let [start, end] = report.positions(place);
    let last = if end.line == start.line {
        end.column - 1
    } else {
        let line = report.lines(place.file, start.line..=start.line).unwrap();
        let line = report.excerpt(place.file, line).unwrap();
        line.trim_end_matches('\r').chars().count()
    };
    Found {
        line: Some((inside.to_str().unwrap().to_owned(), start.line)),
        comment: format!("{id} {}-{}", start.column, last.max(start.column)),
        rule: id,
        severity,
    }
}

fn is_comment(line: &str) -> bool {
    let Some((id, rest)) = line
        .trim()
        .strip_prefix("# KR")
        .and_then(|rest| rest.split_at_checked(3))
    else {
        return false;
    };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let columns = rest
        .strip_prefix(' ')
        .and_then(|columns| columns.split_once('-'));
    is_number(id)
        && (rest.is_empty()
            || columns.is_some_and(|(first, last)| is_number(first) && is_number(last)))
}

fn without_comments(text: &str) -> String {
    text.split_inclusive('\n')
        .filter(|line| !is_comment(line))
        .collect()
}

/// A text with what was found in it. What was found at no place stands at the top of the input.
fn with_comments(name: &str, text: &str, found: &[Found]) -> String {
    let comments = |wanted: Option<(String, usize)>, indent: &str| {
        let found: BTreeSet<_> = found.iter().filter(|found| found.line == wanted).collect();
        found
            .into_iter()
            .map(|found| format!("{indent}# {}\n", found.comment))
            .collect::<String>()
    };
    let mut commented = if name == INPUT {
        comments(None, "")
    } else {
        String::new()
    };
    // What ends too early is found behind the last line.
    for (line, number) in text.split_inclusive('\n').chain([""]).zip(1..) {
        let indent = &line[..line.len() - line.trim_start_matches(' ').len()];
        commented += &comments(Some((name.to_owned(), number)), indent);
        commented += line;
    }
    commented
}

/// Files with the comments that belong there, and what was found.
fn commented(files: &[(String, String)], own: Option<&Rule>) -> (Vec<String>, Vec<Found>) {
    let bare: Vec<_> = files
        .iter()
        .map(|(name, text)| (name.clone(), without_comments(text)))
        .collect();
    let mut found = check(&bare, own);
    found.retain(|found| {
        found.severity > Severity::Note || own.is_some_and(|rule| rule.id == found.rule)
    });
    (
        bare.iter()
            .map(|(name, text)| with_comments(name, text, &found))
            .collect(),
        found,
    )
}

/// Compares a file with what belongs there, or writes it.
fn settle(path: &Path, text: &str, wanted: &str, wrong: &mut Vec<String>) {
    if text != wanted && std::env::var_os("KAITO_RENDER_BLESS").is_some() {
        fs::write(path, wanted).unwrap();
    } else if text != wanted {
        let same = text
            .lines()
            .zip(wanted.lines())
            .take_while(|(line, wanted)| line == wanted)
            .count();
        let shown: Vec<_> = wanted.lines().skip(same).take(3).collect();
        wrong.push(format!(
            "{}:{}: expected\n  {}",
            path.display(),
            same + 1,
            shown.join("\n  ")
        ));
    }
}

/// The blocks of a page, by the index of each among the parts that fences divide it into.
struct Example {
    is_good: bool,
    /// The names of the blocks, and their parts.
    blocks: Vec<(String, usize)>,
}

/// The parts of a page, of which each second one is a block, and its examples.
fn examples(page: &str) -> (Vec<String>, Vec<Example>) {
    let parts: Vec<_> = page.split("```").map(str::to_owned).collect();
    let mut examples: Vec<Example> = Vec::new();
    let mut is_good = false;
    for (index, part) in parts.iter().enumerate() {
        if index % 2 == 0 {
            is_good = match part.trim_end().lines().last() {
                Some("Bad:") => false,
                Some("Good:") => true,
                _ => is_good,
            };
            continue;
        }
        let info = part.lines().next().unwrap_or_default();
        let name = info
            .strip_prefix("yaml")
            .unwrap_or_else(|| panic!("a block is yaml, not {info}"))
            .trim();
        let name = if name.is_empty() { INPUT } else { name }.to_owned();
        // A block of a name lies beside the input that it follows, or the first one.
        let is_beside = examples.last().is_some_and(|last| {
            last.is_good == is_good
                && (name != INPUT || last.blocks.iter().all(|(name, _)| name != INPUT))
        });
        match examples.last_mut() {
            Some(last) if is_beside => last.blocks.push((name, index)),
            _ => examples.push(Example {
                is_good,
                blocks: vec![(name, index)],
            }),
        }
    }
    (parts, examples)
}

/// The inside of a block, without the line that names it.
fn inside(part: &str) -> &str {
    part.split_once('\n').map_or("", |(_, text)| text)
}

fn page(rule: &'static Rule) -> PathBuf {
    root().join(format!("rules/{}.md", rule.id))
}

/// Holds the examples of a page: what is bad breaks the rule where it says so, and what is good
/// does not.
fn check_page(rule: &'static Rule, wrong: &mut Vec<String>) {
    let text = fs::read_to_string(page(rule)).unwrap();
    let (mut parts, examples) = examples(&text);
    let files = |example: &Example, parts: &[String]| -> Vec<_> {
        example
            .blocks
            .iter()
            .map(|(name, part)| (name.clone(), inside(&parts[*part]).to_owned()))
            .collect()
    };
    let mut complain = |what: &str| wrong.push(format!("{}: {what}", page(rule).display()));
    if ELSEWHERE.iter().any(|(id, _)| *id == rule.id) {
        if !examples.is_empty() {
            complain("there is an example after all: test it here");
        }
        return;
    }
    let is_whole = [true, false]
        .iter()
        .all(|is_good| examples.iter().any(|example| example.is_good == *is_good));
    if !is_whole {
        complain("an example of what is bad or of what is good is missing");
    }
    for example in &examples {
        if example.is_good {
            let found = check(&files(example, &parts), Some(rule));
            if let Some(found) = found
                .iter()
                .find(|found| found.severity == Severity::Error || found.rule == rule.id)
            {
                complain(&format!("what is good has {}", found.comment));
            }
            continue;
        }
        let (texts, found) = commented(&files(example, &parts), Some(rule));
        if !found.iter().any(|found| found.rule == rule.id) {
            complain("what is bad does not break the rule");
        }
        for ((_, part), text) in example.blocks.iter().zip(texts) {
            let (info, _) = parts[*part].split_once('\n').unwrap();
            parts[*part] = format!("{info}\n{text}");
        }
    }
    settle(&page(rule), &text, &parts.join("```"), wrong);
}

#[test]
fn every_rule_has_an_example_that_breaks_it_and_one_that_does_not() {
    let mut wrong = Vec::new();
    for rule in rule::ALL {
        check_page(rule, &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_without_an_example_has_a_test() {
    let code: Vec<_> = ["src", "tests/it"]
        .iter()
        .flat_map(|directory| WalkDir::new(root().join(directory)))
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    for (id, test) in ELSEWHERE {
        let signature = format!("fn {test}()");
        let mut bodies = code.iter().filter_map(|text| text.split_once(&signature));
        let (_, body) = bodies
            .next()
            .unwrap_or_else(|| panic!("there is no {test}"));
        let body = body.split("#[test]").next().unwrap();
        assert!(body.contains(id), "{test} does not look for {id}");
    }
}

#[test]
fn the_suite_finds_what_it_says() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for entry in WalkDir::new(root().join("tests/suite")).sort_by_file_name() {
        let path = entry.unwrap().into_path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let (texts, _) = commented(&[(INPUT.to_owned(), text.clone())], None);
        settle(&path, &text, &texts[0], &mut wrong);
        count += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count >= 40, "only {count} files were found");
}
