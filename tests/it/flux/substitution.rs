//! Variables: nothing in the objects is taken for one of Flux's.

use serde_json::Value;

use super::rig::{answer, examples};
use crate::golden::documents;
use crate::support::program::stdout;

/// A variable that nothing uses: without any, Flux looks for none.
const ANY: &str = "cluster=a";

/// What Flux makes of rendered objects.
fn filled(stream: &str, args: &[&str]) -> Vec<Value> {
    let mut answers = answer(&[&["envsubst", ANY], args].concat(), stream);
    answers
        .iter_mut()
        .map(|answer| match answer["object"].take() {
            Value::Null => panic!("{answer}"),
            object => object,
        })
        .collect()
}

#[test]
fn flux_fills_nothing_in_any_example() {
    let mut marked = 0;
    for release in ["0.3", "0.12"] {
        let stream = stdout(&examples(release), "");
        let objects = documents(&stream);
        assert!(objects.len() > 30, "{release}: {}", objects.len());
        for strictness in [&["--strict"][..], &[]] {
            assert_eq!(
                filled(&stream, strictness),
                objects,
                "{release} {strictness:?}"
            );
        }
        let mark = "/metadata/annotations/kustomize.toolkit.fluxcd.io~1substitute";
        let is_marked = |object: &&Value| object.pointer(mark).is_some();
        marked += objects.iter().filter(is_marked).count();
        // Without the mark, Flux would change them, or refuse them.
        let bare = stream.replace("kustomize.toolkit.fluxcd.io/substitute", "example.com/none");
        let refused = answer(&["envsubst", ANY, "--strict"], &bare);
        assert!(
            refused.iter().any(|it| it["error"].is_string()),
            "{release}"
        );
    }
    assert!(marked >= 5, "{marked}");
}
