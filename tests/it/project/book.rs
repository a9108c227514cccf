//! The documentation site is built, and no link on it is broken.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use crate::support::program::root;
use crate::support::tools::succeed;

#[test]
fn links_on_the_site_lead_somewhere() {
    let site = tempfile::tempdir().unwrap();
    succeed(Command::new(root().join("tools/book")).arg(site.path()));
    let pages = pages(site.path());
    assert!(pages.len() >= 10, "{:?}", pages.keys());
    let mut broken = BTreeSet::new();
    for (path, html) in &pages {
        let is_broken = |link: &&str| !leads_somewhere(link, path, &pages, site.path());
        let links = attributes(html, "href").chain(attributes(html, "src"));
        broken.extend(
            links
                .filter(is_broken)
                .map(|link| format!("{}: {link}", path.display())),
        );
    }
    assert_eq!(broken, BTreeSet::new());
}

/// The HTML of all pages, by their paths on the site. The one for missing pages is left out: it is
/// shown at any path.
fn pages(site: &Path) -> BTreeMap<PathBuf, String> {
    let files = walkdir::WalkDir::new(site)
        .into_iter()
        .map(|entry| entry.unwrap().into_path());
    let is_page = |path: &PathBuf| {
        path.extension()
            .is_some_and(|extension| extension == "html")
            && !path.ends_with("404.html")
    };
    let read = |path: PathBuf| {
        let html = fs::read_to_string(&path).unwrap();
        (path.strip_prefix(site).unwrap().to_owned(), html)
    };
    files.filter(is_page).map(read).collect()
}

/// The values of an attribute.
fn attributes<'a>(html: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let values = html
        .split(&format!(" {name}=\""))
        .skip(1)
        .collect::<Vec<_>>();
    values.into_iter().filter_map(|rest| rest.split('"').next())
}

/// Whether a link of a page leads to a file of the site, and to a place in it. Other sites are not
/// asked.
fn leads_somewhere(
    link: &str,
    page: &Path,
    pages: &BTreeMap<PathBuf, String>,
    site: &Path,
) -> bool {
    if ["https://", "http://", "data:"]
        .iter()
        .any(|scheme| link.starts_with(scheme))
    {
        return true;
    }
    let (path, fragment) = link.split_once('#').unwrap_or((link, ""));
    let target = match path {
        "" => page.to_owned(),
        path => normal(&page.parent().unwrap().join(path)),
    };
    let file = if site.join(&target).is_dir() {
        target.join("index.html")
    } else {
        target
    };
    let has_place = || {
        let html = pages.get(&file).map_or("", String::as_str);
        attributes(html, "id").any(|id| id == fragment)
    };
    site.join(&file).is_file() && (fragment.is_empty() || has_place())
}

/// A path without `.` and `..`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => assert!(normal.pop(), "{} leaves the site", path.display()),
            Component::CurDir => {}
            part => normal.push(part),
        }
    }
    normal
}
