//! The layers of `src/`: which module may use which, read off the paths in the code.
//!
//! Code under `#[cfg(test)]` and in `tests.rs` is left out, for tests may use everything.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use walkdir::WalkDir;

use crate::support::program::root;

/// The modules and directories of `src/`, from the bottom to the top. Each may use those before it,
/// and none behind it.
const LAYERS: [(&str, &str); 23] = [
    ("vocab", "the words of the domain: kinds, labels, clouds"),
    ("base", "values that know nothing of the domain"),
    ("diagnostic", "what is reported, and the one sink for it"),
    ("session", "what a run has read and reported"),
    ("input", "stage 1: texts become documents"),
    ("catalogue", "releases, presets, instance types, profiles"),
    ("delivery", "what is handed on to a host"),
    ("workspace", "stage 2: documents become Workspaces"),
    ("plan", "stage 3: what is decided for a Workspace"),
    ("editor", "schemas for editors"),
    ("expand", "stage 4: a plan becomes objects"),
    ("overlay", "what a team changes in the objects"),
    ("assemble", "stage 5: the objects of all documents"),
    ("emit", "stage 6: objects become bytes"),
    ("report", "diagnostics become text, by a policy"),
    ("compile", "the stages, one after the other"),
    ("diff", "what separates two results"),
    ("explain", "where a field comes from"),
    ("function", "what kustomize and kpt call"),
    ("upgrade", "what another release makes of the input"),
    ("status", "how far the objects are in a cluster"),
    ("cli", "the command line"),
    ("controller", "the program that writes statuses"),
];

/// A module by its path: `plan::hub::flags` is three names.
type Module = Vec<String>;

/// A use of a module: the file, and the path that it names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Use {
    file: String,
    by: Module,
    of: Module,
}

/// The module that a file of `src/` is; none for the root of the library.
fn module(path: &Path) -> Option<Module> {
    let names: Vec<_> = path
        .with_extension("")
        .iter()
        .map(|name| name.to_str().unwrap().to_owned())
        .collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let names = match names.as_slice() {
        ["lib"] => return None,
        ["main"] => vec!["cli"],
        ["bin", ..] => vec!["controller"],
        names => names.to_vec(),
    };
    let names = names.into_iter().filter(|name| *name != "mod");
    Some(names.map(str::to_owned).collect())
}

/// Code without comments, texts and what is under `#[cfg(test)]`: braces and semicolons that are
/// left are those of the code.
pub(super) fn bare(text: &str) -> String {
    without_tests(&without_texts(text))
}

fn without_texts(text: &str) -> String {
    let mut bare = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("r#\"") || rest.starts_with("br#\"") {
            rest.find("\"#").map_or(rest.len(), |end| end + 2)
        } else if first == '"' {
            end_of_string(rest)
        } else if let Some(length) = length_of_char(rest) {
            length
        } else {
            bare.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        rest = &rest[length..];
    }
    bare
}

