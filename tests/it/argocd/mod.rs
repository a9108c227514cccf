//! kaito-render as the real programs of Argo CD run it, and what becomes of its objects there.

mod seen;
