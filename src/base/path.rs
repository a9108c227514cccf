//! Where a walk through a document stands. Uses `base::pointer`; used by what walks through whole
//! documents.

use std::fmt::{self, Display, Formatter};

use crate::base::pointer;

/// The way from the root of a document to a value. It is shown as a JSON Pointer (RFC 6901), and
/// costs nothing until then.
///
/// ```
/// use kaito_render::base::path::Path;
///
/// let containers = Path::Key(&Path::Root, "containers");
/// assert_eq!(Path::Index(&containers, 0).to_string(), "/containers/0");
/// ```
#[derive(Clone, Copy, Debug)]
pub enum Path<'a> {
    /// The document itself, which the empty pointer means.
    Root,
    /// What a key of the mapping there leads to.
    Key(&'a Path<'a>, &'a str),
    /// An item of the list there.
    Index(&'a Path<'a>, usize),
}

impl Display for Path<'_> {
    fn fmt(&self, formatter: &mut Formatter) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Key(above, key) => write!(formatter, "{above}/{}", pointer::escape(key)),
            Self::Index(above, index) => write!(formatter, "{above}/{index}"),
        }
    }
}
