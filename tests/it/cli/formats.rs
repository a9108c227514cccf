//! Diagnostics in each format, read as the programs read them that the format is for.

use std::fs;
use std::path::Path;

use kaito_render::base::shown::ForPeople;
use kaito_render::base::sources::{FileId, Sources, Span};
use kaito_render::diagnostic::{Diagnostic, Severity, rule};
use kaito_render::report::policy::Policy;
use kaito_render::report::{Report, Strictness, concise, github, human, json, junit, sarif};
use kaito_render::session::Session;
use serde_json::Value;

use crate::support::inputs;
use crate::support::program::{kaito_render, root, run};

/// The working directory of reports that are made up.
pub(super) const DIRECTORY: &str = "/home/work";

/// The report of some diagnostics.
pub(super) fn report(sources: Sources, found: impl IntoIterator<Item = Diagnostic>) -> Report {
    let mut session = Session {
        sources,
        ..Session::default()
    };
    session.diagnostics.extend(found);
    Report::finish(session, &Policy::default(), Strictness::Errors)
}

/// A report with what is hard to write, and a file that is clean.
pub(super) struct Tricky {
    pub(super) report: Report,
    pub(super) clean: FileId,
}

impl Tricky {
    pub(super) fn new() -> Self {
        let mut sources = Sources::default();
        let clean = sources.add("clean.yaml", "a: 1\n");
        let text = "🦅🦅: on\nname: x\n\u{1b}[31m\"red\" ]]>: |\n  two\n  lines\n";
        let odd = sources.add("a b/100%: é,\u{7}\n<&\"'>.yaml", text);
        let plain = sources.add("./plain.yaml", "first: 1\r\nsecond: on\r\nsecond: on\r\n");
        let outside = sources.add("../other/shared directory.yaml", "x: 1\n");
        let stdin = sources.add("<stdin>", "kind: X\n");
        let message = "100% of `a: b, c`\nis \"odd\" & <'x'> ]]> \u{1b}[2J\u{fffe}\r\t{0} [x](1)";
        let diagnostics = vec![
            Diagnostic::new(
                &rule::AMBIGUOUS_SCALAR,
                at(&sources, odd, "on"),
                "`on` is read in two ways",
            )
            .hint("quote it")
            .fix(at(&sources, odd, "on"), "\"on\""),
            Diagnostic::new(&rule::NAME, at(&sources, odd, "x"), message)
                .also(at(&sources, plain, "first"), "the first one: 50%")
                .hint("say, for example,\nanother: 100%"),
            Diagnostic::new(
                &rule::FIELD,
                at(&sources, odd, "\"red\" ]]>: |\n  two"),
                "many lines",
            ),
            Diagnostic::new(&rule::NOT_PARSED, Span::whole(plain), "file passed over"),
            Diagnostic::new(
                &rule::AMBIGUOUS_SCALAR,
                at(&sources, plain, "on\r"),
                "`on` is odd",
            ),
            Diagnostic::new(
                &rule::AMBIGUOUS_SCALAR,
                after(&sources, plain, "on\r"),
                "`on` is odd",
            ),
            Diagnostic::new(
                &rule::UNKNOWN_FIELD,
                at(&sources, outside, "x"),
                "no field `x`",
            ),
            Diagnostic::new(
                &rule::UNRECOGNIZED,
                at(&sources, stdin, "X"),
                "no Workspace",
            ),
            Diagnostic::global(&rule::NO_WORKSPACE, "the input holds no Workspace")
                .hint("name a directory"),
        ];
        Self {
            report: report(sources, diagnostics),
            clean,
        }
    }

    pub(super) fn sarif(&self) -> Value {
        read_sarif(&self.report, "workspaces/")
    }
}

/// The report in SARIF as JSON.
pub(super) fn read_sarif(report: &Report, input: &str) -> Value {
    let text = sarif::document(report, Path::new(DIRECTORY), input);
    serde_json::from_str(&text).unwrap()
}

/// The first place of a text.
fn at(sources: &Sources, file: FileId, part: &str) -> Span {
    place(file, sources.text(file).find(part), part)
}

/// The last place of a text.
fn after(sources: &Sources, file: FileId, part: &str) -> Span {
    place(file, sources.text(file).rfind(part), part)
}

fn place(file: FileId, start: Option<usize>, part: &str) -> Span {
    let start = u32::try_from(start.unwrap()).unwrap();
    Span {
        file,
        start,
        end: start + u32::try_from(part.trim_end().len()).unwrap(),
    }
}

fn shown(text: &impl ForPeople) -> String {
    text.as_str().to_owned()
}

