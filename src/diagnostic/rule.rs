//! Every rule there is, by its stable id, with the page that explains it.

use crate::diagnostic::Severity;

/// What a diagnostic is an instance of.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// `KR` and three digits; never used again for something else.
    pub id: &'static str,
    /// The severity of its diagnostics, unless a policy or the case changes it.
    pub severity: Severity,
    /// What the rule is about, in a few words.
    pub title: &'static str,
    /// Why it matters, with an example of what is wrong and one of what is right: `rules/<id>.md`,
    /// as Markdown.
    pub page: &'static str,
}

/// What the rules are about whose ids begin with the same digit.
pub const GROUPS: &[(&str, &str)] = &[
    ("KR0", "Reading"),
    ("KR1", "The shape of a Workspace"),
    ("KR2", "Planning a Workspace"),
    ("KR3", "Presets and templates"),
    ("KR4", "Objects and output"),
    ("KR5", "The profile"),
    ("KR6", "Updates of a Workspace"),
    ("KR7", "Overlays"),
];

macro_rules! rules {
    ($($name:ident = $id:literal $severity:ident $title:literal;)+) => {
        $(
            #[doc = $title]
            pub const $name: Rule = Rule {
                id: $id,
                severity: Severity::$severity,
                title: $title,
                page: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/rules/", $id, ".md")),
            };
        )+

        /// All rules, by id.
        pub const ALL: &[&Rule] = &[$(&$name),+];
    };
}

