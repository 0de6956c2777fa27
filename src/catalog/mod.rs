//! The definitions: files in, checked and immutable model out.

pub mod model;
pub mod raw;
