//! Schemas for editors: those of our types, with the names that a library knows to choose from.
//!
//! Uses `vocab`, `session`, `input`, `catalogue` and `workspace`; `cli` uses it.
//!
//! A name that is not listed stays right: an editor may not know the library that a run is given.

use serde::Serialize;
use serde_json::{Value, json};

use crate::catalogue::library::Library;
use crate::catalogue::preset::Models;
use crate::catalogue::profile::{Profile, overlay_schema};
use crate::catalogue::release::Release;
use crate::input::schema;
use crate::session::Session;
use crate::vocab::api::{V1ALPHA1, V1BETA1};
use crate::vocab::kinds;
use crate::vocab::{Cloud, WorkspaceApi};
use crate::workspace::{self, InferenceSet};

/// Makes schemas with the names of some releases of a library.
#[derive(Debug)]
pub struct Editor<'a> {
    releases: Vec<Release<'a>>,
    names: Vec<&'a str>,
    session: &'a mut Session,
}

impl<'a> Editor<'a> {
    /// `names` are releases of the library, oldest first. What is wrong with one of them is
    /// reported.
    pub fn new(library: &'a Library, names: Vec<&'a str>, session: &'a mut Session) -> Self {
        let releases = names
            .iter()
            .filter_map(|name| Release::load(library, name, session).ok())
            .collect();
        Self {
            releases,
            names,
            session,
        }
    }

    /// The schema of files that hold Workspaces and InferenceSets of any version; other documents
    /// in them are ignored.
    pub fn workspaces(&mut self) -> Value {
        let set = part(self.inference_set());
        let (older, newer) = (
            part(self.workspace(V1ALPHA1)),
            part(self.workspace(V1BETA1)),
        );
        let is_set =
            json!({"properties": {"kind": {"const": kinds::INFERENCE_SET}}, "required": ["kind"]});
        let is_older =
            json!({"properties": {"apiVersion": {"const": V1ALPHA1}}, "required": ["apiVersion"]});
        // A document that does not say yet what it is becomes a Workspace.
        let is_ours = json!({"properties": {"apiVersion": {"pattern": r"^kaito\.sh/"}}});
        json!({
            "$schema": schema::DIALECT,
            "title": "Workspaces and InferenceSets",
            "description": "Workspaces and InferenceSets of KAITO.",
            "properties": {"apiVersion": any_of(&[V1BETA1, V1ALPHA1])},
            "if": is_set,
            "then": set,
            "else": {"if": is_older, "then": older, "else": {"if": is_ours, "then": newer}},
        })
    }

    /// The schema of Workspaces of an apiVersion, with the names of the release that compiles it.
    pub fn workspace(&mut self, version: &str) -> Value {
        let names = self.names_for(version);
        let mut schema = workspace::spec_schema(version, names.api);
        suggest(&mut schema, "/inference/preset/name", &names.models);
        suggest(&mut schema, "/tuning/preset/name", &names.tunable);
        suggest(&mut schema, "/resource/instanceType", &names.instance_types);
        schema
    }

    /// The schema of InferenceSets, whose replicas are Workspaces of the newer apiVersion.
    pub fn inference_set(&mut self) -> Value {
        let names = self.names_for(V1BETA1);
        let mut schema = schema::read_as::<InferenceSet>();
        suggest(
            &mut schema,
            "/spec/template/inference/preset/name",
            &names.models,
        );
        suggest(
            &mut schema,
            "/spec/template/resource/instanceType",
            &names.instance_types,
        );
        schema
    }

    /// The schema of profiles.
    #[must_use]
    pub fn profile(&self) -> Value {
        let mut schema = schema::read_as::<Profile>();
        let names: Vec<_> = self.names.iter().map(|&name| name.to_owned()).collect();
        suggest(&mut schema, "/release", &names);
        schema
    }

    /// The schema of overlays in documents of their own.
    #[must_use]
    pub fn overlay(&self) -> Value {
        let mut schema = overlay_schema();
        let releases = schema.pointer_mut("/properties/workspaces/properties/releases/items");
        if let Some(Value::Object(items)) = releases {
            items.shift_remove("type");
            items.insert("anyOf".to_owned(), any_of(&self.names)["anyOf"].take());
        }
        schema
    }

    fn names_for(&mut self, version: &str) -> Names {
        let compiles = |release: &&mut Release| {
            release
                .file
                .api_versions
                .iter()
                .any(|known| known == version)
        };
        let release = self.releases.iter_mut().find(compiles);
        release.map_or_else(Names::none, |release| Names::of(release, self.session))
    }
}

/// What a release knows by name, each in the spelling that is wanted.
struct Names {
    api: WorkspaceApi,
    models: Vec<String>,
    tunable: Vec<String>,
    instance_types: Vec<String>,
}

impl Names {
    fn none() -> Self {
        let api = WorkspaceApi::V1beta1;
        Self {
            api,
            models: Vec::new(),
            tunable: Vec::new(),
            instance_types: Vec::new(),
        }
    }

    fn of(release: &mut Release, session: &mut Session) -> Self {
        let mut names = Self {
            api: release.file.workspace_api,
            ..Self::none()
        };
        release.load_models(session);
        for model in release.model_names() {
            match release.models {
                Models::Image => {
                    names.add(vec![model.to_owned()], release.is_tunable(model));
                }
                Models::Hub(_) => {
                    let Some(Ok(found)) = release.hub_model(model) else {
                        continue;
                    };
                    let aliases = release
                        .file
                        .aliases
                        .iter()
                        .filter(|(_, meant)| *meant == model);
                    let aliases = aliases.map(|(alias, _)| alias.clone());
                    names.add(
                        aliases.chain([found.name.clone()]).collect(),
                        found.tuning.is_some(),
                    );
                }
            }
        }
        for cloud in Cloud::ALL {
            release.load_instance_types(cloud, session);
            if let Some(Ok(types)) = release.instance_types(cloud) {
                names.instance_types.extend(types.keys().cloned());
            }
        }
        names
    }

    fn add(&mut self, models: Vec<String>, tunable: bool) {
        if tunable {
            self.tunable.extend(models.iter().cloned());
        }
        self.models.extend(models);
    }
}

/// Lists names for a text.
fn suggest(schema: &mut Value, field: &str, names: &[String]) {
    let pointer = field.replace('/', "/properties/");
    if let Some(Value::Object(field)) = schema.pointer_mut(&pointer).filter(|_| !names.is_empty()) {
        field.shift_remove("type");
        field.insert("anyOf".to_owned(), any_of(names)["anyOf"].take());
    }
}

/// A text that may be another than those listed. What editors say of a missing one is about the
/// first choice.
fn any_of<T: Serialize>(names: &[T]) -> Value {
    json!({"anyOf": [{"type": "string"}, {"enum": names}]})
}

/// A schema as a part of another.
fn part(mut schema: Value) -> Value {
    if let Some(fields) = schema.as_object_mut() {
        fields.shift_remove("$schema");
    }
    schema
}
