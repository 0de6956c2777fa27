//! Pure: what others have written down, turned into our own settings, with a list of what was left out.

mod duration;
mod error;
mod gatus;
mod names;
mod notes;
mod phrase;
mod read;
mod section;
mod syntax;
mod yaml;

use schemars::JsonSchema;
use serde::Serialize;

pub use error::ImportError;
pub use gatus::gatus;
pub use notes::LeftOut;

/// What an import came to. As JSON it is `{yaml, left_out, probes}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Imported {
    /// The text of an `opsctl.yaml`, or of a file that one includes.
    pub yaml: String,
    /// What could not be taken over, or not as it was meant: first of the whole file, then by endpoint.
    pub left_out: Vec<LeftOut>,
    /// How many probes it has.
    pub probes: usize,
}

#[cfg(test)]
mod tests;
