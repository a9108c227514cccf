//! What the input costs grows with its size, and never with its square.
//!
//! Each shape is a kind of hostile input that can be made as large as one likes. Its costs are counted
//! at three sizes, each twice the one before: what is linear costs twice as much more for the second
//! step as for the first, what is quadratic four times as much.
//!
//! Allocations are counted, and their bytes: they are the same in every run and on every machine,
//! unlike time. They miss work that allocates nothing, such as looking at a text again and again; for
//! the search for secrets, which is most in danger of that, a unit test counts the bytes that it
//! looks at.
//!
//! This is a program of its own because it counts by an allocator of its own.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod comparisons;
mod files;
mod profiles;
mod run;
mod templates;
mod texts;
mod workspaces;

use std::fmt::Write;

use kaito_render::catalogue::library::Library;

use crate::comparisons::COMPARISONS;
use crate::files::{FILES, MARKDOWN, SCRIPTS};
use crate::profiles::PROFILES;
use crate::run::{check, compare};
use crate::templates::TEMPLATES;
use crate::texts::workspace;
use crate::workspaces::WORKSPACES;

/// The text of a size.
type Text = fn(usize) -> String;

/// A kind of input: its name, the size of its first step, and its text.
type Shape = (&'static str, usize, Text);

/// How much more the second step may cost than the first, in percent; 200 if all is linear.
const STEP: u64 = 230;

/// What differs between runs of any size: allocations, and their bytes.
const SLACK: [u64; 2] = [100, 50_000];

/// What is wrong with the growth of something; none if it is linear.
fn growth(name: &str, size: usize, run: &dyn Fn(usize) -> Box<dyn FnOnce()>) -> Option<String> {
    // What is made once for a program is not counted.
    run(size)();
    let costs = [size, 2 * size, 4 * size].map(|size| {
        let run = run(size);
        let counted = allocation_counter::measure(run);
        [counted.count_total, counted.bytes_total]
    });
    let [first, _, third] = costs.map(|[_, bytes]| bytes);
    assert!(third > first + size as u64, "nothing reads {name}");
    let is_more = (0..2).any(|of| {
        let [first, second, third] = costs.map(|cost| cost[of]);
        third.saturating_sub(second) > second.saturating_sub(first) * STEP / 100 + SLACK[of]
    });
    is_more.then(|| format!("{name}: allocations and bytes {costs:?}"))
}

fn none_grows(found: Vec<Option<String>>) {
    let mut text = String::new();
    for found in found.into_iter().flatten() {
        writeln!(text, "{found}").unwrap();
    }
    assert!(text.is_empty(), "more than linear:\n{text}");
}

/// Asserts that each file of a name costs what it is long.
fn inputs(file: &'static str, shapes: &[Shape]) {
    let found = shapes.iter().map(|(name, size, text)| {
        growth(name, *size, &|size| {
            let text = text(size);
            Box::new(move || assert!(check(file, &text, &Library::embedded(), "") > 0))
        })
    });
    none_grows(found.collect());
}

#[test]
fn files_cost_what_they_are_long() {
    inputs("a.yaml", FILES);
}

#[test]
fn markdown_and_scripts_cost_what_they_are_long() {
    inputs("a.md", MARKDOWN);
    inputs("a.sh", SCRIPTS);
}

#[test]
fn workspaces_cost_what_they_are_long() {
    inputs("a.yaml", WORKSPACES);
}

#[test]
fn templates_cost_what_they_are_long() {
    let found = TEMPLATES.iter().map(|(name, size, text)| {
        growth(name, *size, &|size| {
            let mut library = Library::embedded();
            let path = "templates/0.12/service.yaml".to_owned();
            library.add_file(path.clone(), path, text(size));
            Box::new(move || assert!(check("a.yaml", &workspace("a"), &library, "") > 0))
        })
    });
    none_grows(found.collect());
}

#[test]
fn profiles_cost_what_they_are_long() {
    let found = PROFILES.iter().map(|(name, size, text)| {
        growth(name, *size, &|size| {
            let profile = text(size);
            Box::new(move || {
                assert!(check("a.yaml", &workspace("a"), &Library::embedded(), &profile) > 0);
            })
        })
    });
    none_grows(found.collect());
}

#[test]
fn comparisons_cost_what_both_sides_are_long() {
    let found = COMPARISONS.iter().map(|(name, size, before, after)| {
        growth(name, *size, &|size| {
            let (before, after) = (before(size), after(size));
            Box::new(move || assert!(compare(&before, &after) > 0))
        })
    });
    none_grows(found.collect());
}
