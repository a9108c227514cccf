//! The texts of a large run wait in a file, and come out of it as they went in.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use kaito_render::catalogue::library::Library;
use kaito_render::compile::{self, Keep, Options};
use kaito_render::emit::{self, Content, Form, Format, NoSpool, Spool, SpoolFile, Stream};
use kaito_render::input::{self, Document};
use kaito_render::session::Session;

use crate::support::inputs::inference_set;

/// More replicas than a run holds the texts of, which are some 6 KB each.
const REPLICAS: usize = 1600;

/// A spool that counts the bytes that it is given.
#[derive(Debug)]
struct Counted {
    spool: SpoolFile,
    bytes: AtomicUsize,
}

impl Spool for Counted {
    fn put(&self, text: &str) -> Option<u64> {
        self.bytes.fetch_add(text.len(), Ordering::Relaxed);
        self.spool.put(text)
    }

    fn get(&self, place: u64, length: u32) -> io::Result<String> {
        self.spool.get(place, length)
    }
}

/// The objects of the set as a stream, and the bytes that are in memory at the end of the run.
fn rendered(spool: &Arc<dyn Spool>) -> (String, usize) {
    let mut session = Session::default();
    let file = session.sources.add("set.yaml", inference_set(REPLICAS));
    let nodes = input::parse(&session.sources, file, &mut session.diagnostics);
    let documents = nodes.into_iter().map(|node| Document { node, named: true });
    let options = Options {
        spool: Arc::clone(spool),
        ..Options::default()
    };
    let format = Format::Yaml;
    let keep = Keep::Manifests(Form::Stream(format));
    let library = Library::embedded();
    let compiled = compile::run(documents.collect(), &options, &library, keep, &mut session);
    let mut manifests = compiled.manifests;
    assert!(!session.failed_since(0), "{:?}", session.diagnostics);
    emit::sort(&mut manifests);
    let stream = Stream {
        format,
        manifests: &manifests,
        spool: &**spool,
    };
    let mut text = String::new();
    let mut add = |piece: &str| {
        text += piece;
        Ok(())
    };
    stream.pieces(&mut add).unwrap();
    (text, manifests.iter().map(emit::Manifest::held).sum())
}

#[test]
fn what_memory_should_not_hold_waits_in_a_file() {
    let (expected, held) = rendered(&(Arc::new(NoSpool) as _));
    assert!(held > expected.len() * 9 / 10);
    let directory = tempfile::tempdir().unwrap();
    let counted = Arc::new(Counted {
        spool: SpoolFile::new(directory.path().to_owned()),
        bytes: AtomicUsize::new(0),
    });
    let (text, still_held) = rendered(&(Arc::<Counted>::clone(&counted) as _));
    assert!(text == expected, "the texts changed on their way");
    let spooled = counted.bytes.load(Ordering::Relaxed);
    assert!(spooled > 0);
    assert_eq!(still_held + spooled, held);
    // It has no name, so a run that is killed leaves nothing.
    assert_eq!(directory.path().read_dir().unwrap().count(), 0);
}