rules! {
    UNREADABLE = "KR001" Error "a file or directory that can't be read";
    NOT_UTF8 = "KR002" Error "a file that is not UTF-8";
    SYNTAX = "KR003" Error "invalid YAML or JSON";
    DUPLICATE_KEY = "KR004" Error "a duplicate key in a mapping";
    TOO_LARGE = "KR005" Error "a document that is too large or nested too deeply";
    AMBIGUOUS_SCALAR = "KR006" Warning "an unquoted scalar that YAML 1.1 and YAML 1.2 read differently";
    NOT_PARSED = "KR007" Note "a file that was skipped: it can't be parsed and does not mention KAITO";
    NOT_A_NUMBER = "KR008" Error "infinity, NaN or a number too large for JSON";
    EMPTY_DIRECTORY = "KR009" Note "a directory that was named and holds output";
    LEADS_OUT = "KR010" Error "a symbolic link that leads out of the repository";
    PASSED_OVER = "KR011" Warning "something that may be a Workspace and is passed over";
    PATCHED = "KR012" Note "a patch of a kustomization, whose result is not checked";
    NO_OBJECT = "KR013" Note "a document that is no object of Kubernetes";
    RENDER_FIRST = "KR014" Error "files that another program has to render first";
    FIELD = "KR101" Error "a field with a value that its schema does not allow";
    UNKNOWN_FIELD = "KR102" Error "an unknown field";
    MISSING_FIELD = "KR103" Error "a missing required field";
    NAME = "KR104" Error "a name that Kubernetes rejects";
    LABEL = "KR105" Error "a label or annotation that Kubernetes rejects";
    PURPOSE = "KR106" Error "a Workspace must either serve a model or tune one";
    RESOURCE = "KR107" Error "a Workspace must say which nodes it runs on";
    COUNT = "KR108" Error "an invalid number of nodes";
    SELECTOR = "KR109" Error "a label selector that matches no node, or the wrong nodes";
    IMAGE = "KR110" Error "an invalid image reference";
    PRIVATE_IMAGE = "KR111" Error "a private model without an image";
    ADAPTER = "KR112" Error "an adapter that can't be loaded";
    METHOD = "KR113" Error "an unknown tuning method";
    TUNING_DATA = "KR114" Error "tuning needs one source of data and one destination for the result";
    VOLUME = "KR115" Error "volumes are not supported as source or destination of tuning";
    PLACEHOLDER = "KR116" Error "a placeholder that was not replaced";
    DUPLICATE_WORKSPACE = "KR117" Error "a duplicate Workspace";
    UNRECOGNIZED = "KR118" Error "a document that looks like a Workspace but is not one";
    URL = "KR119" Warning "a URL that can't be downloaded";
    SECRET = "KR120" Error "an invalid Secret name";
    ANNOTATION = "KR121" Error "an annotation with an invalid value";
    UNKNOWN_KEY = "KR122" Warning "a KAITO label or annotation that nothing reads";
    MISREAD_VALUE = "KR123" Warning "a label or annotation value that does not do what it seems to";
    SECRET_IN_CLEAR = "KR124" Error "a plaintext secret";
    VARIABLE_IN_CLEAR = "KR125" Warning "an environment variable that seems to hold a plaintext secret";
    FLOATING_TAG = "KR126" Warning "an image that is not pinned";
    POD_REFUSED = "KR127" Error "a pod template that the Kubernetes API rejects";
    REPEATED_VARIABLE = "KR128" Warning "a duplicate environment variable";
    NO_REPLICAS = "KR129" Warning "an InferenceSet with `replicas: 0`";
    RELEASE_CHOSEN = "KR201" Note "the release was chosen by the Workspace's apiVersion";
    UNKNOWN_RELEASE = "KR202" Error "a release that does not exist, or does not compile this apiVersion";
    UNKNOWN_PRESET = "KR203" Error "a model that is not in the catalogue of the release";
    UNKNOWN_INSTANCE_TYPE = "KR204" Error "an instance type that the release does not know";
    TOO_FEW_GPUS = "KR205" Error "fewer GPUs than the model needs";
    TOO_LITTLE_MEMORY = "KR206" Error "less GPU memory than the model needs";
    TIGHT_MEMORY = "KR207" Warning "less GPU memory than tuning the model is known to need";
    NOT_TUNABLE = "KR208" Error "a model that can't be tuned";
    NO_PUBLIC_IMAGE = "KR209" Error "a model without a public image";
    TUNING_CONFIG = "KR210" Error "an invalid tuning configuration";
    NOT_YET = "KR211" Error "a feature that is not supported yet";
    MACHINE_API = "KR212" Warning "nodes created as Machines, which only gpu-provisioner 0.2 supports";
    UNKNOWN_PROVISIONER = "KR213" Error "a provisioner that the release does not support";
    ADAPTERS_IGNORED = "KR214" Warning "adapters of a model that loads none";
    CLUSTER_NAME = "KR215" Error "a NodeClass that needs the cluster name";
    NO_NVIDIA_GPU = "KR216" Error "an instance type without the NVIDIA GPUs that the pods request";
    OUTPUT_DIR = "KR217" Warning "a tuning result that is written where nothing picks it up";
    NO_FIT = "KR219" Error "a model that does not fit on these nodes, however many there are";
    RUNTIME = "KR220" Error "a model or adapter that the runtime can't serve";
    PARTITION = "KR221" Error "an invalid GPU partition";
    NODES = "KR222" Error "existing nodes that the profile does not describe, or that differ from each other";
    SERVER_CONFIG = "KR223" Error "an invalid server configuration";
    NODE_CLASS = "KR224" Error "an unknown NodeClass";
    UNKNOWN_CLOUD = "KR225" Error "a cloud for which the release has no instance types";
    COUNT_TOO_SMALL = "KR226" Warning "a number of nodes that is smaller than the estimate";
    NO_EFFECT = "KR227" Warning "a field that has no effect";
    INEXACT_NAME = "KR228" Warning "an instance type that is not in the cloud's exact spelling";
    RETIRED_TYPE = "KR229" Warning "an instance type that the cloud has retired";
    TRACKING_LABEL = "KR230" Warning "a node label by which a deployment tool prunes objects";
    UNSERVED_LABEL = "KR231" Warning "a node label that new nodes may not get";
    OLD_GPU = "KR232" Warning "nodes with GPUs that are too old for the release";
    SERVER_FLAG = "KR233" Warning "an unknown server setting";
    PLANNED_FLAG = "KR234" Warning "a server setting that overrides a planned flag";
    STATIC_CAPACITY = "KR235" Warning "NodePools of a fixed size, which need a Karpenter feature gate";
    GATED = "KR236" Warning "a gated model without a token";
    FLAG_VALUE = "KR237" Warning "a server setting with a value that its flag does not take";
    RETIRED_PRESET = "KR260" Error "a model that the release no longer serves";
    RETIRED_INSTANCE_TYPE = "KR261" Error "an instance type that the release no longer uses";
    OLD_API_VERSION = "KR262" Warning "a deprecated apiVersion";
    NEW_NODES = "KR263" Warning "nodes that another release would recreate";
    NEW_RUNTIME = "KR264" Warning "a model that another release would serve with another runtime";
    NEW_WORKLOAD = "KR265" Warning "pods that another release would recreate";
    NEW_NODE_COUNT = "KR266" Warning "a number of nodes that another release would count differently";
    OLD_NAME = "KR267" Note "a model that another release has under another name";
    TEMPLATE_SYNTAX = "KR301" Error "a malformed template";
    TEMPLATE_FIELD = "KR302" Error "a template that reads an unknown field of the plan";
    TEMPLATE_VALUE = "KR303" Error "a template expression without a usable value";
    LIBRARY_FILE = "KR321" Error "a library file that is missing or can't be used";
    LIBRARY_FIELD = "KR322" Error "a library file with an invalid field";
    NO_WORKSPACE = "KR401" Error "the input holds no Workspace";
    CONFLICT = "KR402" Error "two objects with the same identity and different content";
    NAMELESS = "KR403" Error "an object without `apiVersion`, `kind` or `metadata.name`";
    EMPTY_SELECTION = "KR404" Error "a selection of kinds that matches no object";
    UNKNOWN_KIND = "KR405" Warning "a selected kind that no object has";
    SHARED_NODES = "KR406" Warning "two Workspaces whose pods may run on each other's nodes";
    TWO_MANAGERS = "KR407" Warning "a NodeClaim that two provisioners manage";
    EXPIRES = "KR408" Warning "a node object whose nodes expire after 30 days";
    IGNORED_REQUIREMENT = "KR409" Warning "a requirement that gpu-provisioner ignores";
    POOL_NAME = "KR410" Warning "a NodeClaim name that no agent pool can have";
    NODE_DISK = "KR411" Warning "a NodeClaim without a usable disk size";
    MISSING_KIND = "KR412" Error "a kind that the cluster does not know";
    CHANGED_AFTERWARDS = "KR413" Error "an object that was changed after it was rendered";
    NOT_RENDERED = "KR414" Error "a Workspace without its objects in a finished stream";
    NO_DIGEST = "KR415" Warning "an image without a digest, where the profile asks for digests";
    PROFILE_FIELD = "KR501" Error "a profile with an invalid field";
    PROFILE_COUNT = "KR502" Error "a profile file must hold exactly one profile";
    PROFILE_AMBIGUOUS = "KR503" Error "inputs with different profiles in one run";
    NOT_LOWERED = "KR504" Warning "an error that can't be lowered";
    UNUSED_SETTING = "KR505" Warning "a profile setting for a rule that reported nothing";
    UNUSED_ALLOWANCE = "KR506" Warning "an allowance for a rule that reported nothing";
    UNKNOWN_RULE = "KR507" Warning "an unknown rule";
    PROFILE_ABOVE = "KR508" Warning "a profile above the input that is not used";
    NO_PROFILE = "KR509" Note "no profile, and no root up to which it is looked for";
    PARAMETER = "KR510" Error "a parameter of an Application that can't be used";
    PURPOSE_CHANGED = "KR601" Error "serving or tuning was added to a Workspace or removed from it";
    NODE_COUNT_CHANGED = "KR602" Error "the number of nodes changed";
    INSTANCE_TYPE_CHANGED = "KR603" Error "the instance type changed";
    SELECTOR_CHANGED = "KR604" Error "the node labels changed";
    PARTITION_CHANGED = "KR605" Error "the GPU partition changed";
    PRESET_CHANGED = "KR606" Error "the model changed";
    TEMPLATE_CHANGED = "KR607" Error "a model was replaced by a pod template, or a pod template by a model";
    METHOD_CHANGED = "KR608" Error "the tuning method changed";
    DATA_NAME_CHANGED = "KR609" Error "the name of the tuning data changed";
    STREAMING_CHANGED = "KR610" Error "the way weights are loaded changed";
    STRENGTH_IN_UPDATE = "KR611" Error "an adapter strength that KAITO rejects in updates";
    NOT_COMPARED = "KR612" Note "an earlier version that can't be compared";
    NODE_STAYS = "KR613" Warning "a node object whose Workspace was removed";
    JOB_CHANGED = "KR614" Warning "a change of a Job that Kubernetes refuses";
    OVERLAY = "KR701" Error "an overlay with an invalid field";
    OVERLAY_FILE = "KR702" Error "a file of an overlay that can't be used";
    PATCH = "KR703" Error "an invalid patch";
    PATCH_REFUSED = "KR704" Error "a patch that can't be applied to an object";
    PROTECTED = "KR705" Error "an overlay that changes what it may not";
    NO_OBJECT_OF_PATCH = "KR706" Error "a patch of an object that does not exist";
    NO_CHANGE = "KR707" Warning "an overlay or patch that changes nothing";
    OVERLAY_NAME = "KR708" Error "an annotation that names no overlay for its Workspace";
    LIST_REPLACED = "KR709" Warning "a patch that replaces a list and removes items of it";
    OTHER_NODE = "KR710" Warning "an overlay that makes another node of a node object";
    VARIABLE_OVERWRITTEN = "KR711" Warning "an overlay that overwrites a variable of the templates";
    OVERLAY_OF_INPUT = "KR720" Error "an overlay in an input that may have none";
    KUSTOMIZATION_FIELD = "KR721" Error "a field of a kustomization that no overlay can take over";
    COMMON_LABELS = "KR722" Warning "labels of a kustomization that selectors do not get";
    ADDITION = "KR730" Error "an object of `add` that a Workspace can't have";
    ROUTE_TWICE = "KR731" Error "two Workspaces with a route for the same address";
    STATEFUL_SET_CHANGED = "KR732" Warning "a change of a StatefulSet that Kubernetes refuses";
    OBJECT_FIELD = "KR740" Error "an overlay that writes what Kubernetes does not read";
    NOT_TOLERATED = "KR741" Warning "an overlay that keeps pods off their nodes by a taint";
}