/// With `KAITO_RENDER_BLESS` set, the files are written instead of compared.
#[test]
fn every_format_writes_what_is_kept() {
    let Tricky { report, clean } = &Tricky::new();
    let directory = Path::new(DIRECTORY);
    let sarif = sarif::document(report, directory, "workspaces/");
    for (name, text) in [
        ("human.txt", shown(&human::document(report, false))),
        (
            "concise.txt",
            shown(&concise::document(report, directory, false)),
        ),
        ("diagnostics.json", json::document(report)),
        ("diagnostics.sarif", sarif),
        ("github.txt", shown(&github::document(report, directory))),
        (
            "junit.xml",
            junit::document(report, directory, &[*clean, *clean]),
        ),
    ] {
        let path = root().join("tests/fixtures/diagnostics").join(name);
        if std::env::var_os("KAITO_RENDER_BLESS").is_some() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &text).unwrap();
        }
        let kept = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            kept == text,
            "{}: run the tests with KAITO_RENDER_BLESS=1\n{text}",
            path.display()
        );
    }
}

#[test]
fn concise_and_github_keep_each_diagnostic_on_a_line_of_plain_text() {
    let Tricky { report, .. } = &Tricky::new();
    let directory = Path::new(DIRECTORY);
    for text in [
        shown(&concise::document(report, directory, false)),
        shown(&github::document(report, directory)),
    ] {
        assert_eq!(text.lines().count(), report.diagnostics().len(), "{text}");
        assert!(
            !text.contains(|letter: char| letter.is_control() && !matches!(letter, '\n' | '\t')),
            "{text:?}"
        );
    }
    let colored = shown(&concise::document(report, directory, true));
    assert!(
        colored
            .contains("plain.yaml:2:9: \u{1b}[1m\u{1b}[33mwarning[KR006]\u{1b}[0m: `on` is odd\n"),
        "{colored:?}"
    );
}

/// What GitHub Actions makes of a command: its properties and its message.
fn read_command(line: &str) -> (Vec<(String, String)>, String) {
    let unescaped = |text: &str| {
        let text = text
            .replace("%0D", "\r")
            .replace("%0A", "\n")
            .replace("%3A", ":")
            .replace("%2C", ",");
        text.replace("%25", "%")
    };
    let (head, message) = line.strip_prefix("::").unwrap().split_once("::").unwrap();
    let properties = head
        .split_once(' ')
        .unwrap()
        .1
        .split(',')
        .map(|property| property.split_once('=').unwrap());
    (
        properties
            .map(|(name, value)| (name.to_owned(), unescaped(value)))
            .collect(),
        unescaped(message),
    )
}

#[test]
fn github_reads_back_what_was_meant() {
    let text = shown(&github::document(
        &Tricky::new().report,
        Path::new(DIRECTORY),
    ));
    let (properties, message) = read_command(text.lines().nth(6).unwrap());
    let property = |name: &str| {
        properties
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    };
    assert_eq!(property("file"), Some("a b/100%: é,␇\n<&\"'>.yaml"));
    assert_eq!(
        (property("line"), property("col"), property("endColumn")),
        (Some("2"), Some("7"), Some("8"))
    );
    assert_eq!(property("title"), Some("KR104"));
    assert!(
        message.starts_with("100% of `a: b, c`␊is \"odd\""),
        "{message}"
    );
    assert!(
        message.ends_with("another: 100%)\nplain.yaml:1:1: the first one: 50%"),
        "{message}"
    );
}

#[test]
fn sarif_with_more_diagnostics_than_are_read_keeps_the_errors() {
    let document = document_of_too_many();
    let results = document["runs"][0]["results"].as_array().unwrap();
    assert_eq!(
        (results.len(), &results[0]["ruleId"]),
        (25_000, &Value::from("KR104"))
    );
    let said =
        &document["runs"][0]["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"];
    assert!(
        said.as_str().unwrap().starts_with("2 diagnostics left out"),
        "{said}"
    );
}

/// More diagnostics than code scanning reads, the worst of them last.
pub(super) fn document_of_too_many() -> Value {
    let others = rule::ALL.iter().filter(|rule| rule.id != rule::NAME.id);
    let notes = others.take(25).flat_map(|rule| {
        (0..1_000).map(|index| Diagnostic {
            severity: Severity::Note,
            ..Diagnostic::global(rule, format!("note {index}"))
        })
    });
    let one_too_many = Diagnostic::global(&rule::AMBIGUOUS_SCALAR, "a warning");
    let diagnostics = notes.chain([one_too_many, Diagnostic::global(&rule::NAME, "wrong")]);
    read_sarif(&report(Sources::default(), diagnostics), "workspaces")
}

#[test]
fn every_sarif_result_has_a_location_and_columns_in_utf_16() {
    let document = Tricky::new().sarif();
    let results = document["runs"][0]["results"].as_array().unwrap();
    let location = |index: usize| &results[index]["locations"][0]["physicalLocation"];
    let uri = |index: usize| location(index)["artifactLocation"]["uri"].as_str().unwrap();
    assert_eq!(document["runs"][0]["columnKind"], "utf16CodeUnits");
    // Two eagles are two characters and four code units.
    assert_eq!(
        (
            &location(5)["region"]["startColumn"],
            &location(5)["region"]["endColumn"]
        ),
        (&7.into(), &9.into())
    );
    assert_eq!(
        uri(5),
        "a%20b/100%25%3A%20%C3%A9%2C%07%0A%3C%26%22%27%3E.yaml"
    );
    assert_eq!(
        (uri(1), &location(1)["artifactLocation"]["uriBaseId"]),
        ("plain.yaml", &"%SRCROOT%".into())
    );
    assert_eq!(uri(0), "file:///home/other/shared%20directory.yaml");
    assert_eq!(uri(4), "%3Cstdin%3E");
    assert_eq!(uri(8), "workspaces");
    assert!(
        results
            .iter()
            .enumerate()
            .all(|(index, _)| location(index)["region"]["startLine"].is_u64())
    );
}

