//! Texts that the shapes are made of.

/// A Workspace.
pub(crate) fn workspace(name: &str) -> String {
    format!(
        "apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata:\n  name: {name}\nresource:\n  \
         instanceType: Standard_NC24ads_A100_v4\n  labelSelector:\n    matchLabels: {{apps: {name}}}\n\
         inference:\n  preset:\n    name: phi-4\n"
    )
}

/// A Workspace with another text in place of one of its lines.
pub(crate) fn with(line: &str, text: &str) -> String {
    let workspace = workspace("a");
    assert!(workspace.contains(line));
    workspace.replace(line, text)
}

/// A Workspace with annotations.
pub(crate) fn annotated(annotations: &str) -> String {
    let annotations = long(annotations);
    with(
        "metadata:",
        &format!("metadata:\n  annotations: {{{annotations}}}"),
    )
}

/// Items in a line that is too long for an excerpt: of a shorter one, each diagnostic shows all, so
/// that costs grow with the square up to this bound.
pub(crate) fn long(items: &str) -> String {
    let blanks = " ".repeat(4_100);
    format!("{blanks}{items}{blanks}")
}

/// As many items as the number says, in such a line.
pub(crate) fn items(number: usize, item: impl Fn(usize) -> String) -> String {
    long(&many(number, item))
}

/// As many texts as the number says.
pub(crate) fn many(number: usize, text: impl Fn(usize) -> String) -> String {
    (0..number).map(text).collect()
}

/// A Workspace with a ConfigMap of settings for its server.
pub(crate) fn configured(settings: &str) -> String {
    let settings = settings.replace('\n', "\n    ");
    let map = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata:\n  inference_config.yaml: |\n    {settings}\n"
    );
    format!(
        "{map}---\n{}",
        with("inference:", "inference:\n  config: c")
    )
}

/// A Workspace with pods of its own, with these fields of its container.
pub(crate) fn own_pods(fields: &str) -> String {
    let template = format!(
        "inference:\n  template:\n    spec:\n      containers:\n      - name: a\n        image: a.io/a:1\n        {fields}\n"
    );
    with("inference:\n  preset:\n    name: phi-4\n", &template)
}
