//! minijinja, for the expressions that only it knows.

use std::fmt;
use std::sync::OnceLock;

use minijinja::value::{DynObject, ValueKind};
use minijinja::{Environment, Error, UndefinedBehavior, Value};

use super::super::work::Work;
use super::super::{command, failure};
use crate::base::json::{self, Json};
use crate::base::sources::Span;
use crate::diagnostic::Diagnostic;
use crate::vocab::limits::EXPRESSION_STEPS;

/// An expression as the engine has it.
pub(super) struct Compiled(minijinja::Expression<'static, 'static>);

impl fmt::Debug for Compiled {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Compiled").finish_non_exhaustive()
    }
}

fn environment() -> &'static Environment<'static> {
    static ENVIRONMENT: OnceLock<Environment<'static>> = OnceLock::new();
    ENVIRONMENT.get_or_init(|| {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_debug(true);
        environment.set_fuel(Some(EXPRESSION_STEPS));
        environment.add_filter("command", |value: Value| command::command(&value));
        environment.remove_global("debug");
        environment
    })
}

impl Compiled {
    pub(super) fn new(text: &str) -> Result<Self, Error> {
        environment()
            .compile_expression_owned(text.to_owned())
            .map(Self)
    }

    pub(super) fn value(&self, scope: &Value) -> Result<Value, Error> {
        self.0.eval(scope.clone())
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = String> + use<> {
        self.0.undeclared_variables(true).into_iter()
    }
}

pub(super) fn reason(error: &Error) -> String {
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    }
}

/// Makes JSON of values of the engine, which may be much larger than what they were made from.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) place: Span,
    pub(super) work: &'a Work,
}

impl Reader<'_> {
    /// A value as JSON, or why it is none.
    pub(super) fn json(self, value: &Value) -> Result<Json, Diagnostic> {
        let text = value.as_str();
        self.work.charge(text.map_or(0, str::len), self.place)?;
        let problem = match value.kind() {
            ValueKind::None => return Ok(Json::Null),
            ValueKind::Bool => return Ok(Json::Bool(value.is_true())),
            ValueKind::String => return Ok(Json::from(text.unwrap_or_default())),
            ValueKind::Seq | ValueKind::Iterable => return self.list(value),
            ValueKind::Map => return self.map(value),
            ValueKind::Undefined => "a part of this is undefined",
            ValueKind::Invalid => "a part of this is invalid",
            ValueKind::Number
                if f64::try_from(value.clone()).is_ok_and(|number| !number.is_finite()) =>
            {
                "this is no number that JSON has"
            }
            _ => {
                let value = serde_json::to_value(value);
                let value = value.map_err(|error| {
                    failure(self.place, format!("this can't be written: {error}"))
                })?;
                return Ok(value.into());
            }
        };
        Err(failure(self.place, problem))
    }

    fn list(self, list: &Value) -> Result<Json, Diagnostic> {
        let items = list.try_iter();
        let items = items.map_err(|error| failure(self.place, error.to_string()))?;
        let items = items.map(|item| self.json(&item));
        Ok(Json::List(items.collect::<Result<_, _>>()?))
    }

    fn map(self, map: &Value) -> Result<Json, Diagnostic> {
        let pairs = map.as_object().into_iter();
        let pairs = pairs.filter_map(DynObject::try_iter_pairs).flatten();
        let entry = |(key, value): (Value, Value)| {
            let Some(key) = key.as_str() else {
                return Err(failure(self.place, "a key of this is no text"));
            };
            self.work.charge(key.len(), self.place)?;
            Ok((key.into(), self.json(&value)?))
        };
        let entries = pairs.map(entry).collect::<Result<_, _>>()?;
        Ok(Json::Map(json::Map::new(entries)))
    }
}
