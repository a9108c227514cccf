//! Reading documents as Workspaces, as far as they can be read.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::pod_template::PodTemplates;
use super::rules::{self, Rules};
use super::{Spec, Workspace, drop_nulls, metadata, spec_schema};
use crate::base::node::Node;
use crate::base::sources::Span;
use crate::diagnostic::rule;
use crate::diagnostic::{Diagnostic, Diagnostics, Reported};
use crate::input::schema::{Checker, Unread};
use crate::vocab::WorkspaceApi;
use crate::vocab::api::V1ALPHA1;

/// How a release reads Workspaces.
#[derive(Clone, Copy, Debug)]
pub struct ReadRules<'a> {
    /// The version whose rules hold.
    pub api: WorkspaceApi,
    /// The instance type of Workspaces of v1alpha1 that name none; none where the nodes exist
    /// already.
    pub default_instance_type: Option<&'a str>,
}

/// Reads Workspaces, those of one version all by the same prepared schema.
#[derive(Debug)]
pub struct Reader {
    schemas: BTreeMap<(String, WorkspaceApi), Checker>,
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
    /// let read_rules = ReadRules { api: WorkspaceApi::V1beta1, default_instance_type: None };
    /// let draft = Reader::new("default".to_owned()).read(node, read_rules, &mut diagnostics)?;
    /// let rules: Vec<_> = diagnostics.iter().map(|found| found.rule.id).collect();
    /// assert_eq!(rules, ["KR101", "KR104"]); // the count is no number, the name has a capital
    /// assert!(draft.whole().is_err());
    /// # Ok::<(), kaito_render::diagnostic::Reported>(())
    /// ```
    pub fn read(
        &mut self,
        node: Node,
        read_rules: ReadRules,
        diagnostics: &mut Diagnostics,
    ) -> Result<Draft, Reported> {
        let draft = self.draft(node, read_rules, diagnostics)?;
        let Draft {
            workspace, unread, ..
        } = &draft;
        let mut rules = Rules::new(&workspace.node, unread, diagnostics);
        rules::check(&mut rules, workspace, read_rules.api);
        Ok(draft)
    }

    /// Reports what is wrong with a Workspace in every version, for one whose version nothing
    /// compiles.
    pub fn check_any_version(
        &mut self,
        node: Node,
        diagnostics: &mut Diagnostics,
    ) -> Result<(), Reported> {
        let read_rules = ReadRules {
            api: WorkspaceApi::V1beta1, // it has the fields of all
            default_instance_type: None,
        };
        let Draft {
            workspace, unread, ..
        } = self.draft(node, read_rules, diagnostics)?;
        let mut rules = Rules::new(&workspace.node, &unread, diagnostics);
        rules::check_any_version(&mut rules, &workspace);
        Ok(())
    }

