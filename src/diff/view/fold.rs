//! The same difference in many Workspaces, put together.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::base::object::Group;
use crate::diff::{GroupDiff, view};

/// Workspaces that differ in the same way.
pub(in crate::diff) struct Fold<'c, 'a> {
    /// The one that is shown.
    pub(in crate::diff) first: &'c GroupDiff<'a>,
    /// What differs in each of its objects.
    pub(in crate::diff) lines: Vec<Vec<view::Line>>,
    /// The others.
    pub(in crate::diff) others: Vec<&'c Group>,
}

/// Puts together what differs in the same way but for the names of Workspaces, in the order of the
/// first of each.
pub(in crate::diff) fn folds<'c, 'a>(groups: &'c [GroupDiff<'a>]) -> Vec<Fold<'c, 'a>> {
    let mut folds: Vec<Fold> = Vec::new();
    let mut known = BTreeMap::<String, usize>::new();
    for group in groups {
        let lines: Vec<_> = group.objects.iter().map(view::lines).collect();
        let index = *known.entry(signature(group, &lines)).or_insert(folds.len());
        if let Some(fold) = folds.get_mut(index) {
            fold.others.push(&group.group);
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

/// All that is shown of a group, with its name and namespace made out.
fn signature(group: &GroupDiff, lines: &[Vec<view::Line>]) -> String {
    let mut text = format!("{:?}\n", group.fate);
    for (diff, lines) in group.objects.iter().zip(lines) {
        let is_numbered = diff.object().is_some_and(|object| object.ordinal.is_some());
        let kind = diff.object().map_or("", |object| object.identity().kind);
        // The names of nodes follow from those of their Workspaces.
        let title = if is_numbered {
            kind.to_owned()
        } else {
            view::title(diff)
        };
        // Writing to a string can't fail.
        let _ = writeln!(text, "{:?} {title}", diff.fate());
        for line in lines {
            let _ = writeln!(text, "{}{}{}", line.mark.sign(), line.depth, line.text);
        }
    }
    match &group.group {
        Group::Workspace { namespace, name } => {
            made_out(&made_out(&text, name, "\u{1}"), namespace, "\u{2}")
        }
        // What is shared stands for itself.
        other => format!("{}\n{text}", view::owner(other)),
    }
}

/// Replaces a name where it stands as a whole word.
fn made_out(text: &str, name: &str, mark: &str) -> String {
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
    use super::made_out;

    #[test]
    fn names_are_made_out_as_whole_words() {
        assert_eq!(
            made_out("phi phi-0.phi.svc graphite phi", "phi", "X"),
            "X X-0.X.svc graphite X"
        );
        assert_eq!(made_out("a", "phi", "X"), "a");
    }
}
