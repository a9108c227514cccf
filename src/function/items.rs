//! A `ResourceList`: its items, each with the text that it is written as.

use serde_json::{Value, json};

use super::annotations;
use super::config::remove_annotations;
use crate::base::json::Json;
use crate::base::node::{Data, Node};
use crate::base::sources::{FileId, Sources};
use crate::emit::Format;
use crate::vocab::annotations::RENDERED;
use crate::workspace;

/// The group of the list, whose versions are `v1` and `v1beta1`.
const GROUP: &str = "config.kubernetes.io/";

/// Stdin is not what a host of functions sends.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error(
    "stdin has no `ResourceList` of `config.kubernetes.io/v1`: kustomize and kpt start this \
     command; to render files, use `kaito-render render`"
)]
pub struct NotAList;

/// An InferenceSet in a file of its own.
#[derive(Clone, Debug, thiserror::Error)]
#[error(
    "the InferenceSet `{0}` can't be rendered in place, because its Workspaces would be written \
     instead of it: render its directory into another one with `kaito-render render -o`"
)]
pub struct SetInPlace(String);

/// What a host sends, and gets back.
#[derive(Debug)]
pub struct ResourceList {
    /// The apiVersion that the host uses.
    version: String,
    format: Format,
    /// The items, in their order.
    pub items: Vec<Item>,
    /// The configuration of the function.
    pub config: Option<Node>,
}

/// An item of a list.
#[derive(Clone, Debug)]
pub struct Item {
    /// The item as a tree with places.
    pub node: Node,
    /// The lines that it is written as, with comments, and without their indentation; none if it
    /// does not stand in lines of its own.
    pub text: Option<String>,
}

impl ResourceList {
    /// Takes a list apart.
    ///
    /// # Errors
    ///
    /// If the only document of the text is no list.
    pub fn read(documents: Vec<Node>, file: FileId, sources: &Sources) -> Result<Self, NotAList> {
        let [list] = <[Node; 1]>::try_from(documents).map_err(|_| NotAList)?;
        let text = |key| list.get(key).and_then(Node::as_str).unwrap_or_default();
        if text("kind") != "ResourceList" || !text("apiVersion").starts_with(GROUP) {
            return Err(NotAList);
        }
        let written = sources.text(file);
        let format = if written.trim_start().starts_with('{') {
            Format::Json
        } else {
            Format::Yaml
        };
        let nodes = match list.get("items").map(|items| &items.data) {
            Some(Data::List(items)) => items.as_slice(),
            _ => &[],
        };
        let lines = Lines::of(written);
        let item = |node: &Node| Item {
            node: node.clone(),
            text: lines.item(node.span.start as usize),
        };
        Ok(Self {
            version: text("apiVersion").to_owned(),
            format,
            items: nodes.iter().map(item).collect(),
            config: list.get("functionConfig").cloned(),
        })
    }

    /// Puts the Workspace of the configuration in the place of its item, which the host drops from
    /// what it gets back.
    pub fn replace_config(&mut self, document: Node) {
        let is_it = |item: &Item| {
            let mut both = ["/kind", "/metadata/name"].into_iter();
            both.all(|pointer| item.node.str_at(pointer) == document.str_at(pointer))
        };
        self.items.retain(|item| !is_it(item));
        self.items.push(Item {
            node: document,
            text: None,
        });
    }

    /// The documents of the items, without the mark of what was rendered before: it is made anew.
    pub fn documents(&self) -> impl Iterator<Item = Node> {
        self.items.iter().map(|item| {
            let mut node = item.node.clone();
            if workspace::is_workspace(&node) {
                remove_annotations(&mut node, |key| key == RENDERED);
            }
            node
        })
    }

    /// The items as they are.
    #[must_use]
    pub fn unchanged(&self) -> Vec<Written> {
        self.items.iter().map(Item::as_it_is).collect()
    }

    /// Makes sure that no source is lost.
    ///
    /// # Errors
    ///
    /// If an InferenceSet has a file, in the place of which its Workspaces would be written.
    pub fn check_sets(&self) -> Result<(), SetInPlace> {
        let mut sets = self.items.iter().filter(|item| {
            workspace::is_inference_set(&item.node)
                && annotations::path(&item.node.to_value()).is_some()
        });
        let Some(set) = sets.next() else {
            return Ok(());
        };
        let name = set.node.str_at("/metadata/name");
        Err(SetInPlace(name.unwrap_or_default().to_owned()))
    }

    /// The list with other items, as the host reads it.
    #[must_use]
    pub fn write(&self, items: &[Written], results: &[Value]) -> String {
        match self.format {
            Format::Json | Format::JsonLines => self.json(items, results),
            Format::Yaml => self.yaml(items, results),
        }
    }

    fn json(&self, items: &[Written], results: &[Value]) -> String {
        let values = items.iter().map(|item| item.value.clone());
        let list = json!({
            "apiVersion": self.version,
            "kind": "ResourceList",
            "items": values.collect::<Vec<_>>(),
            "functionConfig": self.config.as_ref().map(Node::to_value),
            "results": results,
        });
        Format::Json.document(&list.into())
    }

