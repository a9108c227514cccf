//! A comparison as Markdown for the comment of a pull request.

use crate::base::wording;
use crate::diff::view::{Fold, Line, Mark, ObjectView, View, names};

/// The longest comment that GitHub accepts, in bytes.
pub const BUDGET: usize = 65_536;

/// By this line a program finds the comment to update.
const MARKER: &str = "<!-- kaito-render diff -->";

/// How many of the Workspaces that change in the same way are named.
const NAMED: usize = 100;

/// How many bytes are reserved for the line that says what is left out.
const RESERVE: usize = 512;

/// Everything that differs, in at most `budget` bytes: always the summary, then Workspaces and
/// objects as far as there is room. Objects are shown in full or not at all, and those left out are
/// counted.
#[must_use]
pub fn render(view: &View, budget: usize) -> String {
    let mut out = head(view);
    let (mut groups, mut objects) = (0, 0);
    for fold in view.folds() {
        let (start, end) = (opening(&fold), "</details>\n");
        let room = budget.saturating_sub(out.len() + RESERVE + start.len() + end.len());
        let mut body = String::new();
        for (object, lines) in fold.first.objects().zip(&fold.lines) {
            let section = section(&object, lines);
            if body.len() + section.len() > room {
                objects += 1;
            } else {
                body += &section;
            }
        }
        if body.is_empty() {
            groups += 1 + fold.others.len();
        } else {
            out += &format!("{start}{body}{end}");
        }
    }
    out + &left_out(groups, objects)
}

/// The marker, how much changes, the risks, and the resources.
fn head(view: &View) -> String {
    if view.is_empty() {
        return format!("{MARKER}\nNo object changes.\n");
    }
    let mut out = format!("{MARKER}\n**{}**\n", view.summary());
    let risks = view.risk_rows();
    if !risks.is_empty() {
        out += "\n| risk | |\n|---|---|\n";
        out.extend(risks.iter().map(|risk| {
            let remediation = risk.remediation.as_ref();
            let remediation = remediation.map(|text| format!("<br>{}", escaped(text)));
            format!(
                "| **{}** | {}{} |\n",
                risk.kind.title(),
                escaped(&risk.text),
                remediation.unwrap_or_default()
            )
        }));
    }
    let rows = view.resource_rows();
    if !rows.is_empty() {
        out += "\n| resource | before | after | delta |\n|---|---:|---:|---:|\n";
        out.extend(rows.iter().map(|row| format!("| {} |\n", row.join(" | "))));
    }
    out.push('\n');
    out
}

fn left_out(groups: usize, objects: usize) -> String {
    if objects == 0 {
        return String::new();
    }
    let groups = match groups {
        0 => String::new(),
        count => format!(", including all of {}", wording::count(count, "Workspace")),
    };
    let objects = wording::count(objects, "object");
    format!(
        "\n_Left out because of the size limit: {objects}{groups}. Run `kaito-render diff` to see everything._\n"
    )
}

fn opening(fold: &Fold) -> String {
    let group = &fold.first;
    let kind = if group.is_workspace() {
        "Workspace "
    } else {
        ""
    };
    let mark = Mark::from(group.action()).sign();
    let mut title = format!(
        "{mark} {kind}<b>{}</b>: {}",
        escaped(&group.owner()),
        group.counts().text()
    );
    let mut others = String::new();
    if !fold.others.is_empty() {
        let count = wording::count(fold.others.len(), "more Workspace");
        title += &format!(", and the same change in {count}");
        let names = escaped(&names(&fold.others, NAMED));
        others = format!("The same change in {names}.\n\n");
    }
    format!("<details><summary>{title}</summary>\n\n{others}")
}

/// One object, as a code block that GitHub colours.
fn section(object: &ObjectView, lines: &[Line]) -> String {
    let mark = Mark::from(object.action());
    let mut body = format!("{} {}\n", sign(mark), object.title());
    for line in lines {
        body += &format!(
            "{}   {:indent$}{}\n",
            sign(line.mark),
            "",
            line.text,
            indent = line.depth * 2
        );
    }
    // A longer fence than any in the block: the block must not end early.
    let fence = "`".repeat(longest_run(&body).max(2) + 1);
    format!("{fence}diff\n{body}{fence}\n\n")
}

/// The character that colours a line of a `diff` block.
fn sign(mark: Mark) -> char {
    if mark == Mark::Changed {
        '!'
    } else {
        mark.sign()
    }
}

/// How many backticks stand together at most.
fn longest_run(text: &str) -> usize {
    text.split(|char| char != '`')
        .map(str::len)
        .max()
        .unwrap_or(0)
}

/// Text that is neither HTML nor the end of a cell.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('|', "\\|")
}
