//! The definitions: files in, checked and immutable model out.

pub mod builtin;
pub mod check;
mod explain;
pub mod files;
mod glob;
pub mod load;
mod lower;
pub mod model;
mod parse;
pub mod problem;
pub mod raw;
pub mod schema;
pub mod suggest;
mod syntax;
mod tree;
mod union;
mod validate;
mod walk;

pub use explain::from_texts;
pub use parse::options as yaml_options;
