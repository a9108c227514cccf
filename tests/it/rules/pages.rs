//! The pages of the rules: `kaito-render rule`, and docs/rules.md.

use std::fs;

use kaito_render::diagnostic::rule::{self, GROUPS};

use crate::support::program::{kaito_render, root, run, stdout};

#[test]
fn a_page_is_printed_without_any_input() {
    for rule in rule::ALL {
        let title = format!("{}[{}]: {}", rule.severity.name(), rule.id, rule.title);
        let mut prose = rule.page.split("```").step_by(2).flat_map(str::lines);
        let fits = prose.all(|line| !line.starts_with('#') && line.chars().count() <= 90);
        assert!(
            fits && rule.page.ends_with('\n'),
            "{}: a page has no headings and fits a terminal",
            rule.id
        );
        if ["KR001", "KR113"].contains(&rule.id) {
            let printed = stdout(&["rule", &rule.id.to_lowercase()], "");
            assert_eq!(printed, format!("{title}\n\n{}", rule.page));
        }
    }
}

#[test]
fn an_unknown_rule_is_no_success() {
    for (args, said) in [
        (&["rule", "KR199"][..], "the nearest is KR201"),
        (&["rule", "qlore"], "the rules are KR001 to KR"),
        (&["rule", "KR113", "examples/"], "unexpected argument"),
        (&["rule"], "required arguments were not provided"),
        (&["check", "--explain", "KR113"], "is now `rule KR113`"),
    ] {
        let run = run(&mut kaito_render(args), "");
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{args:?}");
        assert!(run.stderr.contains(said), "{args:?}: {}", run.stderr);
    }
}

/// With `KAITO_RENDER_BLESS` set, the file is written instead of compared.
#[test]
fn the_documentation_has_every_page() {
    let path = root().join("docs/rules.md");
    if std::env::var_os("KAITO_RENDER_BLESS").is_some() {
        fs::write(&path, documentation()).unwrap();
    }
    let is_same = fs::read_to_string(&path).unwrap_or_default() == documentation();
    assert!(
        is_same,
        "{}: run the tests with KAITO_RENDER_BLESS=1",
        path.display()
    );
}

fn documentation() -> String {
    let mut contents = String::new();
    let mut pages = String::new();
    for (prefix, group) in GROUPS {
        contents += &format!("\n**{group}**\n\n");
        pages += &format!("\n## {group}\n");
        for rule in rule::ALL.iter().filter(|rule| rule.id.starts_with(prefix)) {
            let (id, severity, title) = (rule.id, rule.severity.name(), rule.title);
            contents += &format!("- [{id}](#{}) {title}\n", id.to_lowercase());
            pages += &format!("\n### {id}\n\n*{severity}*: **{title}**\n\n{}", rule.page);
        }
    }
    format!(
        "# Rules\n\n`check` reports these rules, and so does `render` before it writes anything.\n\
         `kaito-render rule KR113` prints one of these pages.\n\
         In the examples, a comment such as `# KR113 11-16` names the columns of the next line that are reported.\n\
         This file is generated from `rules/`; change a page there.\n{contents}{pages}"
    )
}
