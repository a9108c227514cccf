//! Who prints: everything for people is escaped by its type, and these print data for programs.

use std::collections::BTreeMap;
use std::fs;

use walkdir::WalkDir;

use super::layers::bare;
use crate::support::program::root;

/// How often each file of `src/` calls a function that prints data as it is, and why it may.
const DATA: [(&str, usize, &str); 9] = [
    (
        "cli/catalogue.rs",
        2,
        "CRDs that are built in, and schemas in JSON",
    ),
    (
        "cli/catalogue/presets.rs",
        1,
        "a preset as YAML, written by us",
    ),
    (
        "cli/console.rs",
        2,
        "itself, reports in JSON, SARIF and XML",
    ),
    ("cli/argocd.rs", 1, "parameters in JSON"),
    ("cli/diff.rs", 1, "a comparison in JSON"),
    ("cli/function.rs", 2, "a list for the host of a function"),
    ("cli/images.rs", 1, "images in JSON"),
    ("cli/reference.rs", 3, "scripts and pages that are built in"),
    ("cli/render.rs", 1, "objects"),
];

#[test]
fn only_data_for_programs_is_printed_as_it_is() {
    let mut found = BTreeMap::new();
    let files = WalkDir::new(root().join("src")).sort_by_file_name();
    for file in files.into_iter().map(Result::unwrap) {
        if file
            .path()
            .extension()
            .is_none_or(|extension| extension != "rs")
        {
            continue;
        }
        let text = bare(&fs::read_to_string(file.path()).unwrap());
        let path = file.path().strip_prefix(root().join("src")).unwrap();
        let calls = ["print_data(", "print_content("]
            .map(|call| text.matches(call).count() - text.matches(&format!("fn {call}")).count());
        let calls: usize = calls.iter().sum();
        if calls > 0 {
            found.insert(path.display().to_string(), calls);
        }
    }
    let known = DATA.map(|(file, calls, _)| (file.to_owned(), calls));
    assert_eq!(found, BTreeMap::from(known));
}
