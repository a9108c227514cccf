//! A comparison as text for a terminal.

use anstyle::{AnsiColor, Style};

use crate::base::wording;
use crate::diff::view::{Fold, Line, Mark, NAMED, View, names};

/// How much is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Every object and field.
    Full,
    /// How many objects of each Workspace.
    Stat,
}

/// Everything that differs: the summary, then each Workspace. Empty if nothing differs.
#[must_use]
pub fn render(view: &View, detail: Detail, color: bool) -> String {
    if view.is_empty() {
        return String::new();
    }
    let paint = Paint { color };
    let mut out = head(view, paint);
    for fold in view.folds() {
        out += &match detail {
            Detail::Full => full(&fold, paint),
            Detail::Stat => format!(
                "{} {}: {}\n",
                paint.mark(fold.first.action().into()),
                title(&fold),
                fold.first.counts().text()
            ),
        };
    }
    out
}

/// How much changes, the risks, and the resources.
fn head(view: &View, paint: Paint) -> String {
    let mut out = format!("{}\n", view.summary());
    let risks = view.risk_rows();
    if !risks.is_empty() {
        out += &format!("\n{}\n", paint.bold("Risks"));
        for risk in risks {
            let title = paint.yellow(&format!("{:18}", risk.kind.title()));
            out += &format!("  {title} {}\n", risk.text);
            if let Some(remediation) = risk.remediation {
                out += &format!("  {:18} {remediation}\n", "");
            }
        }
    }
    let rows = view.resource_rows();
    if !rows.is_empty() {
        // Only the word is painted: escape sequences would count as characters of a column.
        out += &format!(
            "\n{}{:15} {:>12} {:>12} {:>12}\n",
            paint.bold("Resources"),
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

/// Whose objects change, and which other Workspaces change in the same way.
fn title(fold: &Fold) -> String {
    let title = fold.first.title();
    if fold.others.is_empty() {
        return title;
    }
    let count = wording::count(fold.others.len(), "more Workspace");
    format!(
        "{title}, and the same change in {count}: {}",
        names(&fold.others, NAMED)
    )
}

fn full(fold: &Fold, paint: Paint) -> String {
    let mark = paint.mark(fold.first.action().into());
    let mut out = format!("\n{mark} {}\n", paint.bold(&title(fold)));
    for (object, lines) in fold.first.objects().zip(&fold.lines) {
        let mark = paint.mark(object.action().into());
        out += &format!("  {mark} {}\n", object.title());
        out.extend(lines.iter().map(|line| paint.line(line)));
    }
    out
}

/// Writes in colour, if the terminal has it.
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

    fn yellow(self, text: &str) -> String {
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
