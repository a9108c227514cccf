#![allow(missing_docs)]
use crate::node::Node; use crate::diagnostic::Diagnostic; use serde_json::Value;
#[derive(Debug)] pub struct Template;
impl Template { pub fn parse(_:&Node,_:&Value,_:&mut Vec<Diagnostic>)->Option<Self>{Some(Self)} pub fn render(&self,_:&minijinja::Value)->Result<Vec<Value>,Diagnostic>{Ok(vec![])} }