/// The length of the string that a text begins with.
fn end_of_string(text: &str) -> usize {
    let mut escaped = false;
    for (at, char) in text.char_indices().skip(1) {
        match char {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of a character literal that a text begins with; a lifetime is none.
fn length_of_char(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('\'')?;
    let at = if inner.starts_with('\\') {
        inner[2..].find('\'')? + 2
    } else {
        inner.chars().next()?.len_utf8()
    };
    inner[at..].starts_with('\'').then_some(at + 2)
}

fn without_tests(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("#[cfg(test)]") {
        kept += before;
        rest = &after[end_of_item(after)..];
    }
    kept + rest
}

/// Where the item ends that a text begins with.
fn end_of_item(text: &str) -> usize {
    let mut depth = 0;
    for (at, char) in text.char_indices() {
        match char {
            '{' => depth += 1,
            '}' if depth == 1 => return at + 1,
            '}' => depth -= 1,
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The paths in some code that begin with `crate`, `super` or the library's name, each as its names;
/// those in braces are expanded.
fn paths(code: &str) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    let is_name = |char: char| char.is_alphanumeric() || char == '_';
    for start in ["crate", "super", "kaito_render"] {
        for (at, _) in code.match_indices(start) {
            let before = code[..at].chars().next_back();
            let after = &code[at + start.len()..];
            let begins = before.is_none_or(|char| !is_name(char) && char != ':');
            if begins && after.starts_with("::") {
                expand(&code[at..], &[], &mut paths);
            }
        }
    }
    paths
}

/// Reads a path or a list of paths in braces, and gives what follows it.
fn expand<'a>(code: &'a str, prefix: &[String], paths: &mut Vec<Vec<String>>) -> &'a str {
    let code = code.trim_start();
    let length = code
        .find(|char: char| !char.is_alphanumeric() && char != '_')
        .unwrap_or(code.len());
    let (name, rest) = code.split_at(length);
    if name.is_empty() && code.starts_with('{') {
        let mut rest = &code[1..];
        loop {
            rest = rest.trim_start().trim_start_matches(',').trim_start();
            if let Some(rest) = rest.strip_prefix('}') {
                return rest;
            }
            let after = expand(rest, prefix, paths);
            // A glob, or an `as` that renames.
            let skipped = after.find([',', '}']).unwrap_or(after.len());
            if after[skipped..].is_empty() {
                return "";
            }
            rest = &after[skipped..];
        }
    }
    let path = [prefix, &[name.to_owned()]].concat();
    if let Some(rest) = rest.strip_prefix("::") {
        return expand(rest, &path, paths);
    }
    paths.push(path);
    rest
}

/// All modules, and all uses of one by another.
fn read() -> (BTreeSet<Module>, BTreeSet<Use>) {
    let source = root().join("src");
    let mut files = BTreeMap::new();
    for entry in WalkDir::new(&source).sort_by_file_name() {
        let path = entry.unwrap().into_path();
        let inside = path.strip_prefix(&source).unwrap();
        let is_code = inside.extension().is_some_and(|it| it == "rs");
        if is_code
            && !inside.ends_with("tests.rs")
            && let Some(module) = module(inside)
        {
            let text = fs::read_to_string(&path).unwrap();
            files.insert(inside.to_str().unwrap().to_owned(), (module, bare(&text)));
        }
    }
    let modules: BTreeSet<_> = files.values().map(|(module, _)| module.clone()).collect();
    let mut uses = BTreeSet::new();
    for (file, (by, code)) in &files {
        for path in paths(code) {
            if let Some(of) = resolved(by, &path, &modules).filter(|of| of != by) {
                let (file, by) = (file.clone(), by.clone());
                uses.insert(Use { file, by, of });
            }
        }
    }
    (modules, uses)
}

/// The module that a path leads to or into.
fn resolved(by: &Module, path: &[String], modules: &BTreeSet<Module>) -> Option<Module> {
    let supers = path.iter().take_while(|name| *name == "super").count();
    let start = match path[0].as_str() {
        "super" => by[..by.len().checked_sub(supers)?].to_vec(),
        _ => Vec::new(),
    };
    let mut module = [start, path[supers.max(1)..].to_vec()].concat();
    while !modules.contains(&module) {
        module.pop()?;
    }
    (!module.is_empty()).then_some(module)
}

/// The circles among the modules of each directory: the groups of which each member uses, directly
/// or not, each other one.
fn circles(uses: &BTreeSet<Use>) -> Vec<String> {
    let mut edges = BTreeMap::<Module, BTreeSet<Module>>::new();
    for Use { by, of, .. } in uses {
        let common = by.iter().zip(of).take_while(|(by, of)| by == of).count();
        // What uses its own directory, or is used by it, is a part of it.
        if common < by.len() && common < of.len() {
            let ends = [by, of].map(|module| module[..=common].to_vec());
            let [by, of] = ends;
            edges.entry(by).or_default().insert(of);
        }
    }
    let reachable = |from: &Module| {
        let mut found = BTreeSet::new();
        let mut open = vec![from.clone()];
        while let Some(module) = open.pop() {
            for next in edges.get(&module).into_iter().flatten() {
                if found.insert(next.clone()) {
                    open.push(next.clone());
                }
            }
        }
        found
    };
    let reached: BTreeMap<_, _> = edges
        .keys()
        .map(|module| (module, reachable(module)))
        .collect();
    let groups: BTreeSet<_> = reached
        .iter()
        .filter(|(module, reached)| reached.contains(**module))
        .map(|(module, others)| {
            let back = |other: &&Module| reached.get(*other).is_some_and(|of| of.contains(*module));
            let group: Vec<_> = others.iter().filter(back).map(|of| of.join("::")).collect();
            group.join(" ↔ ")
        })
        .collect();
    groups.into_iter().collect()
}

/// The layer of a module, by its place in the table.
fn layer(module: &Module) -> Option<usize> {
    LAYERS.iter().position(|(name, _)| *name == module[0])
}

#[test]
fn paths_are_read_as_the_compiler_does() {
    let code = "use crate::a::{b, c::{self, D}, e as f};\nlet x = super::g::h(|y| crate::i);\n\
                // crate::no\nlet t = \"crate::no\";\nlet c = '\"'; fn f<'a>() {}\n\
                #[cfg(test)]\nmod tests { use crate::no; }\nuse crate::z::*;\n";
    let mut found: Vec<_> = paths(&bare(code))
        .iter()
        .map(|path| path.join("::"))
        .collect();
    found.sort();
    assert_eq!(
        found,
        [
            "crate::a::b",
            "crate::a::c::D",
            "crate::a::c::self",
            "crate::a::e",
            "crate::i",
            "crate::z::",
            "super::g::h"
        ]
    );
}

#[test]
fn every_module_has_a_layer() {
    let (modules, uses) = read();
    assert!(modules.len() > 100 && uses.len() > 200, "{}", uses.len());
    let found: BTreeSet<_> = modules.iter().map(|module| module[0].as_str()).collect();
    let table: BTreeSet<_> = LAYERS.iter().map(|(name, _)| *name).collect();
    assert_eq!(found, table);
}

/// ARCHITECTURE.md has the modules in the order of their layers.
#[test]
fn the_map_has_every_module_in_the_order_of_its_layer() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let (_, table) = text.split_once("| `src/` | what it is |\n").unwrap();
    let rows = table.lines().take_while(|line| line.starts_with('|'));
    let names = rows.filter_map(|row| row.split('|').nth(1));
    let names = names.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    assert!(names.eq(LAYERS.iter().map(|(name, _)| *name)), "{table}");
}

/// What the first lines of a module say of its uses: what it uses and who uses it, as two texts.
fn said(module: &str) -> (String, String) {
    let code = fs::read_to_string(root().join("src").join(module).with_extension("rs")).unwrap();
    let head = code.lines().map_while(|line| line.strip_prefix("//!"));
    let head: Vec<_> = head.map(str::trim).collect();
    let mut paragraphs = head.split(|line| line.is_empty());
    let first = paragraphs.next().unwrap_or_default().join(" ");
    assert!(first.ends_with('.'), "src/{module}.rs: what it is: {first}");
    let paragraph = paragraphs.find(|lines| lines[..1].concat().starts_with("Uses "));
    let paragraph = paragraph.map(|lines| lines.join(" ")).unwrap_or_default();
    let (uses, after) = paragraph.split_once("; ").unwrap_or_default();
    let is_said = after.contains("use it") || after.contains("uses it");
    assert!(is_said, "src/{module}.rs: who uses it: {paragraph}");
    let users = after.split(". ").next().unwrap_or_default();
    (uses.to_owned(), users.to_owned())
}

/// The top of each module says what it is, what it uses, and who uses it, and it is so.
#[test]
fn modules_say_what_they_use_and_who_uses_them() {
    let (_, uses) = read();
    let edges: BTreeSet<_> = uses
        .iter()
        .map(|used| (used.by[0].as_str(), used.of[0].as_str()))
        .filter(|(by, of)| by != of)
        .collect();
    let names = |text: &str| -> BTreeSet<String> {
        let spans = text.split('`').skip(1).step_by(2);
        let is_module = |span: &&str| LAYERS.iter().any(|(name, _)| name == span);
        spans.filter(is_module).map(str::to_owned).collect()
    };
    for (module, _) in LAYERS {
        let (below, above) = said(module);
        let used = edges.iter().filter(|(by, _)| *by == module);
        let used: BTreeSet<_> = used.map(|(_, of)| (*of).to_owned()).collect();
        if !below.contains("the modules below it") {
            assert_eq!(names(&below), used, "src/{module}.rs: what it uses");
        }
        let users = edges.iter().filter(|(_, of)| *of == module);
        let users: BTreeSet<_> = users.map(|(by, _)| (*by).to_owned()).collect();
        if !above.contains("the modules above it") {
            assert_eq!(names(&above), users, "src/{module}.rs: who uses it");
        }
    }
}

#[test]
fn no_layer_uses_one_above_it() {
    let (_, uses) = read();
    let is_upward = |used: &&Use| {
        let [by, of] = [&used.by, &used.of].map(layer);
        by.zip(of).is_some_and(|(by, of)| by < of)
    };
    let mut upward = BTreeMap::<_, Vec<_>>::new();
    for Use { file, by, of } in uses.iter().filter(is_upward) {
        let title = format!("{} uses {}", by[0], of[0]);
        let line = format!("    src/{file}: {}", of.join("::"));
        upward.entry(title).or_default().push(line);
    }
    let shown: String = upward
        .iter()
        .map(|(title, lines)| format!("{title}\n{}\n", lines.join("\n")))
        .collect();
    assert!(upward.is_empty(), "{shown}");
}

#[test]
fn no_modules_use_each_other() {
    let circles = circles(&read().1);
    assert!(circles.is_empty(), "{}", circles.join("\n"));
}
