//! Differences for the comment of a pull request.

use crate::base::wording;
use crate::diff::view::fold;
use crate::diff::view::{self, Line, Mark};
use crate::diff::{Comparison, ObjectDiff};

/// The longest comment that GitHub takes, in bytes.
pub const BUDGET: usize = 65_536;

/// By this a program finds the comment that it is to update.
const MARKER: &str = "<!-- kaito-render diff -->";

/// How many of the Workspaces that differ in the same way are named.
const NAMED: usize = 100;

/// What is kept free for the line that says what was left out.
const RESERVE: usize = 512;

/// All that differs, in at most so many bytes: what it comes to always, and Workspaces and objects
/// as far as there is room. Nothing is cut in the middle, and what is left out is counted.
#[must_use]
pub fn render(comparison: &Comparison, budget: usize) -> String {
    let mut out = head(comparison);
    let (mut workspaces, mut objects) = (0, 0);
    for fold in fold::folds(&comparison.groups) {
        let (start, end) = (opening(&fold), "</details>\n");
        let room = budget.saturating_sub(out.len() + RESERVE + start.len() + end.len());
        let mut body = String::new();
        for (diff, lines) in fold.first.objects.iter().zip(&fold.lines) {
            let section = section(diff, lines);
            if body.len() + section.len() > room {
                objects += 1;
            } else {
                body += &section;
            }
        }
        if body.is_empty() {
            workspaces += 1 + fold.others.len();
            continue;
        }
        out += &format!("{start}{body}{end}");
    }
    if objects > 0 {
        let workspaces = match workspaces {
            0 => String::new(),
            count => format!(
                ", and with them {} altogether",
                wording::count(count, "Workspace")
            ),
        };
        let objects = wording::count(objects, "object");
        out += &format!(
            "\n_Left out for want of room: {objects}{workspaces}. `kaito-render diff` shows them all._\n"
        );
    }
    out
}

/// The marker, how much differs, what may happen, and the bill.
fn head(comparison: &Comparison) -> String {
    if comparison.is_empty() {
        return format!("{MARKER}\nNo object changes.\n");
    }
    let mut out = format!("{MARKER}\n**{}**\n", view::summary(comparison));
    let risks = view::risks(&comparison.risks);
    if !risks.is_empty() {
        out += "\n| risk | |\n|---|---|\n";
        out.extend(risks.iter().map(|(kind, said)| {
            let said = escaped(said);
            let said = said
                .split_once('\n')
                .map_or(said.clone(), |(said, way)| format!("{said}<br>`{way}`"));
            format!("| **{}** | {said} |\n", kind.title())
        }));
    }
    let rows = view::bill(&comparison.bill.0, &comparison.bill.1);
    if !rows.is_empty() {
        out += "\n| bill | before | after | delta |\n|---|---:|---:|---:|\n";
        out.extend(rows.iter().map(|row| format!("| {} |\n", row.join(" | "))));
    }
    out.push('\n');
    out
}

fn opening(fold: &fold::Fold) -> String {
    let what = if fold.first.is_workspace() {
        "Workspace "
    } else {
        ""
    };
    let mark = Mark::from(fold.first.fate).sign();
    let counts = view::counts(fold.first.objects.iter().map(ObjectDiff::fate));
    let mut title = format!(
        "{mark} {what}<b>{}</b>: {counts}",
        escaped(&view::owner(&fold.first.group))
    );
    let mut others = String::new();
    if !fold.others.is_empty() {
        let names: Vec<_> = fold.others.iter().map(|group| view::owner(group)).collect();
        title += &format!(
            ", and the same in {}",
            wording::count(names.len(), "more Workspace")
        );
        others = format!("The same in {}.\n\n", escaped(&view::names(&names, NAMED)));
    }
    format!("<details><summary>{title}</summary>\n\n{others}")
}

/// One object, as a code block that GitHub colours.
fn section(diff: &ObjectDiff, lines: &[Line]) -> String {
    let mark = Mark::from(diff.fate());
    let mut body = format!("{} {}\n", sign(mark), view::title(diff));
    for line in lines {
        body += &format!(
            "{}   {:indent$}{}\n",
            sign(line.mark),
            "",
            line.text,
            indent = line.depth * 2
        );
    }
    let fence = "`".repeat(longest_run(&body).max(2) + 1);
    format!("{fence}diff\n{body}{fence}\n\n")
}

/// What colours a line of a `diff` block.
fn sign(mark: Mark) -> char {
    if mark == Mark::Changed {
        '!'
    } else {
        mark.sign()
    }
}

fn longest_run(text: &str) -> usize {
    text.split(|char| char != '`')
        .map(str::len)
        .max()
        .unwrap_or(0)
}

/// Text that stays text in a table and in HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('|', "\\|")
}
