//! A comparison as Markdown for the comment of a pull request.

use crate::base::shown::Markdown;
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
pub fn render(view: &View, budget: usize) -> Markdown {
    let mut out = head(view);
    let (mut groups, mut objects) = (0, 0);
    for fold in view.folds() {
        let start = opening(&fold);
        let room = budget.saturating_sub(out.len() + RESERVE + start.len() + END.len());
        let mut body = Markdown::default();
        for (object, lines) in fold.first.objects().zip(&fold.lines) {
            let section = section(&object, lines);
            if body.len() + section.len() > room {
                objects += 1;
            } else {
                body.append(&section);
            }
        }
        if body.is_empty() {
            groups += 1 + fold.others.len();
        } else {
            out.append(&start).append(&body).markup(END);
        }
    }
    left_out(groups, objects, &mut out);
    out
}

/// The end of what [`opening`] begins.
const END: &str = "</details>\n";

/// The marker, how much changes, the risks, and the resources.
fn head(view: &View) -> Markdown {
    let mut out = Markdown::default();
    out.markup(MARKER);
    if view.is_empty() {
        out.markup("\nNo object changes.\n");
        return out;
    }
    out.markup("\n**").text(&view.summary()).markup("**\n");
    risks(view, &mut out);
    let rows = view.resource_rows();
    if !rows.is_empty() {
        out.markup("\n| resource | before | after | delta |\n|---|---:|---:|---:|\n");
    }
    for row in rows {
        for cell in &row {
            out.markup("| ").text(cell).markup(" ");
        }
        out.markup("|\n");
    }
    out.markup("\n");
    out
}

fn risks(view: &View, out: &mut Markdown) {
    let all = view.risk_rows();
    if !all.is_empty() {
        out.markup("\n| risk | |\n|---|---|\n");
    }
    for risk in all {
        out.markup("| **").text(risk.kind.title()).markup("** | ");
        out.text(&risk.text);
        if let Some(remediation) = &risk.remediation {
            out.markup("<br>").text(remediation);
        }
        out.markup(" |\n");
    }
}

fn left_out(groups: usize, objects: usize, out: &mut Markdown) {
    if objects == 0 {
        return;
    }
    let groups = match groups {
        0 => String::new(),
        count => format!(", including all of {}", wording::count(count, "Workspace")),
    };
    let objects = wording::count(objects, "object");
    out.markup("\n_Left out because of the size limit: ")
        .text(&format!(
            "{objects}{groups}. Run `kaito-render diff` to see everything."
        ))
        .markup("_\n");
}

fn opening(fold: &Fold) -> Markdown {
    let group = &fold.first;
    let kind = if group.is_workspace() {
        " Workspace "
    } else {
        " "
    };
    let mut out = Markdown::default();
    out.markup("<details><summary>")
        .markup(match Mark::from(group.action()) {
            Mark::Context => " ",
            Mark::Added => "+",
            Mark::Removed => "-",
            Mark::Changed => "~",
        })
        .markup(kind)
        .markup("<b>")
        .text(&group.owner())
        .markup("</b>: ")
        .text(&group.counts().text());
    if fold.others.is_empty() {
        out.markup("</summary>\n\n");
        return out;
    }
    let count = wording::count(fold.others.len(), "more Workspace");
    out.text(&format!(", and the same change in {count}"))
        .markup("</summary>\n\nThe same change in ")
        .text(&names(&fold.others, NAMED))
        .markup(".\n\n");
    out
}

/// One object, as a code block that GitHub colours.
fn section(object: &ObjectView, lines: &[Line]) -> Markdown {
    let mark = Mark::from(object.action());
    let title = format!("{} {}", sign(mark), object.title());
    let lines = lines.iter().map(|line| {
        let indent = line.depth * 2;
        format!("{}   {:indent$}{}", sign(line.mark), "", line.text)
    });
    let lines: Vec<_> = std::iter::once(title).chain(lines).collect();
    let mut out = Markdown::default();
    out.block("diff", lines.iter().map(String::as_str));
    out
}

/// The character that colours a line of a `diff` block.
fn sign(mark: Mark) -> char {
    if mark == Mark::Changed {
        '!'
    } else {
        mark.sign()
    }
}
