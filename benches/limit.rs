//! The limit: what it costs only to read the files, parse them and write the output.
//!
//! `limit TEMPLATES NODES WORKSPACES` reads the same files as `kaito-render render`, with the same
//! parser, takes the name and namespace out of the events, fills prepared strings with them, sorts
//! the strings, and writes them. The bytes are those that `kaito-render` writes, yet the program
//! decides and checks nothing: no compiler of Workspaces can be faster. `benches/compare` prepares
//! the strings and runs it.
//!
//! `TEMPLATES/SHAPE/OBJECT` has one object of one shape of Workspace: its rank, namespace and name
//! on a line each, then its text. A hole is `{{` and `n`, `t` or a digit: the number of the
//! Workspace, that of its team, or the name of one of its nodes. `NODES` has the names of the nodes
//! of each Workspace on a line of its own, so that no hash is counted here.

#![expect(clippy::unwrap_used, reason = "a benchmark that panics has failed")]

use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use granit_parser::{Event, Parser};

/// A string cut at its holes: a literal, what follows it, the next literal and so on.
struct Template {
    first: String,
    rest: Vec<(char, String)>,
}

impl Template {
    fn new(text: &str) -> Self {
        let mut parts = text.split("{{");
        let first = parts.next().unwrap().to_owned();
        let rest = parts.map(|part| (part.chars().next().unwrap(), part[1..].to_owned()));
        Self {
            first,
            rest: rest.collect(),
        }
    }

    fn fill(&self, number: &str, team: &str, nodes: &[&str]) -> String {
        let mut filled = self.first.clone();
        for (hole, literal) in &self.rest {
            filled.push_str(match hole {
                'n' => number,
                't' => team,
                node => nodes[node.to_digit(10).unwrap() as usize],
            });
            filled.push_str(literal);
        }
        filled
    }
}

fn main() {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [templates, nodes, workspaces] = arguments.as_slice() else {
        eprintln!("limit TEMPLATES NODES WORKSPACES");
        return;
    };
    let shapes: Vec<_> = sorted(templates).iter().map(|path| shape(path)).collect();
    let nodes = fs::read_to_string(nodes).unwrap();
    let nodes: Vec<_> = nodes.lines().collect();

    let mut objects = Vec::new();
    for path in sorted(workspaces) {
        let (name, namespace) = metadata(&fs::read_to_string(path).unwrap());
        let (number, team) = (after_dash(&name), after_dash(&namespace));
        let index: usize = number.parse().unwrap();
        let nodes: Vec<_> = nodes[index].split_whitespace().collect();
        for (rank, [namespace, name, text]) in &shapes[index % shapes.len()] {
            let fill = |template: &Template| template.fill(number, team, &nodes);
            objects.push((*rank, fill(namespace), fill(name), fill(text)));
        }
    }
    objects.sort_by(|a, b| (a.0, &a.1, &a.2).cmp(&(b.0, &b.1, &b.2)));
    // Some Workspaces share an object.
    objects.dedup_by(|a, b| (a.0, &a.1, &a.2) == (b.0, &b.1, &b.2));
    let mut output = io::BufWriter::with_capacity(1 << 16, io::stdout().lock());
    for (index, (.., text)) in objects.iter().enumerate() {
        let separator = if index == 0 { "" } else { "---\n" };
        output.write_all(separator.as_bytes()).unwrap();
        output.write_all(text.as_bytes()).unwrap();
    }
    output.flush().unwrap();
}

fn sorted(directory: impl AsRef<Path>) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(directory).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn shape(directory: &Path) -> Vec<(usize, [Template; 3])> {
    let read = |path| {
        let text = fs::read_to_string(path).unwrap();
        let mut parts = text.splitn(4, '\n');
        let rank = parts.next().unwrap().parse().unwrap();
        (rank, [(); 3].map(|()| Template::new(parts.next().unwrap())))
    };
    sorted(directory).into_iter().map(read).collect()
}

/// The name and the namespace of a Workspace. All events are read, as a compiler has to.
fn metadata(text: &str) -> (String, String) {
    let (mut depth, mut key) = (0, String::new());
    let (mut name, mut namespace) = (String::new(), String::new());
    for event in Parser::new_from_str(text) {
        match event.unwrap().0 {
            Event::MappingStart(..) | Event::SequenceStart(..) => depth += 1,
            Event::MappingEnd | Event::SequenceEnd => depth -= 1,
            Event::Scalar(value, ..) if depth == 2 => {
                match key.as_str() {
                    "name" if name.is_empty() => name = value.to_string(),
                    "namespace" if namespace.is_empty() => namespace = value.to_string(),
                    _ => {}
                }
                key = value.into_owned();
            }
            _ => {}
        }
    }
    (name, namespace)
}

fn after_dash(text: &str) -> &str {
    text.rsplit_once('-').unwrap().1
}
