//! A comparison as text for a terminal.

use anstyle::{AnsiColor, Style};

use crate::base::shown::Terminal;
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
pub fn render(view: &View, detail: Detail, color: bool) -> Terminal {
    let mut out = Painter {
        color,
        out: Terminal::default(),
    };
    if !view.is_empty() {
        out.head(view);
        for fold in view.folds() {
            match detail {
                Detail::Full => out.full(&fold),
                Detail::Stat => out.stat(&fold),
            }
        }
    }
    out.out
}

/// Writes in colour, if the terminal has it.
struct Painter {
    color: bool,
    out: Terminal,
}

impl Painter {
    /// How much changes, the risks, and the resources.
    fn head(&mut self, view: &View) {
        self.out.text(&view.summary()).end();
        let risks = view.risk_rows();
        if !risks.is_empty() {
            self.out.end();
            self.with(BOLD, "Risks").end();
        }
        for risk in risks {
            self.out.text("  ");
            self.with(YELLOW, &format!("{:18}", risk.kind.title()));
            self.out.text(" ").text(&risk.text).end();
            if let Some(remediation) = risk.remediation {
                self.out.text(&format!("  {:18} {remediation}", "")).end();
            }
        }
        let rows = view.resource_rows();
        if !rows.is_empty() {
            self.out.end();
            let columns = format!("{:15} {:>12} {:>12} {:>12}", "", "before", "after", "delta");
            self.with(BOLD, "Resources").text(&columns).end();
        }
        for [name, before, after, delta] in rows {
            let row = format!("  {name:22} {before:>12} {after:>12} {delta:>12}");
            self.out.text(&row).end();
        }
    }

    fn stat(&mut self, fold: &Fold) {
        self.mark(fold.first.action().into());
        let counts = fold.first.counts().text();
        self.out.text(&format!(" {}: {counts}", title(fold))).end();
    }

    fn full(&mut self, fold: &Fold) {
        self.out.end();
        self.mark(fold.first.action().into()).text(" ");
        self.with(BOLD, &title(fold)).end();
        for (object, lines) in fold.first.objects().zip(&fold.lines) {
            self.out.text("  ");
            self.mark(object.action().into())
                .text(" ")
                .text(&object.title())
                .end();
            for line in lines {
                self.line(line);
            }
        }
    }

    fn line(&mut self, line: &Line) {
        let indent = line.depth * 2;
        self.out.text(&format!("    {:indent$}", ""));
        let text = format!("{} {}", line.mark.sign(), line.text);
        self.with(style(line.mark), &text).end();
    }

    fn mark(&mut self, mark: Mark) -> &mut Terminal {
        self.with(style(mark), &mark.sign().to_string())
    }

    fn with(&mut self, style: Style, text: &str) -> &mut Terminal {
        if self.color {
            self.out.styled(style, text)
        } else {
            self.out.text(text)
        }
    }
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

const BOLD: Style = Style::new().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default();

fn style(mark: Mark) -> Style {
    match mark {
        Mark::Context => Style::new(),
        Mark::Added => AnsiColor::Green.on_default(),
        Mark::Removed => AnsiColor::Red.on_default(),
        Mark::Changed => YELLOW,
    }
}
