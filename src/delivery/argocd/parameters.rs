//! The parameters of an Application: fields of the profile that it sets instead, and what is written.

use serde::Deserialize;

use crate::base::node::{Data, Entry, Node};
use crate::base::similar;
use crate::base::sources::{Sources, Span};
use crate::base::wording;
use crate::diagnostic::{Diagnostics, rule};
use crate::vocab::api;

/// A parameter that Applications can set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name, as an Application writes it.
    pub name: &'static str,
    /// What people read about it.
    pub tooltip: &'static str,
    /// What it sets instead of the profile.
    pub sets: Sets,
}

/// What a parameter sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sets {
    /// The field of the profile that has its name.
    Field,
    /// The profile itself, by its path.
    Profile,
    /// Some kinds of objects.
    Kinds,
    /// Overlays that every Workspace names.
    Overlays,
}

impl Sets {
    /// Whether the value is an array.
    pub(super) fn is_list(self) -> bool {
        matches!(self, Self::Kinds | Self::Overlays)
    }
}

/// All parameters, in the order in which people see them.
pub(super) const ALL: [Parameter; 8] = [
    field("release", "the KAITO release to compile with, such as 0.12"),
    field(
        "provisioner",
        "what creates the nodes: nodeclaim, nodepool, machine or none",
    ),
    field("cloud", "the cloud the nodes come from: azure, aws or arc"),
    field("registry", "the registry that holds KAITO's images"),
    Parameter {
        name: "profile",
        tooltip: "the path of the profile from the directory of the Application",
        sets: Sets::Profile,
    },
    Parameter {
        name: "overlays",
        tooltip: "overlays with `select: named` that are for every Workspace",
        sets: Sets::Overlays,
    },
    kinds("only", "write only objects of these kinds"),
    kinds("exclude", "leave out objects of these kinds"),
];

const fn field(name: &'static str, tooltip: &'static str) -> Parameter {
    Parameter {
        name,
        tooltip,
        sets: Sets::Field,
    }
}

const fn kinds(name: &'static str, tooltip: &'static str) -> Parameter {
    Parameter {
        name,
        tooltip,
        sets: Sets::Kinds,
    }
}

/// A parameter as Argo CD hands it on. One that the Application leaves empty is not set.
#[derive(Clone, Debug, Deserialize)]
struct Written {
    name: String,
    string: Option<String>,
    array: Option<Vec<String>>,
    map: Option<serde_json::Map<String, serde_json::Value>>,
}

impl Written {
    /// The value, with commas between the items of an array.
    fn text(&self) -> String {
        match (&self.string, &self.array) {
            (Some(text), _) => text.clone(),
            (None, Some(items)) => items.join(","),
            (None, None) => String::new(),
        }
    }

    /// The place of all of the value, in a text of its own.
    fn place(&self, application: &str, sources: &mut Sources) -> Span {
        let text = self.text();
        let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
        let title = format!("parameter {} of Application {application}", self.name);
        Span {
            end,
            ..Span::whole(sources.add_value(title, text))
        }
    }
}

/// The items of a text with commas between, each with its place.
fn items(text: &str, place: Span) -> impl Iterator<Item = (String, Span)> {
    let mut at = place.start;
    let length = |text: &str| u32::try_from(text.len()).unwrap_or(0);
    let items = text.split(',').map(move |item| {
        let start = at + length(item) - length(item.trim_start());
        at += length(item) + 1;
        let end = start + length(item.trim());
        (
            item.trim().to_owned(),
            Span {
                start,
                end,
                ..place
            },
        )
    });
    items.filter(|(item, _)| !item.is_empty())
}

/// What to do about a parameter that does not exist.
fn meant(name: &str) -> String {
    let names = ALL.iter().map(|parameter| parameter.name);
    if let Some(near) = similar::nearest(name, names.clone()) {
        return format!("did you mean `{near}`?");
    }
    let names: Vec<_> = names.collect();
    format!("the parameters are {}", wording::and(&names))
}

