//! The program as a plugin of kubectl and of Flux, under the names by which they find it.

use std::os::unix::process::CommandExt;

use crate::support::program::{Run, kaito_render, run};

/// The names of plugins, and what people type for each.
const PLUGINS: [[&str; 2]; 2] = [
    [
        "/usr/local/bin/kubectl-kaito_render",
        "kubectl kaito-render",
    ],
    ["/root/.fluxcd/plugins/flux-kaito", "flux kaito"],
];

/// Runs the program under a name.
fn named(name: &str, args: &[&str]) -> Run {
    run(kaito_render(args).arg0(name), "")
}

#[test]
fn help_and_errors_say_what_people_type() {
    for [name, typed] in PLUGINS {
        let plugin = |args: &[&str]| named(name, args);
        let usage = format!("Usage: {typed} render ");
        let help = plugin(&["render", "--help"]).stdout;
        assert!(help.contains(&usage), "{help}");
        for command in [
            "",
            "render",
            "check",
            "diff",
            "explain",
            "fn",
            "rule",
            "presets",
            "completions",
        ] {
            let args = [command, "--help"];
            let help = plugin(&args[usize::from(command.is_empty())..]);
            assert_eq!(help.code, 0, "{command}");
            let without = help.stdout.replace(&format!("{typed} "), "");
            assert!(!without.contains("kaito-render "), "{command}: {without}");
        }
        let wrong = plugin(&["render", "--no-such-option"]);
        assert_eq!(wrong.code, 2);
        assert!(wrong.stderr.contains(&usage), "{}", wrong.stderr);
        let missing = plugin(&["render"]);
        assert!(missing.stderr.contains(&usage), "{}", missing.stderr);
        // What an error quotes is escaped under this name too.
        let hostile = plugin(&["render", "--\u{1b}[31m"]);
        assert!(!hostile.stderr.contains('\u{1b}'), "{}", hostile.stderr);
    }
}

#[test]
fn other_names_are_those_of_the_program() {
    // kubectl would take the second one for `kubectl kaito render`.
    for name in ["kaito-render", "kubectl-kaito-render", "flux-kaito-render"] {
        let help = named(name, &["--help"]).stdout;
        assert!(help.contains(&format!("Usage: {name} ")), "{help}");
        assert!(
            help.contains("\n  kaito-render render workspace.yaml"),
            "{help}"
        );
    }
}
