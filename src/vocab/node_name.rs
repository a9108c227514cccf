//! What stands for the name of a node object until its content, which the name follows from, is
//! known.

use std::sync::LazyLock;

use memchr::memmem::Finder;

/// What stands before and behind the node's number. A placeholder is a word that no shell has to
/// quote, as the name is.
const BEFORE: &str = "render.kaito.sh/node-";
const BEHIND: &str = "-name";

/// A search that is set up once, because every string of every object is looked at.
static SEARCH: LazyLock<Finder> = LazyLock::new(|| Finder::new(BEFORE));

/// The placeholder for the name of the node of a number.
///
/// ```
/// use kaito_render::vocab::node_name;
///
/// let text = format!("{}-disk", node_name::placeholder(1));
/// let name = |ordinal| if ordinal == 1 { "wsb" } else { "" };
/// assert_eq!(node_name::filled(&text, name).as_deref(), Some("wsb-disk"));
/// assert_eq!(node_name::filled("disk", name), None);
/// ```
#[must_use]
pub fn placeholder(ordinal: u32) -> String {
    format!("{BEFORE}{ordinal}{BEHIND}")
}

/// A string with names in the place of placeholders; none if it has no placeholder.
pub fn filled<'a>(text: &str, name: impl Fn(u32) -> &'a str) -> Option<String> {
    let mut filled = None::<String>;
    let mut rest = text;
    while let Some((before, ordinal, behind)) = next(rest) {
        let filled = filled.get_or_insert_default();
        filled.push_str(before);
        filled.push_str(name(ordinal));
        rest = behind;
    }
    filled.map(|filled| filled + rest)
}

/// The first placeholder of a string: what stands before it, its number, and what stands behind.
fn next(text: &str) -> Option<(&str, u32, &str)> {
    // Most strings are too short, which is known before a search is set up.
    if text.len() <= BEFORE.len() + BEHIND.len() {
        return None;
    }
    let mut from = 0;
    loop {
        let at = from + SEARCH.find(text.get(from..)?.as_bytes())?;
        from = at + BEFORE.len();
        let rest = text.get(from..)?;
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let ordinal = rest.get(..digits).and_then(|digits| digits.parse().ok());
        let behind = rest.get(digits..).and_then(|it| it.strip_prefix(BEHIND));
        if let (Some(ordinal), Some(behind)) = (ordinal, behind) {
            return Some((text.get(..at)?, ordinal, behind));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{filled, placeholder};

    #[test]
    fn placeholders_are_filled_wherever_they_stand() {
        let names = ["a", "b"];
        let name = |ordinal| names.get(ordinal as usize).copied().unwrap_or_default();
        let filled = |text: &str| filled(text, name);
        let (first, second, third) = (placeholder(0), placeholder(1), placeholder(2));
        assert_eq!(filled(&first).unwrap(), "a");
        assert_eq!(filled(&format!("{second}{first}5")).unwrap(), "ba5");
        assert_eq!(filled(&format!("x-{third}.")).unwrap(), "x-.");
        let near = "render.kaito.sh/node- render.kaito.sh/node-x-name";
        assert_eq!(filled(near), None);
        assert_eq!(
            filled(&format!("{near}{first}")).unwrap(),
            format!("{near}a")
        );
    }
}