/// The parameters that an Application sets.
#[derive(Clone, Debug, Default)]
pub struct Parameters {
    /// The fields of the profile that it sets, each with its value.
    fields: Vec<Entry>,
    /// The path of the profile, and where it is written.
    pub profile: Option<(String, Span)>,
    /// The overlays that every Workspace names, each with its place.
    pub overlays: Vec<(String, Span)>,
    /// The kinds of objects that are written; all if there are none.
    pub only: Vec<String>,
    /// The kinds of objects that are left out.
    pub exclude: Vec<String>,
}

impl Parameters {
    /// Reads the parameters of an Application, which are JSON. Each is kept as a text of its own, so
    /// that what is wrong with it has a place. One that does not exist is reported.
    ///
    /// # Errors
    ///
    /// If they are not what Argo CD hands on.
    pub fn read(
        json: &str,
        application: &str,
        sources: &mut Sources,
        diagnostics: &mut Diagnostics,
    ) -> Result<Self, serde_json::Error> {
        let written: Option<Vec<Written>> = serde_json::from_str(json)?;
        let mut parameters = Self::default();
        for written in written.unwrap_or_default() {
            parameters.add(written, application, sources, diagnostics);
        }
        Ok(parameters)
    }

    fn add(
        &mut self,
        written: Written,
        application: &str,
        sources: &mut Sources,
        diagnostics: &mut Diagnostics,
    ) {
        let place = written.place(application, sources);
        let name = &written.name;
        let Some(parameter) = ALL.iter().find(|parameter| parameter.name == name) else {
            let message = format!("there is no parameter `{name}`");
            let added = diagnostics.add(&rule::PARAMETER, place, message);
            added.hint(meant(name));
            return;
        };
        let is_list = parameter.sets.is_list();
        if written.map.is_some() || written.array.is_some() && !is_list {
            let wanted = if is_list { "array" } else { "string" };
            let message = format!("the parameter `{name}` has another type than `{wanted}`");
            diagnostics
                .add(&rule::PARAMETER, place, message)
                .hint(format!("write its value under `{wanted}`"));
            return;
        }
        self.set(*parameter, written, place);
    }

    fn set(&mut self, parameter: Parameter, written: Written, place: Span) {
        let text = written.text();
        match parameter.sets {
            Sets::Kinds => {
                let values = text.split(',').map(str::trim);
                let values = values.filter(|value| !value.is_empty());
                let kinds = match parameter.name {
                    "only" => &mut self.only,
                    _ => &mut self.exclude,
                };
                kinds.extend(values.map(str::to_owned));
            }
            Sets::Overlays => self.overlays.extend(items(&text, place)),
            // One that is left empty is not set.
            _ if text.is_empty() => {}
            Sets::Profile => self.profile = Some((text, place)),
            Sets::Field => self.fields.push(Entry {
                key: written.name,
                key_span: place,
                value: Node {
                    span: place,
                    data: Data::String(text),
                },
            }),
        }
    }

    /// The document of a profile with the fields that the Application sets in place of its own. With
    /// none, a document of these fields only.
    #[must_use]
    pub fn over(&self, profile: Option<Node>) -> Option<Node> {
        let place = self.fields.first().map(|entry| entry.key_span);
        let mut profile = profile.or_else(|| place.map(empty))?;
        if let Data::Map(entries) = &mut profile.data {
            entries.retain(|entry| self.fields.iter().all(|set| set.key != entry.key));
            entries.extend(self.fields.iter().cloned());
        }
        Some(profile)
    }
}

/// A profile that says nothing.
fn empty(place: Span) -> Node {
    let field = |key: &str, value: &str| Entry {
        key: key.to_owned(),
        key_span: place,
        value: Node {
            span: place,
            data: Data::String(value.to_owned()),
        },
    };
    Node {
        span: place,
        data: Data::Map(vec![
            field("apiVersion", api::PROFILE),
            field("kind", "Profile"),
        ]),
    }
}