    fn yaml(&self, items: &[Written], results: &[Value]) -> String {
        let mut text = format!("apiVersion: {}\nkind: ResourceList\n", self.version);
        text += if items.is_empty() {
            "items: []\n"
        } else {
            "items:\n"
        };
        for item in items {
            text += &as_item(&item.text());
        }
        let rest = json!({
            "functionConfig": self.config.as_ref().map(Node::to_value),
            "results": results,
        });
        let Value::Object(mut rest) = rest else {
            return text;
        };
        rest.retain(|_, value| {
            !value.is_null() && value.as_array().is_none_or(|it| !it.is_empty())
        });
        if !rest.is_empty() {
            text += &Format::Yaml.document(&Value::Object(rest).into());
        }
        text
    }
}

impl Item {
    pub(super) fn as_it_is(&self) -> Written {
        Written {
            value: self.node.to_value(),
            lines: self.text.clone(),
        }
    }
}

/// An item as it is written.
#[derive(Clone, Debug)]
pub struct Written {
    /// The item without places and comments.
    pub value: Value,
    /// The lines that say the same already, if there are any.
    pub lines: Option<String>,
}

impl Written {
    fn text(&self) -> String {
        let made = || Format::Yaml.document(&Json::from(self.value.clone()));
        self.lines.clone().unwrap_or_else(made)
    }
}

/// A text as an item of a list.
fn as_item(text: &str) -> String {
    let mut item = String::with_capacity(text.len() + text.len() / 8);
    for (index, line) in text.lines().enumerate() {
        item += match index {
            0 => "- ",
            _ if line.is_empty() => "",
            _ => "  ",
        };
        item += line;
        item.push('\n');
    }
    item
}

/// The lines of a text.
struct Lines<'a> {
    all: Vec<&'a str>,
    /// Where each line begins.
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        let (mut all, mut starts, mut start) = (Vec::new(), Vec::new(), 0);
        for line in text.split_inclusive('\n') {
            starts.push(start);
            start += line.len();
            all.push(line.trim_end_matches(['\n', '\r']));
        }
        Self { all, starts }
    }

    /// The lines of the item of a block list that begins at an offset, with the comments above it
    /// and without their indentation; none if something else stands in these lines.
    fn item(&self, start: usize) -> Option<String> {
        let at = self
            .starts
            .partition_point(|line| *line <= start)
            .checked_sub(1)?;
        let is_marked = self.all[at].get(..start - self.starts[at])?.contains('-');
        // Comments may stand between the mark of the item and its first key.
        let mut above = (0..at).rev().filter(|_| !is_marked);
        let with_mark = above
            .find(|line| !is_comment(self.all[*line]))
            .unwrap_or(at);
        let (before, behind) = self.all[with_mark].split_once('-')?;
        let begins = behind.trim_start();
        let is_begin = before.trim().is_empty()
            && (is_marked || begins.is_empty() || is_comment(behind))
            && !begins.starts_with(['{', '[', '&', '!', '|', '>', '"', '\'', '-']);
        if !is_begin {
            return None;
        }
        let dash = before.len();
        let indentation = if begins.is_empty() {
            indent(self.all[at])
        } else {
            dash + 1 + behind.len() - begins.len()
        };
        let above = self.all[..with_mark].iter().rev();
        let above = above.take_while(|line| is_comment(line) && indent(line) <= dash);
        let mut item: Vec<&str> = above.map(|line| line.trim_start()).collect();
        item.reverse();
        item.extend(Some(begins).filter(|it| !it.is_empty()));
        let rest = self.all[with_mark + 1..].iter();
        let rest = rest.take_while(|line| line.trim().is_empty() || indent(line) > dash);
        // A comment may be indented less than the item.
        item.extend(rest.map(|line| &line[indent(line).min(indentation)..]));
        while item.last().is_some_and(|line| line.trim().is_empty()) {
            item.pop();
        }
        Some(item.join("\n") + "\n")
    }
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with('#')
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

#[cfg(test)]
mod tests {
    use super::Lines;

    #[test]
    fn the_lines_of_an_item_are_found_with_its_comments() {
        let text = "items:\n# above\n- a: 1 # one\n  # two\n  b: |\n    x\n\n     y\n\n- # head\n  a: 2\n\
                    - {a: 3}\n-\n  a: 4\nconfig: x\n";
        let at = |part: &str| Lines::of(text).item(text.find(part).unwrap());
        let first = "# above\na: 1 # one\n# two\nb: |\n  x\n\n   y\n";
        assert_eq!(at("a: 1").as_deref(), Some(first));
        assert_eq!(at("a: 2").as_deref(), Some("# head\na: 2\n"));
        assert_eq!(at("{a: 3}"), None);
        assert_eq!(at("a: 4").as_deref(), Some("a: 4\n"));
        assert_eq!(Lines::of("items: [{a: 1}]\n").item(8), None);
        assert_eq!(
            Lines::of("  - a: 1\n    b: 2\n").item(4).as_deref(),
            Some("a: 1\nb: 2\n")
        );
    }
}