    /// Reads a document without asking more of it than that its fields are of their types.
    fn draft(
        &mut self,
        node: Node,
        read_rules: ReadRules,
        diagnostics: &mut Diagnostics,
    ) -> Result<Draft, Reported> {
        let mark = diagnostics.mark();
        let mut value = node.to_value();
        drop_nulls(&mut value);
        let checker = self.checker(&node, read_rules.api, diagnostics)?;
        let mut unread = Unread::default();
        if !checker.check(&node, &value, &rule::FIELD, diagnostics) {
            unread = checker.repair(&mut value);
        }
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

    /// The schema of a document's version, prepared for the first document of it.
    fn checker(
        &mut self,
        node: &Node,
        api: WorkspaceApi,
        diagnostics: &mut Diagnostics,
    ) -> Result<&Checker, Reported> {
        use std::collections::btree_map::Entry;

        let version = node.get("apiVersion").and_then(Node::as_str);
        let version = version.unwrap_or_default().to_owned();
        match self.schemas.entry((version, api)) {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => {
                let schema = spec_schema(&entry.key().0, api);
                let checker = Checker::prepared(schema, node.span, diagnostics)?;
                Ok(entry.insert(checker))
            }
        }
    }

    /// The pod template as Go writes it; what of it can't be read is added to `unread`.
    fn pod_template(
        &mut self,
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

/// Puts in what stands in no document as it is: the template as Go writes it, and the instance
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
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::{ReadRules, Reader};
    use crate::base::sources::Sources;
    use crate::diagnostic::Diagnostics;
    use crate::input;
    use crate::vocab::WorkspaceApi;

    /// A mistake: the field, what stands there instead (null removes it), and the rule.
    type Mistake = (&'static str, Value, &'static str);

    fn serving() -> Value {
        json!({
            "apiVersion": "kaito.sh/v1beta1", "kind": "Workspace",
            "metadata": {"name": "phi", "namespace": "models", "labels": {"team": "a"},
                "annotations": {"kaito.sh/runtime": "vllm"}},
            "resource": {"instanceType": "Standard_NC24ads_A100_v4", "count": 1,
                "partition": {"mode": "mig", "profile": "1g.10gb"},
                "labelSelector": {"matchLabels": {"apps": "phi"}}},
            "inference": {"config": "settings",
                "preset": {"name": "phi-4", "presetOptions": {"modelAccessSecret": "token"}},
                "adapters": [{"strength": "0.5", "source": {"name": "a", "image": "r.io/a:1"}},
                    {"source": {"name": "b", "image": "r.io/b:1"}}]},
        })
    }

    fn serving_mistakes() -> Vec<Mistake> {
        vec![
            ("/metadata/name", json!("Phi"), "KR104"),
            ("/metadata/name", json!(5), "KR101"),
            ("/metadata/name", Value::Null, "KR104"),
            ("/metadata/namespace", json!("a.b"), "KR104"),
            ("/metadata/labels/team", json!("a b"), "KR105"),
            ("/metadata/labels", json!([]), "KR101"),
            (
                "/metadata/annotations/kaito.sh~1runtme",
                json!("vllm"),
                "KR122",
            ),
            (
                "/metadata/annotations/kaito.sh~1performance-mode",
                json!("fast"),
                "KR121",
            ),
            ("/metadata/uid", json!(1), "KR101"),
            ("/metadata/annotation", json!({}), "KR102"),
            ("/resource/count", json!("two"), "KR101"),
            ("/resource/count", json!(5001), "KR108"),
            ("/resource/instanceType", json!(["a"]), "KR101"),
            ("/resource/partition/mode", json!("half"), "KR101"),
            ("/resource/labelSelector", Value::Null, "KR103"),
            (
                "/resource/labelSelector/matchLabels/apps",
                json!(true),
                "KR101",
            ),
            (
                "/resource/labelSelector/matchLabels/apps",
                json!("-"),
                "KR105",
            ),
            (
                "/resource/labelSelector/matchExpressions",
                json!([{"key": "a"}]),
                "KR103",
            ),
            ("/resource/size", json!(1), "KR102"),
            ("/inference/config", json!({}), "KR101"),
            ("/inference/preset", Value::Null, "KR106"),
            ("/inference/preset", json!("phi-4"), "KR101"),
            ("/inference/preset/name", Value::Null, "KR103"),
            ("/inference/preset/name", json!(4), "KR101"),
            (
                "/inference/preset/presetOptions/modelAccessSecret",
                json!("A_B"),
                "KR120",
            ),
            ("/inference/preset/presetOptions/image", json!(1), "KR101"),
            ("/inference/adapters", json!("a"), "KR101"),
            ("/inference/adapters/0/strength", json!(0.5), "KR101"),
            ("/inference/adapters/0/strength", json!("2"), "KR112"),
            ("/inference/adapters/0/source", Value::Null, "KR112"),
            (
                "/inference/adapters/0/source/image",
                json!("UPPER:x y"),
                "KR110",
            ),
            ("/inference/adapters/1/source/image", json!(["b"]), "KR101"),
            ("/inference/adapters/1/source/name", json!("B"), "KR112"),
            (
                "/inference/adapters/1/source/urls",
                json!(["https://example.com"]),
                "KR112",
            ),
            ("/tuning", json!({}), "KR103"),
            ("/status", json!("x"), ""),
        ]
    }

    fn tuning() -> Value {
        json!({
            "apiVersion": "kaito.sh/v1alpha1", "kind": "Workspace",
            "metadata": {"name": "tune", "namespace": "models"},
            "resource": {"instanceType": "Standard_NC24ads_A100_v4",
                "labelSelector": {"matchLabels": {"apps": "tune"}}},
            "tuning": {"preset": {"name": "phi-3-mini-4k-instruct"}, "method": "lora",
                "input": {"name": "data", "urls": ["https://example.com/a", "https://example.com/b"]},
                "output": {"image": "r.io/out/a:1", "imagePushSecret": "push"}},
        })
    }

    fn tuning_mistakes() -> Vec<Mistake> {
        vec![
            ("/metadata/generateName", json!(false), "KR101"),
            ("/metadata/labels", json!({"-": "a"}), "KR105"),
            ("/resource/count", json!(2), "KR108"),
            ("/resource/count", json!([]), "KR101"),
            ("/resource/labelSelector/matchLabels", json!({}), "KR109"),
            ("/resource/labelSelector/matchLabels", json!(1), "KR101"),
            ("/resource/preferredNodes", json!("node"), "KR101"),
            ("/inference", json!({}), "KR106"),
            ("/tuning/method", json!("full"), "KR113"),
            ("/tuning/method", Value::Null, "KR113"),
            ("/tuning/method", json!(1), "KR101"),
            ("/tuning/preset", Value::Null, "KR106"),
            ("/tuning/preset/accessMode", json!("private"), "KR111"),
            ("/tuning/preset/accessMode", json!("secret"), "KR101"),
            ("/tuning/config", json!([]), "KR101"),
            ("/tuning/input", Value::Null, "KR103"),
            ("/tuning/input/urls", Value::Null, "KR114"),
            (
                "/tuning/input/urls",
                json!("https://example.com/a"),
                "KR101",
            ),
            ("/tuning/input/urls/0", json!("a b"), "KR119"),
            ("/tuning/input/urls/1", json!(1), "KR101"),
            ("/tuning/input/volumeSource", json!({}), "KR115"),
            ("/tuning/output/image", json!("REPO_HERE/a:1"), "KR116"),
            ("/tuning/output/image", Value::Null, "KR114"),
            ("/tuning/output/image", json!(1), "KR101"),
            ("/tuning/output/imagePushSecret", Value::Null, "KR114"),
            ("/tuning/output/imagePushSecret", json!({}), "KR101"),
        ]
    }

    /// What is found, as rules and messages.
    fn found(
        reader: &mut Reader,
        value: &Value,
        api: WorkspaceApi,
    ) -> BTreeSet<(&'static str, String)> {
        let (mut sources, mut diagnostics) = (Sources::default(), Diagnostics::default());
        let file = sources.add("w.json", serde_json::to_string_pretty(value).unwrap());
        let node = input::parse(&sources, file, &mut diagnostics).remove(0);
        let read_rules = ReadRules {
            api,
            default_instance_type: None,
        };
        let draft = reader.read(node, read_rules, &mut diagnostics);
        assert!(draft.is_ok(), "{value}");
        let found = diagnostics.into_iter();
        found.map(|found| (found.rule.id, found.message)).collect()
    }

    fn plant(document: &mut Value, pointer: &str, value: &Value) {
        let (holder, field) = pointer.rsplit_once('/').unwrap();
        let field = field.replace("~1", "/");
        match document.pointer_mut(holder).unwrap() {
            Value::Array(items) => items[field.parse::<usize>().unwrap()] = value.clone(),
            Value::Object(fields) if value.is_null() => _ = fields.shift_remove(&field),
            Value::Object(fields) => _ = fields.insert(field, value.clone()),
            other => panic!("{pointer} is in {other}"),
        }
    }

    /// Fields of which one stands in for the other: what is said of one depends on the other.
    const TOGETHER: [[&str; 2]; 3] = [
        ["/tuning", "/resource/count"],
        ["/tuning/input/volumeSource", "/tuning/input/urls"],
        ["/tuning/output/imagePushSecret", "/tuning/output/image"],
    ];

    fn are_related(a: &str, b: &str) -> bool {
        if TOGETHER.contains(&[a, b]) || TOGETHER.contains(&[b, a]) {
            return true;
        }
        let of = |a: &str, b: &str| format!("{a}/").starts_with(&format!("{b}/"));
        of(a, b) || of(b, a)
    }

    /// Two mistakes are found together as each by itself, and nothing beside them.
    fn check_pairs(good: &Value, mistakes: &[Mistake], api: WorkspaceApi) {
        let mut reader = Reader::new("default".to_owned());
        let mut with = |mistakes: &[&Mistake]| {
            let mut document = good.clone();
            for (pointer, value, _) in mistakes {
                plant(&mut document, pointer, value);
            }
            found(&mut reader, &document, api)
        };
        assert_eq!(with(&[]), BTreeSet::new());
        let single: Vec<_> = mistakes.iter().map(|mistake| with(&[mistake])).collect();
        let mut wrong = Vec::new();
        for (index, first) in mistakes.iter().enumerate() {
            let is_found = single[index].iter().any(|(id, _)| *id == first.2);
            assert!(
                is_found || first.2.is_empty(),
                "{first:?}: {:?}",
                single[index]
            );
            for (other, second) in mistakes[..index].iter().enumerate() {
                if are_related(first.0, second.0) {
                    continue;
                }
                let both: BTreeSet<_> = single[index].union(&single[other]).cloned().collect();
                let found = with(&[first, second]);
                if found != both {
                    let difference: Vec<_> = found.symmetric_difference(&both).collect();
                    wrong.push(format!("{first:?} and {second:?}: {difference:?}"));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn two_mistakes_in_what_is_served_are_found_together() {
        check_pairs(&serving(), &serving_mistakes(), WorkspaceApi::V1beta1);
    }

    #[test]
    fn two_mistakes_in_a_tuning_are_found_together() {
        check_pairs(&tuning(), &tuning_mistakes(), WorkspaceApi::V1alpha1);
    }
}
