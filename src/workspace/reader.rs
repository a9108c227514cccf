//! Reading documents as Workspaces, as far as they can be read.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::misplaced::{self, Mended, Reading};
use super::pod_template::PodTemplates;
use super::rules::{self, Rules, placeholders};
use super::spec::published_schema;
use super::{Spec, Workspace, metadata};
use crate::base::node::Node;
use crate::base::nulls::drop_nulls;
use crate::base::sources::{Sources, Span};
use crate::catalogue::profile::Substitution;
use crate::catalogue::release::Release;
use crate::diagnostic::rule;
use crate::diagnostic::{Diagnostic, Diagnostics, Reported};
use crate::input::schema::{Checker, Unread};
use crate::vocab::WorkspaceApi;
use crate::vocab::api::V1ALPHA1;
use crate::vocab::kinds;

/// How a release reads Workspaces.
#[derive(Clone, Copy, Debug)]
pub struct ReadRules<'a> {
    /// The version whose rules hold.
    pub api: WorkspaceApi,
    /// The instance type of Workspaces of v1alpha1 that name none; none where the nodes exist
    /// already.
    pub default_instance_type: Option<&'a str>,
    /// The release that compiles them; none where none does.
    pub release: Option<&'a Release<'a>>,
    /// The texts that were read, for fixes.
    pub sources: Option<&'a Sources>,
    /// What fills in variables later.
    pub substitution: Option<Substitution>,
}

impl ReadRules<'_> {
    /// How Workspaces are read whose version nothing compiles: by the version that has the fields
    /// of all.
    pub const OF_ANY_VERSION: Self = Self {
        api: WorkspaceApi::V1beta1,
        default_instance_type: None,
        release: None,
        sources: None,
        substitution: None,
    };
}

/// Reads Workspaces, those of one version all by the same prepared schema.
///
/// To prepare a schema takes far longer than to use it: see [`Self::prepare`]. Reading changes
/// nothing, so that many threads can share a reader.
#[derive(Debug)]
pub struct Reader {
    schemas: BTreeMap<(String, WorkspaceApi), Arc<Checker>>,
    pod_templates: PodTemplates,
    namespace: String,
}

/// A Workspace as far as it could be read.
///
/// A field that could not be read is absent, or has the least value of its type where one is
/// required. Only [`Self::whole`] gives the Workspace to later stages.
#[derive(Debug)]
pub struct Draft {
    workspace: Workspace,
    unread: Unread,
    whole: Result<(), Reported>,
}

impl Reader {
    /// `namespace` is given to Workspaces that name none.
    #[must_use]
    pub fn new(namespace: String) -> Self {
        Self {
            schemas: BTreeMap::new(),
            pod_templates: PodTemplates::default(),
            namespace,
        }
    }

    /// Prepares the schema for Workspaces of an apiVersion that are read by the rules of a version.
    /// Without it the schema is prepared for each Workspace anew.
    pub fn prepare(&mut self, version: &str, api: WorkspaceApi) {
        if let Entry::Vacant(entry) = self.schemas.entry((version.to_owned(), api)) {
            entry.insert(Arc::new(Checker::new(published_schema(version, api))));
        }
    }

    /// `namespace/name` of a document that may be no valid Workspace.
    #[must_use]
    pub fn key(&self, node: &Node) -> String {
        let text = |pointer| node.find(pointer).and_then(|found| found.node.as_str());
        let namespace = text("/metadata/namespace").unwrap_or(&self.namespace);
        format!("{namespace}/{}", text("/metadata/name").unwrap_or_default())
    }

    /// Reads a document as a Workspace, and reports everything that is wrong with it: a field that
    /// can't be read keeps no rule from running that does not read it.
    ///
    /// A Workspace that breaks a rule is still read, so that later stages can say what else is
    /// wrong with it.
    ///
    /// ```
    /// use kaito_render::base::sources::Sources;
    /// use kaito_render::vocab::WorkspaceApi;
    /// use kaito_render::diagnostic::Diagnostics;
    /// use kaito_render::input;
    /// use kaito_render::workspace::{ReadRules, Reader};
    ///
    /// let text = "\
    /// apiVersion: kaito.sh/v1beta1
    /// kind: Workspace
    /// metadata: {name: Phi}
    /// resource:
    ///   count: many
    ///   labelSelector: {matchLabels: {apps: phi}}
    /// inference: {preset: {name: phi-4}}
    /// ";
    /// let (mut sources, mut diagnostics) = (Sources::default(), Diagnostics::default());
    /// let file = sources.add("phi.yaml", text.to_owned());
    /// let node = input::parse(&sources, file, &mut diagnostics).remove(0);
    ///
    /// let read_rules = ReadRules { api: WorkspaceApi::V1beta1, default_instance_type: None, release: None, sources: None, substitution: None };
    /// let draft = Reader::new("default".to_owned()).read(node, read_rules, &mut diagnostics)?;
    /// let rules: Vec<_> = diagnostics.iter().map(|found| found.rule.id).collect();
    /// assert_eq!(rules, ["KR101", "KR104"]); // the count is no number, the name has a capital
    /// assert!(draft.whole().is_err());
    /// # Ok::<(), kaito_render::diagnostic::Reported>(())
    /// ```
    pub fn read(
        &self,
        node: Node,
        read_rules: ReadRules,
        diagnostics: &mut Diagnostics,
    ) -> Result<Draft, Reported> {
        let mark = diagnostics.mark();
        let draft = self.draft(node, read_rules, diagnostics)?;
        let Draft {
            workspace, unread, ..
        } = &draft;
        let rules = Rules::new(&workspace.node, unread, diagnostics);
        let mut rules = rules.of(read_rules.release);
        rules::check(&mut rules, workspace, read_rules.api);
        if read_rules.substitution.is_some() {
            placeholders::drop_judgements(diagnostics, mark);
        }
        Ok(draft)
    }

