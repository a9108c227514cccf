//! Every rule there is, by its stable id, with the page that explains it.

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
    /// Why it matters, with an example of what is wrong and one of what is right: `rules/<id>.md`,
    /// as Markdown.
    pub page: &'static str,
}

/// What the rules are about whose ids begin alike.
pub const GROUPS: &[(&str, &str)] = &[
    ("KR0", "Reading"),
    ("KR1", "The shape of a Workspace"),
    ("KR2", "What is decided for a Workspace"),
    ("KR3", "Presets and templates"),
    ("KR4", "Objects and output"),
    ("KR5", "The profile"),
    ("KR6", "Changes: a Workspace and what it was before"),
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
    UNREADABLE = "KR001" Error "a file or folder can't be read";
    NOT_UTF8 = "KR002" Error "a file is not UTF-8 text";
    SYNTAX = "KR003" Error "YAML or JSON that can't be parsed";
    DUPLICATE_KEY = "KR004" Error "a key stands twice in one mapping";
    TOO_LARGE = "KR005" Error "a document exceeds a limit of size or nesting";
    AMBIGUOUS_SCALAR = "KR006" Warning "a bare scalar that YAML 1.1 and YAML 1.2 read differently";
    NOT_PARSED = "KR007" Note "a file that can't be parsed and does not mention KAITO was passed over";
    NOT_A_NUMBER = "KR008" Error "infinity, not-a-number or a number too large for JSON";
    FOLDER_PASSED_OVER = "KR009" Note "a folder that was named but holds no input";
    FIELD = "KR101" Error "a field has a value that its type does not allow";
    UNKNOWN_FIELD = "KR102" Error "a field that does not exist";
    MISSING_FIELD = "KR103" Error "a required field is missing";
    NAME = "KR104" Error "a name that Kubernetes does not accept";
    LABEL = "KR105" Error "a label or annotation that Kubernetes does not accept";
    PURPOSE = "KR106" Error "a Workspace has to do one thing: serve a model or tune one";
    RESOURCE = "KR107" Error "a Workspace has to say which nodes it runs on";
    COUNT = "KR108" Error "a number of nodes that the work can't run on";
    SELECTOR = "KR109" Error "a label selector that would find no node, or other nodes than meant";
    IMAGE = "KR110" Error "an image reference that KAITO refuses";
    PRIVATE_IMAGE = "KR111" Error "a private model without its image";
    ADAPTER = "KR112" Error "an adapter that can't be loaded";
    METHOD = "KR113" Error "a tuning method that does not exist";
    TUNING_DATA = "KR114" Error "tuning needs one source of data and an image to push to";
    VOLUME = "KR115" Error "volumes as source or destination are not supported";
    PLACEHOLDER = "KR116" Error "a placeholder that nobody has filled in";
    DUPLICATE_WORKSPACE = "KR117" Error "the same Workspace stands twice in the input";
    MISFIT = "KR118" Error "a document that looks like a Workspace and is none";
    URL = "KR119" Warning "a URL that can't be downloaded as it is";
    SECRET = "KR120" Error "a Secret that can't exist";
    ANNOTATION = "KR121" Error "an annotation with a value that KAITO does not know";
    UNKNOWN_KEY = "KR122" Warning "a label or annotation of KAITO's that nothing reads";
    MISREAD_VALUE = "KR123" Warning "a value that is not taken for what it looks like";
    SECRET_IN_CLEAR = "KR124" Error "a secret that stands in clear";
    VARIABLE_IN_CLEAR = "KR125" Warning "a variable whose name says that its value is a secret";
    FLOATING_TAG = "KR126" Warning "an image that may be another one tomorrow";
    POD_REFUSED = "KR127" Error "pods that Kubernetes' API refuses";
    REPEATED_VARIABLE = "KR128" Warning "a variable that is set twice";
    RELEASE_CHOSEN = "KR201" Note "the release was chosen by the Workspace's apiVersion";
    UNKNOWN_RELEASE = "KR202" Error "a release that does not exist, or does not compile this apiVersion";
    UNKNOWN_PRESET = "KR203" Error "a model that is not in the release's catalogue";
    UNKNOWN_INSTANCE_TYPE = "KR204" Error "a machine type that the cloud does not have";
    TOO_FEW_GPUS = "KR205" Error "fewer GPUs than the model needs";
    TOO_LITTLE_MEMORY = "KR206" Error "less GPU memory than the model needs";
    TIGHT_MEMORY = "KR207" Warning "less GPU memory than tuning the model is known to need";
    NOT_TUNABLE = "KR208" Error "a model that can't be tuned";
    NO_PUBLIC_IMAGE = "KR209" Error "a model without a public image";
    TUNING_CONFIG = "KR210" Error "a tuning configuration that the training can't use";
    NOT_YET = "KR211" Error "something that this version does not compile yet";
    MACHINE_API = "KR212" Warning "Machines are served by gpu-provisioner 0.2 alone";
    UNKNOWN_PROVISIONER = "KR213" Error "a provisioner that the release has no node objects for";
    ADAPTERS_IGNORED = "KR214" Warning "adapters of a model that loads none";
    CLUSTER_NAME = "KR215" Error "a NodeClass that needs the cluster's name";
    NO_NVIDIA_GPU = "KR216" Error "a machine type without the GPUs of NVIDIA that the pods ask for";
    OUTPUT_DIR = "KR217" Warning "a result that is written where nobody looks for it";
    REPEATED_SECRET = "KR218" Warning "a pull Secret that is named twice";
    NO_FIT = "KR219" Error "a model that fits on no number of such nodes";
    RUNTIME = "KR220" Error "a model or adapter that the runtime can't serve";
    PARTITION = "KR221" Error "a part of GPUs that the nodes don't have";
    NODES = "KR222" Error "nodes of one's own that the profile does not describe, or that differ";
    SERVER_CONFIG = "KR223" Error "a configuration that the server can't use";
    NODE_CLASS = "KR224" Error "a NodeClass that does not exist";
    UNKNOWN_CLOUD = "KR225" Error "a cloud that the release knows no machine types of";
    COUNT_TOO_SMALL = "KR226" Warning "a number of nodes that is smaller than the estimate";
    NO_EFFECT = "KR227" Warning "a field that has no effect";
    INEXACT_NAME = "KR228" Warning "a machine type that is not in the cloud's exact spelling";
    RETIRED_TYPE = "KR229" Warning "a machine type that the cloud has retired";
    TRACKING_LABEL = "KR230" Warning "a label of nodes by which a tool of delivery finds what it may prune";
    UNSERVED_LABEL = "KR231" Warning "a label that a new node does not get as the Workspace has it";
    OLD_GPU = "KR232" Warning "nodes with GPUs that are too old for the release";
    SERVER_FLAG = "KR233" Warning "a setting that the server does not know";
    PLANNED_FLAG = "KR234" Warning "a setting that replaces what was planned";
    STATIC_CAPACITY = "KR235" Warning "NodePools of a fixed size, which Karpenter fills only if it is told to";
    GATED = "KR236" Warning "a gated model, and no token for it";
    RETIRED_PRESET = "KR260" Error "a model that the release serves no more";
    RETIRED_INSTANCE_TYPE = "KR261" Error "a machine type that the release uses no more";
    OLD_API_VERSION = "KR262" Warning "an apiVersion that is on its way out";
    NEW_NODES = "KR263" Warning "nodes that another release makes anew";
    NEW_RUNTIME = "KR264" Warning "a model that another release serves by another runtime";
    NEW_WORKLOAD = "KR265" Warning "pods that another release makes anew";
    NEW_NODE_COUNT = "KR266" Warning "a number of nodes that another release counts otherwise";
    OLD_NAME = "KR267" Note "a model that another release has under another name";
    TEMPLATE_SYNTAX = "KR301" Error "a template that is not well formed";
    TEMPLATE_FIELD = "KR302" Error "a template that reads a field which the plan does not have";
    TEMPLATE_VALUE = "KR303" Error "an expression of a template without a value that can stand in its place";
    LIBRARY_FILE = "KR321" Error "a file of the library that is missing or can't be used";
    LIBRARY_FIELD = "KR322" Error "a preset with a field that does not fit";
    NO_WORKSPACE = "KR401" Error "the input holds no Workspace";
    CONFLICT = "KR402" Error "two objects of one identity and different content";
    NAMELESS = "KR403" Error "an object without `apiVersion`, `kind` or `metadata.name`";
    EMPTY_SELECTION = "KR404" Error "a selection of kinds that leaves no object";
    UNKNOWN_KIND = "KR405" Warning "a selection names a kind that no object has";
    SHARED_NODES = "KR406" Warning "two Workspaces whose pods may run on each other's nodes";
    TWO_MANAGERS = "KR407" Warning "a NodeClaim that two provisioners act on";
    EXPIRES = "KR408" Warning "a node object whose nodes are deleted after a month";
    IGNORED_REQUIREMENT = "KR409" Warning "a requirement that gpu-provisioner does not look at";
    POOL_NAME = "KR410" Warning "a NodeClaim with a name that no agent pool can have";
    NODE_DISK = "KR411" Warning "a NodeClaim that says too little about its disk";
    PROFILE_FIELD = "KR501" Error "a profile with a field that does not fit";
    PROFILE_COUNT = "KR502" Error "a profile file has to hold one profile";
    PROFILE_AMBIGUOUS = "KR503" Error "one run with inputs of different profiles";
    NOT_LOWERED = "KR504" Warning "an error that was to be lowered";
    UNUSED_SETTING = "KR505" Warning "a profile lowers a rule that found nothing";
    UNUSED_ALLOWANCE = "KR506" Warning "a Workspace allows what is not found in it";
    UNKNOWN_RULE = "KR507" Warning "a rule that does not exist";
    PURPOSE_CHANGED = "KR601" Error "a Workspace that begins or ceases to serve or to tune";
    NODE_COUNT_CHANGED = "KR602" Error "another number of nodes than before";
    INSTANCE_TYPE_CHANGED = "KR603" Error "another machine type than before";
    SELECTOR_CHANGED = "KR604" Error "other labels of nodes than before";
    PARTITION_CHANGED = "KR605" Error "another part of the GPUs than before";
    PRESET_CHANGED = "KR606" Error "another model than before";
    TEMPLATE_CHANGED = "KR607" Error "a pod template in the place of a model, or a model in the place of a template";
    METHOD_CHANGED = "KR608" Error "another tuning method than before";
    DATA_NAME_CHANGED = "KR609" Error "another name of a tuning's data than before";
    STREAMING_CHANGED = "KR610" Error "weights that are loaded in another way than before";
    STRENGTH_IN_UPDATE = "KR611" Error "an adapter with a strength that KAITO refuses in updates";
    NOT_COMPARED = "KR612" Note "an earlier version that can't be compared with";
    NODE_STAYS = "KR613" Warning "a node object that is left of a Workspace";
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
        (Some(near), _) => format!(
            "there is no such rule; the nearest is {}, {}",
            near.id, near.title
        ),
        (None, [first, .., last]) => format!("rules are called {} to {}", first.id, last.id),
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
            "there is no such rule; the nearest is KR201, the release was chosen by the Workspace's apiVersion"
        );
        assert!(hint("113").contains("the nearest is KR113"));
        assert!(hint("method").starts_with("rules are called KR001 to KR"));
    }
}
