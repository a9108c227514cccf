//! Differences for a terminal.

use anstyle::{AnsiColor, Style};

use crate::base::wording;
use crate::diff::Comparison;
use crate::diff::view::fold;
use crate::diff::view::{self, Line, Mark};

/// How much is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Every object and field.
    Full,
    /// How many objects of each Workspace.
    Stat,
}

/// All that differs: first what it comes to, then each Workspace. Empty if nothing does.
#[must_use]
pub fn render(comparison: &Comparison, detail: Detail, color: bool) -> String {
    if comparison.is_empty() {
        return String::new();
    }
    let paint = Paint { color };
    let mut out = head(comparison, paint);
    for fold in fold::folds(&comparison.groups) {
        let mark = Mark::from(fold.first.fate);
        let mut title = view::owner(&fold.first.group);
        if !fold.others.is_empty() {
            let others: Vec<_> = fold.others.iter().map(|group| view::owner(group)).collect();
            let count = wording::count(others.len(), "more Workspace");
            title += &format!(
                ", and the same in {count}: {}",
                view::names(&others, view::NAMED)
            );
        }
        let what = if fold.first.is_workspace() {
            "Workspace "
        } else {
            ""
        };
        let counts = view::counts(fold.first.objects.iter().map(crate::diff::ObjectDiff::fate));
        match detail {
            Detail::Stat => out += &format!("{} {what}{title}: {counts}\n", paint.mark(mark)),
            Detail::Full => {
                out += &format!(
                    "\n{} {}\n",
                    paint.mark(mark),
                    paint.bold(&format!("{what}{title}"))
                );
                for (diff, lines) in fold.first.objects.iter().zip(&fold.lines) {
                    let mark = Mark::from(diff.fate());
                    out += &format!("  {} {}\n", paint.mark(mark), view::title(diff));
                    out.extend(lines.iter().map(|line| paint.line(line)));
                }
            }
        }
    }
    out
}

/// What it comes to: how much, what may happen, and the bill.
fn head(comparison: &Comparison, paint: Paint) -> String {
    let mut out = format!("{}\n", view::summary(comparison));
    let risks = view::risks(&comparison.risks);
    if !risks.is_empty() {
        out += &format!("\n{}\n", paint.bold("Risk"));
        for (kind, said) in risks {
            let indented = said.replace('\n', &format!("\n  {:19}", ""));
            out += &format!(
                "  {} {indented}\n",
                paint.risk(&format!("{:18}", kind.title()))
            );
        }
    }
    let rows = view::bill(&comparison.bill.0, &comparison.bill.1);
    if !rows.is_empty() {
        // Escapes would count as characters where a width is filled.
        out += &format!(
            "\n{}{:20} {:>12} {:>12} {:>12}\n",
            paint.bold("Bill"),
            "",
            "before",
            "after",
            "delta"
        );
        out.extend(rows.iter().map(|[name, before, after, delta]| {
            format!("  {name:22} {before:>12} {after:>12} {delta:>12}\n")
        }));
    }
    out
}

#[derive(Clone, Copy)]
struct Paint {
    color: bool,
}

impl Paint {
    fn with(self, style: Style, text: &str) -> String {
        if self.color {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }

    fn bold(self, text: &str) -> String {
        self.with(Style::new().bold(), text)
    }

    fn risk(self, text: &str) -> String {
        self.with(AnsiColor::Yellow.on_default(), text)
    }

    fn mark(self, mark: Mark) -> String {
        self.with(style(mark), &mark.sign().to_string())
    }

    fn line(self, line: &Line) -> String {
        let text = format!("{} {}", line.mark.sign(), line.text);
        format!(
            "    {:indent$}{}\n",
            "",
            self.with(style(line.mark), &text),
            indent = line.depth * 2
        )
    }
}

fn style(mark: Mark) -> Style {
    match mark {
        Mark::Context => Style::new(),
        Mark::Added => AnsiColor::Green.on_default(),
        Mark::Removed => AnsiColor::Red.on_default(),
        Mark::Changed => AnsiColor::Yellow.on_default(),
    }
}
