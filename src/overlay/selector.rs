//! Label selectors as kubectl takes them: `team=a,tier!=test,!legacy,zone in (1, 2)`.

use std::str::FromStr;

/// A label selector: a list of requirements, of which each has to be met.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct LabelSelector(Vec<Requirement>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Requirement {
    key: String,
    operator: Operator,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Operator {
    Exists,
    Absent,
    In(Vec<String>),
    NotIn(Vec<String>),
    Greater(i64),
    Less(i64),
}

impl LabelSelector {
    /// Whether labels meet every requirement; `value` gives the value of a label.
    pub(super) fn matches<'a>(&self, value: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.0
            .iter()
            .all(|requirement| requirement.operator.holds(value(&requirement.key)))
    }
}

impl Operator {
    fn holds(&self, value: Option<&str>) -> bool {
        let is_in = |values: &[String]| value.is_some_and(|it| values.iter().any(|of| of == it));
        let number = || value.and_then(|value| value.parse::<i64>().ok());
        match self {
            Self::Exists => value.is_some(),
            Self::Absent => value.is_none(),
            Self::In(values) => is_in(values),
            Self::NotIn(values) => !is_in(values),
            Self::Greater(least) => number().is_some_and(|number| number > *least),
            Self::Less(most) => number().is_some_and(|number| number < *most),
        }
    }
}

impl FromStr for LabelSelector {
    type Err = String;

    /// Reads a selector; what is wrong with it is said in lower case.
    fn from_str(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Err("an empty selector, which selects everything".to_owned());
        }
        let parts = parts(text)?.into_iter();
        parts.map(requirement).collect::<Result<_, _>>().map(Self)
    }
}

/// The requirements of a selector: commas in parentheses separate values.
fn parts(text: &str) -> Result<Vec<&str>, String> {
    let (mut parts, mut start, mut is_inside) = (Vec::new(), 0, false);
    for (at, character) in text.char_indices() {
        match character {
            '(' if is_inside => return Err("`(` in parentheses".to_owned()),
            '(' => is_inside = true,
            ')' if !is_inside => return Err("`)` without `(`".to_owned()),
            ')' => is_inside = false,
            ',' if !is_inside => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    if is_inside {
        return Err("`(` without `)`".to_owned());
    }
    parts.push(&text[start..]);
    Ok(parts)
}

fn requirement(text: &str) -> Result<Requirement, String> {
    let text = text.trim();
    let (key, operator) = if let Some(key) = text.strip_prefix('!') {
        (key.trim(), Operator::Absent)
    } else if let Some(body) = text.strip_suffix(')') {
        let (head, values) = body.split_once('(').unwrap_or((body, ""));
        let values = values
            .split(',')
            .map(value)
            .collect::<Result<Vec<_>, _>>()?;
        match head.trim().rsplit_once(char::is_whitespace) {
            Some((key, "in")) => (key.trim(), Operator::In(values)),
            Some((key, "notin")) => (key.trim(), Operator::NotIn(values)),
            _ => return Err(format!("`{text}` is no requirement: write `key in (a, b)`")),
        }
    } else if let Some((key, other)) = text.split_once("!=") {
        (key.trim(), Operator::NotIn(vec![value(other)?]))
    } else if let Some((key, other)) = text.split_once("==").or_else(|| text.split_once('=')) {
        (key.trim(), Operator::In(vec![value(other)?]))
    } else if let Some((key, other)) = text.split_once('>') {
        (key.trim(), Operator::Greater(number(other)?))
    } else if let Some((key, other)) = text.split_once('<') {
        (key.trim(), Operator::Less(number(other)?))
    } else {
        (text, Operator::Exists)
    };
    if !is_key(key) {
        return Err(format!(
            "`{}` is not the key of a label",
            key.escape_debug()
        ));
    }
    let key = key.to_owned();
    Ok(Requirement { key, operator })
}

fn value(text: &str) -> Result<String, String> {
    let text = text.trim();
    if is_value(text) {
        return Ok(text.to_owned());
    }
    Err(format!(
        "`{}` is not the value of a label",
        text.escape_debug()
    ))
}

/// Whether a text can be the value of a label.
pub(super) fn is_value(text: &str) -> bool {
    let is_end = |character: char| character.is_ascii_alphanumeric();
    let has_ends = text.is_empty() || text.starts_with(is_end) && text.ends_with(is_end);
    has_ends && text.len() <= 63 && text.chars().all(is_of_name)
}

fn number(text: &str) -> Result<i64, String> {
    let number = text.trim().parse();
    number.map_err(|_| format!("`{}` is not a whole number", text.trim().escape_debug()))
}

/// Whether a text can be the key of a label or annotation.
pub(super) fn is_key(key: &str) -> bool {
    let (prefix, name) = key.rsplit_once('/').unwrap_or(("a", key));
    let ends = |text: &str| {
        let is_end = |character: char| character.is_ascii_alphanumeric();
        text.starts_with(is_end) && text.ends_with(is_end) && text.chars().all(is_of_name)
    };
    ends(name) && ends(prefix) && name.len() <= 63
}

fn is_of_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || "-_.".contains(character)
}

#[cfg(test)]
mod tests {
    use super::LabelSelector;

    fn matches(selector: &str, labels: &[(&str, &str)]) -> bool {
        let selector: LabelSelector = selector.parse().unwrap();
        selector.matches(|key| {
            let found = labels.iter().find(|(known, _)| *known == key);
            found.map(|(_, value)| *value)
        })
    }

    #[test]
    fn requirements_are_those_of_kubectl() {
        let labels = [("team", "a"), ("a.b/c", "2")];
        for (selector, expected) in [
            ("team=a", true),
            ("team == a, a.b/c", true),
            ("team!=a", false),
            ("other!=a", true),
            ("team", true),
            ("!team", false),
            ("! other", true),
            ("team in (b, a)", true),
            ("team notin (b,c),a.b/c in (2)", true),
            ("other notin (b)", true),
            ("other in (b)", false),
            ("a.b/c>1", true),
            ("a.b/c<2", false),
            ("team>1", false),
        ] {
            assert_eq!(matches(selector, &labels), expected, "{selector}");
        }
    }

    #[test]
    fn what_is_no_selector_is_refused() {
        for text in [
            "",
            " ",
            ",",
            "team=a,",
            "team=(a)",
            "team on (a)",
            "a=b c",
            "=a",
            "team in (a",
            "a)",
            "team>b",
            "a/b/c",
            "-a",
            "team=a=b",
        ] {
            assert!(text.parse::<LabelSelector>().is_err(), "{text}");
        }
    }
}
