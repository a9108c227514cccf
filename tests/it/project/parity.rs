//! docs/parity.md names every refusal that is not KAITO's own.

use std::fs;

use kaito_render::diagnostic::{Severity, rule};

use crate::support::program::root;

/// Rules whose errors KAITO's webhook, its operator or the API server has, too, and what those say of
/// it.
const KAITOS_OWN: [(&str, &str); 14] = [
    ("KR103", "the CRD requires the field"),
    ("KR106", "one of inference and tuning"),
    ("KR107", "instance type or existing nodes"),
    ("KR113", "method of tuning"),
    ("KR115", "volumes of KAITO 0.3"),
    ("KR202", "apiVersion that the API server does not have"),
    ("KR209", "no image of the preset"),
    ("KR219", "the estimator: no fit"),
    ("KR220", "runtime and adapters: I5, I6"),
    ("KR221", "partition: R4, R6, T1"),
    ("KR222", "nodes without labels of GPUs: R5"),
    ("KR225", "a cloud that KAITO does not have"),
    ("KR260", "the preset is gone"),
    ("KR261", "the instance type is gone"),
];

/// The rules of the tables of what is rejected although KAITO accepts it.
fn rows() -> String {
    let text = fs::read_to_string(root().join("docs/parity.md")).unwrap();
    let parts: Vec<_> = text.split("\n### ").collect();
    let tables = parts
        .iter()
        .filter(|part| part.starts_with("Rejected, although"));
    let tables: Vec<_> = tables.copied().collect();
    assert_eq!(tables.len(), 2, "one for each release");
    tables.concat()
}

#[test]
fn every_refusal_that_is_not_kaitos_has_a_row() {
    let rows = rows();
    let refusals = rule::ALL
        .iter()
        .filter(|rule| rule.severity == Severity::Error && ["KR1", "KR2"].contains(&&rule.id[..3]));
    let mut missing: Vec<_> = refusals.map(|rule| rule.id).collect();
    assert!(missing.len() > 30);
    missing.retain(|id| !rows.contains(id) && KAITOS_OWN.iter().all(|(own, _)| own != id));
    assert!(missing.is_empty(), "{missing:?}");
    let stale = KAITOS_OWN.iter().filter(|(id, _)| rows.contains(id));
    assert_eq!(stale.count(), 0, "a rule is KAITO's own or has a row");
}
