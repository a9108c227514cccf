//! The directory that a training writes its result to.

use crate::base::node::Node;

const DEFAULT: &str = "/mnt/output";

/// Reads `TrainingArguments.output_dir` as KAITO 0.3 does: a path that does not begin with `/mnt`
/// is meant to be under it, and one that leads out of it, or to `/mnt` itself, counts as absent.
pub(in crate::plan) fn of(config: &Node) -> String {
    let written = config
        .find("/training_config/TrainingArguments/output_dir")
        .and_then(|found| found.node.as_str());
    let Some(written) = written.filter(|text| !text.is_empty()) else {
        return DEFAULT.to_owned();
    };
    let path = if written.starts_with("/mnt") {
        clean(written)
    } else {
        clean(&format!("/mnt/{written}"))
    };
    // Not `/mnt/`: KAITO compares texts, so `/mntx` passes (quirk 15).
    if path.starts_with("/mnt") && path != "/mnt" {
        path
    } else {
        DEFAULT.to_owned()
    }
}

/// Whether a written directory is one below `/mnt`, as KAITO 0.3 checks it when a Workspace is
/// created: there even an absolute path is taken as one under `/mnt`.
pub(in crate::plan) fn is_inside(written: &str) -> bool {
    let path = clean(&format!("/mnt/{written}"));
    path.starts_with("/mnt") && path != "/mnt"
}

/// Whether a written directory is `/mnt` itself, or nothing, which KAITO 0.12 refuses where 0.3
/// took its default.
pub(in crate::plan) fn is_all(written: &str) -> bool {
    ["/", "/mnt"].contains(&clean(written).as_str())
}

/// An absolute path without `.`, `..` and doubled slashes.
fn clean(path: &str) -> String {
    let mut steps = Vec::new();
    for step in path.split('/') {
        match step {
            "" | "." => {}
            ".." => {
                steps.pop();
            }
            step => steps.push(step),
        }
    }
    format!("/{}", steps.join("/"))
}

#[cfg(test)]
mod tests {
    use super::{is_inside, of};
    use crate::base::sources::Sources;
    use crate::input;

    fn output_dir(written: &str) -> String {
        let mut sources = Sources::default();
        let text = format!("training_config:\n  TrainingArguments:\n    output_dir: {written}\n");
        let file = sources.add("config.yaml", text);
        of(&input::parse(
            &sources,
            file,
            &mut crate::diagnostic::Diagnostics::default(),
        )[0])
    }

    /// The rows of the specification of KAITO 0.3, section 5.2.
    #[test]
    fn directories_are_read_as_kaito_reads_them() {
        for written in ["results", "/results", "/mnt/results/"] {
            assert_eq!(output_dir(written), "/mnt/results", "{written}");
        }
        for written in ["/mnt", "..", "/mnt/../etc", "''"] {
            assert_eq!(output_dir(written), "/mnt/output", "{written}");
        }
        for written in ["/mntx", "../mntx"] {
            assert_eq!(output_dir(written), "/mntx", "{written}");
        }
    }

    /// The rows of the specification of KAITO 0.3, section 2.3.
    #[test]
    fn directories_outside_are_refused_as_kaito_refuses_them() {
        for written in ["results", "/mnt", "/mnt/results", "../mntx"] {
            assert!(is_inside(written), "{written}");
        }
        for written in ["/", ".", "..", "../etc", ""] {
            assert!(!is_inside(written), "{written}");
        }
    }
}
