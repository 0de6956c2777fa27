//! The public status page at work: what is known is gathered, written to a directory, and kept ready to be served.

mod folder;
mod gather;
mod publisher;
mod told;
mod tree;

pub use folder::{Written, write};
pub use gather::gather;
pub use publisher::Publisher;
