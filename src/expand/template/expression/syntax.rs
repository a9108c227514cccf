//! The expressions that templates really use, read by ourselves: most are a path, a comparison or a
//! choice, and to start an engine for each would be a fifth of the cost of a Workspace.
//!
//! What is not read here, the engine reads, so this has no errors. What is read here means what the
//! engine would make of it; a property test holds that.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Number;

use crate::base::json::Json;

/// An expression, or a part of one.
#[derive(Debug)]
pub(super) enum Term {
    Literal(Json),
    Name(Arc<str>),
    /// What a mapping has under a key, as `value.key`, and `value['key']` if `is_item`.
    Entry {
        value: Box<Term>,
        key: Arc<str>,
        is_item: bool,
    },
    /// An item of a list, as `value[0]`.
    Item {
        value: Box<Term>,
        index: usize,
    },
    List(Vec<Term>),
    Map(Vec<(Arc<str>, Term)>),
    Not(Box<Term>),
    And(Box<[Term; 2]>),
    Or(Box<[Term; 2]>),
    Compare(Comparison, Box<[Term; 2]>),
    IsNone(Box<Term>),
    /// Both as one string, as `left ~ right`.
    Join(Box<[Term; 2]>),
    /// The value, the condition, and the other value.
    Choice(Box<[Term; 3]>),
    Filter(Filter, Box<Term>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug)]
pub(super) enum Filter {
    Command,
    Items,
    /// The entries by their keys, whose letter case does not count.
    Dictsort,
    String,
    Default(Box<Term>),
    /// What stands between the items.
    Join(Arc<str>),
    /// What is replaced, and by what.
    Replace(Arc<str>, Arc<str>),
}

impl Term {
    /// Reads an expression; none if it has anything that only the engine knows.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parser = Parser {
            tokens: tokens(text)?,
            next: 0,
        };
        let term = parser.choice()?;
        (parser.next == parser.tokens.len()).then_some(term)
    }

    /// The variables that it reads, with the fields of fields as dotted paths.
    pub(super) fn add_paths(&self, paths: &mut BTreeSet<String>) {
        if let Some(path) = self.path() {
            paths.insert(path);
            return;
        }
        match self {
            Self::Literal(_) | Self::Name(_) => {}
            Self::Entry { value, .. }
            | Self::Item { value, .. }
            | Self::Not(value)
            | Self::IsNone(value) => value.add_paths(paths),
            Self::List(items) => items.iter().for_each(|item| item.add_paths(paths)),
            Self::Map(entries) => entries.iter().for_each(|(_, value)| value.add_paths(paths)),
            Self::And(terms) | Self::Or(terms) | Self::Compare(_, terms) | Self::Join(terms) => {
                terms.iter().for_each(|term| term.add_paths(paths));
            }
            Self::Choice(terms) => terms.iter().for_each(|term| term.add_paths(paths)),
            Self::Filter(filter, value) => {
                value.add_paths(paths);
                if let Filter::Default(other) = filter {
                    other.add_paths(paths);
                }
            }
        }
    }

    /// Itself as a dotted path, if it is one.
    fn path(&self) -> Option<String> {
        match self {
            Self::Name(name) => Some(name.to_string()),
            Self::Entry {
                value,
                key,
                is_item: false,
            } => Some(format!("{}.{key}", value.path()?)),
            _ => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token<'a> {
    Name(&'a str),
    Text(&'a str),
    Number(i64),
    Sign(&'a str),
}

/// The operators that are words, and so no names.
pub(super) const OPERATORS: [&str; 7] = ["not", "and", "or", "in", "is", "if", "else"];

/// Longer ones first.
const SIGNS: [&str; 17] = [
    "==", "!=", "<=", ">=", "<", ">", "(", ")", "[", "]", "{", "}", ",", ":", ".", "|", "~",
];

fn tokens(text: &str) -> Option<Vec<Token<'_>>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            'a'..='z' | 'A'..='Z' | '_' => {
                let length = length(rest, |char| char.is_ascii_alphanumeric() || char == '_');
                tokens.push(Token::Name(&rest[..length]));
                length
            }
            '0'..='9' => {
                let length = length(rest, |char| {
                    char.is_ascii_alphanumeric() || "._".contains(char)
                });
                tokens.push(Token::Number(rest[..length].parse().ok()?));
                length
            }
            '"' | '\'' => {
                let end = rest[1..].find(first)?;
                let inside = &rest[1..=end];
                if inside.contains('\\') {
                    return None;
                }
                tokens.push(Token::Text(inside));
                end + 2
            }
            _ => {
                let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign))?;
                tokens.push(Token::Sign(sign));
                sign.len()
            }
        };
        rest = rest[length..].trim_start_matches([' ', '\t', '\n']);
    }
    Some(tokens)
}