    /// Reports what is wrong with a Workspace in every version, for one whose version nothing
    /// compiles.
    pub fn check_any_version(
        &self,
        node: Node,
        diagnostics: &mut Diagnostics,
    ) -> Result<(), Reported> {
        let read_rules = ReadRules::OF_ANY_VERSION;
        let Draft {
            workspace, unread, ..
        } = self.draft(node, read_rules, diagnostics)?;
        let mut rules = Rules::new(&workspace.node, &unread, diagnostics);
        rules::check_any_version(&mut rules, &workspace);
        Ok(())
    }

    /// Reads a document without asking more of it than that its fields are of their types.
    fn draft(
        &self,
        node: Node,
        read_rules: ReadRules,
        diagnostics: &mut Diagnostics,
    ) -> Result<Draft, Reported> {
        let mark = diagnostics.mark();
        let version = node.get("apiVersion").and_then(Node::as_str);
        let version = version.unwrap_or_default();
        let checker = self.checker(version, read_rules.api);
        let reading = Reading {
            kind: kinds::WORKSPACE,
            schema: checker.schema(),
            fields: misplaced::fields_of_workspaces(version, read_rules.api),
            release: read_rules.release,
            sources: read_rules.sources,
        };
        let Mended {
            node,
            unread: misplaced,
        } = misplaced::mend(node, reading, diagnostics);
        let unfilled = placeholders::check(
            &node,
            Some(read_rules.api),
            read_rules.substitution,
            diagnostics,
        );
        let mut value = node.to_value();
        drop_nulls(&mut value);
        let mut unread = Unread::default();
        if !checker.check(&node, &value, &rule::FIELD, diagnostics) {
            unread = checker.repair(&mut value);
        }
        unread.extend(misplaced.into_iter().chain(unfilled));
        let whole = if unread.is_empty() {
            Ok(())
        } else {
            diagnostics.checked(mark)
        };
        let template = self.pod_template(&node, &value, &mut unread, diagnostics);
        if let Some(metadata) = value["metadata"].as_object_mut() {
            metadata
                .entry("namespace")
                .or_insert_with(|| Value::String(self.namespace.clone()));
        }
        let mut spec = Spec::deserialize(&value).map_err(|error| {
            diagnostics.fail(Diagnostic::new(&rule::FIELD, node.span, error.to_string()))
        })?;
        complete(&mut spec, &node, template, read_rules);
        let workspace = Workspace {
            metadata: metadata::read(&node, &self.namespace),
            spec,
            node,
            value,
        };
        Ok(Draft {
            workspace,
            unread,
            whole,
        })
    }

    /// The schema of a document's version.
    fn checker(&self, version: &str, api: WorkspaceApi) -> Arc<Checker> {
        match self.schemas.get(&(version.to_owned(), api)) {
            Some(checker) => checker.clone(),
            None => Arc::new(Checker::new(published_schema(version, api))),
        }
    }

    /// The pod template as Go writes it; what of it can't be read is added to `unread`.
    fn pod_template(
        &self,
        node: &Node,
        value: &Value,
        unread: &mut Unread,
        diagnostics: &mut Diagnostics,
    ) -> Option<Value> {
        let template = value.pointer("/inference/template")?;
        self.pod_templates
            .read(node, template, diagnostics)
            .map_err(|violations| unread.extend(violations))
            .ok()
    }
}

/// Sets what no document has in this form: the template as Go writes it, and the instance
/// type that a version of the API takes where none is named.
fn complete(spec: &mut Spec, node: &Node, template: Option<Value>, read_rules: ReadRules) {
    if let (Some(inference), Some(template)) = (&mut spec.inference, template) {
        inference.template = Some(template);
    }
    let default = read_rules.default_instance_type;
    if let (Some(resource), Some(default), V1ALPHA1) =
        (&mut spec.resource, default, spec.api_version.as_str())
        && resource.instance_type.is_empty()
        && node.find("/resource/instanceType").is_none()
    {
        default.clone_into(&mut resource.instance_type);
    }
}

impl Draft {
    /// The Workspace, if each of its fields could be read.
    pub fn whole(&self) -> Result<&Workspace, Reported> {
        self.whole.map(|()| &self.workspace)
    }

    /// As [`Self::whole`], to keep.
    pub fn into_whole(self) -> Result<Workspace, Reported> {
        self.whole.map(|()| self.workspace)
    }

    /// `namespace/name` and the place of the name, if both could be read.
    #[must_use]
    pub fn identity(&self) -> Option<(String, Span)> {
        let parts = ["/metadata/name", "/metadata/namespace"];
        let is_known = !parts.iter().any(|part| self.unread.covers(part))
            && !self.workspace.metadata.name.is_empty();
        let key = is_known.then(|| self.workspace.key())?;
        Some((key, self.workspace.span("/metadata/name")))
    }

    /// The Workspace with the least values where fields could not be read.
    pub(crate) fn repaired(&self) -> &Workspace {
        &self.workspace
    }

    /// The fields that could not be read.
    #[must_use]
    pub fn unread(&self) -> &Unread {
        &self.unread
    }
}

#[cfg(test)]
mod tests;
