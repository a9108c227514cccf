//! Shows the same change in many Workspaces only once.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::lines::Line;
use super::{GroupView, View};
use crate::base::object::Group;

/// Workspaces that change in the same way.
pub struct Fold<'a> {
    /// The one that is shown.
    pub first: GroupView<'a>,
    /// What differs in each of its objects, in their order.
    pub lines: Vec<Vec<Line>>,
    /// Whose objects the others are.
    pub others: Vec<String>,
}

impl<'a> View<'a> {
    /// The groups that differ. Those that change in the same way except for the names of their
    /// Workspaces are one fold, in the order of the first of each.
    #[must_use]
    pub fn folds(&self) -> Vec<Fold<'a>> {
        let mut folds: Vec<Fold> = Vec::new();
        let mut known = BTreeMap::<String, usize>::new();
        for group in self.groups() {
            let lines: Vec<_> = group.objects().map(|object| object.lines()).collect();
            let index = *known
                .entry(signature(&group, &lines))
                .or_insert(folds.len());
            if let Some(fold) = folds.get_mut(index) {
                fold.others.push(group.owner());
            } else {
                folds.push(Fold {
                    first: group,
                    lines,
                    others: Vec::new(),
                });
            }
        }
        folds
    }
}

/// Everything that is shown of a group, with placeholders for its name and namespace.
fn signature(group: &GroupView, lines: &[Vec<Line>]) -> String {
    let mut text = format!("{:?}\n", group.action());
    for (object, lines) in group.objects().zip(lines) {
        // The names of nodes follow from those of their Workspaces.
        let title = if object.is_numbered() {
            object.kind().to_owned()
        } else {
            object.title()
        };
        // Writing to a string can't fail.
        let _ = writeln!(text, "{:?} {title}", object.action());
        for line in lines {
            let _ = writeln!(text, "{}{}{}", line.mark.sign(), line.depth, line.text);
        }
    }
    match &group.diff.group {
        Group::Workspace { namespace, name } => {
            without(&without(&text, name, "\u{1}"), namespace, "\u{2}")
        }
        // The objects of a namespace have no name to leave out.
        _ => format!("{}\n{text}", group.owner()),
    }
}

/// Replaces a name where it is a whole word.
fn without(text: &str, name: &str, mark: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(name) {
        let (before, behind) = (&rest[..at], &rest[at + name.len()..]);
        let joins = |char: Option<char>| char.is_some_and(char::is_alphanumeric);
        let is_word = !joins(before.chars().next_back()) && !joins(behind.chars().next());
        out.push_str(before);
        out.push_str(if is_word { mark } else { name });
        rest = behind;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::without;

    #[test]
    fn names_are_replaced_as_whole_words() {
        assert_eq!(
            without("phi phi-0.phi.svc graphite phi", "phi", "X"),
            "X X-0.X.svc graphite X"
        );
        assert_eq!(without("a", "phi", "X"), "a");
    }
}