fn length(text: &str, is_part: impl Fn(char) -> bool) -> usize {
    text.find(|char| !is_part(char)).unwrap_or(text.len())
}

/// Reads what binds less first. `None` stands for anything that is not read here.
struct Parser<'a> {
    tokens: Vec<Token<'a>>,
    next: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&Token<'a>> {
        self.tokens.get(self.next)
    }

    fn take(&mut self) -> Option<Token<'a>> {
        let token = self.peek()?.clone();
        self.next += 1;
        Some(token)
    }

    /// Whether a token comes, which is then taken.
    fn takes(&mut self, token: &Token) -> bool {
        let comes = self.peek() == Some(token);
        self.next += usize::from(comes);
        comes
    }

    fn sign(&mut self, sign: &str) -> bool {
        self.takes(&Token::Sign(sign))
    }

    fn word(&mut self, word: &str) -> bool {
        self.takes(&Token::Name(word))
    }

    fn choice(&mut self) -> Option<Term> {
        let value = self.or()?;
        if !self.word("if") {
            return Some(value);
        }
        let condition = self.or()?;
        // Without `else` the other value is undefined.
        let other = self.word("else").then(|| self.choice())??;
        // A choice of a choice is written with brackets.
        if self.peek() == Some(&Token::Name("if")) {
            return None;
        }
        Some(Term::Choice(Box::new([value, condition, other])))
    }

    fn or(&mut self) -> Option<Term> {
        let mut left = self.and()?;
        while self.word("or") {
            left = Term::Or(Box::new([left, self.and()?]));
        }
        Some(left)
    }

    fn and(&mut self) -> Option<Term> {
        let mut left = self.not()?;
        while self.word("and") {
            left = Term::And(Box::new([left, self.not()?]));
        }
        Some(left)
    }

    fn not(&mut self) -> Option<Term> {
        if self.word("not") {
            return Some(Term::Not(Box::new(self.not()?)));
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Option<Term> {
        let left = self.join()?;
        let comparison = match self.peek() {
            Some(Token::Sign("==")) => Comparison::Equal,
            Some(Token::Sign("!=")) => Comparison::NotEqual,
            Some(Token::Sign("<")) => Comparison::Less,
            Some(Token::Sign("<=")) => Comparison::LessOrEqual,
            Some(Token::Sign(">")) => Comparison::Greater,
            Some(Token::Sign(">=")) => Comparison::GreaterOrEqual,
            _ => return Some(left),
        };
        self.next += 1;
        let right = self.join()?;
        Some(Term::Compare(comparison, Box::new([left, right])))
    }

    fn join(&mut self) -> Option<Term> {
        let mut left = self.filtered()?;
        while self.sign("~") {
            left = Term::Join(Box::new([left, self.filtered()?]));
        }
        Some(left)
    }

    /// A value with its fields, filters and `is none`.
    fn filtered(&mut self) -> Option<Term> {
        let mut value = self.field()?;
        loop {
            if self.sign("|") {
                let filter = self.filter()?;
                value = Term::Filter(filter, Box::new(value));
            } else if self.word("is") {
                let is_negated = self.word("not");
                // The engine takes an `if` behind a test for its argument.
                if !self.word("none") || self.peek() == Some(&Token::Name("if")) {
                    return None;
                }
                value = Term::IsNone(Box::new(value));
                if is_negated {
                    value = Term::Not(Box::new(value));
                }
            } else {
                return Some(value);
            }
        }
    }

    fn filter(&mut self) -> Option<Filter> {
        let Token::Name(name) = self.take()? else {
            return None;
        };
        let arguments = if self.sign("(") {
            self.terms(")")?
        } else {
            Vec::new()
        };
        let text = |term: &Term| match term {
            Term::Literal(Json::String(text)) => Some(text.clone()),
            _ => None,
        };
        let texts: Vec<_> = arguments.iter().filter_map(text).collect();
        match (name, arguments.len(), texts.as_slice()) {
            ("command", 0, _) => Some(Filter::Command),
            ("items", 0, _) => Some(Filter::Items),
            ("dictsort", 0, _) => Some(Filter::Dictsort),
            ("string", 0, _) => Some(Filter::String),
            ("default", 1, _) => {
                let other = arguments.into_iter().next()?;
                Some(Filter::Default(Box::new(other)))
            }
            ("join", 1, [between]) => Some(Filter::Join(between.clone())),
            ("replace", 2, [from, to]) => Some(Filter::Replace(from.clone(), to.clone())),
            _ => None,
        }
    }

    fn field(&mut self) -> Option<Term> {
        let mut value = self.value()?;
        loop {
            if self.sign(".") {
                let Token::Name(key) = self.take()? else {
                    return None;
                };
                value = Term::Entry {
                    value: Box::new(value),
                    key: key.into(),
                    is_item: false,
                };
            } else if self.sign("[") {
                let index = self.take()?;
                if !self.sign("]") {
                    return None;
                }
                let inside = Box::new(value);
                value = match index {
                    Token::Text(key) => Term::Entry {
                        value: inside,
                        key: key.into(),
                        is_item: true,
                    },
                    Token::Number(index) => Term::Item {
                        value: inside,
                        index: usize::try_from(index).ok()?,
                    },
                    _ => return None,
                };
            } else {
                return Some(value);
            }
        }
    }

    fn value(&mut self) -> Option<Term> {
        let value = match self.take()? {
            Token::Text(text) => Json::from(text),
            Token::Number(number) => Json::Number(Number::from(number)),
            Token::Name("true" | "True") => Json::Bool(true),
            Token::Name("false" | "False") => Json::Bool(false),
            Token::Name("none" | "None") => Json::Null,
            Token::Name(word) if OPERATORS.contains(&word) => return None,
            // What is called is a function.
            Token::Name(name) => {
                let is_called = self.peek() == Some(&Token::Sign("("));
                return (!is_called).then(|| Term::Name(name.into()));
            }
            Token::Sign("(") => {
                let inside = self.choice()?;
                return self.sign(")").then_some(inside);
            }
            Token::Sign("[") => return self.terms("]").map(Term::List),
            Token::Sign("{") => return self.map(),
            Token::Sign(_) => return None,
        };
        Some(Term::Literal(value))
    }

    /// Terms with commas between them, up to a sign; a comma may also be behind the last.
    fn terms(&mut self, end: &str) -> Option<Vec<Term>> {
        let mut terms = Vec::new();
        while !self.sign(end) {
            terms.push(self.choice()?);
            if !self.sign(",") && self.peek() != Some(&Token::Sign(end)) {
                return None;
            }
        }
        Some(terms)
    }

    fn map(&mut self) -> Option<Term> {
        let mut entries = Vec::<(Arc<str>, _)>::new();
        while !self.sign("}") {
            let Token::Text(key) = self.take()? else {
                return None;
            };
            if !self.sign(":") || entries.iter().any(|(known, _)| **known == *key) {
                return None;
            }
            entries.push((key.into(), self.choice()?));
            if !self.sign(",") && self.peek() != Some(&Token::Sign("}")) {
                return None;
            }
        }
        Some(Term::Map(entries))
    }
}