/// The rule of an id, in any letter case; else what may have been meant.
///
/// # Errors
///
/// If there is no such rule.
pub fn find(id: &str) -> Result<&'static Rule, String> {
    if let Some(found) = ALL.iter().find(|rule| rule.id.eq_ignore_ascii_case(id)) {
        return Ok(found);
    }
    let distance = |rule: &Rule, wanted: u32| number(rule.id).unwrap_or(0).abs_diff(wanted);
    let near = number(id).and_then(|wanted| ALL.iter().min_by_key(|rule| distance(rule, wanted)));
    Err(match (near, ALL) {
        (Some(near), _) => format!("unknown rule; the nearest is {}, {}", near.id, near.title),
        (None, [first, .., last]) => format!("the rules are {} to {}", first.id, last.id),
        (None, _) => String::new(),
    })
}

/// The number in an id, with or without its letters.
fn number(id: &str) -> Option<u32> {
    id.trim_start_matches(|character: char| character.is_ascii_alphabetic())
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::{ALL, GROUPS, find};

    #[test]
    fn ids_are_unique_and_in_order() {
        assert!(ALL.windows(2).all(|pair| pair[0].id < pair[1].id));
        assert!(
            ALL.iter()
                .all(|rule| rule.id.len() == 5 && rule.id.starts_with("KR"))
        );
    }

    #[test]
    fn every_rule_belongs_to_a_group() {
        assert!(
            ALL.iter()
                .all(|rule| GROUPS.iter().any(|(prefix, _)| rule.id.starts_with(prefix)))
        );
    }

    #[test]
    fn rules_are_found_by_their_ids() {
        assert_eq!(find("kr113").map(|rule| rule.id), Ok("KR113"));
        let hint = |id| find(id).unwrap_err();
        assert_eq!(
            hint("KR199"),
            "unknown rule; the nearest is KR201, the release was chosen by the Workspace's apiVersion"
        );
        assert!(hint("113").contains("the nearest is KR113"));
        assert!(hint("method").starts_with("the rules are KR001 to KR"));
    }
}
