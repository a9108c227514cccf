//! What a run accepts at most, so that no input costs more than it is worth.

/// The most nodes of one Workspace, and the most replicas of a set: as many nodes as Kubernetes
/// supports in a cluster (its documentation, "Considerations for large clusters").
pub const WORKSPACE_NODES: u32 = 5_000;

/// The most bytes that a run reads of the input, also of files that it passes over.
pub const INPUT_BYTES: u64 = 1 << 30;

/// The diagnostics of one rule that are kept of a run. What is left out is counted.
pub const RULE_DIAGNOSTICS: usize = 1_000;

/// The diagnostics that are shown to people, the worst of all.
pub const SHOWN_DIAGNOSTICS: usize = 300;

/// The violations of its schema that are reported of one document, and the errors of one file that
/// can't be parsed.
pub const DOCUMENT_ERRORS: usize = 100;

/// The most bytes of a message, a hint or the text of a label.
pub const MESSAGE_BYTES: usize = 2_000;

/// The other places that are shown of one diagnostic.
pub const LABELS: usize = 20;

/// The most bytes of an expression in a template. None of ours has more than 500.
pub const EXPRESSION_BYTES: usize = 4_000;

/// The most operators, brackets and filters of an expression in a template, and so the depth to
/// which one can be nested. None of ours has more than 60.
pub const EXPRESSION_OPERATORS: usize = 200;

/// The work of one expression: steps of the engine, each of which also pays for 64 bytes.
pub const EXPRESSION_STEPS: u64 = 100_000;

/// The most bytes that a template makes of one Workspace.
pub const TEMPLATE_BYTES: u64 = 256 << 20;

/// The most nodes of a run, unless `--max-nodes` says otherwise.
pub const RUN_NODES: usize = 20_000;

/// The most bytes that the copies of documents take: what node objects repeat of their Workspace,
/// and replicas of their set.
pub const COPIED_BYTES: u64 = 256 << 20;
