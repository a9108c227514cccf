//! Which fields changes are about, in a few words.

use crate::diff::model::Change;

/// Whether any change is at a field, inside it, or replaces what contains it.
pub(super) fn touches(changes: &[Change], pointer: &str) -> bool {
    changes.iter().any(|change| is_at(&change.pointer, pointer))
}

/// Whether a pointer leads to a field, into it, or to what contains it.
pub(super) fn is_at(pointer: &str, field: &str) -> bool {
    let is_below = |long: &str, short: &str| {
        long.strip_prefix(short)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    is_below(pointer, field) || is_below(field, pointer)
}

/// The first fields below a pointer that change, without the prefix that all of them share, and how
/// many more there are.
pub(super) fn fields(changes: &[Change], below: &str) -> String {
    const SHOWN: usize = 3;
    let prefix = below.trim_start_matches('/').replace('/', ".");
    let short = |change: &Change| {
        let field = change
            .field
            .strip_prefix(&prefix)
            .unwrap_or(&change.field)
            .trim_start_matches('.');
        brief(field.strip_prefix("spec.").unwrap_or(field))
    };
    let mut names: Vec<_> = changes
        .iter()
        .filter(|change| is_at(&change.pointer, below))
        .map(short)
        .collect();
    names.dedup();
    let more = names.len().saturating_sub(SHOWN);
    names.truncate(SHOWN);
    let names = names.join(", ");
    if more > 0 {
        format!("{names} and {more} more")
    } else {
        names
    }
}

/// The first two steps of a field, without the keys of items: these often name one Workspace, and
/// the same reason is to be shown once for many.
fn brief(field: &str) -> String {
    let (mut brief, mut steps, mut depth) = (String::new(), 0, 0_usize);
    for char in field.chars() {
        match char {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            '.' if depth == 0 => steps += 1,
            _ => {}
        }
        if steps == 2 {
            break;
        }
        if depth == 0 && char != ']' {
            brief.push(char);
        }
    }
    brief
}
