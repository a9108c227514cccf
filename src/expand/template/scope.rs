//! The names that an expression can read.

use std::cell::OnceCell;
use std::sync::Arc;

use minijinja::Value as Variable;
use minijinja::value::Serde;

use crate::base::json::Json;

/// Names and their values, the innermost last. No two share a name.
#[derive(Clone, Debug)]
pub struct Scope {
    names: Vec<(Arc<str>, Json)>,
    /// The same as the engine has it, from the first expression on that needs the engine.
    variables: OnceCell<Variable>,
}

impl Scope {
    /// A scope with one name in it.
    #[must_use]
    pub fn new(name: &str, value: Json) -> Self {
        Self {
            names: vec![(name.into(), value)],
            variables: OnceCell::new(),
        }
    }

    /// This scope with one more name in it.
    pub(super) fn with(&self, name: &Arc<str>, value: Json) -> Self {
        let mut names = self.names.clone();
        names.push((name.clone(), value));
        Self {
            names,
            variables: OnceCell::new(),
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Json> {
        let mut names = self.names.iter().rev();
        names
            .find(|(known, _)| **known == *name)
            .map(|(_, value)| value)
    }

    pub(super) fn variables(&self) -> &Variable {
        self.variables.get_or_init(|| {
            let pair = |(name, value): &(Arc<str>, Json)| {
                (Variable::from(&**name), Variable::from(Serde(value)))
            };
            Variable::from_pairs(self.names.iter().map(pair))
        })
    }
}