#[test]
fn fingerprints_outlive_moved_lines_and_tell_equal_diagnostics_apart() {
    let fingerprints = |text: &str| {
        let mut sources = Sources::default();
        let file = sources.add("a.yaml", text);
        let places = text
            .match_indices("on")
            .map(|(start, part)| place(file, Some(start), part));
        let diagnostics: Vec<_> = places
            .map(|span| Diagnostic::new(&rule::AMBIGUOUS_SCALAR, span, "odd"))
            .collect();
        let document = read_sarif(&report(sources, diagnostics), "a.yaml");
        let results = document["runs"][0]["results"].as_array().unwrap().clone();
        results
            .iter()
            .map(|result| result["partialFingerprints"].to_string())
            .collect::<Vec<_>>()
    };
    let before = fingerprints("a: on\nb: on\na: on\n");
    assert!(
        before[0] != before[1] && before[0] != before[2] && before[1] != before[2],
        "{before:?}"
    );
    assert_eq!(
        fingerprints("# new\n\nx: 1\n  a: on\nb: on\na: on\n"),
        before
    );
    assert_ne!(fingerprints("c: on\nb: on\na: on\n")[0], before[0]);
}

/// A directory with one wrong Workspace and one that is right, and its parent.
pub(super) fn workspaces() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let example = |name: &str| fs::read_to_string(root().join("examples").join(name)).unwrap();
    let tuning = example("fine-tuning/kaito_workspace_tuning_phi_3.yaml").replace("qlora", "qlore");
    let profile = inputs::profile("release: \"0.3\"\nprovisioner: machine\n");
    for (path, text) in [
        ("work/wrong one.yaml", tuning),
        (
            "work/right.yaml",
            example("inference/kaito_workspace_falcon_7b.yaml"),
        ),
        ("work/kaito-render.yaml", profile),
    ] {
        fs::create_dir_all(directory.path().join(path).parent().unwrap()).unwrap();
        fs::write(directory.path().join(path), text).unwrap();
    }
    directory
}

#[test]
fn check_writes_each_format_to_standard_output_with_paths_from_the_working_directory() {
    let directory = workspaces();
    let work = directory.path().join("work");
    let check = |format: &str, path: &Path| {
        let mut command = kaito_render(&["check", "--format", format]);
        run(command.arg(path).current_dir(&work), "")
    };
    let concise = check("concise", &work);
    assert_eq!(concise.code, 1);
    assert!(
        concise
            .stderr
            .starts_with("kaito-render: 1 error, 1 warning; "),
        "{}",
        concise.stderr
    );
    let lines: Vec<_> = concise
        .stdout
        .lines()
        .map(|line| line.split_once("]: ").unwrap().0)
        .collect();
    assert_eq!(
        lines,
        [
            "wrong one.yaml:8:17: warning[KR207",
            "wrong one.yaml:15:11: error[KR113"
        ]
    );
    for path in [".", "../work", work.to_str().unwrap()] {
        assert_eq!(check("concise", Path::new(path)), concise, "{path}");
        for format in ["sarif", "github", "junit"] {
            let found = check(format, Path::new(path));
            assert_eq!((found.code, found.stderr.as_str()), (1, ""), "{format}");
            assert_eq!(found, check(format, Path::new(".")), "{format} {path}");
        }
    }
    assert!(
        check("github", Path::new("."))
            .stdout
            .starts_with("::warning file=wrong one.yaml,line=8,")
    );
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn no_text_and_place_panics(text in "[a\\n\\r\\t\u{e9}\u{1f985}\0]{0,40}", start in 0_u32..60, length in 0_u32..60) {
        let mut sources = Sources::default();
        let file = sources.add("a.yaml", text);
        let span = Span { file, start, end: start + length };
        let diagnostics = [Diagnostic::new(&rule::NAME, span, "no name").also(span, "other").fix(span, "new")];
        let (report, directory) = (report(sources, diagnostics), Path::new(DIRECTORY));
        let texts = [
            shown(&human::document(&report, true)),
            shown(&concise::document(&report, directory, true)),
            shown(&github::document(&report, directory)),
            junit::document(&report, directory, &[file]),
        ];
        proptest::prop_assert!(texts.iter().all(|text| text.contains("no name")));
        let sarif = read_sarif(&report, ".");
        let region = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"];
        let number = |name: &str| region[name].as_u64().unwrap();
        let (start, end) = ((number("startLine"), number("startColumn")), (number("endLine"), number("endColumn")));
        proptest::prop_assert!((1, 1) <= start && start <= end, "{}", region);
    }
}
