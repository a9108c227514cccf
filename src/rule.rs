//! Every rule there is, by its stable id.
//!
//! `KR0..` reading, `KR1..` the shape of a Workspace, `KR2..` what was decided for it, `KR3..` presets and templates,
//! `KR4..` objects and output, `KR5..` the profile.

use crate::diagnostic::Severity;

/// What a diagnostic is an instance of.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// `KR` and three digits; never used again for something else.
    pub id: &'static str,
    /// How much a finding matters by default.
    pub severity: Severity,
    /// What the rule is about, in a few words.
    pub title: &'static str,
}

macro_rules! rules {
    ($($name:ident = $id:literal $severity:ident $title:literal;)+) => {
        $(
            #[doc = $title]
            pub const $name: Rule = Rule { id: $id, severity: Severity::$severity, title: $title };
        )+

        /// All rules, by id.
        pub const ALL: &[&Rule] = &[$(&$name),+];
    };
}

rules! {
    UNREADABLE = "KR001" Error "a file or folder can't be read";
    NOT_UTF8 = "KR002" Error "a file is not UTF-8 text";
    SYNTAX = "KR003" Error "YAML or JSON that can't be parsed";
    DUPLICATE_KEY = "KR004" Error "a key stands twice in one mapping";
    TOO_LARGE = "KR005" Error "a document exceeds a limit of size or nesting";
    AMBIGUOUS_SCALAR = "KR006" Warning "a bare scalar that YAML 1.1 and YAML 1.2 read differently";
    NOT_PARSED = "KR007" Note "a file that can't be parsed and does not mention KAITO was passed over";
    NOT_A_NUMBER = "KR008" Error "infinity, not-a-number or a number too large for JSON";
}

#[cfg(test)]
mod tests {
    use super::ALL;

    #[test]
    fn ids_are_unique_and_in_order() {
        assert!(ALL.windows(2).all(|pair| pair[0].id < pair[1].id));
        assert!(ALL.iter().all(|rule| rule.id.len() == 5 && rule.id.starts_with("KR")));
    }
}
